"""How numbers, dates and truth values are written in a language: ``number_formats.toml`` as types.

A workbook holds 1250 and the format ``#,##0``; whether a person sees ``1.250`` or ``1,250`` is
decided by the language of the program that shows it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_QUOTED = re.compile('"[^"]+"')
# Programs write dates in this order unasked.
_ISO = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class Conventions:
    """The conventions of one language; the fields are explained in ``number_formats.toml``."""

    decimal: str
    group: str
    percent: str
    money: str
    symbol_after: bool
    date: str
    long_date: str
    padded_hours: bool
    true: str
    false: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]


@cache
def conventions(language: str) -> Conventions:
    """The conventions of an IETF language tag (``"da"``, ``"en-GB"``); English if unknown.

    >>> conventions("da-DK").decimal
    ','
    """
    table = _data()["languages"]
    base, _, rest = language.replace("_", "-").partition("-")
    base = {"nb": "no", "nn": "no"}.get(base.lower(), base.lower())
    region = next((part.upper() for part in rest.split("-") if len(part) == 2), "")
    row = {**table.get(base, table["en"])}
    if base in table:
        row |= table.get(f"{base}-{region}", {})
    fields: dict[str, Any] = {
        name: tuple(row[name]) if isinstance(row[name], list) else row[name]
        for name in Conventions.__slots__
    }
    return Conventions(**fields)


@cache
def built_in(number: int, language: str) -> str:
    """The format code of one of the numbered formats that files do not spell out."""
    code: str = _data()["built_in"].get(str(number), "General")
    own = conventions(language)
    code = code.replace("{money}", own.money).replace("{date}", own.date)
    return code.replace("{money.00}", own.money.replace("#,##0", "#,##0.00"))


def language_of_code(code: int) -> str:
    """The language tag of a Microsoft locale code such as ``0x406``, ``""`` if unknown.

    >>> language_of_code(0x406), language_of_code(0x809)
    ('da', 'en-GB')
    """
    tags = _tags()
    return tags.get(code & 0xFFFF) or tags.get(code & 0x3FF, "")


def language_of_country(country: int) -> str:
    """The language tag of a country code in an old workbook, ``""`` if unknown."""
    rows = _data()["languages"].items()
    return next((tag for tag, row in rows if country in row.get("country", ())), "")


@cache
def languages_writing(code: str) -> frozenset[str]:
    """The languages whose currency or whose order of a date a format code spells out.

    >>> languages_writing('#,##0.00 "kr."')
    frozenset({'da'})
    """
    return frozenset(
        tag.partition("-")[0]
        for tag in _data()["languages"]
        if any(symbol in code for symbol in _QUOTED.findall(conventions(tag).money))
        or code.lower() == conventions(tag).date != _ISO
    )


@cache
def _tags() -> dict[int, str]:
    return {row["code"]: tag for tag, row in _data()["languages"].items()}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("kilde.documents") / "number_formats.toml").read_text("utf-8"))
