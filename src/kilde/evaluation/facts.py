"""The facts of a text that can be changed: numbers, and words that have an opposite."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

from kilde.grounding.numbers import numbers_of
from kilde.grounding.tables import names_of

_CLOCK = re.compile(r"(\d{1,2})([:.]\d\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ITEM = re.compile(r"(?:^|\n)[ \t]*$")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a document says and can be asked for: a passage of prose, or a cell of a table.

    ``answer`` is word for word as the document has it. ``question`` asks for a cell, ``row`` are
    the values of its row; both are empty for prose.
    """

    document: str
    title: str
    answer: str
    language: str
    question: str = ""
    row: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A part of an answer (``start:end``) and what it becomes."""

    start: int
    end: int
    new: str


def number_facts(asked: Asked, random: Random) -> Iterator[Fact]:
    """The numbers in digits of an answer, each with another one that could stand there."""
    text = asked.answer
    months = set(names_of("months").values())
    for number in numbers_of(text, asked.language):
        old = text[number.start : number.end]
        beside = text[max(0, number.start - 1) : number.start] + text[number.end : number.end + 1]
        of_list = _ITEM.search(text, 0, number.start) and text[number.end :][:1] in (".", ")")
        if not old[0].isdigit() or not old[-1].isdigit() or _LETTER.search(beside):
            continue
        if of_list or "-" in old or _YEAR.fullmatch(old):
            continue
        yield Fact(number.start, number.end, _other(old, number.unit in months, random))


def _other(number: str, day: bool, random: Random) -> str:
    """Another number in the same form: a time an hour off, another day, or another digit."""
    if match := _CLOCK.fullmatch(number):
        hour = int(match[1])
        last = 12 if hour <= 12 else 23
        hour = hour + 1 if hour < last else hour - 1
        return f"{hour:0{len(match[1])}d}{match[2]}"
    if day and number.isdigit() and int(number) <= 31:
        return str((int(number) + random.randint(1, 9)) % 28 + 1)
    # The last digit of a telephone number, and the first of a price.
    digits = [at for at, sign in enumerate(number) if sign.isdigit()]
    place = digits[-1] if len(digits) > 6 or number[0] == "0" else digits[0]
    old = int(number[place])
    new = random.choice(
        [digit for digit in (old - 2, old - 1, old + 1, old + 2) if 1 <= digit <= 9]
    )
    return number[:place] + str(new) + number[place + 1 :]


def rule_facts(asked: Asked, random: Random) -> Iterator[Fact]:  # noqa: ARG001
    """The words of an answer that have an opposite, or another one that could stand there."""
    pairs: Mapping[str, str] = wordings()[asked.language]["pairs"]
    either = "|".join(map(re.escape, sorted(pairs, key=len, reverse=True)))
    for match in re.finditer(rf"\b(?:{either})\b", asked.answer, re.IGNORECASE):
        new = pairs[match.group().casefold()]
        if new.casefold() in asked.answer.casefold():
            continue  # "Monday to Thursday" would become one day
        if match.group()[0].isupper():
            new = new[0].upper() + new[1:]
        yield Fact(match.start(), match.end(), new)


@cache
def wordings() -> dict[str, dict[str, Any]]:
    """What ``edits.toml`` says, by language; ``pairs`` leads from either word to the other one."""
    text = resources.files(__package__).joinpath("edits.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    for entry in table.values():
        pairs: dict[str, str] = {}
        for one, other in entry["pairs"]:
            pairs.setdefault(one.casefold(), other)
            pairs.setdefault(other.casefold(), one)
        entry["pairs"] = pairs
    return table
