"""JSON and JSON Lines: lists of objects are tables, wherever they stand and however they nest;
all else is ``path: value`` lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from kilde.documents.content import Cell, Content, Grid, GridCell, Part, Prose, Table
from kilde.documents.grids import tables_of
from kilde.documents.json_records import (
    Records,
    is_records,
    is_sentence,
    is_shape,
    keyed_records,
    tables_of_records,
    text_of,
    value_of,
)
from kilde.documents.text import decode
from kilde.errors import LoadError
from kilde.types import Scalar

MAX_TABLES = 20
"""Tables of one file that become documents of their own; more of them stand in one text."""

_NAMES = frozenset(("name", "navn", "namn", "naam", "title", "titel", "tittel"))
_LINES = ("application/jsonl", "application/x-ndjson")
_BLANK = re.compile(r"[ \t\r\n]*")
# An integer of more digits is a number of something, not a quantity.
_LONGEST_INTEGER = 18
# Numbers of so many characters are rendered with all of their digits.
_PRECISE = 15
# Values of a list have a line each where one is longer than this.
_LONGEST_ITEM = 60


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """Tables, named by the path at which they stand, and text such as ``opening.monday: 8-16``."""
    text = decode(data, name)
    try:
        found = _Contents()
        values = _values(text)
        found.add(values[0] if len(values) == 1 and mime not in _LINES else values, "", "")
    except ValueError as error:
        raise LoadError(
            name,
            f"it is not valid JSON ({error})",
            hint="Correct it there, or export it again.",
        ) from error
    except RecursionError as error:
        raise LoadError(
            name,
            "its objects are nested too deeply",
            hint="Export a flatter form, such as a list of objects.",
        ) from error
    contents = found.contents()
    if not contents:
        raise LoadError(name, "no values in it", hint="Check the export, or leave it out.")
    return contents


def _values(text: str) -> list[Any]:
    """The values of a file that follow each other: one, or those of JSON Lines.

    Each may be written on several lines; only objects and lists may follow on the same line.
    """
    values: list[Any] = []
    place = _BLANK.match(text).end()  # type: ignore[union-attr]
    while place < len(text):
        value, end = _decoder().raw_decode(text, place)
        values.append(value)
        place = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if place < len(text) and not isinstance(value, dict | list) and "\n" not in text[end:place]:
            raise json.JSONDecodeError("Extra data", text, place)
    return values


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=_number, parse_int=_integer, parse_constant=lambda _: None)


def _number(text: str) -> float | Cell:
    """A number, with its text where it is written in another way than numbers are rendered.

    A price of 12.50 is not shown as 12.5.
    """
    plain = len(text) <= _PRECISE and text[-1] != "0" and text.replace(".", "").isdigit()
    return float(text) if plain else Cell(float(text), text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


@dataclass(slots=True)
class _Contents:
    """Lines of single values, tables, and what was passed over, from a walk through a value."""

    lines: list[str] = field(default_factory=list)
    records: list[Records] = field(default_factory=list)
    grids: list[str | Table] = field(default_factory=list)
    shapes: int = 0

    def add(self, value: Any, path: str, title: str) -> None:
        """What a value at a path holds; ``title`` is the name of the object that it is part of."""
        if isinstance(value, dict):
            self._add_object(value, path, title)
        elif is_records(value):
            self.records += tables_of_records(path, value, title)
        elif isinstance(value, list):
            self._add_list(value, path, title)
        elif text := text_of(value):
            self.lines.append(f"{path or 'value'}: {text}")

    def _add_object(self, value: dict[str, Any], path: str, title: str) -> None:
        title = next((text_of(value[key]) for key in value if key.lower() in _NAMES), title)
        objects = {key: item for key, item in value.items() if isinstance(item, dict)}
        items = keyed_records(value) or keyed_records(objects)
        if items:
            self.records += tables_of_records(path, items, title)
            among = objects or value
            value = {key: item for key, item in value.items() if key not in among}
        header = _header_of_rows(value)
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            if header and item is value[header[0]]:
                continue
            if header and item is value[header[1]]:
                self.grids += tables_of(_grid([value[header[0]], *item], below, header_rows=1))
            else:
                self.add(item, below, title)

    def _add_list(self, value: list[Any], path: str, title: str) -> None:
        if is_shape(value):
            self.shapes += 1
        elif len(value) > 1 and all(isinstance(item, list) and _is_flat(item) for item in value):
            self.grids += tables_of(_grid(value, path))
        elif _is_flat(value):
            texts = [text for text in map(text_of, value) if text]
            if not any(len(text) > _LONGEST_ITEM or is_sentence(text) for text in texts):
                texts = [", ".join(texts)] if texts else []
            self.lines += [f"{path or 'value'}: {text}" for text in texts]
        else:
            for position, item in enumerate(value):
                self.add(item, f"{path}[{position}]", title)

    def contents(self) -> list[Content]:
        """The text first, then the tables, each a document of its own if they are few."""
        parts: list[Part] = ["\n".join(self.lines)] if self.lines else []
        parts += self.grids
        tables: list[Table] = []
        for records in self.records:
            if records.is_sparse():
                parts += _paragraphs(records)
            else:
                tables.append(records.table())
        if len(tables) > MAX_TABLES:
            parts += [replace(table, title=table.title or table.part) for table in tables]
            tables = []
        omitted = {"shapes": self.shapes} if self.shapes else {}
        contents: list[Content] = [Prose(parts, omitted=omitted)] if parts else []
        return contents + tables


def _is_flat(values: list[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values)


def _header_of_rows(value: dict[str, Any]) -> tuple[str, str] | None:
    """The keys of a list of names and of the rows that have a value for each of them."""
    tables = [key for key, item in value.items() if _is_rows(item)]
    if len(tables) != 1:
        return None
    width = len(value[tables[0]][0])
    headers = [
        key
        for key, item in value.items()
        if isinstance(item, list) and len(item) == width and all(isinstance(i, str) for i in item)
    ]
    return (headers[0], tables[0]) if len(headers) == 1 and width > 1 else None


def _is_rows(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) and _is_flat(row) for row in value)
        and len({len(row) for row in value}) == 1
    )


def _grid(rows: list[list[Any]], path: str, header_rows: int | None = None) -> Grid:
    """A table that is written as lists of values."""
    width = max(map(len, rows))
    cells = [[GridCell(text_of(value), _typed(value)) for value in row] for row in rows]
    return Grid([[*row, *[None] * (width - len(row))] for row in cells], path, header_rows)


def _typed(value: Any) -> Scalar:
    own = value_of(value)
    return own.value if isinstance(own, Cell) else own


def _paragraphs(records: Records) -> Iterator[str]:
    """Records that have little in common, each as lines of its own."""
    for row in records.rows:
        lines = ((key, text_of(value)) for key, value in row.items())
        yield "\n".join(f"{key}: {text}" if key else text for key, text in lines if text)
