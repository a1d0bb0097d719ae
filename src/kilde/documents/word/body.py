"""Paragraphs and tables of a Word file, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kilde.documents.word.blocks import Block, Paragraph
from kilde.documents.word.fields import without_page_numbers
from kilde.documents.word.inline import Collected, Inline, chosen
from kilde.documents.word.numbering import Label, Numbering
from kilde.documents.word.package import MC, Package, W, value
from kilde.documents.word.styles import Style, Styles, integer, outline_level, run_properties
from kilde.documents.word.tables import grids

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_BLANKS = re.compile("[ \t]+")
# A heading is a line; a clause that is numbered as one is a sentence.
_LONGEST_HEADING = 200
_SENTENCE = 60


@dataclass(frozen=True, slots=True)
class Source:
    """What all parts of one file have in common."""

    package: Package
    styles: Styles
    numbering: Numbering
    collected: Collected


class Story:
    """The blocks of one part: the body, a header or a note, each with its own fields."""

    def __init__(self, source: Source, part: str, *, pages: bool = False) -> None:
        self._source = source
        self._part = part
        self._inline = Inline(source.styles, source.collected, pages=pages)
        self._carried = ""

    def blocks(self, parent: Iterable[Element]) -> Iterator[Block]:
        """The paragraphs and tables below an element; text boxes follow their paragraph."""
        for element in parent:
            tag = element.tag
            if tag == f"{W}p":
                yield from self._paragraph(element)
            elif tag == f"{W}tbl":
                yield from grids(element, self.blocks)
            elif tag == f"{W}sdt":
                if not _is_contents(element):
                    yield from self.blocks(element.findall(f"{W}sdtContent/*"))
            elif tag == f"{W}altChunk":
                self._source.collected.omitted["embedded documents"] += 1
            elif tag == f"{MC}AlternateContent":
                yield from self.blocks(chosen(element))
            elif tag in (f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"):
                yield from self.blocks(element)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        properties = element.find(f"{W}pPr")
        name = "" if properties is None else value(properties.find(f"{W}pStyle"))
        style = self._source.styles.paragraph(name)
        text = self._carried + self._inline.text(element, style)
        self._carried = ""
        boxes, diagrams = self._inline.boxes, self._inline.diagrams
        self._inline.boxes, self._inline.diagrams = [], []
        mark = None if properties is None else properties.find(f"{W}rPr")
        if mark is not None and any(
            mark.find(f"{W}{change}") is not None for change in ("del", "moveFrom")
        ):
            self._carried = text  # without its end, it goes on in the next paragraph
        elif not style.contents and not (not text.strip() and _is_hidden(mark, style)):
            yield self._numbered(text, properties, style, element)
        for box in boxes:
            yield from self.blocks(box)
        for diagram in diagrams:
            yield from self._diagram(diagram)

    def _numbered(
        self, text: str, properties: Element | None, style: Style, element: Element
    ) -> Paragraph:
        direct = None if properties is None else properties.find(f"{W}numPr")
        number = "" if direct is None else value(direct.find(f"{W}numId"))
        level = None if direct is None else integer(value(direct.find(f"{W}ilvl")))
        place = self._source.numbering.place(number, level, style)
        label = self._source.numbering.label(*place) if place else Label("")
        text = without_page_numbers(text)
        text = "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip()
        direct_level = outline_level(properties)
        heading = style.level if direct_level is None else direct_level
        if len(text) > _LONGEST_HEADING or (len(text) > _SENTENCE and text.endswith((".", ";"))):
            heading = 0
        caption = style.name == "caption" or _has_sequence(element)
        return Paragraph(text, label, heading, place[1] if place else -1, caption)

    def _diagram(self, element: Element) -> Iterator[Block]:
        """The texts of a SmartArt diagram, which a part of its own holds."""
        relationships = self._source.package.relationships(self._part)
        relationship = relationships.get(element.get(_DIAGRAM_DATA, ""))
        root = self._source.package.xml(relationship.target) if relationship else None
        for paragraph in root.iter(f"{_A}p") if root is not None else ():
            text = "".join(run.text or "" for run in paragraph.iter(f"{_A}t"))
            yield Paragraph(text, Label("- ", bullet=True), depth=0)


def _is_hidden(mark: Element | None, style: Style) -> bool:
    hidden = run_properties(mark).hidden
    return bool(style.run.hidden) if hidden is None else hidden


def _has_sequence(element: Element) -> bool:
    """Whether Word counts the paragraph as a caption ("Table 1") by a field."""
    codes = [code.text or "" for code in element.iter(f"{W}instrText")]
    codes += [field.get(f"{W}instr", "") for field in element.iter(f"{W}fldSimple")]
    return any(code.split()[:1] == ["SEQ"] for code in codes)


def _is_contents(element: Element) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return value(gallery).lower() in ("table of contents", "tables of contents")
