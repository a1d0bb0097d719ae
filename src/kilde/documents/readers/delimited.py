"""CSV and TSV: separator, title lines, header and types are told from the file.

What stands above the header, below the table or in comments is text, never a row. The row's text
keeps every cell as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

from kilde.documents.content import Cell, Content, GridCell, Prose, Table
from kilde.documents.grid_headers import column_labels, header_height
from kilde.documents.tables import column_names, looks_like_header
from kilde.documents.text import decode
from kilde.documents.written_values import column_converters, is_value
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.language.detect import detect
from kilde.types import Scalar

# The comma last: where both fit, it is the decimal comma ("1,5;2").
_DELIMITERS = ";\t|,"
_SAMPLE = 50
# Cells that are looked at to find the header; a file may have very many columns.
_SAMPLE_CELLS = 20_000
_MOST_TITLES = 20
_LONGEST_TITLE = 80
_SHORTEST_NOTE = 20
# A quotation mark that is never closed makes one cell of the rest of the file.
_SWALLOWED_LINES = 20

Row = list[str]


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The file as one table, as text with a table where more than titles stand around it."""
    text = clean(decode(data, name))
    named = re.match(r"sep=(.)\n", text)  # how Excel writes down the separator
    text = text[named.end() :] if named else text
    delimiter = named[1] if named else _delimiter(text, mime)
    try:
        rows = _rows(text, delimiter)
    except csv.Error as error:
        raise LoadError(
            name,
            f"it cannot be read as a table ({error})",
            hint="Check the quotation marks, or save it again as CSV from a spreadsheet.",
        ) from error
    layout = _layout(rows)
    if not layout.rows:
        raise LoadError(name, "no rows in it", hint="Add rows below the header, or leave it out.")
    table = _table(layout, delimiter)
    if layout.notes or any(
        len(line) > _LONGEST_TITLE or line[-1] in ".:" for line in layout.titles
    ):
        return [Prose([*layout.titles, table, *layout.notes], omitted=table.omitted)]
    return [table]


def has_header(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the first of some lines names the columns of the others."""
    rows = _split("\n".join(lines[:_SAMPLE]), delimiter, csv.QUOTE_NONE)
    return len(rows) > 1 and _header_height(rows) > 0


@dataclass(slots=True)
class _Layout:
    """The lines above the header, the header, the rows, and the lines below them."""

    titles: list[str]
    columns: list[str]
    rows: list[Row]
    notes: list[str]
    comments: int


def _table(layout: _Layout, delimiter: str) -> Table:
    rows, width = layout.rows, len(layout.columns)

    @cache
    def language() -> str:
        sample = [layout.columns, *layout.rows[:_SAMPLE]]
        return detect("\n".join(" ".join(row[:_SAMPLE]) for row in sample))

    columns = ([row[i] for row in rows if i < len(row)] for i in range(width))
    converters = column_converters(columns, language, semicolons=delimiter == ";")
    title = " – ".join(layout.titles)
    return Table(
        layout.columns,
        _cells(rows, converters),
        title=title if len(title) <= _LONGEST_TITLE else "",
        omitted={"comments": layout.comments} if layout.comments else {},
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
    rows = ([cell.strip() for cell in row] for row in lines)
    return [row for row in rows if any(row)]


def _delimiter(text: str, mime: str) -> str:
    """The separator that cuts most of the first lines into the same number of cells."""

    def fit(delimiter: str) -> float:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(reader, _SAMPLE) if row]
        except csv.Error:
            return 0.0
        cut = [width for width in widths if width > 1]
        return max(map(cut.count, cut)) / len(widths) if cut else 0.0

    if mime == "text/tab-separated-values" and fit("\t"):
        return "\t"
    return max(_DELIMITERS, key=fit) if text else ","


def _layout(rows: list[Row]) -> _Layout:
    titles, rows = _split_titles(rows)
    rows, comments = _without_comments(rows)
    height = _header_height(rows)
    header, body = rows[:height], rows[height:]
    body, notes = _split_notes([row for row in body if row not in header] if header else body)
    width = max(map(len, [*header, *body]), default=0)
    labels = column_labels(_grid(header, width)) or [""] * width
    names = iter(column_names([label for label in labels if label]))
    columns = [next(names) if label else "" for label in labels]
    return _Layout(titles, columns, body, notes, comments)


def _filled(row: Row) -> list[str]:
    return [cell for cell in row if cell]


def _split_titles(rows: list[Row]) -> tuple[list[str], list[Row]]:
    """The lines above the header: titles, ``Period: 2026``, comments."""
    widest = max((len(_filled(row)) for row in rows[:_SAMPLE]), default=0)
    count = 0
    while count < min(len(rows) - 1, _MOST_TITLES) and _is_title(rows, count, widest):
        count += 1
    titles = [_line(row) for row in rows[:count]]
    rows = rows[count:]
    if rows and rows[0][0].startswith("#") and len(rows[0][0]) > 1:
        rows = [[rows[0][0].lstrip("# "), *rows[0][1:]], *rows[1:]]  # a header in a comment
    return [title for title in titles if title], rows


def _is_title(rows: Sequence[Row], place: int, widest: int) -> bool:
    row = rows[place]
    cells = _filled(row)
    if row[0].startswith("#") and len(cells) < widest:
        return True
    if len(cells) == 1:
        return widest > 1
    keyed = cells[0].endswith(":") or (widest > 3 and not any(map(is_value, cells[:1])))
    return len(cells) == 2 < widest and row[:2] == cells and keyed


def _line(row: Row) -> str:
    """A row as a line of text."""
    cells = [" ".join(cell.split()) for cell in _filled(row)]
    cells[0] = cells[0].lstrip("# ")
    text = f"{cells[0].removesuffix(':')}: {cells[1]}" if len(cells) == 2 else " ".join(cells)
    return text.strip()


def _without_comments(rows: list[Row]) -> tuple[list[Row], int]:
    kept = [row for row in rows if not (row[0].startswith("#") and not any(row[1:]))]
    wide = any(len(row) > 1 for row in kept)
    return (kept, len(rows) - len(kept)) if wide else (rows, 0)


def _header_height(rows: Sequence[Row]) -> int:
    """The number of rows that name the columns."""
    if len(rows) < 2:
        return int(bool(rows) and _is_header_alone(rows[0]))
    width = max(map(len, rows[:_SAMPLE]))
    sample = rows[: max(3, min(_SAMPLE, _SAMPLE_CELLS // width))]
    grid = _grid(sample, width)
    # A file of rows under each other has few names that are repeated, unlike other tables.
    return header_height(grid) or int(_is_header(sample))


def _is_header_alone(row: Row) -> bool:
    return looks_like_header([None if is_value(cell) else cell or None for cell in row], [])


def _is_header(rows: Sequence[Row]) -> bool:
    """Whether the first row names columns though names repeat: values stand below its text."""
    first, *below = rows
    if any(map(is_value, first)):
        return False
    return any(
        cell
        and not any(sign.isdigit() for sign in cell)
        and 2 * sum(len(row) > column and is_value(row[column]) for row in below) > len(below)
        for column, cell in enumerate(first)
    )


def _grid(rows: Sequence[Row], width: int) -> list[list[GridCell | None]]:
    padded = ([*row, *[""] * (width - len(row))] for row in rows)
    return [[GridCell(cell) if cell else None for cell in row] for row in padded]


def _split_notes(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows, and the lines below them that are notes: a sentence in the first cell."""
    widest = max((len(_filled(row)) for row in rows[:_SAMPLE]), default=0)
    end = len(rows)
    while end > 1 and widest > 1:
        row = rows[end - 1]
        if any(row[1:]) or (len(row[0]) < _SHORTEST_NOTE and not row[0].startswith("*")):
            break
        end -= 1
    return rows[:end], [_line(row) for row in rows[end:]]
