"""From the grid of cells that a format stores to tables with named columns.

Every format with tables uses this module, so that merged cells, titles, notes and layout tables are
recognised in the same way in a web page, a Word file, a PDF and a spreadsheet. Which rows name the
columns is decided in :mod:`kilde.documents.grid_headers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kilde.documents.content import Cell, Grid, GridCell, Table
from kilde.documents.grid_headers import GridRow, column_labels, distinct, header_height
from kilde.documents.grid_rows import continue_table, totals_all
from kilde.documents.tables import column_names
from kilde.types import Scalar

MAX_SPANNED = 2_000_000
"""Number of places that merged cells of one grid may fill; HTML allows 65 million for one cell."""

_LONGEST_SPAN = 1_000
# A note below a table is a sentence; a lone word there is the first cell of an incomplete row.
_NOTE = 20
# Rows of tables beside each other that are not of the same length by chance.
_LONG = 50
# A cell of this length is a paragraph that a table arranges on the page.
_PARAGRAPH = 160

Rows = list[GridRow]


def placed(rows: Sequence[Sequence[tuple[GridCell, int, int]]]) -> list[list[GridCell | None]]:
    """Cells with their row and column spans, as HTML and Word list them, in their places.

    Each row lists ``(cell, row_span, column_span)`` for the cells that begin in it; a merged cell
    fills every place it covers. A row span of 0 reaches to the last row, as in HTML. Spans beyond
    ``MAX_SPANNED`` places are ignored.
    """
    grid: list[list[GridCell | None]] = [[] for _ in rows]
    room = MAX_SPANNED
    for number, row in enumerate(rows):
        column = 0
        for cell, row_span, column_span in row:
            line = grid[number]
            while column < len(line) and line[column] is not None:
                column += 1
            height = min(row_span or len(rows), len(rows) - number)
            width = max(1, min(column_span, _LONGEST_SPAN))
            if height * width > room:
                height = width = 1
            room -= height * width
            for below in grid[number : number + max(1, height)]:
                below += [None] * (column + width - len(below))
                for place in range(column, column + width):
                    if below[place] is None:
                        below[place] = cell
            column += width
    widest = max(map(len, grid), default=0)
    return [line + [None] * (widest - len(line)) for line in grid]


def tables_of(grid: Grid) -> list[str | Table]:
    """The tables and the texts of a grid, in reading order.

    One grid may hold several tables, separated by blank rows or columns, with titles above and
    notes below them, or be no table at all but text arranged on the page, which is returned as
    text. Two columns without a header are returned as ``key: value`` paragraphs.
    """
    rows = [_visible(row) for row in grid.cells]
    if grid.layout:
        return _texts(rows)
    parts: list[str | Table] = []
    stated = grid.header_rows or 0
    columns: Sequence[int] = ()
    for block in _blocks(rows):
        more = _continuation(block, parts[-1], columns) if parts else []
        if more:
            parts += more
            continue
        for region, places in _side_by_side(block):
            parts += _region(region, grid.caption if not parts else "", stated)
            columns, stated = places, 0
    return parts


def _visible(row: Sequence[GridCell | None]) -> GridRow:
    return [cell if cell is not None and cell.text.strip() else None for cell in row]


def _blocks(rows: Rows) -> Iterator[Rows]:
    """The rows between blank rows."""
    block: Rows = []
    for row in rows:
        if any(cell is not None for cell in row):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _continuation(rows: Rows, previous: str | Table, columns: Sequence[int]) -> list[str | Table]:
    """The parts of a block without a header that goes on with the table above it, else nothing.

    ``columns`` are those of the grid that the table has.
    """
    if not isinstance(previous, Table) or not any(previous.columns):
        return []
    rows, notes = _split_notes(rows)
    cut = [[row[column] for column in columns] for row in rows]
    if (
        len(previous.columns) != len(columns)
        or list(map(distinct, cut)) != list(map(distinct, rows))
        or max(len(distinct(row)) for row in rows) < 2
        or cut[0][0] is None
        or _split_titles(cut)[0]
        or header_height(cut)
    ):
        return []
    values = list(map(_values, cut))
    if not continue_table(previous.rows, values):
        return []
    return [Table(previous.columns, values, title=previous.title), *notes]


def _side_by_side(rows: Rows) -> list[tuple[Rows, Sequence[int]]]:
    """A block cut at blank columns into tables that stand beside each other, with their columns.

    Cut only where each part is a table of its own with a header; a column that is blank for other
    reasons is left out. A title above goes with the first table.
    """
    titles, body = _split_titles(rows)
    spans: list[tuple[int, int]] = []
    for column in range(len(rows[0])):
        if all(row[column] is None for row in body):
            continue
        if spans and spans[-1][1] == column:
            spans[-1] = (spans[-1][0], column + 1)
        else:
            spans.append((column, column + 1))
    tables = [list(_filled([row[start:end] for row in body])) for start, end in spans]
    columns: list[Sequence[int]] = [range(start, end) for start, end in spans]
    # Long tables of the same length are one, with a blank column to part what belongs together.
    long = all(len(table) == len(body) > _LONG for table in tables)
    if len(tables) < 2 or long or not all(map(_has_header, tables)):
        columns = [[column for span in columns for column in span]]
        tables = [[[row[column] for column in columns[0]] for row in body]]
    width = len(tables[0][0])
    tables[0] = [*(_fitted(title, width) for title in titles), *tables[0]]
    return list(zip(tables, columns, strict=True))


def _has_header(rows: Rows) -> bool:
    _, rows = _split_titles(rows)
    return len(rows) > 1 and len(rows[0]) > 1 and header_height(rows) > 0


def _fitted(row: GridRow, width: int) -> GridRow:
    """A title row in a table of another width: its cells from the left."""
    cells = distinct(row)
    return [*cells[:width], *[None] * (width - len(cells))]


def _filled(rows: Rows) -> Iterator[GridRow]:
    return (row for row in rows if any(cell is not None for cell in row))


def _region(rows: Rows, caption: str, stated: int) -> list[str | Table]:
    """The parts of one table with what stands above and below it.

    ``stated`` is the number of header rows, titles included, that the format gives, 0 where it
    gives none.
    """
    titles, rows = _split_titles(rows)
    texts = [" ".join(cell.text.strip() for cell in distinct(row)) for row in titles]
    rows, notes = _split_notes(rows)
    if not rows:
        return [text for text in (caption, *texts, *notes) if text]
    width = max(len(distinct(row)) for row in rows)
    height = stated - len(titles)
    if not 0 < height < len(rows):
        height = header_height(rows)
    lead = [text for text in (caption, *texts) if text]
    if len(rows) == 1 or width == 1 or _is_prose(rows, height):
        return [*lead, *_texts(rows), *notes]
    if not height and _is_form(rows):
        entries = [distinct(row[n : n + 2]) for row in rows for n in range(0, len(row), 2)]
        return [
            *lead,
            *(_pair([cell.text for cell in entry]) for entry in entries if entry),
            *notes,
        ]
    if not height and width == 2 and len(rows[0]) == 2:
        pairs = (distinct(row) for row in rows)
        return [*lead, *(_pair([cell.text for cell in pair]) for pair in pairs), *notes]
    labels = column_labels(rows[:height]) or [""] * len(rows[0])
    header = list(map(_row_texts, rows[:height]))
    # A header that is repeated on the next page is no row.
    grouped = list(_grouped([row for row in rows[height:] if _row_texts(row) not in header]))
    cells = [_values(row) for _, row in grouped]
    if any(group for group, _ in grouped):
        labels = ["", *labels]
        cells = [[group, *row] for (group, _), row in zip(grouped, cells, strict=True)]
    if not cells:
        return [*lead, *_texts(rows), *notes]
    return [*lead, Table(_unique(labels), cells, title=" – ".join(lead)), *notes]


def _row_texts(row: GridRow) -> list[str]:
    return ["" if cell is None else cell.text for cell in row]


def _values(row: GridRow) -> list[Scalar | Cell]:
    """The values of a row's cells with the texts that are shown."""
    return [
        None
        if cell is None
        else Cell(cell.text.strip() if cell.value is None else cell.value, cell.text.strip())
        for cell in row
    ]


def _split_titles(rows: Rows) -> tuple[Rows, Rows]:
    """The rows above the header that hold a title or a line such as ``Valid from: 1 May``."""
    widest = max((len(distinct(row)) for row in rows), default=0)
    count = 0
    while count < len(rows) - 1 and _is_title(rows[count], widest):
        count += 1
    return rows[:count], rows[count:]


def _is_title(row: GridRow, widest: int) -> bool:
    cells = distinct(row)
    if len(cells) == 1:
        return widest > 1
    # A key and its value above a wider table.
    key = cells[0].text.rstrip().endswith(":")
    return len(cells) == 2 < widest and row[:2] == cells and (key or widest > 3)


def _split_notes(rows: Rows) -> tuple[Rows, list[str]]:
    """The table and the notes below it."""
    widest = max((len(distinct(row)) for row in rows), default=0)
    end = len(rows)
    while end > 1 and widest > 1:
        cells = distinct(rows[end - 1])
        text = cells[0].text.strip()
        if len(cells) > 1 or (len(text) < _NOTE and not text.startswith("*")):
            break
        end -= 1
    return rows[:end], [distinct(row)[0].text.strip() for row in rows[end:]]


def _grouped(rows: Rows) -> Iterator[tuple[str, GridRow]]:
    """Each row with the heading inside the table that it stands under."""
    width = len(rows[0]) if rows else 0
    lone = [len(distinct(row)) == 1 and width > 1 for row in rows]
    across = [alone and row.count(None) == 0 for alone, row in zip(lone, rows, strict=True)]
    # Unmerged headings are believed only where the first row is one: else a row of a list whose
    # other cells are blank would be taken for a heading of the rows below.
    plain = (
        bool(lone)
        and lone[0]
        and not lone[-1]
        and sum(lone) * 2 <= len(lone)
        and not any(a and b for a, b in pairwise(lone))
    )
    group = ""
    for place, row in enumerate(rows):
        last = place + 1 == len(rows)
        heading = lone[place] and row[0] is not None and not last and (across[place] or plain)
        if heading and row[0] is not None:
            group = row[0].text.strip()
        else:
            yield "" if last and group and _is_total(rows) else group, row


def _is_total(rows: Rows) -> bool:
    """Whether the last row is the total of all sections."""
    labels = [distinct(row)[0].text for row in rows]
    return totals_all(labels[-1], labels[:-1])


def _is_form(rows: Rows) -> bool:
    """Whether keys and values stand in turns: ``Name: | Anna Holm | Phone: | 33 12 45 67``."""
    width = len(rows[0])
    keys = [row[column] for row in rows for column in range(0, width, 2)]
    return (
        width > 2
        and width % 2 == 0
        and all(cell is None or cell.text.rstrip().endswith(":") for cell in keys)
    )


def _is_prose(rows: Rows, height: int) -> bool:
    if height:
        return False
    long = sum(any(len(cell.text) > _PARAGRAPH for cell in distinct(row)) for row in rows)
    return long * 2 >= len(rows)


def _texts(rows: Rows) -> list[str | Table]:
    """The cells as paragraphs, a row of short ones as one; a merged cell stands once."""
    texts: list[str | Table] = []
    shown: set[int] = set()
    for row in rows:
        cells = [cell.text.strip() for cell in distinct(row) if id(cell) not in shown]
        shown.update(id(cell) for cell in row if cell is not None)
        if len(cells) > 1 and sum(map(len, cells)) <= _PARAGRAPH:
            texts.append(_pair(cells))
        else:
            texts += cells
    return texts


def _pair(cells: Sequence[str]) -> str:
    """Cells on one line: ``key: value``, or more values joined by semicolons."""
    texts = [" ".join(cell.split()) for cell in cells]
    if len(texts) == 2:
        return f"{texts[0].removesuffix(':')}: {texts[1]}"
    return "; ".join(texts)


def _unique(labels: Sequence[str]) -> list[str]:
    names = iter(column_names([label for label in labels if label]))
    return [next(names) if label else "" for label in labels]
