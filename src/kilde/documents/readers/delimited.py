"""CSV and TSV: separator, encoding, tables and types are told from the file.

The row's text keeps every cell as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Literal

from kilde.documents.content import Cell, Content, Part, Prose, Table
from kilde.documents.text import decode
from kilde.documents.text_tables import SAMPLE, Row, TextTable, table_header_height, text_tables
from kilde.documents.written_values import column_converters, is_value
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.language.detect import detect
from kilde.types import Scalar

# The comma last: where both fit, it is the decimal comma ("1,5;2").
_DELIMITERS = ";\t|,"
_LONGEST_TITLE = 80
_DIGIT = re.compile(r"\d")
_CODE = re.compile(r'="([^"]*)"')
# A quotation mark that is never closed makes one cell of the rest of the file.
_SWALLOWED_LINES = 20


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The file as a table, or as text with tables where more than titles stand around it."""
    text = clean(decode(data, name))
    named = re.match(r"sep=(.)\n", text)  # how Excel writes down the separator
    text = text[named.end() :] if named else text
    delimiter = named[1] if named else _delimiter(text, mime)
    try:
        rows = _rows(text, delimiter)
        if all(len(row) < 2 for row in rows) and text.startswith('"'):
            # Every line stands in quotation marks as one cell.
            text = "\n".join(row[0] for row in rows if row)
            delimiter = _delimiter(text, mime)
            rows = _rows(text, delimiter)
    except csv.Error as error:
        raise LoadError(
            name,
            f"it cannot be read as a table ({error})",
            hint="Check the quotation marks, or save it again as CSV from a spreadsheet.",
        ) from error
    tables = [table for table in text_tables(rows) if table.rows]
    if not tables:
        raise LoadError(name, "no rows in it", hint="Add rows below the header, or leave it out.")
    first = tables[0]
    if len(tables) == 1 and not first.notes and _is_title(first.titles) and not _pairs(first):
        return [table_of(first, semicolons=delimiter == ";")]
    parts: list[Part] = []
    for table in tables:
        parts += [
            *table.titles,
            *(_pairs(table) or [table_of(table, semicolons=delimiter == ";")]),
            *table.notes,
        ]
    comments = sum(table.comments for table in tables)
    title = first.titles[0] if first.titles and _is_title(first.titles[:1]) else ""
    title = "" if ": " in title else title  # a key and its value
    return [Prose(parts, title=title, omitted={"comments": comments} if comments else {})]


def has_header(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the first of some lines names the columns of the others."""
    rows = [row for row in _split("\n".join(lines[:SAMPLE]), delimiter, csv.QUOTE_NONE) if row]
    return len(rows) > 1 and table_header_height(rows) > 0


def _is_title(lines: Sequence[str]) -> bool:
    """Whether the lines above a table are its title.

    A second line with a number in it ("Valid from 1 May") is text, so that it can be quoted.
    """
    return all(
        len(line) <= _LONGEST_TITLE and not line.endswith((".", ":")) for line in lines
    ) and not any(map(_DIGIT.search, lines[1:]))


def _pairs(table: TextTable) -> list[Part]:
    """A short table of keys and values as lines; nothing for any other."""
    if any(table.columns) or len(table.columns) != 2 or len(table.rows) > SAMPLE:
        return []
    if not all(len(row) == 2 and all(row) and not is_value(row[0]) for row in table.rows):
        return []
    rows = ([" ".join(cell.split()) for cell in row] for row in table.rows)
    return [f"{key.removesuffix(':')}: {value}" for key, value in rows]


def table_of(table: TextTable, *, semicolons: bool) -> Table:
    """The table with its values; ``semicolons`` is whether they separate the cells of the file."""
    rows, width = table.rows, len(table.columns)

    @cache
    def language() -> str:
        sample = [table.columns, *table.rows[:SAMPLE]]
        return detect("\n".join(" ".join(row[:SAMPLE]) for row in sample))

    columns = ([row[i] for row in rows if i < len(row)] for i in range(width))
    converters = column_converters(columns, language, semicolons=semicolons)
    title = " – ".join(table.titles)
    return Table(
        table.columns,
        _cells(rows, converters),
        title=title if len(title) <= _LONGEST_TITLE else "",
        omitted={"comments": table.comments} if table.comments else {},
    )


def _cells(
    rows: Sequence[Row], converters: Sequence[Callable[[str], Scalar | Cell]]
) -> Iterator[list[Scalar | Cell]]:
    for row in rows:
        yield [convert(cell) for convert, cell in zip(converters, row, strict=False)]


def _rows(text: str, delimiter: str) -> list[Row]:
    rows = _split(text, delimiter, csv.QUOTE_MINIMAL)
    if text.count('"') % 2 and any(
        cell.count("\n") > _SWALLOWED_LINES for row in rows for cell in row
    ):
        rows = _split(text, delimiter, csv.QUOTE_NONE)
    return rows


def _split(text: str, delimiter: str, quoting: Literal[0, 3]) -> list[Row]:
    lines = csv.reader(
        io.StringIO(text), delimiter=delimiter, skipinitialspace=True, quoting=quoting
    )
    rows = ([_shown(cell) for cell in row] for row in lines)
    return [row if any(row) else [] for row in rows]


def _shown(cell: str) -> str:
    """A cell as a spreadsheet shows it: ``="0042"`` is how a code is kept from becoming 42."""
    cell = cell.strip()
    code = _CODE.fullmatch(cell) if cell.startswith("=") else None
    return code[1] if code else cell


def _delimiter(text: str, mime: str) -> str:
    """The separator that cuts most of the first lines into the same number of cells."""

    def fit(delimiter: str) -> float:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(reader, SAMPLE) if row]
        except csv.Error:
            return 0.0
        cut = [width for width in widths if width > 1]
        return max(map(cut.count, cut)) / len(widths) if cut else 0.0

    if mime == "text/tab-separated-values" and fit("\t"):
        return "\t"
    return max(_DELIMITERS, key=fit) if text else ","
