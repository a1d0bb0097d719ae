"""What tells rows of values from the names of columns, and the rows of one table from another's.

Where the cells of the first row are text like those below, their kinds decide nothing. Then a day
above other days, a value that comes again, and a person's name above other names are values.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from kilde.documents.content import Cell
from kilde.documents.conventions import conventions
from kilde.documents.written_values import is_value
from kilde.language.table import languages
from kilde.types import Scalar

CONTACT = re.compile(r"\S@\S|https?://|www\.", re.IGNORECASE)
"""An address of e-mail or of a web page."""

_SAMPLE = 50
_WORD = re.compile(r"[^\W\d_]+")
_PROPER_NAME = re.compile(r"[^\W\d_a-zæøåäöü][^\W\d_]+(?:[ -][^\W\d_a-zæøåäöü][^\W\d_]*\.?){1,3}")

Texts = Sequence[str]


def are_values(first: Texts, below: Sequence[Texts]) -> bool:
    """Whether a row of texts holds values like those of the rows below it, and no names of columns.

    ``""`` is a blank cell. Where nothing tells, the answer is no.
    """
    below = [row for row in below[:_SAMPLE] if list(row) != list(first)]
    if not below:
        return False
    columns = [
        (text, [row[place] for row in below if place < len(row) and row[place]])
        for place, text in enumerate(first)
        if text
    ]
    if any(_is_day(text) and values and all(map(_is_day, values)) for text, values in columns):
        return True
    if any(names_column(text) for text, _ in columns):
        return False
    # In a column of marks ("yes") each is the name of the column.
    if any(text in values and len(text) > 1 and len({*values}) > 1 for text, values in columns):
        return True
    return len(below) > 1 and any(
        len(values) == len(below) and all(map(_PROPER_NAME.fullmatch, (text, *values)))
        for text, values in columns
    )


def totals_all(text: str, above: Iterable[str]) -> bool:
    """Whether the label of a last row is that of the total of all rows, not of one section.

    ``above`` are the labels of the rows above it: sections with totals have one each.
    """
    label = text.strip(" :").lower()
    return label in _totals() and all(label != other.strip(" :").lower() for other in above)


def names_column(text: str) -> bool:
    """Whether a text has a word that names columns in one of the languages, such as "price"."""
    return any(word.lower() in _labels() for word in _WORD.findall(text))


def continue_table(
    above: Iterable[Sequence[Scalar | Cell]], below: Sequence[Sequence[Scalar | Cell]]
) -> bool:
    """Whether rows below a blank row hold values of the same kinds as those above it."""
    agree = differ = 0
    upper = list(above)[-_SAMPLE:]
    for column in range(max(map(len, below))):
        kinds, own = (
            {_kind(row[column]) for row in rows if column < len(row)} - {""}
            for rows in (upper, below[:_SAMPLE])
        )
        if kinds & own:
            agree += bool(kinds & own - {"text"})
        elif kinds and own:
            differ += 1
    return differ <= agree


def _kind(cell: Scalar | Cell) -> str:
    """The kind of a cell: ``number`` (amounts and dates too), ``code`` (other texts of digits),
    ``contact``, ``text``, or ``""`` for a blank cell."""
    value, text = (cell.value, cell.text) if isinstance(cell, Cell) else (cell, str(cell or ""))
    text = " ".join(text.split())
    if value is None or not text:
        return ""
    if not isinstance(value, str | bool) or is_value(text):
        return "number"
    if CONTACT.search(text):
        return "contact"
    digits = sum(map(str.isdigit, text))
    return "code" if digits and digits >= sum(map(str.isalpha, text)) else "text"


def _is_day(text: str) -> bool:
    return text.strip(" .").lower() in _days()


@cache
def _days() -> frozenset[str]:
    """The names of days and months in the languages that are analysed."""
    names: set[str] = set()
    for code in languages():
        own = conventions(code)
        names.update(own.days, own.short_days, own.months, own.short_months)
    return frozenset(name.lower() for name in names)


@cache
def _totals() -> frozenset[str]:
    text = (files("kilde.documents") / "grid_rows.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)["totals"])


@cache
def _labels() -> frozenset[str]:
    """The words that name columns and fields, but for the days."""
    rows = languages().values()
    return (
        frozenset().union(*(words for row in rows for words in (row.labels, *row.fields))) - _days()
    )
