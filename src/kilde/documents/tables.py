"""Tables as text: every row becomes lines of ``column: value``, so that it can be found and cited.

    Name: Anna Holm
    Age: 41

A blank line ends a row and belongs to its span, so the rows of a table follow one another without a
gap. A value in a column without a name stands alone on its line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from kilde.documents.content import Cell, Table
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.types import Row, Scalar

# Beyond this, neighbouring integers share a float, so a float may not be the number that was meant.
_EXACT = 2**53

MAX_CHARACTERS = 200_000_000
"""Length of the longest text that a table may become. A packed file of a few megabytes can hold a
thousand times its size, and a query has no size at all."""

MAX_ROWS = 2_000_000
"""Number of rows of the longest table that is read."""

MAX_CELLS = 40_000_000
"""Number of cells, blank ones too, of the largest table that is read. A cell without a value adds
no text and still takes memory."""


def scalar(value: object) -> Scalar:
    """A value of a cell, as one of the types that a row may hold.

    Whole floats become integers (spreadsheets know no others), decimals numbers, times and UUIDs
    text, lists and mappings JSON; bytes, NaN and blank text are ``None``: there is nothing to read.
    """
    match value:
        case None | bool() | datetime() | date():
            return value
        case int():
            return value
        case float() | Decimal():
            number = float(value)
            if not math.isfinite(number):
                return None
            return int(number) if number.is_integer() and abs(number) < _EXACT else number
        case bytes() | bytearray() | memoryview():
            return None
        case time():
            return value.isoformat("auto" if value.second else "minutes")
        case timedelta():
            return str(value)
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return clean(str(value)).strip() or None


def render(value: Scalar) -> str:
    """A value as a reader would write it: ISO dates, no float noise, line breaks as spaces.

    >>> render(0.1 + 0.2), render(date(2024, 5, 1)), render(True)
    ('0.3', '2024-05-01', 'true')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else f"{value:.15g}"
        case datetime():
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        case date():
            return value.isoformat()
        case _:
            return " ".join(str(value).split())


def column_names(header: Iterable[object]) -> list[str]:
    """Names for columns: blank ones are numbered, repeated ones told apart.

    >>> column_names(["Name", None, "Name"])
    ['Name', 'column 2', 'Name (2)']
    """
    names: dict[str, None] = {}
    copies: dict[str, int] = {}
    for position, cell in enumerate(header, 1):
        plain = render(scalar(cell)) or f"column {position}"
        name = plain
        while name in names:
            copies[plain] = copies.get(plain, 1) + 1
            name = f"{plain} ({copies[plain]})"
        names[name] = None
    return list(names)


def value_names(columns: Iterable[str]) -> list[str]:
    """The names under which a row's values are kept: a column without a name is numbered."""
    return [column or f"column {number}" for number, column in enumerate(columns, 1)]


def table_text(
    table: Table,
    name: str = "table",
    *,
    start: int = 0,
    caption: str = "",
    max_characters: int = MAX_CHARACTERS,
    max_rows: int = MAX_ROWS,
    max_cells: int = MAX_CELLS,
) -> tuple[str, tuple[Row, ...]]:
    """The text of a table and its rows; rows without any value are left out.

    ``start`` is the offset of the table in the document's text, and ``caption`` is kept with each
    row.

    Raises :class:`LoadError`, with ``name`` as the source, as soon as a table goes over a limit.
    """
    labels = list(zip(table.columns, value_names(table.columns), strict=True))
    parts: list[str] = []
    rows: list[Row] = []
    position = start
    total = 0
    for number, cells in enumerate(table.rows, 1):
        if number > max_rows:
            raise too_large(name, max_rows, "rows")
        text, values = _row(labels, cells)
        total += len(values)
        if total > max_cells:
            raise too_large(name, max_cells, "cells")
        if position - start + len(text) > max_characters:
            raise too_large(name, max_characters, "characters")
        if not text:
            continue
        parts.append(text)
        rows.append(Row(position, position + len(text), values, caption))
        position += len(text)
    return "".join(parts), tuple(rows)


def too_large(name: str, limit: int, what: str) -> LoadError:
    """The error for a table that goes over one of the limits."""
    return LoadError(
        name,
        f"the table has more than {limit:,} {what}, the most that is read",
        hint="Split it into smaller files, or read less of it: fewer rows or columns, or a query "
        "that selects or sums up what is asked about.",
    )


def _row(
    labels: Sequence[tuple[str, str]], cells: Sequence[Scalar | Cell]
) -> tuple[str, Mapping[str, Scalar]]:
    lines: list[str] = []
    values: dict[str, Scalar] = {}
    for (column, key), cell in zip(labels, cells, strict=False):
        value, text = (
            (cell.value, render(cell.text)) if isinstance(cell, Cell) else (cell, render(cell))
        )
        values[key] = value
        if text:
            lines.append(f"{column}: {text}\n" if column else f"{text}\n")
    return ("".join([*lines, "\n"]) if lines else ""), values


def looks_like_header(first: Sequence[Scalar], second: Sequence[Scalar]) -> bool:
    """Whether the first of two rows names columns: text, nothing twice.

    Years are names too ("Municipality; 2023; 2024"), unless the cell below is a year as well.
    """
    filled = [cell for cell in first if cell is not None]
    below = [*second, *[None] * (len(first) - len(second))]
    return (
        any(isinstance(cell, str) for cell in filled)
        and len({str(cell) for cell in filled}) == len(filled)
        and all(
            cell is None or isinstance(cell, str) or (_is_year(cell) and not _is_year(under))
            for cell, under in zip(first, below, strict=False)
        )
    )


def _is_year(cell: Scalar) -> bool:
    return isinstance(cell, int) and 1900 <= cell <= 2100
