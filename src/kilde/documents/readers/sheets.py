"""Spreadsheets: every visible sheet as a person sees it, in tables with named columns.

Numbers and dates have the text that the program shows and keep their types beside it. What an
author hid (a row, a column, a sheet) should not be quoted to a reader: it is left out and counted.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kilde.documents.content import Content, Prose, Table
from kilde.documents.extract import check_archive, damaged
from kilde.documents.grids import tables_of
from kilde.documents.workbooks.ods import read_ods
from kilde.documents.workbooks.sheets import Workbook, grid_of
from kilde.documents.workbooks.xlsx import read_xlsx
from kilde.errors import LoadError

_XLS = "application/vnd.ms-excel"
_ZIP = b"PK"
# A line above the only table of a sheet is its title up to this length; a longer one is a text.
_LONGEST_TITLE = 80
_DIGIT = re.compile(r"\d")


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The visible sheets with anything in them, named by ``part``."""
    try:
        workbook = _workbook(data, name, mime)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, KeyError) as error:
        raise damaged(name, error) from error
    omitted = workbook.omitted
    contents: list[Content] = []
    for sheet in workbook.sheets:
        parts = tables_of(grid_of(sheet, name))
        omitted += sheet.omitted
        if parts:
            # What was passed over outside of the sheets is counted with the first of them.
            contents.append(_content(sheet.name, parts, dict(omitted)))
            omitted = Counter()
    if not contents:
        raise LoadError(
            name,
            "no rows in any of its visible sheets",
            hint="Show hidden sheets that are meant to be read, save it, and add it again.",
        )
    return contents


def _workbook(data: bytes, name: str, mime: str) -> Workbook:
    if mime == _XLS and not data.startswith(_ZIP):
        from kilde.documents.workbooks.xls import read_xls

        return read_xls(data, name)
    check_archive(data, name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "content.xml" in archive.namelist():
            return read_ods(archive, name)
        return read_xlsx(archive, name)


def _content(sheet: str, parts: Sequence[str | Table], omitted: Mapping[str, int]) -> Content:
    """A table where the sheet is one table under its name, else text with tables.

    A second line above the table that has a number in it ("Valid from 1 May") is text, so that it
    can be quoted.
    """
    *titles, table = parts
    heading = titles[0] if titles and _is_title(titles[0]) else ""
    names = all(_is_title(part) and not _DIGIT.search(str(part)) for part in titles[1:])
    if isinstance(table, Table) and names and (heading or not titles):
        title = " – ".join(str(text) for text in titles)
        return replace(table, part=sheet, title=title, omitted=omitted)
    return Prose(parts, title=str(heading), part=sheet, omitted=omitted)


def _is_title(part: str | Table) -> bool:
    return isinstance(part, str) and len(part) <= _LONGEST_TITLE and not part.endswith(".")
