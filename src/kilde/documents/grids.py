"""From the grid of cells that a format stores to tables with named columns.

Every format with tables uses this module, so that headers, merged cells, titles and layout tables
are recognised in the same way in a web page, a Word file, a PDF and a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Sequence

from kilde.documents.content import Grid, GridCell, Table


def placed(rows: Sequence[Sequence[tuple[GridCell, int, int]]]) -> list[list[GridCell | None]]:
    """Cells with their row and column spans, as HTML and Word list them, in their places.

    Each row lists ``(cell, row_span, column_span)`` for the cells that begin in it; a merged cell
    fills every place it covers. A row span of 0 reaches to the last row, as in HTML.
    """
    raise NotImplementedError


def tables_of(grid: Grid) -> list[str | Table]:
    """The tables and the texts of a grid, in reading order.

    One grid may hold several tables (separated by blank rows or columns), titles and notes, or be
    no table at all but text arranged on a page, which is returned as text.
    """
    raise NotImplementedError
