"""The cells of one Office Open XML sheet, read as a stream."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime

from kilde.documents.tables import MAX_CELLS, too_large
from kilde.documents.workbooks.package import Package
from kilde.documents.workbooks.rich_text import STRUCK, StringReader
from kilde.documents.workbooks.sheets import Area, Sheet
from kilde.documents.workbooks.stored import Stored, Value
from kilde.documents.workbooks.xml import is_true
from kilde.language.clean import clean

_LAST_COLUMN = 16_384
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EPOCH = datetime(1899, 12, 30)


@dataclass(slots=True)
class SharedStrings:
    """The strings that cells refer to by number.

    ``formatted`` has those with fonts of their own: how many of their runs are struck out.
    """

    texts: list[str] = field(default_factory=list)
    formatted: dict[int, int] = field(default_factory=dict)


class CellReader:
    """The cells of one sheet, and what the sheet says about its rows, columns and merged areas.

    Cells of the styles in ``struck`` are left out and counted.
    """

    def __init__(self, sheet: Sheet, strings: SharedStrings, struck: set[int], name: str) -> None:
        self.rows: dict[int, dict[int, Stored]] = {}
        self._sheet = sheet
        self._strings = strings
        self._struck = struck
        self._name = name
        self._columns: dict[str, int] = {}
        self._cells = 0
        self._row: dict[int, Stored] = {}
        self._row_number = self._column = 0
        self._kind = ""
        self._style = 0
        self._formula = False
        self._collect = False
        self._texts: list[str] = []
        self._inline = StringReader()

    def read(self, package: Package, part: str) -> None:
        """Read the part of the sheet."""
        if not package.parse(part, self._start, self._end, self._text):
            raise ValueError(f"the sheet {self._sheet.name} is missing")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            place = attributes.get("r")
            self._column = self._column_of(place) if place else self._column + 1
            self._kind = attributes.get("t", "n")
            self._style = number(attributes["s"]) if "s" in attributes else 0
            self._formula = False
            self._texts.clear()
        elif element == "v":
            self._collect = True
        elif self._kind == "inlineStr":
            self._inline.start(element, attributes)
        elif element == "f":
            self._formula = True
        elif element == "row":
            self._row_number = number(attributes.get("r")) or self._row_number + 1
            self._column = 0
            self._row = self.rows.setdefault(self._row_number, {})
            if is_true(attributes.get("hidden")) or _is_zero(attributes.get("ht")):
                self._sheet.hidden_rows.add(self._row_number)
        elif element == "col":
            if is_true(attributes.get("hidden")) or _is_zero(attributes.get("width")):
                last = min(number(attributes.get("max")), _LAST_COLUMN)
                self._sheet.hidden_columns.update(range(number(attributes.get("min")), last + 1))
        elif element == "mergeCell":
            area = area_of(attributes.get("ref", ""))
            if area is not None:
                self._sheet.merged.append(area)
        elif element == "autoFilter":
            area = area_of(attributes.get("ref", ""))
            if area is not None:
                self._sheet.headers.append(area._replace(bottom=area.top))

    def _text(self, text: str) -> None:
        if self._collect:
            self._texts.append(text)
        elif self._kind == "inlineStr":
            self._inline.text(text)

    def _end(self, element: str) -> None:
        if element == "v":
            self._collect = False
        elif element == "c":
            self._end_cell("".join(self._texts))
            self._kind = ""
        elif self._kind == "inlineStr":
            self._inline.end(element)
        elif element == "row" and not self._row:
            del self.rows[self._row_number]

    def _end_cell(self, text: str) -> None:
        struck = self._style in self._struck
        if self._kind == "inlineStr":
            text, runs, formatted = self._inline.take()
            struck = struck and not formatted
            self._count_struck(runs)
        elif self._kind == "s" and number(text) in self._strings.formatted:
            struck = False
            self._count_struck(self._strings.formatted[number(text)])
        if not text:
            if self._formula:
                self._sheet.omitted["formulas without a stored value"] += 1
            return
        value = self._value(text)
        if value is None or value == "":
            return
        if struck:
            self._count_struck(1)
            return
        self._cells += 1
        if self._cells > MAX_CELLS:
            raise too_large(self._name, MAX_CELLS, "cells")
        self._row[self._column] = (value, self._style)

    def _count_struck(self, count: int) -> None:
        if count:
            self._sheet.omitted[STRUCK] += count

    def _value(self, text: str) -> Value | None:
        """The value of a cell; an error such as ``#N/A`` is none."""
        match self._kind:
            case "s":
                place = number(text)
                texts = self._strings.texts
                return texts[place] if place < len(texts) else None
            case "inlineStr" | "str":
                return plain(text)
            case "b":
                return is_true(text.strip())
            case "e":
                return None
            case "d":
                try:
                    when = datetime.fromisoformat(text.strip())
                except ValueError:
                    return plain(text)
                return (when.replace(tzinfo=None) - _EPOCH).total_seconds() / 86_400
        try:
            value = float(text)
        except ValueError:
            return plain(text)
        return value if math.isfinite(value) else None

    def _column_of(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = column_number(letters)
        return column


def column_number(letters: str) -> int:
    """The number of a column, from 1.

    >>> column_number("XFD")
    16384
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def area_of(reference: str) -> Area | None:
    """The area of a reference such as ``A5:A7`` or ``B2``; ``None`` for anything else."""
    first, _, last = reference.partition(":")
    corners = [_PLACE.fullmatch(place) for place in (first, last or first)]
    if corners[0] is None or corners[1] is None:
        return None
    (left, top), (right, bottom) = ((column_number(c[1]), int(c[2])) for c in corners if c)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def plain(text: str) -> str:
    """A text as it is shown: control characters are written as ``_x000D_`` in the file."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return clean(text).strip()


def number(text: str | None) -> int:
    try:
        return max(0, int(text or 0))
    except ValueError:
        return 0


def _is_zero(size: str | None) -> bool:
    try:
        return size is not None and float(size) == 0
    except ValueError:
        return False
