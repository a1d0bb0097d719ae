"""Spreadsheets: each visible sheet with rows in it is a table.

Hidden sheets are left out: what an author hid should not be quoted to a reader. A title above the
table (a line with one filled cell) becomes the table's title, not a row.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any
from zipfile import BadZipFile

from kilde.documents.content import Content, Table
from kilde.documents.extract import check_archive, damaged, locked
from kilde.documents.sparse_sheets import closed_up
from kilde.documents.tables import column_names, looks_like_header, scalar
from kilde.errors import LoadError
from kilde.types import Scalar

_XLS = "application/vnd.ms-excel"


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """One table per sheet, named by ``part`` when there are several."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        if mime != _XLS:  # the others are zip archives
            check_archive(data, name)
            data = closed_up(data)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            visible = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.visible == SheetVisibleEnum.Visible
            ]
            grids = {sheet: _filled_rows(book.get_sheet_by_name(sheet)) for sheet in visible}
    except (CalamineError, BadZipFile, zlib.error, OSError, ValueError, KeyError) as error:
        if "password" in str(error).lower():
            raise locked(name) from error
        raise damaged(name, error) from error
    tables = [table for sheet, grid in grids.items() if (table := _table(sheet, grid))]
    if not tables:
        raise LoadError(
            name,
            "no rows in any of its visible sheets",
            hint="Show hidden sheets that are meant to be read, save it, and add it again.",
        )
    return [*tables]


def _filled_rows(sheet: Any) -> list[list[Scalar]]:
    """The rows with a value in them; a blank cell is an empty text to the library."""
    first = sheet.start[1] if sheet.start else 0
    filled = (row[first:] for row in sheet.iter_rows() if any(row) or 0 in row)
    rows = ([scalar(cell) for cell in row] for row in filled)
    return [row for row in rows if any(cell is not None for cell in row)]


def _table(sheet: str, rows: list[list[Scalar]]) -> Table | None:
    titles: list[str] = []
    while len(rows) > 2 and _filled(rows[0]) == 1 and _filled(rows[1]) + _filled(rows[2]) > 2:
        titles += [str(cell) for cell in rows.pop(0) if cell is not None]
    if not rows:
        return None
    below = rows[1] if len(rows) > 1 else []
    if looks_like_header(rows[0], below) and (below or _filled(rows[0]) > 1):
        columns, rows = column_names(rows[0]), rows[1:]
    else:  # one cell alone is a note, not the name of a column without rows
        columns = column_names([None] * len(rows[0]))
    if not rows:
        return None
    return Table(columns, rows, part=sheet, title=" – ".join(titles))


def _filled(row: Sequence[Scalar]) -> int:
    return sum(cell is not None for cell in row)
