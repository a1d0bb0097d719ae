"""Columns that the file draws one after the other: those of a leaflet, or the address and the
reference block of a letter.

A table is drawn row by row. So where all of what stands left of a gap is drawn before or after all
of what stands right of it, the two sides are texts of their own, whatever their lines look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kilde.documents.pdf.cells import is_number
from kilde.documents.pdf.columns import Column, united
from kilde.documents.pdf.lines import Line, Row, is_beside

# Lengths in font sizes.
_GUTTER = 0.6
_NEAR = 1.6
_MAX_GAP = 4.0
_MIN_LINES = 3
_MOST = 0.9


def columns_apart(rows: Sequence[Row]) -> tuple[int, int, float] | None:
    """The first and the last but one of the rows that stand in columns which are drawn one after
    the other, and where the second column begins; ``None`` where there are none."""
    start = 0
    while start < len(rows):
        below = rows[start + 1] if start + 1 < len(rows) else None
        if len(rows[start]) > 1 or is_beside(rows[start], below):
            end, spans = _extent(rows, start)
            first = _above(rows, start, spans)
            found = _sides(rows, first, end, spans)
            if found is not None:
                return first, *found
            start = end
        else:
            start += 1
    return None


def _extent(rows: Sequence[Row], start: int) -> tuple[int, list[Column]]:
    """The row after the last one that leaves a gap open, and the spans that it parts."""
    spans: list[Column] = []
    for number in range(start, len(rows)):
        row = rows[number]
        if number > start:
            above = rows[number - 1][0]
            if row[0].base - above.base > _MAX_GAP * max(row[0].size, above.size):
                return number, spans
        wider = _open(spans, row)
        if number > start + 1 and len(wider) < 2:
            return number, spans
        spans = wider
    return len(rows), spans


def _open(spans: Sequence[Column], row: Row) -> list[Column]:
    """The spans with those of a row; what has no gutter between it is one."""
    return united([*spans, *((line.left, line.right) for line in row)], _GUTTER * row[0].size)


def _above(rows: Sequence[Row], start: int, spans: Sequence[Column]) -> int:
    """The first of the rows above that stand in one of the columns."""
    while start > 0:
        row, below = rows[start - 1], rows[start]
        if below[0].base - row[0].base > _NEAR * max(row[0].size, below[0].size) or len(
            _open(spans, row)
        ) < len(spans):
            break
        start -= 1
    return start


def _sides(
    rows: Sequence[Row], first: int, end: int, spans: Sequence[Column]
) -> tuple[int, float] | None:
    """The row after the columns and where the second one begins, ``None`` where the sides are not
    drawn one after the other."""
    for _, (middle, _) in pairwise(spans):
        beside = _end(rows, first, end, middle)
        for stop in dict.fromkeys((end, beside)):
            left = [line for row in rows[first:stop] for line in row if line.left < middle]
            right = [line for row in rows[first:stop] for line in row if line.left >= middle]
            if min(len(left), len(right)) < _MIN_LINES:
                continue
            before, after = sorted((left, right), key=lambda side: side[0].order)
            gap = min(line.order for line in after) - max(line.order for line in before)
            # What is drawn between the two stands below them, and so do the last lines of one.
            apart = gap == 1 or (gap > 1 and stop == beside)
            if apart and not _is_table(rows[first:stop], left, right, middle):
                return stop, middle
    return None


def _is_table(
    rows: Sequence[Row], left: Sequence[Line], right: Sequence[Line], middle: float
) -> bool:
    """Whether it is a table that is drawn column by column: numbers beside each other."""
    level = sum(row[0].left < middle <= row[-1].left for row in rows)
    numbers = any(
        sum(is_number(line.text) for line in side) * 2 > len(side) for side in (left, right)
    )
    return numbers and level >= _MOST * min(len(left), len(right))


def _end(rows: Sequence[Row], first: int, end: int, middle: float) -> int:
    """The row after the columns: below the last one on both sides what stands apart is no part."""
    both = [
        max(n for n in range(first, end) for line in rows[n] if (line.left < middle) is side)
        for side in (True, False)
    ]
    for number in range(min(both) + 1, end):
        row, above = rows[number], rows[number - 1]
        if row[0].base - above[0].base > _NEAR * row[0].size:
            return number
    return end
