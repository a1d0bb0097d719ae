"""Workbooks of Excel 97 to 2003 (``.xls``), read by xlrd."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kilde.documents.conventions import language_of_country
from kilde.documents.extract import damaged, locked
from kilde.documents.workbooks.rich_text import STRUCK, RichText
from kilde.documents.workbooks.sheets import Area, Sheet, Workbook
from kilde.documents.workbooks.stored import Stored, Styles, Value, show
from kilde.language.clean import clean

_POSITIONS = ("", "superscript", "subscript")
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
        stored.append((sheet, _rows(source, sheet, xlrd)))
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


def _rows(source: Any, sheet: Sheet, xlrd: Any) -> dict[int, dict[int, Stored]]:
    """The cells of a sheet; what is struck out is counted in ``sheet.omitted``."""
    rows: dict[int, dict[int, Stored]] = {}
    fonts = source.book.font_list
    struck = {n for n, xf in enumerate(source.book.xf_list) if fonts[xf.font_index].struck_out}
    for number in range(source.nrows):
        kinds, values = source.row_types(number), source.row_values(number)
        cells: dict[int, Stored] = {}
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            shown: Value
            style = source.cell_xf_index(number, column)
            runs = source.rich_text_runlist_map.get((number, column))
            count = int(style in struck and not runs)
            if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                shown = float(value)
            elif kind == xlrd.XL_CELL_TEXT:
                if runs:
                    text = _rich(
                        source.book, value, [(0, source.book.xf_list[style].font_index), *runs]
                    )
                    value, count = text.text, text.struck
                shown = clean(value).strip()
            elif kind == xlrd.XL_CELL_BOOLEAN:
                shown = bool(value)
            else:  # blank, or an error
                continue
            if count:
                sheet.omitted[STRUCK] += count
            if shown != "" and (runs or not count):
                cells[column + 1] = (shown, style)
        if cells:
            rows[number + 1] = cells
    return rows


def _rich(book: Any, value: str, runs: Sequence[tuple[int, int]]) -> RichText:
    """A text by its runs: the character at which each begins, and its font."""
    text = RichText()
    ends = [*(start for start, _ in runs[1:]), len(value)]
    for (start, number), end in zip(runs, ends, strict=True):
        font = book.font_list[number]
        position = _POSITIONS[font.escapement] if font.escapement < len(_POSITIONS) else ""
        text.add(value[start:end], position=position, struck=bool(font.struck_out))
    return text
