"""Records of JSON as tables: what belongs to one object stays in one row.

Values of objects within a record get columns with a path (``address.street``), lists of values are
joined. A short list of objects, such as the opening hours of a station, is written into the row; a
longer one becomes a table of its own, whose rows begin with what identifies the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kilde.documents.content import Cell, Table
from kilde.documents.tables import column_names, render, scalar
from kilde.types import Scalar

MAX_INLINE = 600
"""Characters of a list of objects that is written into the row of its record."""

MAX_SPARSE_COLUMNS = 500
"""Columns beyond which a table is only made of records that fill most of them."""

_MAX_KEYED_COLUMNS = 12
_LONGEST_IDENTITY = 80
_IDENTITIES = 2
# A longer list of lists of numbers is a shape on a map, which nobody reads.
_LONGEST_POINTS = 8

Row = Mapping[str, Any]


@dataclass
class Records:
    """The rows of a table before its columns are known; ``path`` is where they stand."""

    path: str
    rows: list[Row]
    title: str = ""
    omitted: dict[str, int] = field(default_factory=dict)

    @cached_property
    def columns(self) -> list[str]:
        """The columns of all rows, in the order in which they come up."""
        return list(dict.fromkeys(key for row in self.rows for key in row))

    def is_sparse(self) -> bool:
        """Whether the rows have too little in common for a table."""
        if len(self.columns) <= MAX_SPARSE_COLUMNS:
            return False
        return sum(map(len, self.rows)) * 5 < len(self.columns) * len(self.rows)

    def table(self) -> Table:
        """The records as a table, named by their path."""
        keys = self.columns
        rows = ([value_of(row.get(key)) for key in keys] for row in self.rows)
        names = iter(column_names([key for key in keys if key]))
        columns = [next(names) if key else "" for key in keys]
        title = f"{self.title} – {self.path}" if self.title else ""
        return Table(columns, rows, part=self.path, title=title, omitted=self.omitted)


def is_records(value: object) -> bool:
    """Whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def keyed_records(value: Mapping[str, Any]) -> list[Row]:
    """The entries of an object whose keys name records of one kind, each with its key first.

    Such are ``{"777": {"name": …}, "778": {"name": …}}`` and lists of objects by year. Empty for
    any other object.
    """
    if len(value) < 2:
        return []
    if all(isinstance(item, dict) for item in value.values()):
        items = [(key, item) for key, item in value.items()]
    elif all(map(is_records, value.values())):
        items = [(key, item) for key, entry in value.items() for item in entry]
    else:
        return []
    if not _alike([item for _, item in items]):
        return []
    return [{"": key, **item} for key, item in items]


def _alike(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether objects have most of their keys in common."""
    common = set(items[0]).intersection(*items)
    return bool(common) and 2 * len(common) * len(items) >= sum(map(len, items))


def tables_of_records(path: str, items: Sequence[Row], title: str = "") -> Iterator[Records]:
    """The table of the records, and those of the long lists of objects within them.

    ``title`` is the name of the object that they are part of.
    """
    omitted: dict[str, int] = {}
    rows = [_flat(item, omitted) for item in items]
    nested = dict.fromkeys(
        key
        for row, item in zip(rows, items, strict=True)
        if row is not item
        for key, value in row.items()
        if isinstance(value, _Nested)
    )
    if nested:
        rows = [dict(row) for row in rows]
    later: list[tuple[str, list[Row]]] = []
    for key in nested:
        children = [(row, row[key]) for row in rows if isinstance(row.get(key), _Nested)]
        texts = [inline(child.items) for _, child in children]
        if max(map(len, texts)) <= MAX_INLINE:
            for (row, _), text in zip(children, texts, strict=True):
                row[key] = text  # type: ignore[index]
        else:
            later.append((key, _identified(key, children, rows)))
            for row, _ in children:
                del row[key]  # type: ignore[attr-defined]
    rows = _without_prefix(rows)
    if any(rows):
        yield Records(path, rows, title, omitted)
    for key, below in later:
        yield from tables_of_records(f"{path}.{key}" if path else key, below, title)


@dataclass(frozen=True, slots=True)
class _Nested:
    """A list of objects within a record."""

    items: Sequence[Row]


def _flat(item: Row, omitted: dict[str, int]) -> Row:
    if not any(isinstance(value, dict | list) for value in item.values()):
        return item
    if item.get("type") == "Feature" and isinstance(item.get("properties"), dict):
        # GeoJSON: what describes the place stands in the properties.
        rest = {k: v for k, v in item.items() if k not in ("type", "properties")}
        item = {
            **item["properties"],
            **{k: v for k, v in rest.items() if k not in item["properties"]},
        }
    row: dict[str, Any] = {}
    _fill(row, item, "", omitted)
    return row


def _fill(row: dict[str, Any], item: Row, prefix: str, omitted: dict[str, int]) -> None:
    for key, value in item.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            keyed = keyed_records(value) if len(value) > _MAX_KEYED_COLUMNS else []
            if keyed:
                row[name] = _Nested(keyed)
            else:
                _fill(row, value, name, omitted)
        elif is_records(value):
            row[name] = _Nested(value)
        elif isinstance(value, list) and is_shape(value):
            omitted["shapes"] = omitted.get("shapes", 0) + 1
        elif isinstance(value, list):
            row[name] = inline(value)
        else:
            row[name] = value


def is_shape(value: Sequence[Any]) -> bool:
    """Whether a list holds the coordinates of a line or an area."""
    points = value
    while points and isinstance(points[0], list):
        if len(points) >= _LONGEST_POINTS and all(map(_is_point, points)):
            return True
        points = points[0]
    return False


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and 2 <= len(value) <= 3
        and all(isinstance(v, int | float | Cell) and not isinstance(v, bool) for v in value)
    )


def inline(value: object) -> str:
    """A value on one line: lists joined by commas, objects by semicolons.

    >>> inline([{"day": "Monday", "open": "8-16"}, {"day": "Tuesday", "open": "8-18"}])
    'day: Monday, open: 8-16; day: Tuesday, open: 8-18'
    """
    if isinstance(value, dict):
        fields = [(key, text) for key, item in value.items() if (text := inline(item))]
        if len(fields) == 1:
            return fields[0][1]
        head = [text for key, text in fields if not key]
        rest = ", ".join(f"{key}: {text}" for key, text in fields if key)
        return f"{head[0]} ({rest})" if head else rest
    if isinstance(value, list):
        texts = [text for item in value if (text := inline(item))]
        if any(isinstance(item, dict | list) for item in value):
            return "; ".join(texts)
        return (" " if all(map(is_sentence, texts)) else ", ").join(texts)
    return text_of(value)


def is_sentence(text: str) -> bool:
    """Whether a text ends like a sentence."""
    return text.endswith((".", "!", "?"))


def text_of(value: object) -> str:
    """A single value as it is written."""
    own = value_of(value)
    return render(own.text) if isinstance(own, Cell) else render(own)


def value_of(value: object) -> Scalar | Cell:
    """A value for a cell: numbers that are written with a point keep their text."""
    return value if isinstance(value, Cell) else scalar(value)


def _identified(
    key: str, children: Iterable[tuple[Row, _Nested]], parents: Sequence[Row]
) -> list[Row]:
    """The objects of the lists, each with the fields that identify the record it belongs to."""
    identity = _identity(parents)
    items = [(parent, item) for parent, child in children for item in child.items]
    taken = {name for _, item in items for name in item}
    names = {column: f"{column} ({key})" if column in taken else column for column in identity}
    return [
        {**{name: parent.get(column) for column, name in names.items()}, **item}
        for parent, item in items
    ]


def _identity(rows: Sequence[Row]) -> list[str]:
    """The first columns whose values tell the records apart, or else the first columns."""
    plain = [
        column
        for column, value in rows[0].items()
        if not isinstance(value, _Nested) and len(text_of(value)) <= _LONGEST_IDENTITY
    ]
    apart = [
        column
        for column in plain
        if len({text for row in rows if (text := text_of(row.get(column)))}) == len(rows)
    ]
    return (apart or plain)[:_IDENTITIES]


def _without_prefix(rows: list[Row]) -> list[Row]:
    """The rows without a beginning that all their columns have (``node.name``, ``node.city``)."""
    while all("." in column for column in rows[0]):
        columns = {column for row in rows for column in row}
        heads = {column.partition(".")[0] if "." in column else "" for column in columns}
        if len(heads) != 1 or "" in heads:
            return rows
        start = len(heads.pop()) + 1
        rows = [{column[start:]: value for column, value in row.items()} for row in rows]
    return rows
