"""Number formats of spreadsheets: from a stored number to the text that a person sees.

A format code has up to four sections (``positive;negative;zero;text``) in which ``0``, ``#`` and
``?`` are digits, ``y m d h s`` parts of a date, and everything quoted or escaped is literal. What
the code leaves to the system, such as the decimal sign, is taken from the language of the workbook.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property

from kilde.documents.conventions import (
    Conventions,
    conventions,
    language_of_code,
    languages_writing,
)
from kilde.documents.date_formats import date_display, is_date, without_seconds
from kilde.documents.format_tokens import Token, sections_of
from kilde.documents.numerals import general, number_display

_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
# English as a locale code mostly tells which currency is meant, in a workbook of any language.
_SAYS_NOTHING = "en"
# Integers below this are stored exactly and shown with all their digits.
_EXACT = 10**15


@dataclass(frozen=True, slots=True)
class _Section:
    """One part of a format: when it applies, its tokens, and the language it is shown in."""

    tokens: tuple[Token, ...]
    own: Conventions
    date: bool
    show: Callable[[Decimal], str | None]
    condition: tuple[str, Decimal] | None = None

    def applies(self, value: Decimal) -> bool:
        """Whether a number meets the condition that the section states."""
        return self.condition is not None and _COMPARE[self.condition[0]](value, self.condition[1])


class NumberFormat:
    """A format code in the conventions of a language; ``plain`` where it changes nothing.

    >>> NumberFormat('#,##0.00 "kr."', "da").number(1250)
    '1.250,00 kr.'
    >>> NumberFormat("[h]:mm", "en").number(1.0868055555555556)
    '26:05'
    """

    def __init__(self, code: str, language: str) -> None:
        self._own = conventions(language)
        sections = [_section(tokens, self._own) for tokens in sections_of(code)]
        has_text = len(sections) > 3 or any(token.kind == "text" for token in sections[-1].tokens)
        self._text = sections.pop() if has_text else None
        self._sections = tuple(sections[:3])
        self.plain = code.lower() in ("general", "@", "")

    @cached_property
    def is_date(self) -> bool:
        """Whether the format shows a day, perhaps with a time."""
        return any(
            section.date and any(token.kind == "date" for token in section.tokens)
            for section in self._sections
        )

    @cached_property
    def has_time(self) -> bool:
        """Whether the format shows hours, minutes or seconds."""
        return any(
            section.date and any(token.kind in ("clock", "elapsed") for token in section.tokens)
            for section in self._sections
        )

    def without_seconds(self) -> NumberFormat | None:
        """The same format without its seconds; ``None`` where it shows no hours and seconds."""
        shorter = NumberFormat.__new__(NumberFormat)
        shorter._own, shorter._text, shorter.plain = self._own, self._text, False
        shorter._sections = tuple(
            _compiled(without_seconds(section.tokens), section.own, section.condition)
            if section.date
            else section
            for section in self._sections
        )
        before = [section.tokens for section in self._sections]
        return None if before == [section.tokens for section in shorter._sections] else shorter

    def number(self, value: float) -> str:
        """What is shown of a number; ``""`` where the format hides it."""
        if not math.isfinite(value):
            return ""
        if self.plain and value % 1 == 0 and abs(value) < _EXACT:
            return str(int(value))
        exact = Decimal(f"{value:.15g}")
        if not self._sections:
            return general(exact, self._own)
        section, signed = self._choose(exact)
        if section is None:
            return general(exact, self._own)
        shown = section.show(exact if signed else abs(exact))
        return general(exact, self._own) if shown is None else shown

    def text(self, value: str) -> str:
        """What is shown of a text."""
        if self.plain or self._text is None:
            return value
        return "".join(value if t.kind == "text" else t.text for t in self._text.tokens).strip()

    def _choose(self, value: Decimal) -> tuple[_Section | None, bool]:
        """The section for a number, and whether a minus sign is written before a negative one."""
        sections = self._sections
        if len(sections) == 1 and sections[0].condition is None:
            return sections[0], True
        if any(section.condition for section in sections):
            for section in sections:
                if section.applies(value):
                    return section, not _only_negative(section)
            last = sections[-1]
            return (None, True) if last.condition else (last, True)
        if len(sections) > 1 and value < 0:
            return sections[1], False
        if len(sections) > 2 and value == 0:
            return sections[2], False
        return sections[0], True


@cache
def number_format(code: str, language: str) -> NumberFormat:
    """The format of a code, parsed once; ``language`` is an IETF tag such as ``"da"``."""
    return NumberFormat(code, language)


def languages_of(code: str) -> list[str]:
    """The languages that a format code speaks for: those it names (``[$-406]``), else those whose
    currency or date it spells out. English is named for its currencies in all of them.

    >>> languages_of("[$-406]d. mmmm"), languages_of("0.00")
    (['da'], [])
    """
    named = [t.text for tokens in sections_of(code) for t in tokens if t.kind == "locale"]
    bases = {_language(tag).partition("-")[0] for tag in named} - {"", _SAYS_NOTHING}
    return sorted(bases or languages_writing(code))


def _only_negative(section: _Section) -> bool:
    """Whether the condition lets only negative numbers in, so that the section shows their sign."""
    if section.condition is None:
        return False
    sign, bound = section.condition
    return (sign == "<" and bound <= 0) or (sign == "<=" and bound < 0)


def _section(tokens: list[Token], own: Conventions) -> _Section:
    condition = None
    kept: list[Token] = []
    for token in tokens:
        if token.kind == "bracket":
            match = _CONDITION.fullmatch(token.text.strip())
            if match:
                condition = (match[1], Decimal(match[2]))
        elif token.kind == "locale":
            stated = _language(token.text)
            date = is_date(tokens)
            if stated and (date or not stated.startswith(_SAYS_NOTHING)):
                own = conventions(stated)
            if token.text.upper().startswith("F8"):
                (kept,) = sections_of(own.long_date)
                break
            if token.text.upper().startswith("F4"):
                (kept,) = sections_of("h:mm:ss")
                break
        else:
            kept.append(token)
    return _compiled(tuple(kept), own, condition)


def _compiled(
    tokens: tuple[Token, ...], own: Conventions, condition: tuple[str, Decimal] | None
) -> _Section:
    date = is_date(tokens)
    show = date_display(tokens, own) if date else number_display(tokens, own)
    return _Section(tokens, own, date, show, condition)


def _language(code: str) -> str:
    """The language of a locale code in a format: hexadecimal digits or a language tag."""
    if re.fullmatch(r"[0-9A-Fa-f]{1,8}", code):
        return language_of_code(int(code, 16))
    return code if re.fullmatch(r"[a-z]{2}(?:-[A-Za-z]+)*", code) else ""
