"""OpenDocument spreadsheets (``.ods``): each cell has the text that is shown beside its value."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime

from kilde.documents.content import GridCell
from kilde.documents.tables import MAX_CELLS, scalar, too_large
from kilde.documents.workbooks.rich_text import STRUCK, RichText
from kilde.documents.workbooks.sheets import Area, Sheet, Workbook
from kilde.documents.workbooks.xml import parse
from kilde.language.clean import clean
from kilde.types import Scalar

# What stands inside a cell and is no text of it.
_ASIDE = ("annotation", "shapes", "frame", "custom-shape", "object", "tracked-changes", "forms")
_HIDDEN = ("collapse", "filter")
# How far a superscript stands above the line.
_RAISED = re.compile(r"[1-9]\d*(?:\.\d+)?%")


def read_ods(archive: zipfile.ZipFile, name: str) -> Workbook:
    """The visible sheets of a workbook.

    Raises what :mod:`zipfile` raises for a damaged archive, ``ValueError`` for content that is no
    XML, and :class:`LoadError`, with ``name`` as the source, for too many cells.
    """
    reader = _Reader(name)
    with archive.open("content.xml") as stream:
        parse(stream, reader.start, reader.end, reader.text)
    return reader.workbook


class _Reader:
    """Builds the sheets from the elements of the content."""

    def __init__(self, name: str) -> None:
        self.workbook = Workbook()
        self._name = name
        self._hidden_styles: set[str] = set()
        self._struck_styles: set[str] = set()
        self._positions: dict[str, str] = {}
        self._style = ""
        self._sheet: Sheet | None = None
        self._shown = True
        self._row = self._column = 0
        self._row_repeats = 1
        self._column_place = 0
        self._line: list[tuple[int, int, GridCell]] = []
        self._spans: list[Area] = []
        self._cell: dict[str, str] | None = None
        self._struck_columns: set[int] = set()
        self._text = RichText()
        self._in_paragraph = 0
        self._fonts: list[str] = []
        self._aside = 0
        self._cells = 0

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if self._aside or element in _ASIDE:
            if self._sheet is not None:
                kind = {"annotation": "comments", "object": "charts"}.get(element)
                if kind and self._shown:
                    self._sheet.omitted[kind] += 1
            self._aside += 1
            return
        own = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        match element:
            case "style":
                self._style = own.get("name", "")
            case "table-properties" if own.get("display") == "false":
                self._hidden_styles.add(self._style)
            case "text-properties":
                self._read_font(own)
            case "table":
                self._start_sheet(own)
            case "table-column" if self._sheet is not None:
                repeats = _count(own.get("number-columns-repeated"))
                if own.get("visibility") in _HIDDEN:
                    first = self._column_place + 1
                    self._sheet.hidden_columns.update(range(first, first + min(repeats, 16_384)))
                if own.get("default-cell-style-name", "") in self._struck_styles:
                    first = self._column_place + 1
                    self._struck_columns.update(range(first, first + min(repeats, 16_384)))
                self._column_place += repeats
            case "table-row":
                self._start_row(own)
            case "table-cell" | "covered-table-cell":
                self._cell = own | {"element": element}
                self._text = RichText()
            case "p" if self._cell is not None:
                self._in_paragraph += 1
                if self._text.text:
                    self._text.add("\n")
            case "span" if self._in_paragraph:
                self._fonts.append(own.get("style-name", ""))
            case "s" if self._in_paragraph:
                self._text.add(" " * min(_count(own.get("c")), 1_000))
            case "tab" | "line-break" if self._in_paragraph:
                self._text.add("\t" if element == "tab" else "\n")

    def text(self, text: str) -> None:
        """Take a text."""
        if self._in_paragraph and not self._aside:
            position = next((p for f in self._fonts if (p := self._positions.get(f))), "")
            struck = self._is_struck() or not self._struck_styles.isdisjoint(self._fonts)
            self._text.add(text, position=position, struck=struck)

    def end(self, element: str) -> None:
        """Take the end of an element."""
        if self._aside:
            self._aside -= 1
        elif element == "p" and self._in_paragraph:
            self._in_paragraph -= 1
        elif element == "span" and self._fonts:
            self._fonts.pop()
        elif element in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif element == "table-row":
            self._end_row()
        elif element == "table" and self._sheet is not None:
            if self._shown:
                self.workbook.sheets.append(self._sheet)
            else:
                self.workbook.omitted["hidden sheets"] += 1
            self._sheet = None

    def _read_font(self, own: dict[str, str]) -> None:
        line = own.get("text-line-through-style") or own.get("text-line-through-type", "none")
        if line != "none":
            self._struck_styles.add(self._style)
        place = own.get("text-position", "").split(" ")[0]
        if place.startswith("super") or _RAISED.fullmatch(place):
            self._positions[self._style] = "superscript"
        elif place.startswith(("sub", "-")):
            self._positions[self._style] = "subscript"

    def _is_struck(self) -> bool:
        """Whether the font of the whole cell is struck out."""
        style = (self._cell or {}).get("style-name")
        if style is None:
            return self._column + 1 in self._struck_columns
        return style in self._struck_styles

    def _start_sheet(self, own: dict[str, str]) -> None:
        self._sheet = Sheet(clean(own.get("name", "")))
        self._shown = own.get("style-name", "") not in self._hidden_styles
        self._row = self._column_place = 0
        self._struck_columns.clear()

    def _start_row(self, own: dict[str, str]) -> None:
        self._row += 1
        self._row_repeats = _count(own.get("number-rows-repeated"))
        self._column = 0
        self._line, self._spans = [], []
        if self._sheet is not None and own.get("visibility") in _HIDDEN:
            last = self._row + min(self._row_repeats, MAX_CELLS)
            self._sheet.hidden_rows.update(range(self._row, last))

    def _end_cell(self, own: dict[str, str]) -> None:
        repeats = _count(own.get("number-columns-repeated"))
        column = self._column + 1
        self._column += repeats
        if own["element"] == "covered-table-cell":
            return
        text = clean(self._text.text).strip()
        struck = self._text.struck
        if struck and self._sheet is not None:
            self._sheet.omitted[STRUCK] += struck
            if not text:
                return
        value = _value(own)
        shown = text or ("" if value is None else str(value))
        if not shown:
            return
        self._line.append((column, repeats, GridCell(shown, value)))
        height, width = (
            _count(own.get("number-rows-spanned")),
            _count(own.get("number-columns-spanned")),
        )
        if height > 1 or width > 1:
            self._spans.append(Area(self._row, column, self._row + height - 1, column + width - 1))

    def _end_row(self) -> None:
        first = self._row
        self._row += self._row_repeats - 1
        if self._sheet is None or not self._line:
            return
        self._sheet.merged += self._spans
        for row in range(first, self._row + 1):
            cells: dict[int, GridCell] = {}
            for column, repeats, cell in self._line:
                self._cells += repeats
                if self._cells > MAX_CELLS:
                    raise too_large(self._name, MAX_CELLS, "cells")
                for place in range(column, column + repeats):
                    # Each place has a cell of its own: the same one would be a merged cell.
                    cells[place] = GridCell(cell.text, cell.value)
            self._sheet.rows[row] = cells


def _count(text: str | None) -> int:
    try:
        return max(1, int(text or 1))
    except ValueError:
        return 1


def _value(own: dict[str, str]) -> Scalar:
    """The typed value of a cell; of texts, times and durations none."""
    try:
        match own.get("value-type"):
            case "float" | "percentage" | "currency":
                return scalar(float(own["value"]))
            case "date":
                when = datetime.fromisoformat(own["date-value"])
                return when if "T" in own["date-value"] else date(when.year, when.month, when.day)
            case "boolean":
                return own["boolean-value"] == "true"
    except (KeyError, ValueError):
        pass  # then only its text is known
    return None
