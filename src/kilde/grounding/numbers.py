"""Numbers as people write them: digits, words, dates in digits, telephone numbers in groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kilde.grounding.tables import month, names_of, numerals, words_of
from kilde.language.numerals import NUMBER, canonical

_FOUND = re.compile(
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    # Telephone numbers in pairs or fours, and thousands parted by a space.
    r"|(?P<groups>(?<!\d)(?:\d{2}(?: \d{2}){2,}|\d{4} \d{4}|[1-9]\d{0,2}(?: \d{3})+)"
    r"(?![\d,.:]\d|\d))"
    rf"|(?P<digits>(?:{NUMBER.pattern})[½¼¾]?|[½¼¾])"
    r"|(?P<word>[^\W\d_]+)"
)
_PARTS = {"½": ".5", "¼": ".25", "¾": ".75"}
_SIGN = re.compile(r"(?:^|[^\d\s]\s|^\s|\()[-−–]$")
_WORDS = re.compile(r"[^\W\d_]+")
_UNIT = re.compile(r"[\s\u00a0-]*(?:([ap])\.?\s?m\b\.?|(°\s?C?|[^\W\d_]+|%|€|\$))", re.IGNORECASE)
_UNIT_BEFORE = re.compile(r"([^\W\d_]+|€|\$)\.?[\s\u00a0]*$")
# A bound stands at most this many words before its number.
_REACH = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text: its span, its canonical digits, its unit or month and its bound."""

    start: int
    end: int
    digits: str
    unit: str = ""
    bound: str = ""


def numbers_of(text: str, language: str) -> Iterator[Number]:
    """The numbers of a text, in order."""
    words = numerals(language)
    for match in _FOUND.finditer(text):
        start, end = match.span()
        if match.lastgroup == "iso":
            year, number, day = match.group().split("-")
            yield Number(start, end, canonical(year))
            yield Number(start, end, canonical(day), unit=month(int(number)))
            continue
        if match.lastgroup == "word":
            digits = words.get(match.group().lower(), "")
            if not digits:
                continue
        elif match.lastgroup == "groups":
            digits = canonical(match.group().replace(" ", ""))
        else:
            digits = _digits(match.group())
            if _SIGN.search(text[max(0, start - 3) : start]):
                digits = f"-{digits}"
        unit = _unit(text, start, end)
        yield Number(start, end, digits, unit, _bound(text, start))


def _digits(number: str) -> str:
    if number[-1] not in _PARTS:
        return canonical(number)
    whole = canonical(number[:-1]) if number[:-1] else "0"
    return whole + _PARTS[number[-1]]


def _unit(text: str, start: int, end: int) -> str:
    units, months = names_of("units"), names_of("months")
    after = _UNIT.match(text, end)
    if after and after.group(1):
        return "morning" if after.group(1).lower() == "a" else "afternoon"
    if after:
        word = after.group(2).lower().replace(" ", "")
        if name := units.get(word) or months.get(word):
            return name
    # "1. maj": the stop of an ordinal number.
    if (ordinal := re.match(r"\.\s?([^\W\d_]+)", text[end : end + 20])) and (
        name := months.get(ordinal.group(1).lower())
    ):
        return name
    before = _UNIT_BEFORE.search(text, max(0, start - 20), start)
    if before:
        word = before.group(1).lower()
        if word in ("kr", "dkk", "€", "$", "eur", "euro", "usd"):
            return units.get(word, word)
        if text[before.start(1)].isupper():  # "May 1"
            return months.get(word, "")
    return ""


def _bound(text: str, start: int) -> str:
    bounds, skipped = names_of("bounds"), words_of("skip")
    for word in reversed(_WORDS.findall(text[max(0, start - 40) : start].lower())[-_REACH:]):
        if word in bounds:
            return bounds[word]
        if word not in skipped:
            return ""
    return ""
