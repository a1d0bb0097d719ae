"""Words with their places on a page put together: paragraphs, and tables where columns line up.

Text recognition finds paragraphs, and takes the columns of a table that has no lines for columns
of text, which tears prices from what they are the price of. So lines are looked at across the whole
page: several in a row whose words stand apart in the same columns are a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from kilde.documents.content import Grid, GridCell
from kilde.documents.hyphenation import Hyphenation

# Words this many times their height apart are in two columns.
_COLUMN_GAP = 1.2
# Lines further apart than this many times their height are not of one table.
_LINE_GAP = 2.5
# A table has so many lines or more, and cells of few words: columns of text have longer ones.
_MIN_LINES = 3
_MAX_CELL_WORDS = 4
# Share of a word's height that it has in common with the other words of its line.
_SAME_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box, in any unit, from the top left corner of the page.

    ``paragraph`` and ``line`` are the same for the words that belong together.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    paragraph: int
    line: int


_HYPHENATION = Hyphenation()

_Cell = list[Word]
_Line = list[_Cell]


def blocks(words: Sequence[Word]) -> list[str | Grid]:
    """The paragraphs and the tables of a page, in the order of the words."""
    tables = list(_tables(words))
    table_of = {id(word): number for number, (_, own) in enumerate(tables) for word in own}
    parts: list[str | Grid] = []
    placed: set[int] = set()
    running: list[Word] = []
    for word in words:
        number = table_of.get(id(word))
        if number is None:
            running.append(word)
        elif number not in placed:
            placed.add(number)
            parts += [*_paragraphs(running), tables[number][0]]
            running = []
    return parts + _paragraphs(running)


def _paragraphs(words: Iterable[Word]) -> list[str]:
    """The text of words by paragraph; one that goes on with a small letter is joined."""
    paragraphs: list[str] = []
    for _, paragraph in groupby(words, key=lambda word: word.paragraph):
        lines = groupby(paragraph, key=lambda word: word.line)
        text = _joined([" ".join(word.text for word in line) for _, line in lines])
        if paragraphs and text[0].islower() and paragraphs[-1][-1] not in ".!?:":
            paragraphs[-1] = _joined([paragraphs[-1], text])
        else:
            paragraphs.append(text)
    return paragraphs


def _joined(lines: Sequence[str]) -> str:
    """Lines as one text, words that were divided at the end of a line put together."""
    return _HYPHENATION.join(lines, ["\n"] * (len(lines) - 1))


def _tables(words: Sequence[Word]) -> Iterator[tuple[Grid, _Cell]]:
    """The tables of a page, each with its words."""
    run: list[_Line] = []
    for line in [*_lines(words), None]:
        if line is not None and len(line) > 1 and (not run or _near(run[-1], line)):
            run.append(line)
            continue
        if len(run) >= _MIN_LINES and (grid := _grid(run)) is not None:
            yield grid, [word for row in run for cell in row for word in cell]
        run = [line] if line is not None and len(line) > 1 else []


def _lines(words: Sequence[Word]) -> list[_Line]:
    """The lines of a page across all of its columns, each cut where words stand apart."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        if lines and _overlap(word, lines[-1]) >= _SAME_LINE:
            lines[-1].append(word)
        else:
            lines.append([word])
    cut: list[_Line] = []
    for line in lines:
        line.sort(key=lambda word: word.left)
        gap = _COLUMN_GAP * median(word.bottom - word.top for word in line)
        cells: _Line = [[line[0]]]
        for before, word in pairwise(line):
            if word.left - before.right > gap:
                cells.append([])
            cells[-1].append(word)
        cut.append(cells)
    return cut


def _overlap(word: Word, line: Sequence[Word]) -> float:
    """The share of a word's height, or of the line's where that is less, that they share."""
    top = median(other.top for other in line)
    bottom = median(other.bottom for other in line)
    shared = min(word.bottom, bottom) - max(word.top, top)
    return shared / max(1e-9, min(word.bottom - word.top, bottom - top))


def _near(line: _Line, following: _Line) -> bool:
    bottom = max(word.bottom for cell in line for word in cell)
    height = median(word.bottom - word.top for cell in line for word in cell)
    return min(word.top for cell in following for word in cell) - bottom <= _LINE_GAP * height


def _grid(lines: Sequence[_Line]) -> Grid | None:
    """The lines as a table; ``None`` where their columns do not line up."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted((cell[0].left, cell[-1].right) for line in lines for cell in line):
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(right, columns[-1][1]))
        else:
            columns.append((left, right))
    rows: list[list[GridCell | None]] = []
    for line in lines:
        row: list[GridCell | None] = [None] * len(columns)
        for cell in line:
            place = next(n for n, (_, right) in enumerate(columns) if cell[0].left < right)
            if row[place] is not None:  # two cells of a line in one column
                return None
            row[place] = GridCell(" ".join(word.text for word in cell))
        rows.append(row)
    lengths = [len(cell) for line in lines for cell in line]
    if len(columns) < 2 or sum(lengths) / len(lengths) > _MAX_CELL_WORDS:
        return None
    return Grid(rows)
