"""The word lists of ``facts.toml``, read once and turned round: from a spelling to its name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_NO_WORDS: Mapping[str, str] = {}


@cache
def names_of(table: str) -> Mapping[str, str]:
    """From every spelling in a table to the name it is compared by."""
    rows: list[list[str]] = _data()[table]
    return {spelling: row[0] for row in rows for spelling in row}


@cache
def sides() -> Mapping[str, tuple[tuple[int, int], ...]]:
    """From a word to the places ``(group, side)`` where it excludes the other sides."""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for group, row in enumerate((*_data()["states"], *_data()["exclusive"])):
        for side, words in enumerate(row):
            for word in words:
                found[word] = (*found.get(word, ()), (group, side))
    return found


@cache
def states() -> frozenset[int]:
    """The groups of :func:`sides` that are states, such as open and closed."""
    return frozenset(range(len(_data()["states"])))


@cache
def words_of(table: str) -> frozenset[str]:
    """A plain list of words."""
    data = _data()[table]
    return frozenset(data["words"] if isinstance(data, dict) else data)


@cache
def month(number: int) -> str:
    """The name of a month by its number; empty for a number that is none."""
    rows = _data()["months"]
    return str(rows[number - 1][0]) if 1 <= number <= len(rows) else ""


@cache
def numerals(language: str) -> Mapping[str, str]:
    """From a number word of a language to its digits."""
    data = _data()
    if language not in data["numerals"]:
        return _NO_WORDS
    found = {word: str(value) for value, word in enumerate(data["numerals"][language].split())}
    for pair in data["tens"][language].split():
        word, _, value = pair.partition("=")
        found[word] = value
    return found


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("facts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
