"""Words put together to lines: what stands on one baseline without a wide gap.

A line is a line of a paragraph, or one cell of a table in one of its rows. Lines that stand beside
each other make a row.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from kilde.documents.footnotes import mark
from kilde.documents.markup import lowered, raised
from kilde.documents.pdf.geometry import Box, Rule, Word

# Lengths in font sizes. A wider gap than this parts two lines, a smaller one joins two words.
_WIDE_GAP = 0.9
# Where the blanks of a page are known, so does a gap of so many blanks.
_WIDE_BLANKS = 1.6
_LEAST_WIDE_GAP = 0.4
_USUAL_BLANK = 0.45
_LONGEST_BLANK = 0.6
_MIN_SPACED = 0.2
_ALIKE = 0.12
_MOST = 0.8
_MIN_BLANKS = 4
_NO_GAP = 0.08
_SAME_BASE = 0.15
_SAME_ROW = 0.42
_MAX_SHIFT = 0.6
_SHIFTED_SIZE = 0.93
# What is raised beside a word: the label of a note, a power, "st" after "1".
_SHIFTED_TEXT = re.compile(r"[-−+]?[^\W_]{1,4}[).]?|\*{1,4}|[†‡]")
# Words of a justified line have equal gaps, however wide they are.
_MAX_JUSTIFIED_GAP = 2.0
_EQUAL = 0.15
_NEAR = 0.3
_MAX_LABELS = 500
_MAX_DOTS = 5_000
_MAX_BESIDE = 50
_BEFORE = 2.5
_NOTE_LABEL = re.compile(r"\d{1,3}[).]?|\*{1,4}|[†‡]")
_SIGN_LABELS = ("*", "**", "***", "****", "†", "‡")
_FIRST_SIGN = 1_000
_DIGIT = re.compile(r"\d")
_RAISED = re.compile("[¹²³⁴-⁹][⁰¹²³⁴-⁹]{0,2}")
_LEVEL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@dataclass(slots=True, eq=False)
class Line:
    """Words on one baseline. Where a note is referred to, ``text`` has a mark
    (:mod:`kilde.documents.footnotes`) with the number of :func:`note_number`.

    ``words`` is their number. ``edges`` has the left and the right edge of each part of the text
    between two blanks. A gap of more than ``wide`` font sizes parts it from what stands beside it.
    ``order`` counts the lines as the file draws them.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    words: int
    edges: array[float]
    wide: float
    order: int = 0

    @property
    def top(self) -> float:
        """The upper edge of its letters."""
        return self.base - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """The lower edge of its letters."""
        return self.base + 0.25 * self.size

    def cut(self, places: Sequence[int]) -> list[Line]:
        """The line cut before the parts with these numbers, in order."""
        parts = self.text.split(" ")
        ends = [*places, len(parts)]
        return [
            replace(
                self,
                text=" ".join(parts[start:end]),
                left=self.edges[2 * start],
                right=self.edges[2 * end - 1],
                words=end - start,
                edges=self.edges[2 * start : 2 * end],
            )
            for start, end in zip([0, *places], ends, strict=True)
        ]


Row = list[Line]


def note_number(label: str) -> int | None:
    """The number that stands for the label of a note, ``None`` for what is no label.

    >>> note_number("1"), note_number("*"), note_number("st")
    (1, 1000, None)
    """
    if not _NOTE_LABEL.fullmatch(label):
        return None
    label = label.rstrip(").")
    return int(label) if label.isdecimal() else _FIRST_SIGN + _SIGN_LABELS.index(label)


def note_label(number: int) -> str:
    """The label of a note."""
    return str(number) if number < _FIRST_SIGN else _SIGN_LABELS[number - _FIRST_SIGN]


def lines_of(words: Sequence[Word], vertical: Sequence[Rule]) -> list[Line]:
    """The lines of a page in the order of the file, cut at wide gaps and at vertical rules."""
    walls = sorted(vertical)
    wide = _wide_gap(words)
    lines: list[Line] = []
    run: list[Word] = []
    for word in words:
        if run and _follows(run, word, wide) and not (walls and _wall(walls, run[-1], word)):
            run.append(word)
        else:
            if run:
                lines.append(_line(run, wide))
            run = [word]
    if run:
        lines.append(_line(run, wide))
    for order, line in enumerate(lines):
        line.order = order
    return _with_labels(lines)


def _wide_gap(words: Iterable[Word]) -> float:
    """The gap without a blank that parts two cells, in font sizes.

    Where the file has blanks, what it sets apart without one is meant to be apart. Where it has
    none, cells are further from each other than words, whose gaps are alike unless the text is
    justified.
    """
    spaced = 0
    gaps = []
    for before, word in pairwise(words):
        if word.attached or word.base != before.base:
            continue
        if word.spaced:
            spaced += 1
        elif _NO_GAP < (gap := (word.left - before.right) / word.font.size) < _USUAL_BLANK:
            gaps.append(gap)
    if spaced >= _MIN_SPACED * (spaced + len(gaps)) > 0:
        return _LEAST_WIDE_GAP
    if len(gaps) < _MIN_BLANKS:
        return _LONGEST_BLANK
    blank = median(gaps)
    if sum(abs(gap - blank) <= _ALIKE * blank for gap in gaps) < _MOST * len(gaps):
        return _WIDE_GAP
    return max(_LEAST_WIDE_GAP, _WIDE_BLANKS * blank)


def add_bullets(lines: Iterable[Line], dots: Sequence[Box]) -> None:
    """Put a bullet before the lines that have a drawn one before them."""
    middles = sorted(((dot.top + dot.bottom) / 2, dot) for dot in dots[:_MAX_DOTS])
    for line in lines:
        first = bisect_left(middles, (line.top,))
        last = bisect_right(middles, (line.bottom,))
        for _, dot in middles[first : min(last, first + _MAX_BESIDE)]:
            if _NO_GAP * line.size < line.left - dot.right < _BEFORE * line.size:
                line.text = f"• {line.text}"
                line.left = dot.left
                line.edges = array("d", (dot.left, dot.right)) + line.edges
                break


def _with_labels(lines: list[Line]) -> list[Line]:
    """The lines, with the labels of notes put to the words that they are raised after."""
    labels = [line for line in lines if line.words == 1 and note_number(line.text) is not None]
    if not labels or len(labels) > _MAX_LABELS:
        return lines
    order = sorted(lines, key=lambda line: line.base)
    bases = [line.base for line in order]
    placed: set[int] = set()
    for label in labels:
        first = bisect_left(bases, label.base)
        last = bisect_right(bases, label.base + _MAX_SHIFT * label.size / _SHIFTED_SIZE * 2)
        for line in order[first : min(last, first + _MAX_LABELS)]:
            rise = (line.base - label.base) / line.size
            if (
                label.size < _SHIFTED_SIZE * line.size
                and _SAME_BASE < rise <= _MAX_SHIFT
                and -_NEAR < (label.left - line.right) / line.size < _NEAR
            ):
                line.text += mark(note_number(label.text) or 0)
                line.right = line.edges[-1] = max(line.right, label.right)
                placed.add(id(label))
                break
    return [line for line in lines if id(line) not in placed]


def _follows(run: Sequence[Word], word: Word, wide: float) -> bool:
    last = run[-1]
    gap = word.left - last.right
    limit = _WIDE_GAP if word.spaced else wide
    if gap > limit * min(last.font.size, word.font.size) or gap < -last.font.size:
        return False
    # After a raised word the line goes on at the height of the word before it.
    level = run[-2] if len(run) > 1 and _is_raised(last, run[-2]) else last
    if abs(word.base - level.base) <= _SAME_BASE * level.font.size:
        return True
    if word.shift or last.shift:
        return word.attached
    if _is_raised(word, level):
        return gap <= _NEAR * level.font.size or note_number(word.text) is not None
    return len(run) == 1 and _is_raised(last, word) and note_number(last.text) is not None


def _is_raised(small: Word, beside: Word) -> bool:
    """Whether a word is raised beside another one, as the label of a note and a power are."""
    rise = beside.base - small.base
    return (
        small.font.size < _SHIFTED_SIZE * beside.font.size
        and _SAME_BASE * beside.font.size < rise <= _MAX_SHIFT * beside.font.size
        and _SHIFTED_TEXT.fullmatch(small.text) is not None
    )


def _wall(walls: Sequence[Rule], before: Word | Line, after: Word | Line) -> bool:
    """Whether a vertical rule stands between two words or lines."""
    for place in range(bisect_left(walls, (before.right - 0.5,)), len(walls)):
        rule = walls[place]
        if rule.place > after.left + 0.5:
            return False
        if rule.start < after.base - 1 < rule.end:
            return True
    return False


def _line(run: Sequence[Word], wide: float) -> Line:
    main = run[0]
    letters: dict[float, int] = {}
    bold = True
    for word in run:
        if not word.shift:
            bold = bold and word.font.bold
            size = word.font.size
            letters[size] = letters.get(size, 0) + len(word.text)
    if len(letters) > 1 or main.shift:
        size = max(letters, key=lambda size: letters[size], default=main.font.size)
        main = next((w for w in run if w.font.size == size and not w.shift), main)
    text = run[0].text if run[0] is main else _written(run[0], main, "")
    edges = array("d", (run[0].left, run[0].right))
    for before, word in pairwise(run):
        gap = word.left - before.right
        label = word.shift > 0 or (word is not main and _is_raised(word, main))
        # PDFium divides words that are drawn letter by letter, and at what is raised.
        tight = gap <= _NO_GAP * main.font.size and (
            not word.spaced or word.shift or _is_raised(before, main)
        )
        if not word.attached and not tight and not label:
            text += " "
            edges.append(word.left)
            edges.append(word.right)
        else:
            edges[-1] = word.right
        plain = word.font is main.font and not word.shift
        text += word.text if plain else _written(word, main, text)
    if _RAISED.search(text):
        text = _RAISED.sub(_marked, text)
    return Line(
        text, run[0].left, run[-1].right, main.base, main.font.size, bold, len(run), edges, wide
    )


def _marked(match: re.Match[str]) -> str:
    """Raised digits as the mark of a note; what is no label is raised again when it is read."""
    return mark(int(match[0].translate(_LEVEL)))


def _written(word: Word, beside: Word, before: str) -> str:
    if word.shift == 0 and not (word is not beside and _is_raised(word, beside)):
        return word.text
    if word.shift < 0:
        return lowered(word.text, before)
    number = note_number(word.text)
    return raised(word.text) if number is None else mark(number)


def rows_of(lines: Iterable[Line], vertical: Sequence[Rule] = ()) -> list[Row]:
    """The lines that stand beside each other, from the top of the page to its foot.

    The parts of a line that the file has in another order are put together, unless a vertical rule
    stands between them.
    """
    walls = sorted(vertical)
    rows: list[Row] = []
    for line in sorted(lines, key=lambda line: line.base):
        if rows and line.base - rows[-1][0].base <= _SAME_ROW * min(line.size, rows[-1][0].size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [_joined(sorted(row, key=lambda line: line.left), walls) for row in rows]


def is_beside(row: Row, below: Row | None) -> bool:
    """Whether the row below begins with a line that overlaps this one in height, beside it."""
    if below is None:
        return False
    line, other = row[0], below[0]
    apart = max(line.left, other.left) - min(line.right, other.right)
    return other.base - line.base < 0.8 * min(line.size, other.size) and apart > 0.7 * line.size


def _joined(row: Row, walls: Sequence[Rule]) -> Row:
    if len(row) == 1:
        return row
    gaps = [right.left - left.right for left, right in pairwise(row)]
    size = row[0].size
    edges = [edge for line in row for edge in line.edges]
    spaces = [right - left for left, right in zip(edges[1:-1:2], edges[2:-1:2], strict=True)]
    justified = (
        len(spaces) >= 3
        and max(spaces) <= _MAX_JUSTIFIED_GAP * size
        and max(spaces) - min(spaces) <= _EQUAL * max(spaces)
        and sum(bool(_DIGIT.search(line.text)) for line in row) * 4 <= len(row)
    )
    joined: Row = [row[0]]
    for line, gap in zip(row[1:], gaps, strict=True):
        last = joined[-1]
        if (
            abs(line.base - last.base) <= _SAME_BASE * size
            and -size < gap
            and (justified or gap <= last.wide * size)
            and not (walls and _wall(walls, last, line))
        ):
            joined[-1] = merged([last, line])
        else:
            joined.append(line)
    return joined


def merged(row: Sequence[Line]) -> Line:
    """The lines of a row as one line."""
    if len(row) == 1:
        return row[0]
    longest = max(row, key=lambda line: len(line.text))
    text = row[0].text
    edges = row[0].edges[:]
    for before, line in pairwise(row):
        if line.left - before.right < _NO_GAP * line.size:
            text += line.text
            edges[-1] = line.edges[1]
            edges += line.edges[2:]
        else:
            text += f" {line.text}"
            edges += line.edges
    return Line(
        text, row[0].left, row[-1].right, longest.base,
        longest.size, all(line.bold for line in row), sum(line.words for line in row),
        edges, longest.wide, longest.order,
    )  # fmt: skip
