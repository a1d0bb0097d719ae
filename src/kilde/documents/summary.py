"""One text about a whole table, for the questions that no single row answers.

"What is in the price list?", "which years does it cover?": the summary names the columns, how full
they are, their range or their most frequent values. It is worded in the table's language.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from kilde.documents.tables import render
from kilde.types import Row, Scalar

_FREQUENT = 5
_LONGEST_VALUE = 60


def table_summary(title: str, columns: Sequence[str], rows: Sequence[Row], language: str) -> str:
    """The summary: a line about the table and one about each column.

    Numbers and dates get their range, text its most frequent values where any value repeats or
    there are few of them.
    """
    words = _wording().get(language) or _wording()["en"]
    lines = [words["table"].format(title=title, rows=len(rows), columns=len(columns))]
    lines += [_column(name, [row.values.get(name) for row in rows], words) for name in columns]
    return "\n".join(lines)


def _column(name: str, cells: list[Scalar], words: Mapping[str, Any]) -> str:
    values = [cell for cell in cells if cell is not None]
    kind = _kind(values)
    counts = Counter(render(value) for value in values)
    line: str = words["column"].format(
        name=name, type=words["types"][kind], filled=len(values), distinct=len(counts)
    )
    if kind in ("integer", "number", "date"):
        low, high = min(values, key=_order), max(values, key=_order)
        line += "; " + words["range"].format(low=render(low), high=render(high))
    elif kind != "empty" and (len(counts) <= _FREQUENT or len(counts) < len(values)):
        frequent = [_short(value) for value, _ in counts.most_common(_FREQUENT)]
        line += "; " + words["frequent"].format(values=", ".join(frequent))
    return line


def _kind(values: Sequence[Scalar]) -> str:
    """What all values of a column are; ``bool`` is an ``int`` in Python, but not in a table."""
    if not values:
        return "empty"
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    if kinds <= {int, float}:
        return "number"
    if kinds <= {date, datetime}:
        return "date"
    return "text"


def _order(value: Scalar) -> Any:
    """A key under which numbers, and dates with and without a time, can be compared."""
    return value if isinstance(value, int | float) else render(value)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"


@cache
def _wording() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("kilde.documents") / "summary.toml").read_text("utf-8"))
