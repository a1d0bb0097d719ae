"""What the lines of a table are that is stored as text: titles, header, rows, headings, notes.

CSV files hold what people saw in a spreadsheet: a title above the header, several tables under
each other, headings between rows, a source below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from kilde.documents.content import Cell, GridCell
from kilde.documents.grid_headers import column_labels, header_height
from kilde.documents.grid_rows import continue_table, totals_all
from kilde.documents.tables import column_names, looks_like_header
from kilde.documents.written_values import is_value

SAMPLE = 50
"""Rows that are looked at to tell what a file is."""

# Cells that are looked at to find the header; a file may have very many columns.
_SAMPLE_CELLS = 20_000
_MOST_TITLES = 20
_SHORTEST_NOTE = 20

Row = list[str]


@dataclass(slots=True)
class TextTable:
    """The lines above the header, the names of the columns, the rows, and the lines below them.

    A column without a name is ``""``. ``comments`` counts the comments between the rows.
    """

    titles: list[str]
    columns: list[str]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    comments: int = 0


def text_tables(rows: list[Row]) -> list[TextTable]:
    """The tables of a file; a row without text (``[]``) separates what stands under each other."""
    tables: list[TextTable] = []
    for block in _blocks(rows):
        if tables and all(map(_is_lone, block)):
            tables[-1].notes += map(_line, block)
        else:
            tables += map(_text_table, _side_by_side(block))
    return tables


def table_header_height(rows: Sequence[Row]) -> int:
    """The number of rows at the top that name the columns."""
    if len(rows) < 2:
        return int(bool(rows) and _is_header_alone(rows[0]))
    width = max(map(len, rows[:SAMPLE]))
    sample = rows[: max(3, min(SAMPLE, _SAMPLE_CELLS // width))]
    return header_height(_grid(sample, width)) or int(stands_above_values(sample))


def _blocks(rows: list[Row]) -> Iterator[list[Row]]:
    """The rows of each table; a blank row within a table is left out.

    Lines below the last table are a block of their own.
    """
    block: list[Row] = []
    lines: list[Row] = []
    start = 0
    for end in [*(place for place, row in enumerate(rows) if not row), len(rows)]:
        part = [*lines, *rows[start:end]]
        lines, start = [], end + 1
        if part and _is_table(block):
            if all(map(_is_lone, part)):
                lines = part
                continue
            if _begins_table(part) or not _continues(block, part):
                yield block
                block = []
        block += part
    yield from filter(None, (block, lines))


def _continues(block: Sequence[Row], part: Sequence[Row]) -> bool:
    """Whether rows below a blank row go on with the table above it."""
    _, body = _split_titles([*block])
    above = [[_cell(text) for text in row] for row in body[1:]]
    return continue_table(above[-SAMPLE:], [[_cell(text) for text in row] for row in part])


def _cell(text: str) -> Cell:
    return Cell(text or None, text)


def _side_by_side(rows: list[Row]) -> list[list[Row]]:
    """The tables of a block, which blank columns part where each has names of its columns."""
    _, body = _split_titles(rows)
    width = max(map(len, body))
    filled = [place for place in range(width) if _is_filled(body, place)]
    starts = [place for place in filled if place - 1 not in filled]
    if len(starts) < 2:
        return [rows]
    tables = [
        [_trimmed(cut) for row in body if any(cut := row[start:end])]
        for start, end in zip(starts, [*starts[1:], width], strict=True)
    ]
    # Long tables of the same length are one, with a blank column to part what belongs together.
    long = all(len(table) == len(body) > SAMPLE for table in tables)
    if long or not all(map(_has_header, tables)):
        return [rows]
    tables[0] = [*rows[: len(rows) - len(body)], *tables[0]]
    return tables


def _is_filled(rows: Sequence[Row], column: int) -> bool:
    return any(len(row) > column and row[column] for row in rows)


def _trimmed(row: Row) -> Row:
    """A row without the blank cells at its end."""
    return row[: max(place for place, cell in enumerate(row) if cell) + 1]


def _has_header(rows: list[Row]) -> bool:
    _, body = _split_titles(rows)
    return len(body) > 1 and len(_filled(body[0])) > 1 and table_header_height(body) > 0


def _begins_table(rows: list[Row]) -> bool:
    """Whether rows are a table of their own: a title and names, or names above values."""
    titles, body = _split_titles(rows)
    if len(body) < 2 or len(_filled(body[0])) < 2:
        return False
    return stands_above_values(body[:SAMPLE]) or bool(titles and table_header_height(body))


def _is_table(rows: list[Row]) -> bool:
    """Whether rows are a whole table, and not keys and values above one."""
    _, body = _split_titles(rows)
    return len(body) > 2 and len(_filled(body[0])) > 1 and table_header_height(body) > 0


def _text_table(rows: list[Row]) -> TextTable:
    titles, rows = _split_titles(rows)
    rows, comments = _without_comments(rows)
    height = table_header_height(rows)
    header, body = rows[:height], rows[height:]
    body, notes = _split_notes([row for row in body if row not in header] if header else body)
    width = max(map(len, [*header, *body]), default=0)
    labels = column_labels(_grid(header, width)) or [""] * width
    names = iter(column_names([label for label in labels if label]))
    columns = [next(names) if label else "" for label in labels]
    while columns and not columns[-1] and not _is_filled(body, len(columns) - 1):
        columns.pop()  # of a separator at the end of each line
        body = [row[: len(columns)] for row in body]
    if header and _has_headings(body):
        columns, body = ["", *columns], list(_under_headings(body))
    return TextTable(titles, columns, body, notes, comments)


def _filled(row: Row) -> list[str]:
    return [cell for cell in row if cell]


def _is_lone(row: Row) -> bool:
    """Whether only the first cell is filled."""
    return not any(row[1:])


def _split_titles(rows: list[Row]) -> tuple[list[str], list[Row]]:
    """The lines above the header: titles, ``Period: 2026``, comments."""
    widest = max((len(_filled(row)) for row in rows[:SAMPLE]), default=0)
    count = 0
    while count < min(len(rows) - 1, _MOST_TITLES) and _is_title(rows[count], widest):
        count += 1
    titles = [_line(row) for row in rows[:count]]
    rows = rows[count:]
    if rows and rows[0][0].startswith("#") and len(rows[0][0]) > 1:
        rows = [[rows[0][0].lstrip("# "), *rows[0][1:]], *rows[1:]]  # a header in a comment
    return [title for title in titles if title], rows


def _is_title(row: Row, widest: int) -> bool:
    cells = _filled(row)
    if row[0].startswith("#") and len(cells) < widest:
        return True
    if len(cells) == 1:
        return widest > 1
    keyed = cells[0].endswith(":") or (widest > 3 and not is_value(cells[0]))
    return len(cells) == 2 < widest and row[:2] == cells and keyed


def _line(row: Row) -> str:
    """A row as a line of text."""
    cells = [" ".join(cell.split()) for cell in _filled(row)]
    cells[0] = cells[0].lstrip("# ")
    text = f"{cells[0].removesuffix(':')}: {cells[1]}" if len(cells) == 2 else " ".join(cells)
    return text.strip()


def _without_comments(rows: list[Row]) -> tuple[list[Row], int]:
    kept = [row for row in rows if not (row[0].startswith("#") and _is_lone(row))]
    wide = any(len(row) > 1 for row in kept)
    return (kept, len(rows) - len(kept)) if wide else (rows, 0)


def _is_header_alone(row: Row) -> bool:
    return looks_like_header([None if is_value(cell) else cell or None for cell in row], [])


def stands_above_values(rows: Sequence[Row]) -> bool:
    """Whether the first row has only text, and values stand below some of it."""
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


def _has_headings(rows: Sequence[Row]) -> bool:
    """Whether rows with one cell are headings of those below: the first is, and most are not."""
    if len(rows) < 3 or not _is_lone(rows[0]) or len(rows[1]) < 2:
        return False
    lone = [_is_lone(row) for row in rows]
    return (
        not lone[-1] and 2 * sum(lone) <= len(lone) and not any(a and b for a, b in pairwise(lone))
    )


def _under_headings(rows: Sequence[Row]) -> Iterator[Row]:
    heading = ""
    labels = [row[0] for row in rows]
    for place, row in enumerate(rows, 1):
        if _is_lone(row):
            heading = row[0]
        elif place == len(rows) and totals_all(labels[-1], labels[:-1]):
            yield ["", *row]
        else:
            yield [heading, *row]


def _split_notes(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows, and the lines below them that are notes: a sentence in the first cell."""
    widest = max((len(_filled(row)) for row in rows[:SAMPLE]), default=0)
    end = len(rows)
    while end > 1 and widest > 1:
        row = rows[end - 1]
        if not _is_lone(row) or (len(row[0]) < _SHORTEST_NOTE and not row[0].startswith("*")):
            break
        end -= 1
    return rows[:end], [_line(row) for row in rows[end:]]
