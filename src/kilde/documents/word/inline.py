"""The text of a paragraph as Word shows it: runs, fields, notes and what is drawn beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kilde.documents.footnotes import MAX_NOTES, mark, without_marks
from kilde.documents.word.fields import Fields
from kilde.documents.word.package import MC, W, value
from kilde.documents.word.styles import RunProperties, Style, Styles, run_properties
from kilde.documents.word.symbols import in_font, raised, symbol

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_CHARACTERS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
_GONE = frozenset({f"{W}del", f"{W}moveFrom"})
_PASSED_OVER = {
    "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart": "charts",
    "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart": "charts",
    "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic": "pictures",
    "{urn:schemas-microsoft-com:vml}imagedata": "pictures",
    "{urn:schemas-microsoft-com:office:office}OLEObject": "embedded objects",
}
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_BOX = f"{W}txbxContent"
_DRAWN = frozenset({*_PASSED_OVER, _DIAGRAM, _BOX, f"{W}r", f"{W}p", f"{W}t"})


@dataclass(slots=True)
class Collected:
    """What the texts of a file lead to: notes in the order of their marks, and what was left out.

    ``notes`` holds the kind (``"footnotes"``, ``"endnotes"``) and the id of each.
    """

    notes: list[tuple[str, str]] = field(default_factory=list)
    omitted: Counter[str] = field(default_factory=Counter)


class Inline:
    """Reads paragraphs of one part, in order: a field may go on over several of them."""

    def __init__(self, styles: Styles, collected: Collected, *, pages: bool = False) -> None:
        self._styles = styles
        self._collected = collected
        self._fields = Fields(pages)
        self._paragraph = Style()
        self._text: list[str] = []
        self._left_out = ""
        self.boxes: list[Element] = []
        self.diagrams: list[Element] = []

    def text(self, paragraph: Element, style: Style) -> str:
        """The text of a paragraph; its text boxes are added to ``boxes``."""
        self._paragraph = style
        self._text = []
        self._left_out = ""
        self._children(paragraph)
        return "".join(self._text)

    def _children(self, elements: Iterable[Element]) -> None:
        for element in elements:
            tag = element.tag
            if tag == f"{W}r":
                self._run(element)
            elif tag == f"{W}fldSimple":
                code = element.get(f"{W}instr", "")
                if not self._fields.replaced(code):
                    self._children(element)
                elif self._fields.shown:
                    self._text.append(self._fields.replacement(code))
            elif tag == f"{W}sdt":
                self._children(element.findall(f"{W}sdtContent"))
            elif tag == f"{MC}AlternateContent":
                self._children(chosen(element))
            elif tag in (f"{_MATH}oMath", f"{_MATH}oMathPara"):
                self._text.append(_formula(element))
            elif tag not in _GONE and not tag.endswith("Pr"):
                self._children(element)

    def _run(self, run: Element) -> None:
        properties = run.find(f"{W}rPr")
        direct = run_properties(properties)
        character = (
            RunProperties()
            if properties is None
            else self._styles.get(value(properties.find(f"{W}rStyle"))).run
        )
        reason = ""
        if self._on("hidden", direct, character):
            reason = "hidden passages"
        elif self._on("struck", direct, character):
            reason = "crossed-out passages"
        superscript = direct.superscript
        if superscript is None:
            superscript = character.superscript or self._paragraph.run.superscript or False
        font = direct.font or character.font or self._paragraph.run.font
        for element in run:
            self._content(element, reason, superscript, font)

    def _on(self, name: str, direct: RunProperties, character: RunProperties) -> bool:
        """A property that styles toggle: set by two styles, it is off."""
        own: bool | None = getattr(direct, name)
        if own is not None:
            return own
        default: bool | None = getattr(self._styles.defaults, name)
        by_style: bool = bool(getattr(character, name)) != bool(getattr(self._paragraph.run, name))
        return bool(default) or by_style

    def _content(self, element: Element, reason: str, superscript: bool, font: str) -> None:
        tag = element.tag
        if tag == f"{W}fldChar":
            shown = self._fields.character(element)
            if not reason:
                self._text.append(shown)
        elif tag == f"{W}instrText":
            self._fields.instruction(element.text or "")
        elif not self._fields.shown:
            return
        elif tag == f"{W}t":
            text = without_marks(in_font(element.text or "", font)).replace("\u2011", "-")
            if reason:
                self._leave_out(reason, text)
            else:
                self._left_out = "" if text.strip() else self._left_out
                self._text.append(raised(text) if superscript else text)
        elif reason:
            return
        elif tag in _CHARACTERS:
            self._text.append(_CHARACTERS[tag])
        elif tag == f"{W}sym":
            self._text.append(symbol(element.get(f"{W}font", ""), element.get(f"{W}char", "")))
        elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
            notes = self._collected.notes
            if len(notes) < MAX_NOTES:
                self._text.append(mark(len(notes)))
                kind = "footnotes" if tag == f"{W}footnoteReference" else "endnotes"
                notes.append((kind, element.get(f"{W}id", "")))
        elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
            self._drawing(element)
        elif tag == f"{MC}AlternateContent":
            for child in chosen(element):
                self._content(child, reason, superscript, font)
        elif tag == f"{W}ruby":
            self._children(element.findall(f"{W}rubyBase"))

    def _leave_out(self, reason: str, text: str) -> None:
        """Count a passage that is left out, however many runs it has."""
        if text.strip() and self._left_out != reason:
            self._collected.omitted[reason] += 1
            self._left_out = reason

    def _drawing(self, element: Element) -> None:
        for child in element:
            if child.tag == _BOX:
                self.boxes.append(child)
            elif child.tag == _DIAGRAM:
                self.diagrams.append(child)
            elif child.tag == f"{MC}AlternateContent":
                self._drawing(chosen(child))
            elif child.tag in _PASSED_OVER:
                self._collected.omitted[_PASSED_OVER[child.tag]] += 1
            else:
                self._drawing(child)


def chosen(alternatives: Element) -> Element:
    """The one of several forms of the same content that is read: the first with any content."""
    found: Element = Element("none")
    for alternative in alternatives:
        if any(element.tag in _DRAWN for element in alternative.iter()):
            return alternative
    return found


def _formula(element: Element) -> str:
    """A formula on one line: fractions as ``a/b``, powers as ``a^b`` or with raised digits."""
    tag = element.tag
    if tag == f"{_MATH}t":
        return element.text or ""
    if tag == f"{_MATH}f":
        parts = [_formula(part) for part in element if not part.tag.endswith("Pr")]
        return "/".join(part if part.isalnum() else f"({part})" for part in parts)
    if tag == f"{_MATH}sup":
        power = "".join(map(_formula, element))
        signs = raised(power)
        return signs if not set(signs) & set(power) else f"^({power})"
    if tag == f"{_MATH}rad":
        return f"√({''.join(_formula(part) for part in element.findall(f'{_MATH}e'))})"
    return "".join(map(_formula, element))
