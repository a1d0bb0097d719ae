"""Spreadsheets with a stray cell far away, closed up before they are read.

The reader of spreadsheets makes a dense grid of all cells up to the last filled one, which for one
cell at ``XFD1048576`` is half a terabyte. Empty rows and columns say nothing, so where nearly all
of a grid would be empty they are left out and the filled cells move together.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

MAX_EMPTY = 2_000_000
"""Cells that a grid may have more than are filled; they take about 30 bytes each."""

# Where a cell stands: the column's letters and the row's number.
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
# A row of an OpenDocument sheet that stands for many, and its content.
_REPEATED = re.compile(
    rb"(<table:table-row\b[^>]*?\btable:number-rows-repeated=\")(\d{4,})(\"[^>]*?"
    rb"(?:/>|>(?:(?!</table:table-row>|office:value).)*?</table:table-row>))",
    re.DOTALL,
)


def closed_up(data: bytes) -> bytes:
    """The workbook, a zip archive, without the empty rows and columns of sparse sheets.

    Raises what :mod:`zipfile` and :mod:`zlib` raise for a damaged archive, and ``ValueError`` for
    a sheet that is no XML.
    """
    rewritten: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.filename == "content.xml":
                sheet = archive.read(entry)
                closed = _REPEATED.sub(rb"\g<1>1\g<3>", sheet)
            elif entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                sheet = archive.read(entry)
                closed = _close_sheet(sheet) if _is_sparse(sheet) else sheet
            else:
                continue
            if closed is not sheet and closed != sheet:
                rewritten[entry.filename] = closed
        if not rewritten:
            return data
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for entry in archive.infolist():
                copy.writestr(entry.filename, rewritten.get(entry.filename) or archive.read(entry))
    return buffer.getvalue()


def _is_sparse(sheet: bytes) -> bool:
    places = _PLACE.findall(sheet)
    if not places:
        return False
    last_row = max(int(row) for _, row in places)
    last_column = max(_column_number(letters.decode()) for letters, _ in places)
    return last_row * last_column > len(places) + MAX_EMPTY


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class _Cell:
    """A filled cell: where it stands, its style and type, and its content as XML."""

    __slots__ = ("column", "content", "kind", "row", "style")

    def __init__(self, row: int, column: int, style: str, kind: str) -> None:
        self.row, self.column, self.style, self.kind = row, column, style, kind
        self.content = ""


def _close_sheet(sheet: bytes) -> bytes:
    """The sheet's filled cells alone, with rows and columns numbered without gaps."""
    cells = _filled_cells(sheet)
    rows = {row: place for place, row in enumerate(sorted({cell.row for cell in cells}), 1)}
    columns = {col: place for place, col in enumerate(sorted({cell.column for cell in cells}), 1)}
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    ]
    current = 0
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        if cell.row != current:
            parts.append(("</row>" if current else "") + f'<row r="{rows[cell.row]}">')
            current = cell.row
        place = f"{_column_letters(columns[cell.column])}{rows[cell.row]}"
        style = f" s={quoteattr(cell.style)}" if cell.style else ""
        kind = f" t={quoteattr(cell.kind)}" if cell.kind else ""
        parts.append(f'<c r="{place}"{style}{kind}>{cell.content}</c>')
    parts.append(("</row>" if current else "") + "</sheetData></worksheet>")
    return "".join(parts).encode()


def _filled_cells(sheet: bytes) -> list[_Cell]:
    cells: list[_Cell] = []
    position = [0, 0]  # of the current cell, for those that do not say where they stand
    inside: list[str] = []
    cell: list[_Cell] = []
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        inside.append(name)
        if name == "row":
            position[:] = [int(attributes.get("r") or position[0] + 1), 0]
        elif name == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            position[1] = _column_number(letters) if letters else position[1] + 1
            style, kind = attributes.get("s", ""), attributes.get("t", "")
            cell[:] = [_Cell(position[0], position[1], style, kind)]
        elif name in ("v", "t"):
            text.clear()

    def end(name: str) -> None:
        name = inside.pop()
        if not cell:
            return
        if name == "v":
            cell[0].content = f"<v>{escape(''.join(text))}</v>"
        elif name == "t" and "rPh" not in inside:  # not how it is pronounced
            cell[0].content += escape("".join(text))
        elif name == "is":
            cell[0].content = f'<is><t xml:space="preserve">{cell[0].content}</t></is>'
        elif name == "c":
            if cell[0].content:
                cells.append(cell[0])
            cell.clear()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    try:
        parser.Parse(sheet, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return cells
