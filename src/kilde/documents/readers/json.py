"""JSON and JSON Lines: a list of flat objects is a table, also as a value of the outermost object;
all else is ``path: value`` lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kilde.documents.content import Content, Prose, Table
from kilde.documents.tables import column_names, render, scalar
from kilde.documents.text import decode
from kilde.errors import LoadError

_LINES = ("application/jsonl", "application/x-ndjson")


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """A table, or text such as ``opening.monday: 8-16``."""
    text = decode(data, name)
    try:
        value: Any = _lines(text) if mime in _LINES else json.loads(text)
        if _is_table(value):
            return [_table(value)]
        tables = (
            {key: item for key, item in value.items() if _is_table(item)}
            if isinstance(value, dict)
            else {}
        )
        if tables:
            value = {key: item for key, item in value.items() if key not in tables}
        lines = "".join(f"{path}: {leaf}\n" for path, leaf in _leaves(value, ""))
    except ValueError as error:
        raise LoadError(
            name,
            f"it is not valid JSON ({error})",
            hint="Correct it there, or export it again; JSON Lines need the suffix .jsonl.",
        ) from error
    except RecursionError as error:
        raise LoadError(
            name,
            "its objects are nested too deeply",
            hint="Export a flatter form, such as a list of objects.",
        ) from error
    contents: list[Content] = [Prose([lines])] if lines else []
    contents += [_table(item, part=key) for key, item in tables.items()]
    if not contents:
        raise LoadError(name, "no values in it", hint="Check the export, or leave it out.")
    return contents


def _table(items: list[dict[str, Any]], part: str = "") -> Table:
    keys = list(dict.fromkeys(key for item in items for key in item))
    rows = [[scalar(item.get(key)) for key in keys] for item in items]
    return Table(column_names(keys), rows, part=part)


def _lines(text: str) -> list[Any]:
    values = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            values += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise ValueError(f"{error.msg} in line {number}") from error
    return values


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(item, dict) and not any(isinstance(v, dict | list) for v in item.values())
            for item in value
        )
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _leaves(item, f"{path}[{position}]")
    elif text := render(scalar(value)):
        yield path or "value", text
