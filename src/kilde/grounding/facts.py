"""The parts of a claim that must agree exactly: numbers, units, dates, names, negation.

Two sentences may share nine words of ten and differ in the one that matters. So overlap alone never
supports a claim: whatever of these a claim holds must stand in its source too, and what one denies
the other must deny.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kilde.language.analysis import Token, analyzer
from kilde.language.numerals import NUMBER, canonical
from kilde.language.table import languages

_WORD = re.compile(r"[^\W\d_]+(?:['’]t\b)?|%|€")
_AFTER_NUMBER = re.compile(r"[\s\u00a0-]*([^\W\d_]+|%|€)")
_BEFORE_NUMBER = re.compile(r"([^\W\d_]+|€)\.?[\s\u00a0]*$")
_CLAUSE = re.compile(r"[,;:–—()\n]| (?:men|but|maar|aber) ")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*|[\"'“”»«(\-*•]\s*)$")


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a text must agree exactly.

    ``numbers`` are canonical; ``measures`` pair a number with its unit; ``dates`` are weekdays and
    months by name; ``names`` are the search terms of capitalised words inside sentences; ``denied``
    are the search terms that a negation in their clause applies to, and ``negates`` says whether
    there is any negation.
    """

    numbers: frozenset[str]
    measures: frozenset[tuple[str, str]]
    dates: frozenset[str]
    names: tuple[tuple[str, ...], ...]
    denied: frozenset[str]
    negates: bool


def facts(text: str, language: str) -> Facts:
    """The exact parts of a text."""
    units, dates = _table("units"), _table("dates")
    numbers, measures = set(), set()
    for match in NUMBER.finditer(text):
        number = canonical(match.group())
        numbers.add(number)
        unit = _AFTER_NUMBER.match(text, match.end())
        before = _BEFORE_NUMBER.search(text, 0, match.start())
        for found in (unit, before):
            if found and (name := units.get(found.group(1).lower())):
                measures.add((number, name))
    words = [match.group().lower() for match in _WORD.finditer(text)]
    tokens = analyzer(language).tokens(text)
    denied, negates = _denied(text, language)
    return Facts(
        numbers=frozenset(numbers),
        measures=frozenset(measures),
        dates=frozenset(dates[word] for word in words if word in dates),
        names=tuple(token.terms for token in tokens if _is_name(text, token, language)),
        denied=denied,
        negates=negates,
    )


def disagreement(
    claim: Facts,
    numbers: frozenset[str],
    measures: frozenset[tuple[str, str]],
    dates: frozenset[str],
    terms: frozenset[str],
) -> str:
    """Why a source cannot support a claim, in a few words; empty where nothing contradicts it.

    The source is given by its numbers, measures and dates and by all its search terms.
    """
    if missing := claim.numbers - numbers:
        return f"the number {min(missing)} is not in the source"
    known = {number for number, _ in measures}
    for number, unit in sorted(claim.measures - measures):
        if number in known:
            return f"{number} has another unit in the source (not {unit})"
    if missing := claim.dates - dates:
        return f"{min(missing)} is not in the source"
    for name in claim.names:
        if terms.isdisjoint(name):
            return f"the name {name[0]!r} is not in the source"
    return ""


def negation_differs(claim: Facts, source: Facts, shared: frozenset[str]) -> bool:
    """Whether one of the two denies what the other says, of the content words they share."""
    return bool((claim.denied ^ source.denied) & shared) and claim.negates != source.negates


def _denied(text: str, language: str) -> tuple[frozenset[str], bool]:
    row = languages().get(language)
    negations = row.negations if row else frozenset()
    analyse = analyzer(language)
    denied: set[str] = set()
    negates = False
    for clause in _CLAUSE.split(text):
        words = [match.group().lower() for match in _WORD.finditer(clause)]
        if any(word in negations or word.endswith(("n't", "n’t")) for word in words):
            negates = True
            denied.update(analyse.terms(clause))
    return frozenset(denied), negates


def _is_name(text: str, token: Token, language: str) -> bool:
    if not text[token.start].isupper() or language == "de":  # German nouns are all capitalised
        return False
    if token.word in _table("dates"):
        return False
    return not _SENTENCE_START.search(text, max(0, token.start - 4), token.start) and (
        token.start > 0
    )


@cache
def _table(name: str) -> dict[str, str]:
    text = resources.files(__package__).joinpath("facts.toml").read_text(encoding="utf-8")
    rows: Sequence[Sequence[str]] = tomllib.loads(text)[name]
    return {spelling: row[0] for row in rows for spelling in row}
