"""Sheets of a workbook: their cells as shown, sparse, with what is merged and what is hidden.

A sheet may have a cell at ``XFD1048576`` and nothing between, so cells are kept by their place, and
become a grid of the filled rows and columns only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from kilde.documents.content import Grid, GridCell
from kilde.documents.grids import MAX_SPANNED
from kilde.documents.tables import too_large

MAX_PLACES = 20_000_000
"""Number of places, blank ones included, of the largest sheet that is read."""


class Area(NamedTuple):
    """A range of cells, all bounds included; rows and columns are counted from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """A visible sheet.

    ``rows`` holds the filled cells by row and column, hidden ones too. ``headers`` are the areas
    of which the file itself says that they name columns.
    """

    name: str
    rows: dict[int, dict[int, GridCell]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    headers: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    omitted: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Workbook:
    """The visible sheets of a file, and what was passed over outside of them."""

    sheets: list[Sheet] = field(default_factory=list)
    omitted: Counter[str] = field(default_factory=Counter)


def grid_of(sheet: Sheet, name: str) -> Grid:
    """The visible cells of a sheet; hidden ones are counted in ``sheet.omitted``.

    Where rows or columns are blank, one of them is kept: it separates tables.
    Raises :class:`LoadError`, with ``name`` as the source, for a sheet beyond ``MAX_PLACES``.
    """
    rows, columns = _visible(sheet)
    if not rows:
        return Grid([])
    spread = _spread(sheet, rows, columns)
    _mark_headers(sheet, rows)
    places = (
        _spaced(rows, lambda row: row not in sheet.hidden_rows and not _is_within(sheet, row)),
        _spaced(columns, _separates(sheet, rows)),
    )
    if len(places[0]) * len(places[1]) > MAX_PLACES:
        raise too_large(name, MAX_PLACES, "cells")
    cells: list[list[GridCell | None]] = []
    for row in places[0]:
        line = {**spread.get(row, {}), **sheet.rows.pop(row, {})}
        cells.append([line.get(column) for column in places[1]])
    return Grid(cells)


def _visible(sheet: Sheet) -> tuple[list[int], list[int]]:
    """The rows and the columns with a visible cell, in order."""
    hidden = sheet.hidden_columns
    columns: set[int] = set()
    rows: list[int] = []
    for row, cells in sheet.rows.items():
        if row in sheet.hidden_rows:
            sheet.omitted["hidden rows"] += 1
        else:
            columns.update(cells)
            if not hidden.issuperset(cells):
                rows.append(row)
    if columns & hidden:
        sheet.omitted["hidden columns"] += len(columns & hidden)
    return sorted(rows), sorted(columns - hidden)


def _spread(
    sheet: Sheet, rows: Sequence[int], columns: Sequence[int]
) -> dict[int, dict[int, GridCell]]:
    """The cells that merged areas fill besides their first."""
    spread: dict[int, dict[int, GridCell]] = {}
    room = MAX_SPANNED
    for area in sheet.merged:
        cell = sheet.rows.get(area.top, {}).get(area.left)
        if cell is None:
            continue
        inside = _between(columns, area.left, area.right)
        for row in _between(rows, area.top, area.bottom):
            room -= len(inside)
            if room < 0:
                return spread
            spread.setdefault(row, {}).update(dict.fromkeys(inside, cell))
    return spread


def _mark_headers(sheet: Sheet, rows: Sequence[int]) -> None:
    for area in sheet.headers:
        for row in _between(rows, area.top, area.bottom):
            cells = sheet.rows[row]
            for column in [c for c in cells if area.left <= c <= area.right]:
                cells[column] = replace(cells[column], header=True)


def _is_within(sheet: Sheet, row: int) -> bool:
    """Whether a merged area reaches over a row, which is then no gap between tables."""
    return any(area.top < row <= area.bottom for area in sheet.merged)


def _separates(sheet: Sheet, rows: Sequence[int]) -> Callable[[int], bool]:
    """Whether a column without cells is a gap: cells of most rows do not reach into it."""
    covered: Counter[int] = Counter()
    last = max((max(cells) for cells in sheet.rows.values() if cells), default=0)
    for area in sheet.merged:
        height = len(_between(rows, area.top, area.bottom))
        for column in range(area.left + 1, min(area.right, last) + 1):
            covered[column] += height
    return lambda column: column not in sheet.hidden_columns and covered[column] * 2 < len(rows)


def _between(places: Sequence[int], first: int, last: int) -> Sequence[int]:
    return places[bisect_left(places, first) : bisect_right(places, last)]


def _spaced(places: Sequence[int], is_blank: Callable[[int], bool]) -> list[int]:
    """The places, with one blank place in each gap that has any."""
    spaced = [*places[:1]]
    for before, after in pairwise(places):
        blank = next(filter(is_blank, range(before + 1, after)), None)
        spaced += [after] if blank is None else [blank, after]
    return spaced
