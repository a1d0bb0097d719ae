"""The reading order of a page: lines, columns of text and tables, from the top to the foot.

Rows that have a gap at the same place stand beside each other. They are a table, or columns of
text, each of which is read on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from kilde.documents.pdf.aligned import is_list, is_prose, table_of
from kilde.documents.pdf.cells import PageTable
from kilde.documents.pdf.columns import header_of, united
from kilde.documents.pdf.geometry import Rule
from kilde.documents.pdf.lines import Line, Row, is_beside, merged, rows_of
from kilde.documents.pdf.sides import columns_apart
from kilde.documents.pdf.uneven import has_uneven_lines, uneven_table

Block = list[Line] | PageTable
"""The lines of a column of text, or a table."""

# Rows further apart (in font sizes) do not stand in one table or in one pair of columns.
_MAX_GAP = 3.2
_MIN_GUTTER = 0.25
_HEADING_SIZE = 1.15
_MIN_ROWS = 3
_MAX_DEPTH = 4
_MAX_ROWS = 20_000
# Rows of columns of text are never far apart; lines of the other column may lie between.
_NEXT = 1.6
# Rows further apart than this many times the distance of the rows above may begin another table.
_APART = 1.3
_LAST_ROWS = 12
_MIN_WORDS = 2.5


@dataclass(slots=True)
class _Band:
    """Rows that have a gap at the same place. ``pending`` are rows below that may belong to it."""

    rows: list[Row]
    spans: list[tuple[float, float]]
    pending: list[Row]


def blocks_of(
    lines: Sequence[Line], tables: Sequence[PageTable], rules: Sequence[Rule], depth: int = 0
) -> list[Block]:
    """The blocks of a page or of a column. ``tables`` are the ruled ones, whose lines are not in
    ``lines``; ``rules`` the horizontal rules."""
    rows = rows_of(lines)
    blocks: list[Block] = []
    start = 0
    for table in sorted(tables, key=lambda table: table.box.top):
        middle = (table.box.top + table.box.bottom) / 2
        end = start
        while end < len(rows) and rows[end][0].base < middle:
            end += 1
        blocks += [*_stretch(rows[start:end], rules, depth), table]
        start = end
    return [*blocks, *_stretch(rows[start:], rules, depth)]


def _stretch(rows: list[Row], rules: Sequence[Rule], depth: int) -> list[Block]:
    """The blocks of rows that no ruled table interrupts."""
    if len(rows) > _MAX_ROWS or depth > _MAX_DEPTH:
        return [[merged(row) for row in rows]] if rows else []
    blocks: list[Block] = []
    while (apart := columns_apart(rows)) is not None:
        start, end, middle = apart
        blocks += _rows_blocks(rows[:start], rules, depth)
        blocks += _sides(rows[start:end], middle, rules, depth)
        rows = rows[end:]
    return blocks + _rows_blocks(rows, rules, depth)


def _rows_blocks(rows: Sequence[Row], rules: Sequence[Rule], depth: int) -> list[Block]:
    """The blocks of rows whose columns are told by their gaps."""
    blocks: list[Block] = []
    text: list[Line] = []
    for part in _bands(rows):
        if isinstance(part, _Band):
            own, rest = _band_blocks(part, rules, depth)
            if own is not None:
                table = own[0]
                if text and isinstance(table, PageTable) and _adopt_header(table, text[-1]):
                    text.pop()
                blocks += [text, *own] if text else own
                text = []
            text += [merged(row) for row in rest]
        else:
            text.append(merged(part))
    return [*blocks, text] if text else blocks


def _adopt_header(table: PageTable, line: Line) -> bool:
    """Make a line above a table its header, where its words stand over the columns."""
    top = next(cell[0] for cell in table.cells[0] if cell)
    if table.header_rows or top.base - line.base > _MAX_GAP * line.size:
        return False
    header = header_of(line, table.columns)
    if header is None:
        return False
    table.cells.insert(0, header)
    table.header_rows = 1
    table.box = table.box._replace(top=line.top)
    return True


def _bands(rows: Sequence[Row]) -> list[_Band | Row]:
    parts: list[_Band | Row] = []
    band: _Band | None = None
    for number, row in enumerate(rows):
        above = rows[number - 1] if number else None
        if band is not None and _extend(band, row, above):
            continue
        if band is not None:
            parts.append(band)
            band = None
        if len(row) > 1 or _beside(row, rows[number + 1] if number + 1 < len(rows) else None):
            band = _Band([row], [(line.left, line.right) for line in row], [])
            while parts and isinstance(parts[-1], list) and _begins_above(band, parts[-1]):
                band.rows.insert(0, parts.pop())  # type: ignore[arg-type]
        else:
            parts.append(row)
    if band is not None:
        parts.append(band)
    return parts


def _beside(row: Row, below: Row | None) -> bool:
    """Whether two rows are lines beside each other on different heights."""
    return below is not None and len(row) == len(below) == 1 and is_beside(row, below)


def _begins_above(band: _Band, row: Row) -> bool:
    """Whether a column but the first one begins with a row that stands higher than the others."""
    line, first = row[0], band.rows[0][0]
    return (
        len(row) == 1
        and first.base - line.base <= _NEXT * line.size
        and line.size <= _HEADING_SIZE * first.size
        and any(left - line.size <= line.left < right for left, right in band.spans[1:])
        and line.left > band.spans[0][1]
    )


def _extend(band: _Band, row: Row, above: Row | None) -> bool:
    """Add a row to a band, if it leaves a gap between columns open."""
    last = band.pending[-1] if band.pending else band.rows[-1]
    size = max(last[0].size, row[0].size)
    spans = united([*band.spans, *((line.left, line.right) for line in row)], _MIN_GUTTER * size)
    if len(spans) < 2 or row[0].base - last[0].base > _MAX_GAP * size:
        return False
    if _is_apart(band, row) and not _fits(band.spans, row):
        return False
    alone = len(row) == 1 and not (above is not None and _beside(above, row))
    if alone:
        usual = median(line.size for other in band.rows for line in other)
        if row[0].size > _HEADING_SIZE * usual:
            return False
        band.pending.append(row)
    else:
        band.rows += [*band.pending, row]
        band.pending = []
    band.spans = spans
    return True


def _is_apart(band: _Band, row: Row) -> bool:
    """Whether a row is further from a band than its rows are from each other."""
    rows = [*band.rows, *band.pending]
    steps = [below[0].base - above[0].base for above, below in pairwise(rows[-_LAST_ROWS:])]
    return bool(steps) and row[0].base - rows[-1][0].base > _APART * max(steps)


def _fits(spans: Sequence[tuple[float, float]], row: Row) -> bool:
    """Whether each line of a row stands in one of the columns."""
    return all(
        sum(line.left < right and left < line.right for left, right in spans) == 1 for line in row
    )


def _band_blocks(
    band: _Band, rules: Sequence[Rule], depth: int
) -> tuple[list[Block] | None, list[Row]]:
    """A band as a table or as columns, ``None`` where it is neither, and the rows that are left."""
    tail = _tail(band)
    rows = [*band.rows, *tail]
    rest = band.pending[len(tail) :]
    uneven = has_uneven_lines(band.rows)
    table = uneven_table(rows) if uneven else table_of(rows, rules)
    if table is not None:
        return [table], rest
    if tail:
        table = uneven_table(band.rows) if uneven else table_of(band.rows, rules)
    if table is not None:
        return [table], band.pending
    if _is_text(band, rows):
        return _columns(rows, band.spans, rules, depth), rest
    return None, [*rows, *rest]


def _is_text(band: _Band, rows: Sequence[Row]) -> bool:
    """Whether the rows are columns of running text."""
    if len(rows) < _MIN_ROWS:
        return False
    if sum(len(row) > 1 for row in rows) * 2 < len(rows):
        # The lines of the columns are not on the same baselines.
        words = sum(line.words for row in rows for line in row)
        return words >= _MIN_WORDS * sum(map(len, rows))
    cells = [
        [[line for line in row if left <= line.left < right] or None for left, right in band.spans]
        for row in rows
    ]
    return not is_list(cells) and is_prose(cells)


def _tail(band: _Band) -> list[Row]:
    """The rows below a band that go on in one of its columns without a gap."""
    tail: list[Row] = []
    last = band.rows[-1][0]
    for row in band.pending:
        if row[0].base - last.base > _NEXT * row[0].size or row[0].bold > last.bold:
            break
        tail.append(row)
        last = row[0]
    return tail


def _columns(
    rows: Sequence[Row], spans: Sequence[tuple[float, float]], rules: Sequence[Rule], depth: int
) -> list[Block]:
    """What is left and what is right of the widest gap."""
    gaps = [right[0] - left[1] for left, right in pairwise(spans)]
    return _sides(rows, spans[gaps.index(max(gaps)) + 1][0], rules, depth)


def _sides(rows: Sequence[Row], middle: float, rules: Sequence[Rule], depth: int) -> list[Block]:
    """What is left and what is right of a place, each on its own."""
    lines = [line for row in rows for line in row]
    left = [line for line in lines if line.left < middle]
    right = [line for line in lines if line.left >= middle]
    return [*blocks_of(left, [], rules, depth + 1), *blocks_of(right, [], rules, depth + 1)]
