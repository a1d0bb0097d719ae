"""Tables whose cells are parted by drawn lines."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kilde.documents.pdf.aligned import logical_rows
from kilde.documents.pdf.cells import LineCell, PageTable, bold_rows
from kilde.documents.pdf.geometry import Box, Rule
from kilde.documents.pdf.lines import Line

MAX_CELLS = 50_000
"""Number of cells of the largest table that is looked for, blank ones too."""

_MAX_CROSSINGS = 250_000
# Lines that miss each other by less meet.
_NEAR = 3.0
_SAME_PLACE = 1.5
_SHORTEST = 5.0
# A grid with fewer filled cells is a drawing.
_MIN_FILLED = 0.12


@dataclass(frozen=True, slots=True)
class _Frame:
    """The rules of one table, and the places of its rows and columns."""

    rows: list[float]
    columns: list[float]
    horizontal: list[Rule]
    vertical: list[Rule]


def ruled_tables(
    lines: Sequence[Line], horizontal: Iterable[Rule], vertical: Iterable[Rule]
) -> list[PageTable]:
    """The ruled tables of a page, with the lines that stand in them, from the top."""
    taken: set[int] = set()
    tables: list[PageTable] = []
    frames = _frames(_collinear(horizontal), _collinear(vertical))
    # What stands in a table inside of another belongs to the inner one.
    for frame in sorted(frames, key=_area):
        free = [line for line in lines if id(line) not in taken]
        table = _table(frame, free)
        if table is not None:
            tables.append(table)
            taken |= {id(line) for line in table.lines()}
    return sorted(tables, key=lambda table: (table.box.top, table.box.left))


def _collinear(rules: Iterable[Rule]) -> list[Rule]:
    """Rules at one place put together where they touch, by place."""
    groups: list[list[Rule]] = []
    for rule in sorted(rules):
        if groups and rule.place - groups[-1][0].place <= _SAME_PLACE:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    joined: list[Rule] = []
    for group in groups:
        place = group[0].place
        start, end = None, 0.0
        for _, first, last in sorted(group, key=lambda rule: rule.start):
            if start is None:
                start, end = first, last
            elif first <= end + _NEAR:
                end = max(end, last)
            else:
                joined.append(Rule(place, start, end))
                start, end = first, last
        if start is not None:
            joined.append(Rule(place, start, end))
    return [rule for rule in joined if rule.end - rule.start >= _SHORTEST]


def _frames(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> list[_Frame]:
    """Sets of rules that are connected by their crossings."""
    owner = list(range(len(horizontal) + len(vertical)))

    def root(item: int) -> int:
        while owner[item] != item:
            owner[item] = owner[owner[item]]
            item = owner[item]
        return item

    room = _MAX_CROSSINGS
    places = [rule.place for rule in horizontal]
    for column, rule in enumerate(vertical, len(horizontal)):
        first = bisect_left(places, rule.start - _NEAR)
        last = bisect_right(places, rule.end + _NEAR)
        room -= last - first
        if room < 0:
            return []
        for row in range(first, last):
            if horizontal[row].start - _NEAR <= rule.place <= horizontal[row].end + _NEAR:
                owner[root(row)] = root(column)
    members: dict[int, list[int]] = defaultdict(list)
    for item in range(len(owner)):
        members[root(item)].append(item)
    frames = []
    for items in members.values():
        across = [horizontal[item] for item in items if item < len(horizontal)]
        along = [vertical[item - len(horizontal)] for item in items if item >= len(horizontal)]
        if across and along:
            # Where the outer rules are left out, the others show how far the table reaches.
            columns = _places(along, across)
            rows = _places(across, along)
            if len(rows) >= 3 <= len(columns) and len(rows) * len(columns) <= MAX_CELLS:
                frames.append(_Frame(rows, columns, across, along))
    return frames


def _places(rules: Sequence[Rule], crossing: Sequence[Rule]) -> list[float]:
    places = {rule.place for rule in rules}
    places |= {min(rule.start for rule in crossing), max(rule.end for rule in crossing)}
    distinct: list[float] = []
    for place in sorted(places):
        if not distinct or place - distinct[-1] > _NEAR:
            distinct.append(place)
    return distinct


def _area(frame: _Frame) -> float:
    width = frame.columns[-1] - frame.columns[0]
    return width * (frame.rows[-1] - frame.rows[0])


def _table(frame: _Frame, lines: Sequence[Line]) -> PageTable | None:
    height, width = len(frame.rows) - 1, len(frame.columns) - 1
    inside: dict[tuple[int, int], LineCell] = defaultdict(list)
    for line in lines:
        row = bisect_right(frame.rows, line.base - line.size / 4) - 1
        column = bisect_right(frame.columns, (line.left + line.right) / 2) - 1
        if 0 <= row < height and 0 <= column < width:
            inside[row, column].append(line)
    areas = _areas(frame)
    _part_columns(areas, frame, inside)
    shared: dict[int, LineCell] = {}
    cells: list[list[LineCell | None]] = [[None] * width for _ in range(height)]
    for row in range(height):
        for column in range(width):
            area = areas[row * width + column]
            cell = shared.setdefault(area, [])
            cell.extend(inside.get((row, column), ()))
            cells[row][column] = cell
    cells = [[cell or None for cell in row] for row in cells]
    cells, columns = _without_blanks(cells, frame.columns)
    filled = sum(cell is not None for row in cells for cell in row)
    if len(cells) < 2 or len(columns) < 2 or filled < _MIN_FILLED * len(cells) * len(cells[0]):
        return None
    if len(cells) == 2:
        body = logical_rows([cell and list(cell) for cell in cells[1]])
        cells = [cells[0], *body] if len(body) > 2 else cells
    box = Box(frame.columns[0], frame.rows[0], frame.columns[-1], frame.rows[-1])
    return PageTable(cells, box, columns, bold_rows(cells))


def _areas(frame: _Frame) -> list[int]:
    """For each place of the grid the number of the cell that covers it."""
    height, width = len(frame.rows) - 1, len(frame.columns) - 1
    upright = _by_place(frame.vertical, frame.columns)
    level = _by_place(frame.horizontal, frame.rows)
    owner = list(range(height * width))

    def root(item: int) -> int:
        while owner[item] != item:
            owner[item] = owner[owner[item]]
            item = owner[item]
        return item

    for row, (top, bottom) in enumerate(pairwise(frame.rows)):
        for column, (left, right) in enumerate(pairwise(frame.columns)):
            place = row * width + column
            if column + 1 < width and not _covers(upright[column + 1], (top + bottom) / 2):
                owner[root(place + 1)] = root(place)
            if row + 1 < height and not _covers(level[row + 1], (left + right) / 2):
                owner[root(place + width)] = root(place)
    areas = [root(place) for place in range(height * width)]
    spans: dict[int, list[int]] = defaultdict(list)
    for place, area in enumerate(areas):
        spans[area].append(place)
    for places in spans.values():
        rows = {place // width for place in places}
        columns = {place % width for place in places}
        if len(places) != len(rows) * len(columns):  # no rectangle, so no cell
            for place in places:
                areas[place] = place
    return areas


def _part_columns(
    areas: list[int], frame: _Frame, inside: Mapping[tuple[int, int], LineCell]
) -> None:
    """Part again what has no rule between its columns and lines that keep to them."""
    width = len(frame.columns) - 1
    spans: dict[int, list[int]] = defaultdict(list)
    for place, area in enumerate(areas):
        spans[area].append(place)
    for places in spans.values():
        filled = {place % width for place in places if inside.get(divmod(place, width))}
        if len(filled) < 2:
            continue
        apart = all(
            line.left >= frame.columns[place % width] - _NEAR
            and line.right <= frame.columns[place % width + 1] + _NEAR
            for place in places
            for line in inside.get(divmod(place, width), ())
        )
        if apart:
            for place in places:
                areas[place] = place


def _by_place(rules: Sequence[Rule], places: Sequence[float]) -> list[list[tuple[float, float]]]:
    """What the rules at each place cover."""
    covered: list[list[tuple[float, float]]] = [[] for _ in places]
    for rule in rules:
        nearest = min(len(places) - 1, bisect_left(places, rule.place - _NEAR))
        covered[nearest].append((rule.start, rule.end))
    return [sorted(spans) for spans in covered]


def _covers(spans: Sequence[tuple[float, float]], place: float) -> bool:
    before = bisect_right(spans, (place, float("inf"))) - 1
    return before >= 0 and spans[before][0] <= place <= spans[before][1]


def _without_blanks(
    cells: list[list[LineCell | None]], edges: Sequence[float]
) -> tuple[list[list[LineCell | None]], list[tuple[float, float]]]:
    """The table without its blank rows and columns at the edges and double lines."""
    rows = [row for row in cells if any(row)]
    kept = [column for column in range(len(edges) - 1) if any(row[column] for row in rows)]
    return (
        [[row[column] for column in kept] for row in rows],
        [(edges[column], edges[column + 1]) for column in kept],
    )
