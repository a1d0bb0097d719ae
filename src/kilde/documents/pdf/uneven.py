"""Tables without drawn lines whose cells have several lines at heights of their own.

Where the cells of a row are centred in height, their lines are on no common baselines. Then a row
is what no gap runs through from left to right.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kilde.documents.pdf.cells import LineCell, PageTable, bold_rows
from kilde.documents.pdf.columns import Column, united
from kilde.documents.pdf.geometry import Box
from kilde.documents.pdf.lines import Line, Row

MAX_LINES = 2_000
"""Number of lines of the longest table that is looked for."""

# Baselines closer than this (in font sizes) are of lines beside each other.
_BESIDE = 0.8
_MIN_ROWS = 3
_MOST = 0.75
# How much wider than the gap between two lines of a cell the gap between rows is (in font sizes).
_WIDER = 0.06
# Share of the lines that may reach over several columns, and most words that a cell has.
_SPANNING = 0.2
_MAX_WORDS = 12.0
_MAX_LEFT_OUT = 100


def has_uneven_lines(rows: Sequence[Row]) -> bool:
    """Whether lines stand beside each other at other heights."""
    return any(
        below[0].base - above[0].base < _BESIDE * min(above[0].size, below[0].size)
        for above, below in pairwise(rows)
    )


def uneven_table(rows: Sequence[Row]) -> PageTable | None:
    """Rows of lines as a table, ``None`` where they are none."""
    lines = sorted((line for row in rows for line in row), key=lambda line: line.top)
    if len(lines) > MAX_LINES:
        return None
    columns = _columns(lines)
    groups = _groups(lines, columns)
    if len(columns) < 2 or len(groups) < _MIN_ROWS:
        return None
    cells = [_cells(group, columns) for group in groups]
    full = sum(sum(cell is not None for cell in row) > 1 for row in cells)
    words = sum(line.words for line in lines) / sum(
        len({id(cell) for cell in row if cell}) for row in cells
    )
    if full < _MOST * len(cells) or words > _MAX_WORDS:
        return None
    box = Box(
        min(line.left for line in lines), lines[0].top,
        max(line.right for line in lines), max(line.bottom for line in lines),
    )  # fmt: skip
    return PageTable(cells, box, columns, bold_rows(cells))


def _columns(lines: Sequence[Line]) -> list[Column]:
    """The columns, from the lines but the widest ones where those reach over several."""
    by_width = sorted(lines, key=lambda line: line.left - line.right)
    best: list[Column] = []
    for left_out in range(min(_MAX_LEFT_OUT, int(_SPANNING * len(lines))) + 1):
        spans = united((line.left, line.right) for line in by_width[left_out:])
        if len(spans) > len(best):
            best = spans
    return best


def _groups(lines: Sequence[Line], columns: Sequence[Column]) -> list[list[Line]]:
    """The lines of each row, cut where a gap runs from left to right."""
    size = lines[0].size
    inside = _line_gap(lines, columns)
    groups: list[list[Line]] = [[lines[0]]]
    bottom = lines[0].bottom
    for line in lines[1:]:
        if line.top - bottom > inside + _WIDER * size:
            groups.append([])
        groups[-1].append(line)
        bottom = max(bottom, line.bottom)
    return groups


def _line_gap(lines: Sequence[Line], columns: Sequence[Column]) -> float:
    """The gap between two lines of a cell: the least in any column."""
    least = float("inf")
    for left, right in columns:
        own = [line for line in lines if left <= line.left < right]
        least = min([least, *(below.top - above.bottom for above, below in pairwise(own))])
    return max(0.0, least)


def _cells(group: Sequence[Line], columns: Sequence[Column]) -> list[LineCell | None]:
    """The lines of a row in its columns; those under a line over several columns go with it."""
    reach = []
    for line in group:
        touched = [n for n, (left, right) in enumerate(columns) if _touches(line, left, right)]
        reach.append((touched[0], touched[-1]) if touched else (0, 0))
    spans = united((first, last + 1) for first, last in reach if last > first)
    cells: list[LineCell | None] = [None] * len(columns)
    for first, end in spans:
        cells[int(first) : int(end)] = [[]] * int(end - first)
    for line, (first, _) in zip(group, reach, strict=True):
        cell = cells[first]
        if cell is None:
            cells[first] = cell = []
        cell.append(line)
    return [cell or None for cell in cells]


def _touches(line: Line, left: float, right: float) -> bool:
    """Whether a line stands in a column, and not only a little across its edge."""
    common = min(line.right, right) - max(line.left, left)
    return common > 0.15 * min(right - left, line.right - line.left)
