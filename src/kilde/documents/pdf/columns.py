"""Where the columns of a table without drawn lines are.

The columns are those of the rows with most cells. Where the gap between two columns is as narrow as
one between words, the words of all rows show it: they begin or end at the same place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from kilde.documents.pdf.cells import LineCell
from kilde.documents.pdf.lines import Line, Row

Column = tuple[float, float]
"""The left and the right edge of a column."""

# Words whose edges differ by less, in points, stand at the same place.
_SAME = 2.0
_MIN_ROWS = 3
# Share of the rows of a column that differ in their first words.
_DISTINCT = 0.8
_DIGIT = re.compile(r"\d")


def cut_at_columns(rows: Sequence[Row]) -> tuple[list[Row], list[Column]]:
    """The rows, with lines that reach over several columns cut, and the columns."""
    columns = _columns(rows)
    if len(columns) < 2:
        return list(rows), columns
    parted = [[part for line in row for part in _cut(line, columns)] for row in rows]
    numbered = _cut_numbers(parted, columns)
    return (numbered, _columns(numbered)) if numbered is not None else (parted, columns)


def header_of(line: Line, columns: Sequence[Column]) -> list[LineCell | None] | None:
    """A line of text above a table as its header, where its words stand over the columns."""
    places = _edges_at(line, columns)
    if places is None or (len(columns) < _MIN_ROWS and not line.bold):
        return None
    return [[part] for part in line.cut(places)]


def placed_in(rows: Sequence[Row], columns: Sequence[Column]) -> list[list[LineCell | None]] | None:
    """The lines in their columns; ``None`` where two of a row stand in one."""
    lefts = [left for left, _ in columns]
    placed: list[list[LineCell | None]] = []
    for row in rows:
        cells: list[LineCell | None] = [None] * len(columns)
        for line in row:
            first, last = _reach(line, columns, lefts)
            if any(cells[first : last + 1]):
                return None
            cells[first : last + 1] = [[line]] * (last + 1 - first)
        placed.append(cells)
    return placed


def _columns(rows: Sequence[Row]) -> list[Column]:
    """The columns of the rows that have most cells."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    if not counts:
        return []
    frequent = [count for count, times in counts.items() if times >= 2] or list(counts)
    most = max(frequent)
    spans = united((line.left, line.right) for row in rows if len(row) == most for line in row)
    if len(spans) == most:
        return spans
    return united((line.left, line.right) for row in rows for line in row)


def united(spans: Iterable[Column], gutter: float = 0.0) -> list[Column]:
    """Spans that overlap, or have a gap of less than the gutter, put together from the left."""
    united: list[Column] = []
    for left, right in sorted(spans):
        if united and left < united[-1][1] + gutter:
            united[-1] = (united[-1][0], max(right, united[-1][1]))
        else:
            united.append((left, right))
    return united


def _reach(line: Line, columns: Sequence[Column], lefts: Sequence[float]) -> tuple[int, int]:
    """The first and the last column that a line stands in."""
    last = max(0, bisect_right(lefts, line.right - 0.5) - 1)
    first = next((n for n, (_, right) in enumerate(columns) if line.left < right), last)
    return min(first, last), last


def _cut(line: Line, columns: Sequence[Column]) -> list[Line]:
    """A line cut where it reaches into the next column and a word begins there."""
    first, last = _reach(line, columns, [left for left, _ in columns])
    places = _edges_at(line, columns[first : last + 1]) if first < last else None
    return line.cut(places) if places else [line]


def _edges_at(line: Line, columns: Sequence[Column]) -> list[int] | None:
    """The parts of a line that begin the columns but the first, ``None`` where none does so.

    A part begins a column where it begins, or the last part of the column ends, at its edge; or
    where there are as many parts as columns, and each overlaps its own.
    """
    edges = line.edges
    count = len(edges) // 2
    if count == len(columns) and all(
        _overlapped(edges[2 * part], edges[2 * part + 1], columns) == [part]
        for part in range(count)
    ):
        return list(range(1, count))
    places: list[int] = []
    start = 1
    for number, (left, right) in enumerate(columns[1:], 1):
        stop = columns[number + 1][0] if number + 1 < len(columns) else float("inf")
        for part in range(start, count):
            if abs(edges[2 * part] - left) <= _SAME:
                break
            ends = [edges[2 * end + 1] for end in range(part, count) if edges[2 * end + 1] < stop]
            inside = edges[2 * part] >= columns[number - 1][1] - _SAME
            if inside and ends and abs(ends[-1] - right) <= _SAME:
                break
        else:
            return None
        places.append(part)
        start = part + 1
    return places or None


def _overlapped(left: float, right: float, columns: Sequence[Column]) -> list[int]:
    return [n for n, (start, end) in enumerate(columns) if left < end and start < right]


def _cut_numbers(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row] | None:
    """The rows with a column of names and numbers cut in two, ``None`` where there is none."""
    lefts = [left for left, _ in columns]
    for column in range(len(columns)):
        lines = [
            line for row in rows for line in row if _reach(line, columns, lefts) == (column,) * 2
        ]
        numbered = [line for line in lines if _number_at(line)]
        # The first row may hold the names of the columns.
        if len(numbered) < max(_MIN_ROWS, len(lines) - 1):
            continue
        cuts = [line.cut([_number_at(line)]) for line in numbered]
        names = {name.text for name, _ in cuts}
        river = max(name.right for name, _ in cuts) < min(number.left for _, number in cuts)
        aligned = any(
            max(edges) - min(edges) <= _SAME
            for edges in ([n.left for _, n in cuts], [n.right for _, n in cuts])
        )
        if river and aligned and len(names) >= _DISTINCT * len(cuts):
            parts = dict(zip(map(id, numbered), cuts, strict=True))
            return [[part for line in row for part in parts.get(id(line), [line])] for row in rows]
    return None


def _number_at(line: Line) -> int:
    """The part of a line at which its numbers begin, 0 where it has none or nothing else."""
    parts = line.text.split(" ")
    return next((n for n, part in enumerate(parts) if _DIGIT.search(part)), 0)
