"""Workbooks of Excel 97 to 2003 (``.xls``), read by xlrd."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from kilde.documents.conventions import language_of_country
from kilde.documents.extract import damaged, locked
from kilde.documents.workbooks.sheets import Area, Sheet, Workbook
from kilde.documents.workbooks.stored import Stored, Styles, Value, show
from kilde.language.clean import clean

_SYSTEM = 1  # of the two countries that a workbook names, that of the system which shows numbers


def read_xls(data: bytes, name: str) -> Workbook:
    """The visible sheets of a workbook.

    Raises :class:`LoadError`, with ``name`` as the source, for one that is locked or damaged.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise locked(name) from error
        raise damaged(name, error) from error
    styles = Styles(
        numbers=[style.format_key for style in book.xf_list],
        codes={form.format_key: form.format_str for form in book.format_list},
        language=language_of_country(book.countries[_SYSTEM]),
        since_1904=book.datemode == 1,
    )
    workbook = Workbook()
    stored = []
    for source in book.sheets():
        if source.visibility:
            workbook.omitted["hidden sheets"] += 1
            continue
        sheet = _sheet(source)
        workbook.sheets.append(sheet)
        stored.append((sheet, _rows(source, xlrd)))
    show(stored, styles)
    return workbook


def _sheet(source: Any) -> Sheet:
    notes = len(source.cell_note_map)
    return Sheet(
        clean(source.name),
        merged=[
            Area(top + 1, left + 1, bottom, right)
            for top, bottom, left, right in source.merged_cells
        ],
        hidden_rows={
            row + 1 for row, info in source.rowinfo_map.items() if _is_hidden(info, info.height)
        },
        hidden_columns={
            column + 1
            for column, info in source.colinfo_map.items()
            if _is_hidden(info, info.width)
        },
        omitted=Counter({"comments": notes} if notes else {}),
    )


def _is_hidden(info: Any, size: int) -> bool:
    return bool(info.hidden) or size == 0


def _rows(source: Any, xlrd: Any) -> dict[int, dict[int, Stored]]:
    rows: dict[int, dict[int, Stored]] = {}
    for number in range(source.nrows):
        kinds, values = source.row_types(number), source.row_values(number)
        cells: dict[int, Stored] = {}
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            shown: Value
            if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                shown = float(value)
            elif kind == xlrd.XL_CELL_TEXT:
                shown = clean(value).strip()
            elif kind == xlrd.XL_CELL_BOOLEAN:
                shown = bool(value)
            else:  # blank, or an error
                continue
            if shown != "":
                cells[column + 1] = (shown, source.cell_xf_index(number, column))
        if cells:
            rows[number + 1] = cells
    return rows
