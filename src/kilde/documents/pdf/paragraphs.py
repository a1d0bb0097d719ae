"""Lines of a column put together to paragraphs, list items, headings and notes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from kilde.documents.footnotes import without_marks
from kilde.documents.hyphenation import Hyphenation
from kilde.documents.pdf.lines import Line
from kilde.documents.pdf.style import Style

_BULLETS = "•▪‣◦·●○■□➢➤✓►–—-*"
_BULLET = re.compile(rf"[{re.escape(_BULLETS)}]\s+(?=\S)")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}|[a-zæøå]|[ivxIVX]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+\.?|§+\s?\d+\.?)\s+(?=\S)"
    r"|(?:\d{1,2}|[a-z])\s+(?=[^\W\d_])"
)
# Dots up to the number of a page, or to a price.
_LEADER = re.compile(r"(?:\.\s?){4,}\s*[^\s.].{0,20}$")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'»”“)\]]*$")
# Lengths in font sizes.
_INDENT = 0.8
_FITS = 0.5
_SAME_SIZE = 0.06
_OTHER_SIZE = 0.12
_LOOSER = 1.18
_LOOSEST = 1.7
_SAME_LINE = 0.3
_HANGING = 0.3
_WORD = 6.0
_ADDRESS_WIDTH = 18.0
_MAX_ADDRESS = 7


class Kind(Enum):
    """What a paragraph is."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    NOTE = "note"


@dataclass(slots=True, eq=False)
class Paragraph:
    """The lines of a paragraph. ``breaks`` has for each line but the first what stands before it: a
    blank, or a line break where the author put one. ``marker`` is the sign of a list item.
    ``full``: it ends with a line that has no room for another word, and is not its only one.
    """

    lines: list[Line]
    kind: Kind = Kind.TEXT
    breaks: list[str] = field(default_factory=list)
    marker: str = ""
    level: int = 0
    full: bool = False

    def text(self, hyphenation: Hyphenation) -> str:
        """Its text on one line, or on those that its author divided it into."""
        lines = [line.text for line in self.lines]
        if self.marker:
            lines[0] = lines[0].removeprefix(self.marker).lstrip()
        return hyphenation.join(lines, self.breaks)


def paragraphs_of(
    lines: Sequence[Line], style: Style, outline: Mapping[str, int]
) -> list[Paragraph]:
    """The paragraphs of a column. ``outline`` has the headings that are known from elsewhere."""
    paragraphs: list[Paragraph] = []
    right = math.inf if _are_apart(lines) else max(line.right for line in lines)
    current: Paragraph | None = None
    for number, line in enumerate(lines):
        above = lines[number - 1] if number else None
        marker = _marker(line, above, current, style)
        note = _is_note(line, style)
        titled = outline and above and (_in(outline, line.text) or _in(outline, above.text))
        if (
            current is None
            or above is None
            or marker
            or note
            or titled
            or _parts(current, above, line, style)
        ):
            separator = None
        else:
            separator = _separator(above, line, right)
        if separator is None or current is None:
            kind = Kind.NOTE if note else Kind.ITEM if marker else Kind.TEXT
            current = Paragraph([line], kind, marker=marker if _BULLET.match(marker + "x") else "")
            paragraphs.append(current)
        else:
            current.lines.append(line)
            current.breaks.append(separator)
    for paragraph in paragraphs:
        last = paragraph.lines[-1]
        paragraph.full = len(paragraph.lines) > 1 and right - last.right < _WORD * last.size
    _mark_headings(paragraphs, style, outline)
    return paragraphs


def _are_apart(lines: Sequence[Line]) -> bool:
    """Whether each line is one by itself: lines that end at the same place and begin at others, or
    short ones such as those of an address."""
    lefts = {round(line.left / 2) for line in lines}
    rights = [line.right for line in lines]
    if len(lines) > 2 and max(rights) - min(rights) < 2 and len(lefts) * 3 > len(lines) * 2:
        return True
    return len(lines) <= _MAX_ADDRESS and not any(
        line.right - line.left > _ADDRESS_WIDTH * line.size
        or line.text[:1].islower()
        or line.text.endswith("-")
        for line in lines
    )


def _is_note(line: Line, style: Style) -> bool:
    """Whether a line begins with the raised label of a note."""
    return not without_marks(line.text[:1]) and style.is_smaller(line)


def _marker(line: Line, above: Line | None, current: Paragraph | None, style: Style) -> str:
    """The sign or number that a list item begins with, ``""`` where the line begins none.

    A number or a dash at the begin of a line may as well be within a sentence.
    """
    match = _BULLET.match(line.text) or _NUMBER.match(line.text)
    if match is None:
        return ""
    marker = match[0]
    if above is None or current is None or line.text[0] in "•▪‣●■➢➤►":
        return marker
    loose = line.base - above.base > _LOOSER * style.leading * line.size
    ended = ends_sentence(above.text)
    item = current.kind is Kind.ITEM and abs(line.left - current.lines[0].left) < 2
    indented = line.left > above.left + _INDENT * line.size
    lone = len(marker.strip()) == 1 and marker.strip().isalnum()
    if lone and not (item or loose or indented):
        return ""
    return marker if loose or ended or item or indented else ""


def _parts(current: Paragraph, above: Line, line: Line, style: Style) -> bool:
    """Whether a line begins a new paragraph by its place or its letters."""
    size = max(line.size, above.size)
    gap = line.base - above.base
    if abs(gap) < _SAME_LINE * size:
        return False
    other_size = abs(line.size - above.size) > _SAME_SIZE * size
    if gap < 0 or (other_size and (_is_new(above, line) or gap > style.leading * _LOOSER * size)):
        return True
    if gap > _LOOSER * style.leading * size:
        # A sign of another font may push a line away from the one that it goes on with.
        goes_on = line.text[0].islower() and not ends_sentence(above.text)
        return not goes_on or gap > _LOOSEST * style.leading * size
    if line.bold != above.bold and (line.bold or _was_heading(current, style)):
        return True
    first = current.lines[0]
    if current.kind is Kind.ITEM:
        # What goes on under a list item is indented like its text.
        ended = ends_sentence(above.text)
        hanging = len(current.lines) > 1 and current.lines[1].left > first.left + _HANGING * size
        return line.left < first.left - _HANGING * size or (
            hanging and ended and line.left < current.lines[1].left - _HANGING * size
        )
    return line.left > above.left + _INDENT * size and (
        ends_sentence(above.text) or (len(current.lines) > 1 and not line.text[:1].islower())
    )


def _is_new(above: Line, line: Line) -> bool:
    """Whether a line of another size is another text, and not one with words in another font."""
    other = abs(line.size - above.size) > _OTHER_SIZE * max(line.size, above.size)
    return other or ends_sentence(above.text) or line.text[0].isupper()


def _was_heading(current: Paragraph, style: Style) -> bool:
    return style.is_heading(current.lines, current.lines[-1].text)


def _separator(above: Line, line: Line, right: float) -> str | None:
    """What stands before a line of the same paragraph; ``None`` where a new one begins.

    An author broke the line where its next word would have had room.
    """
    if abs(line.base - above.base) < _SAME_LINE * line.size:
        return " "
    if _LEADER.search(above.text) or _LEADER.search(line.text):
        return "\n"
    word = len(line.text.split(maxsplit=1)[0]) / max(1, len(line.text)) * (line.right - line.left)
    fits = above.right + word + _FITS * line.size < right
    if not fits or line.text[0].islower() or above.text.endswith("-"):
        return " "
    return None if ends_sentence(above.text) and math.isfinite(right) else "\n"


def _mark_headings(
    paragraphs: Sequence[Paragraph], style: Style, outline: Mapping[str, int]
) -> None:
    for number, paragraph in enumerate(paragraphs):
        if paragraph.kind is Kind.NOTE or paragraph.marker:
            continue
        text = " ".join(line.text for line in paragraph.lines)
        level = _in(outline, text)
        following = paragraphs[number + 1] if number + 1 < len(paragraphs) else None
        goes_on = following is not None and following.lines[0].text[:1].islower()
        tight = following is not None and _close(paragraph, following, style)
        contents = _LEADER.search(paragraph.lines[-1].text) is not None
        if level or (
            not contents and style.is_heading(paragraph.lines, text) and not (goes_on and tight)
        ):
            paragraph.kind = Kind.HEADING
            paragraph.level = level
    for before, paragraph in pairwise(paragraphs):
        # A heading of two lines that stand apart no more than its letters ask for.
        if before.kind is paragraph.kind is Kind.HEADING and _one_heading(before, paragraph):
            paragraph.lines = [*before.lines, *paragraph.lines]
            paragraph.breaks = [*before.breaks, " ", *paragraph.breaks]
            before.lines = []


def _close(before: Paragraph, following: Paragraph, style: Style) -> bool:
    above, line = before.lines[-1], following.lines[0]
    return 0 < line.base - above.base <= _LOOSER * style.leading * max(above.size, line.size)


def _one_heading(before: Paragraph, paragraph: Paragraph) -> bool:
    above, line = before.lines[-1], paragraph.lines[0]
    return (
        abs(above.size - line.size) < _SAME_SIZE * line.size
        and above.bold == line.bold
        and not _NUMBER.match(line.text)
        and 0 < line.base - above.base <= 1.3 * line.size
    )


def _in(outline: Mapping[str, int], text: str) -> int:
    """The level of a heading in the outline of the document, 0 where it is none."""
    plain = " ".join(text.split()).lower()
    return outline.get(plain, 0) or outline.get(_NUMBER.sub("", plain, count=1), 0)


def ends_sentence(text: str) -> bool:
    """Whether a paragraph is complete."""
    return _SENTENCE_END.search(text[-8:]) is not None
