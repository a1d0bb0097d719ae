"""How figures are written in a report: short enough to read, never so short that they mislead.

A share that is not all is never rounded to all, and one that is not nothing never to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from kilde.evaluation.metric import Unit

MISSING = "–"
_MINUS = "−"
# From here on seconds are told in minutes, and minutes in hours.
_MINUTES, _HOURS = 120, 7200
_BYTES = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Number:
    """A figure as it is shown, and ``of``: attributes that say which figure it is, in full.

    They stand in the page as ``data-…``, so that it can be computed again and compared.
    """

    text: str
    of: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


def traced(text: str, value: float | None, of: str, **names: str) -> Number:
    """A figure with its trace: what it is ``of`` (a mean, a difference …), its names, its value.

    >>> traced("81%", 0.814, "mean", metric="task", arm="rag").of["data-value"]
    '0.814'
    """
    if value is None:
        return Number(text)
    named = {f"data-{name}": word for name, word in names.items()}
    return Number(text, {"data-of": of, **named, "data-value": repr(float(value))})


def shown(value: float | None, unit: Unit, currency: str = "") -> str:
    """A figure with its unit.

    >>> [shown(share, "share") for share in (0.0, 0.003, 0.814, 0.998, 1.0)]
    ['0%', '0.3%', '81%', '99.8%', '100%']
    >>> shown(0.4251, "seconds"), shown(12.6, "seconds"), shown(754, "seconds")
    ('0.43 s', '13 s', '12 min 34 s')
    >>> shown(1234.4, "tokens"), shown(2.31e9, "bytes"), shown(0.00214, "money", "EUR")
    ('1,234', '2.3 GB', '0.0021 EUR')
    >>> shown(None, "share")
    '–'
    """
    if value is None:
        return MISSING
    if unit == "share":
        return f"{_percent(value * 100)}%"
    if unit == "seconds":
        return _time(value)
    if unit == "bytes":
        return _bytes(value)
    if unit == "money":
        return f"{_significant(value)} {currency}".strip()
    return _significant(value)


def interval(low: float | None, high: float | None, unit: Unit, currency: str = "") -> str:
    """The two bounds; empty where there are none.

    >>> interval(0.743, 0.868, "share")
    '74% to 87%'
    """
    if low is None or high is None:
        return ""
    return f"{shown(low, unit, currency)} to {shown(high, unit, currency)}"


def change(value: float | None, unit: Unit, currency: str = "") -> str:
    """A difference with its sign; of shares in percentage points.

    >>> change(0.312, "share"), change(-0.004, "share"), change(-1.5, "seconds")
    ('+31 points', '−0.40 points', '−1.5 s')
    """
    if value is None:
        return MISSING
    sign = "+" if value > 0 else _MINUS if value < 0 else "±"
    return f"{sign}{size(value, unit, currency)}"


def size(value: float, unit: Unit, currency: str = "") -> str:
    """A difference without its sign.

    >>> size(-0.312, "share"), size(0.01, "share"), size(0.0004, "share")
    ('31 points', '1 point', '0.040 points')
    """
    if unit != "share":
        return shown(abs(value), unit, currency)
    hundredths = abs(value) * 100
    points = f"{hundredths:.0f}" if hundredths >= 0.95 else _significant(hundredths)
    return f"{points} {'point' if points == '1' else 'points'}"


def span(low: float | None, high: float | None, unit: Unit, currency: str = "") -> str:
    """The two bounds of a difference, with their signs; empty where there are none.

    >>> span(0.24, 0.38, "share")
    '+24 to +38 points'
    >>> span(-0.2, 0.4, "seconds")
    '−0.20 s to +0.40 s'
    """
    if low is None or high is None:
        return ""
    first, last = change(low, unit, currency), change(high, unit, currency)
    if unit == "share":
        first = first.rsplit(" ", 1)[0]
    return f"{first} to {last}"


def chance(p: float | None) -> str:
    """A p-value, to two digits and not below 0.001.

    >>> chance(0.0321), chance(0.00004), chance(1.0)
    ('0.032', '< 0.001', '1.0')
    """
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else _significant(p, least=1)


def count(value: float) -> str:
    """A number of things, in groups of three digits.

    >>> count(12345)
    '12,345'
    """
    return f"{round(value):,}"


def plain(value: float) -> str:
    """A number that need not be whole, to two digits.

    >>> plain(0.3127), plain(41.7)
    ('0.31', '42')
    """
    return _significant(value)


def _percent(value: float) -> str:
    """Whole percent; with decimals where it would look like none, or like all of a hundred."""
    near = min(abs(value), abs(100 - value))
    if near == 0 or near >= 0.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if near >= 0.05 else ("<0.1" if value < 50 else ">99.9")


def _time(seconds: float) -> str:
    if seconds < 10:
        return f"{_significant(seconds, least=1)} s"
    if seconds < _MINUTES:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOURS:
        great, small = f"{whole // 60} min", f"{whole % 60} s"
    else:
        great, small = f"{whole // 3600} h", f"{whole % 3600 // 60} min"
    return great if small.startswith("0 ") else f"{great} {small}"


def _bytes(value: float) -> str:
    power = min(int(math.log(value, 1000)) if value >= 1 else 0, len(_BYTES) - 1)
    return f"{_significant(value / 1000**power)} {_BYTES[power]}"


def _significant(value: float, *, least: int = 0) -> str:
    """Two digits that count, all digits of whole numbers; ``least`` decimals where it is small."""
    if value == 0:
        return "0"
    if abs(value) >= 10:
        return f"{value:,.0f}"
    decimals = max(1 - math.floor(math.log10(abs(value))), least)
    if round(abs(value), decimals) >= 10:
        return f"{value:,.0f}"
    return f"{value:.{decimals}f}"
