"""Dates, times and durations as a number format shows them.

A spreadsheet stores a date as the number of days since the end of 1899, and a time as a part of a
day; a duration may be longer than a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from kilde.documents.conventions import Conventions
from kilde.documents.format_tokens import Token

_EPOCH = datetime(1899, 12, 30)
# The format believes that 1900 was a leap year; day 60 is the day that did not exist.
_LEAP_DAY = 60
_LAST_DAY = 2_958_466  # 10000-01-01
_DAY = 86_400


def is_date(tokens: Sequence[Token]) -> bool:
    """Whether a section shows a date or a time: letters of one, and no digits but of seconds."""
    timed = False
    seconds = False
    for token in tokens:
        if token.kind in ("date", "clock", "elapsed"):
            timed = True
            seconds = token.text[0].lower() == "s"
        elif token.kind == "digit" and not seconds:
            return False
        elif token.kind not in ("digit", "point"):
            seconds = False
    return timed


def moment(serial: float) -> datetime | None:
    """The date and time of a stored number, to the second; ``None`` where it is none.

    >>> moment(46203)
    datetime.datetime(2026, 6, 30, 0, 0)
    """
    if not 0 <= serial < _LAST_DAY:
        return None
    days, seconds = divmod(round(serial * _DAY), _DAY)
    early = 1 if 0 < days < _LEAP_DAY else 0
    return _EPOCH + timedelta(days=days + early, seconds=seconds)


def day_or_moment(serial: float, has_time: bool) -> date | datetime | None:
    """The typed value of a cell that shows a date."""
    when = moment(serial)
    if when is None or has_time or (when.hour, when.minute, when.second) != (0, 0, 0):
        return when
    return when.date()


_Part = Callable[[datetime, int, Decimal], str]
"""What a token shows of a day, the seconds since the first day, and those with their fraction."""


def date_display(tokens: Sequence[Token], own: Conventions) -> Callable[[Decimal], str | None]:
    """What shows a stored date or time; it gives ``None`` for a number that is none."""
    elapsed = any(token.kind == "elapsed" for token in tokens)
    unit = Decimal(1).scaleb(-sum(token.kind == "digit" for token in tokens))
    parts = [_part(place, tokens, own) for place in range(len(tokens))]

    def show(value: Decimal) -> str | None:
        if abs(value) >= _LAST_DAY or (value < 0 and not elapsed):
            return None
        seconds = (abs(value) * _DAY).quantize(unit, ROUND_HALF_UP)
        whole = int(seconds)
        when = moment(whole // _DAY) or _EPOCH
        texts = [part if isinstance(part, str) else part(when, whole, seconds) for part in parts]
        sign = "-" if value < 0 and seconds else ""
        return sign + " ".join("".join(texts).split())

    return show


def without_seconds(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens of a time without its seconds, where hours stand before them."""
    kinds = [(t.kind, t.text[:1].lower()) for t in tokens]
    seconds = kinds.index(("clock", "s")) if ("clock", "s") in kinds else None
    hours = ("clock", "h") in kinds or ("elapsed", "h") in kinds
    if seconds is None or not hours or any(kind == "digit" for kind, _ in kinds):
        return tuple(tokens)
    before = seconds - 1 if kinds[seconds - 1][0] == "literal" else seconds
    return (*tokens[:before], *tokens[seconds + 1 :])


def _part(place: int, tokens: Sequence[Token], own: Conventions) -> str | _Part:
    """What a token shows: always the same text, or a part of the day or the time."""
    kind, text = tokens[place]
    letter, width = text[:1].lower(), len(text)
    if kind == "elapsed":
        unit = {"h": 3600, "m": 60, "s": 1}[letter]
        return lambda _day, whole, _seconds: f"{whole // unit:0{width}d}"
    if kind == "clock":
        return _clock(letter, width, place, tokens, own)
    if kind == "date":
        return _day(letter, width, own)
    if kind == "half":
        names = text.split("/")
        return lambda _day, whole, _seconds: names[whole // 3600 % 24 >= 12]
    if kind == "digit":
        digit = sum(token.kind == "digit" for token in tokens[:place])
        return lambda _day, _whole, seconds: f"{seconds % 1:f}".partition(".")[2][digit : digit + 1]
    if kind == "point" and any(token.kind == "digit" for token in tokens[place:]):
        return own.decimal
    return "" if kind in ("locale", "bracket") else text


def _clock(letter: str, width: int, place: int, tokens: Sequence[Token], own: Conventions) -> _Part:
    width = min(width, 2)
    if letter == "m":
        return lambda _day, whole, _seconds: f"{whole // 60 % 60:0{width}d}"
    if letter == "s":
        return lambda _day, whole, _seconds: f"{whole % 60:0{width}d}"
    if any(token.kind == "half" for token in tokens):
        return lambda _day, whole, _seconds: f"{(whole // 3600 - 1) % 12 + 1:0{width}d}"
    if own.padded_hours and place + 1 < len(tokens):
        width = 2
    return lambda _day, whole, _seconds: f"{whole // 3600 % 24:0{width}d}"


def _day(letter: str, width: int, own: Conventions) -> _Part:
    if letter == "y":
        if width > 2:
            return lambda day, _whole, _seconds: f"{day.year:04d}"
        return lambda day, _whole, _seconds: f"{day.year % 100:02d}"
    if letter == "d":
        if width < 3:
            return lambda day, _whole, _seconds: f"{day.day:0{width}d}"
        days = own.short_days if width == 3 else own.days
        return lambda day, _whole, _seconds: days[day.weekday()]
    if width < 3:
        return lambda day, _whole, _seconds: f"{day.month:0{width}d}"
    months = own.short_months if width == 3 else own.months
    length = 1 if width > 4 else None  # "mmmmm" is the first letter
    return lambda day, _whole, _seconds: months[day.month - 1][:length]
