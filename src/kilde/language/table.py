"""The language table, read once: everything Kilde knows about a language is data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Language:
    """One row of ``languages.toml``; the file's first comment explains the columns."""

    code: str
    name: str
    tesseract: str
    stemmer: str
    dictionary: str
    links: tuple[str, ...]
    labels: frozenset[str]
    fields: tuple[frozenset[str], ...]
    stop_words: frozenset[str]
    asking: frozenset[str]
    conjunctions: frozenset[str]
    negations: frozenset[str]
    abbreviations: frozenset[str]
    closing: frozenset[str]
    seldom_closing: frozenset[str]
    clauses: frozenset[str]
    letters: frozenset[str]
    months: frozenset[str]
    capital_nouns: bool
    follow_up: frozenset[str]
    asks_number: tuple[str, ...]


@cache
def languages() -> Mapping[str, Language]:
    """All analysed languages by ISO 639-1 code."""
    collected = _read("abbreviations.toml")
    table = {}
    for code, row in _read("languages.toml").items():
        closing = frozenset(row["closing"].split())
        seldom_closing = closing & frozenset(row["abbreviations"].split())
        closing -= seldom_closing
        table[code] = Language(
            code=code,
            name=row["name"],
            tesseract=row["tesseract"],
            stemmer=row["stemmer"],
            dictionary=row["dictionary"],
            links=tuple(row["links"]),
            labels=frozenset(row["labels"].split()),
            fields=tuple(frozenset(words.split()) for words in row["fields"]),
            stop_words=frozenset(row["stop_words"].split()),
            asking=frozenset(row["asking"].split()),
            conjunctions=frozenset(row["conjunctions"].split()),
            negations=frozenset(row["negations"].split()),
            abbreviations=frozenset(f"{row['abbreviations']} {collected[code]}".split()) - closing,
            closing=closing,
            seldom_closing=seldom_closing,
            clauses=frozenset(row["clauses"].split()),
            letters=frozenset(row["letters"].split()),
            months=frozenset(row["months"].split()),
            capital_nouns=row["capital_nouns"],
            follow_up=frozenset(row["follow_up"].split()),
            asks_number=tuple(row["asks_number"]),
        )
    return MappingProxyType(table)


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
