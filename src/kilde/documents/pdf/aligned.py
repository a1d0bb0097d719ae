"""Tables without drawn lines: rows whose cells stand in the same columns.

Columns of running text look alike, so lines are taken for a table only where they do not go on from
one line to the next beside each other. A wrong table is worse than none: what is unclear is read as
lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from kilde.documents.pdf.cells import LineCell, PageTable, bold_rows, is_number
from kilde.documents.pdf.columns import cut_at_columns, placed_in
from kilde.documents.pdf.geometry import Box, Rule
from kilde.documents.pdf.lines import Row

_MIN_ROWS = 3
# Running text: words per line, share of its lines that begin small, and of those that are full.
_MIN_PROSE_WORDS = 2.5
_MIN_CONTINUED = 0.15
_MIN_FULL = 0.6
_MIN_LONE_ROWS = 5
_MAX_LABEL_WORDS = 2.0
_FEW_ROWS = 5
_MOST = 0.75
# Baselines closer than this (in font sizes) may belong to one row.
_TIGHT = 1.45
_APART = 1.25
_MAX_ROW_LINES = 3.5
_LEADER = re.compile(r"(?:\.\s?){4,}$")
_DIGIT = re.compile(r"\d")
_MARKER = re.compile(r"[•▪‣◦·●○–—➢✓*-]|\(?(?:\d{1,3}|[a-zæøå]|[ivx]{1,5})[.)]?|§+ ?\d+\.?", re.I)


def table_of(rows: Sequence[Row], rules: Sequence[Rule]) -> PageTable | None:
    """Rows as a table, ``None`` where they are none.

    ``rules`` are the horizontal rules of the page.
    """
    rows, columns = cut_at_columns(rows)
    if len(columns) < 2:
        return None
    placed = placed_in(rows, columns)
    if placed is None or is_list(placed) or _is_contents(placed) or is_prose(placed):
        return None
    if len(placed) <= _FEW_ROWS and _is_text_pairs(placed):
        return None
    full = sum(sum(cell is not None for cell in row) > 1 for row in placed)
    if full < _MIN_ROWS and not (len(columns) > 2 and full == 2 and bold_rows(placed)):
        return None
    box = Box(
        min(line.left for row in rows for line in row),
        rows[0][0].top,
        max(line.right for row in rows for line in row),
        rows[-1][0].bottom,
    )
    cells = _by_rules(placed, box, rules) or _wrapped(placed)
    cells, columns = _parted(cells, columns)
    return PageTable(cells, box, columns, bold_rows(cells))


def is_list(cells: Sequence[Sequence[LineCell | None]]) -> bool:
    """Whether two columns are the signs or numbers of list items and their texts."""
    firsts = [row[0][0].text for row in cells if row[0]]
    return len(cells[0]) == 2 and bool(firsts) and all(map(_MARKER.fullmatch, firsts))


def _is_contents(cells: Sequence[Sequence[LineCell | None]]) -> bool:
    """Whether it is a table of contents: titles with dots up to the numbers of their pages."""
    led = sum(any(cell and _LEADER.search(cell[-1].text) for cell in row) for row in cells)
    return led * 2 > len(cells)


def _is_text_pairs(cells: Sequence[Sequence[LineCell | None]]) -> bool:
    """Whether a few lines stand beside others, as two addresses at the head of a letter do."""
    if len(cells[0]) != 2 or bold_rows(cells):
        return False
    firsts = [row[0][0].text for row in cells if row[0]]
    seconds = [row[1][0].text for row in cells if row[1]]
    if sum(text.endswith(":") for text in firsts) * 2 > len(firsts):
        return False
    return sum(map(is_number, seconds)) * 2 < len(seconds)


def is_prose(cells: Sequence[Sequence[LineCell | None]]) -> bool:
    """Whether the columns are running text: their lines are full and go on beside each other."""
    width = len(cells[0])
    running = [column for column in range(width) if _is_running([row[column] for row in cells])]
    if len(running) < min(2, width) and (
        len(cells) < _MIN_LONE_ROWS or any(_are_labels(cells, column) for column in range(width))
    ):
        return False
    beside = [
        sum(cell is not None for cell in row) / width
        for row in cells
        if any(_begins_small(row[column]) for column in running)
    ]
    return bool(beside) and sum(beside) / len(beside) > _MOST


def _are_labels(cells: Sequence[Sequence[LineCell | None]], column: int) -> bool:
    """Whether a column has a word or two in almost every row, which the rest of a row is about."""
    filled = [row[column] for row in cells if row[column]]
    words = sum(line.words for cell in filled for line in cell or ())
    return (
        len(filled) >= _MOST * len(cells)
        and words < _MAX_LABEL_WORDS * len(filled)
        and not any(_begins_small(cell) for cell in filled)
    )


def _is_running(cells: Sequence[LineCell | None]) -> bool:
    """Whether a column is running text."""
    filled = [cell for cell in cells if cell]
    if len(filled) < _MIN_ROWS:
        return False
    width = max(cell[-1].right for cell in filled) - min(cell[0].left for cell in filled)
    full = sum(cell[-1].right - cell[0].left >= _MOST * width for cell in filled)
    small = sum(map(_begins_small, filled))
    words = sum(line.words for cell in filled for line in cell)
    return (
        words >= _MIN_PROSE_WORDS * len(filled)
        and small >= _MIN_CONTINUED * len(filled)
        and full >= _MIN_FULL * len(filled)
    )


def _begins_small(cell: LineCell | None) -> bool:
    return cell is not None and cell[0].text[:1].islower()


def _by_rules(
    placed: list[list[LineCell | None]], box: Box, rules: Sequence[Rule]
) -> list[list[LineCell | None]] | None:
    """Rows put together that stand between two rules, where rules part all of the rows."""
    width = box.right - box.left
    places = sorted(
        rule.place
        for rule in rules
        if box.top < rule.place < box.bottom
        and min(rule.end, box.right) - max(rule.start, box.left) > 0.6 * width
    )
    if len(places) < 2:
        return None
    groups: dict[int, list[list[LineCell | None]]] = {}
    for row in placed:
        base = next(cell[0].base for cell in row if cell)
        groups.setdefault(bisect_right(places, base - 1), []).append(row)
    merged = [_one_row(group) for group in groups.values()]
    return None if any(row is None for row in merged) else [row for row in merged if row]


def _wrapped(placed: list[list[LineCell | None]]) -> list[list[LineCell | None]]:
    """Rows put together whose cells are wrapped."""
    return _by_distance(placed) or _by_blanks(placed)


def _by_distance(placed: list[list[LineCell | None]]) -> list[list[LineCell | None]] | None:
    """Rows put together where lines of a row are closer to each other than rows are."""
    gaps = _gaps(placed)
    if not gaps:
        return None
    size = next(cell[0].size for cell in placed[0] if cell)
    least = min(gaps)
    near = [gap <= _APART * least for gap in gaps]
    wide = len(near) - sum(near)
    if least > _TIGHT * size or wide * 3 < len(near) or not any(near):
        return None
    groups = [[placed[0]]]
    for row, close in zip(placed[1:], near, strict=True):
        if close:
            groups[-1].append(row)
        else:
            groups.append([row])
    if len(placed) > _MAX_ROW_LINES * len(groups):
        return None
    merged = [_one_row(group) for group in groups]
    return None if any(row is None for row in merged) else [row for row in merged if row]


def _by_blanks(placed: list[list[LineCell | None]]) -> list[list[LineCell | None]]:
    """Rows put together with the one above where their first cell is blank and they only go on."""
    size = next(cell[0].size for cell in placed[0] if cell)
    merged = [placed[0]]
    for row, gap in zip(placed[1:], _gaps(placed), strict=True):
        above = merged[-1]
        filled = [column for column, cell in enumerate(row) if cell]
        goes_on = (
            row[0] is None
            and gap <= _TIGHT * size
            and all(above[column] for column in filled)
            and not any(_DIGIT.search(cell[0].text) for cell in row if cell)
        )
        small = all(_begins_small(cell) for cell in row if cell)
        joined = _one_row([above, row]) if goes_on or (small and gap <= _TIGHT * size) else None
        if joined is None or len(merged) == len(placed):
            merged.append(row)
        else:
            merged[-1] = joined
    return merged


def _gaps(placed: Sequence[Sequence[LineCell | None]]) -> list[float]:
    bases = [next(cell[-1].base for cell in row if cell) for row in placed]
    return [below - above for above, below in pairwise(bases)]


def _one_row(rows: Sequence[Sequence[LineCell | None]]) -> list[LineCell | None] | None:
    """Rows as one; ``None`` where two numbers would share a cell, or a cell is merged."""
    if len(rows) == 1:
        return list(rows[0])
    row: list[LineCell | None] = []
    for column in range(len(rows[0])):
        lines = [line for one in rows for line in one[column] or ()]
        numbers = sum(is_number(line.text) for line in lines)
        if numbers > 1:
            return None
        row.append(lines or None)
    for one in rows:
        cells = [id(cell) for cell in one if cell]
        if len(set(cells)) < len(cells):
            return None
    return row


def _parted(
    cells: list[list[LineCell | None]], columns: list[tuple[float, float]]
) -> tuple[list[list[LineCell | None]], list[tuple[float, float]]]:
    """A table that goes on beside itself under the same header, with a blank column between."""
    half, odd = divmod(len(columns), 2)
    names = [" ".join(line.text for line in cell) if cell else "" for cell in cells[0]]
    if odd or half < 2 or names[:half] != names[half:]:
        return cells, columns
    gap = (columns[half - 1][1], columns[half][0])
    return (
        [[*row[:half], None, *row[half:]] for row in cells],
        [*columns[:half], gap, *columns[half:]],
    )


def logical_rows(cells: Sequence[LineCell | None]) -> list[list[LineCell | None]]:
    """The rows inside of one row of cells whose lines stand on the same baselines."""
    bases = sorted({line.base for cell in cells if cell for line in cell})
    placed: list[list[LineCell | None]] = []
    starts: list[float] = []
    for base in bases:
        if not starts or base - starts[-1] > 2:
            starts.append(base)
            placed.append([None] * len(cells))
        for column, cell in enumerate(cells):
            own = [line for line in cell or () if line.base == base]
            if own:
                placed[-1][column] = [*(placed[-1][column] or ()), *own]
    full = sum(sum(cell is not None for cell in row) > 1 for row in placed)
    if len(placed) < _MIN_ROWS or full < _MOST * len(placed) or is_prose(placed):
        return [list(cells)]
    return _wrapped(placed)
