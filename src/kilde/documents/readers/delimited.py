"""CSV and TSV: separator, header and types are told from the file.

A column is typed only when all of its cells agree, so a code like ``0047`` stays text; the row's
text keeps every cell as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import islice

from kilde.documents.content import Cell, Content, Table
from kilde.documents.tables import column_names, looks_like_header
from kilde.documents.text import decode
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.types import Scalar

# The comma last: where both fit, it is the decimal comma ("1,5;2").
_DELIMITERS = ";\t|,"
_SAMPLE = 50
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_POINT = re.compile(r"[+-]?(?:0|[1-9]\d*)\.\d+")
_COMMA = re.compile(r"[+-]?(?:0|[1-9]\d*),\d+")
_BOOLEANS = {"true": True, "false": False}


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The file as one table; without a header the columns are called ``column 1``, …"""
    text = clean(decode(data, name))
    named = re.match(r"sep=(.)\n", text)  # how Excel writes down the separator
    text = text[named.end() :] if named else text
    try:
        rows = _rows(text, named[1] if named else _delimiter(text))
    except csv.Error as error:
        raise LoadError(
            name,
            f"it cannot be read as a table ({error})",
            hint="Check the quotation marks, or save it again as CSV from a spreadsheet.",
        ) from error
    header: list[str] = []
    typed = [[_converter([cell])(cell) for cell in row] for row in rows[:2]]
    if typed and looks_like_header(typed[0], typed[-1] if len(typed) > 1 else []):
        header, rows = rows[0], rows[1:]
    if not rows:
        raise LoadError(name, "no rows in it", hint="Add rows below the header, or leave it out.")
    width = max(len(header), *(len(row) for row in rows))
    columns = column_names([*header, *[None] * (width - len(header))])
    converters = [_converter([row[i] for row in rows if i < len(row)]) for i in range(width)]
    cells = (
        [Cell(convert(cell), cell) for convert, cell in zip(converters, row, strict=False)]
        for row in rows
    )
    return [Table(columns, cells)]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    lines = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    rows = ([cell.strip() for cell in row] for row in lines)
    return [row for row in rows if any(row)]


def _delimiter(text: str) -> str:
    """The separator that cuts the first lines into the same number of cells, as many as can be."""

    def fit(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(reader, _SAMPLE) if row]
        except csv.Error:
            return 0.0, 0
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) / len(widths) if common > 1 else 0.0), common

    return max(_DELIMITERS, key=fit)


def _converter(cells: Sequence[str]) -> Callable[[str], Scalar]:
    """The first type that every filled cell of a column has."""
    filled = [cell for cell in cells if cell]
    for convert in (_integer, _with_point, _with_comma, _boolean, _date, _datetime):
        if filled and all(convert(cell) is not None for cell in filled):
            return convert
    return lambda cell: cell or None


def _integer(cell: str) -> Scalar:
    return int(cell) if _INTEGER.fullmatch(cell) else None


def _with_point(cell: str) -> Scalar:
    return float(cell) if _POINT.fullmatch(cell) else _integer(cell)


def _with_comma(cell: str) -> Scalar:
    return float(cell.replace(",", ".")) if _COMMA.fullmatch(cell) else _integer(cell)


def _boolean(cell: str) -> Scalar:
    return _BOOLEANS.get(cell.lower())


def _date(cell: str) -> Scalar:
    try:
        return date.fromisoformat(cell) if len(cell) == 10 else None
    except ValueError:
        return None


def _datetime(cell: str) -> Scalar:
    try:
        return datetime.fromisoformat(cell) if len(cell) >= 10 else None
    except ValueError:
        return None
