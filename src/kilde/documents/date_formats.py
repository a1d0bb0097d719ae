"""Dates, times and durations as a number format shows them.

A spreadsheet stores a date as the number of days since the end of 1899, and a time as a part of a
day; a duration may be longer than a day.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def show_date(value: Decimal, tokens: Sequence[Token], own: Conventions) -> str | None:
    """The text of a stored date or time; ``None`` for a number that is none."""
    elapsed = any(token.kind == "elapsed" for token in tokens)
    if abs(value) >= _LAST_DAY or (value < 0 and not elapsed):
        return None
    decimals = sum(token.kind == "digit" for token in tokens)
    unit = Decimal(1).scaleb(-decimals)
    seconds = (abs(value) * _DAY).quantize(unit, ROUND_HALF_UP)
    when = moment(int(seconds // _DAY)) or _EPOCH
    half_day = any(token.kind == "half" for token in tokens)
    parts = [
        _part(t, place, tokens, when, seconds, half_day, own) for place, t in enumerate(tokens)
    ]
    sign = "-" if value < 0 and seconds else ""
    return sign + " ".join("".join(parts).split())


def without_seconds(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens of a time without its seconds, where hours stand before them."""
    kinds = [(t.kind, t.text[:1].lower()) for t in tokens]
    seconds = kinds.index(("clock", "s")) if ("clock", "s") in kinds else None
    hours = ("clock", "h") in kinds or ("elapsed", "h") in kinds
    if seconds is None or not hours or any(kind == "digit" for kind, _ in kinds):
        return tuple(tokens)
    before = seconds - 1 if kinds[seconds - 1][0] == "literal" else seconds
    return (*tokens[:before], *tokens[seconds + 1 :])


def _part(
    token: Token,
    place: int,
    tokens: Sequence[Token],
    when: datetime,
    seconds: Decimal,
    half_day: bool,
    own: Conventions,
) -> str:
    letter, width = token.text[:1].lower(), len(token.text)
    whole = int(seconds)
    match token.kind, letter:
        case "elapsed", _:
            total = whole // {"h": 3600, "m": 60, "s": 1}[letter]
            return f"{total:0{width}d}"
        case "clock", "h":
            hour = whole // 3600 % 24
            if half_day:
                hour = (hour - 1) % 12 + 1
            elif own.padded_hours and place + 1 < len(tokens):
                width = 2
            return f"{hour:0{min(width, 2)}d}"
        case "clock", "m":
            return f"{whole // 60 % 60:0{min(width, 2)}d}"
        case "clock", _:
            return f"{whole % 60:0{min(width, 2)}d}"
        case "half", _:
            return token.text.split("/")[whole // 3600 % 24 >= 12]
        case "date", "y":
            return f"{when.year:04d}" if width > 2 else f"{when.year % 100:02d}"
        case "date", "m":
            names = {3: own.short_months, 4: own.months}
            if width in names:
                return names[width][when.month - 1]
            return own.months[when.month - 1][0] if width > 4 else f"{when.month:0{width}d}"
        case "date", _:
            if width > 2:
                return (own.days if width > 3 else own.short_days)[when.weekday()]
            return f"{when.day:0{width}d}"
        case "digit", _:
            before = sum(t.kind == "digit" for t in tokens[:place])
            return f"{seconds % 1:f}".partition(".")[2][before : before + 1]
        case "point", _:
            return own.decimal if any(t.kind == "digit" for t in tokens[place + 1 :]) else "."
        case (("locale" | "bracket"), _):
            return ""
    return token.text
