"""The types of columns that are stored as text: numbers and dates as people write them.

``1.250`` is 1250 in a Danish file and 1.25 in an English one. A column is typed only when all of
its cells agree and it is clear what they mean; a code such as ``0047`` and whatever is unclear
stay text. The text itself is kept in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial

from kilde.documents.content import Cell
from kilde.documents.conventions import conventions
from kilde.types import Scalar

Convert = Callable[[str], Scalar | Cell]

_BLANKS = " \u00a0\u2009\u202f'’"
# A number by its signs. "1.250" and "1,250" have a sign before three digits: either a decimal sign
# or one that groups the thousands. A leading zero makes a code of a number.
_WHOLE, _THOUSANDS, _DECIMALS = r"(?:0|[1-9]\d{0,17})", r"[1-9]\d{0,2}", r"\d{1,18}"
_NUMBER = re.compile(
    rf"(?P<integer>{_WHOLE})"
    rf"|(?P<point3>{_THOUSANDS}\.\d{{3}})"
    rf"|(?P<comma3>{_THOUSANDS},\d{{3}})"
    rf"|(?P<point>{_WHOLE}\.{_DECIMALS}|{_THOUSANDS}(?:,\d{{3}}){{2,5}}"
    rf"|{_THOUSANDS}(?:(?:,\d{{3}})+|(?:[{_BLANKS}]\d{{3}})+)\.{_DECIMALS})"
    rf"|(?P<comma>{_WHOLE},{_DECIMALS}|{_THOUSANDS}(?:\.\d{{3}}){{2,5}}"
    rf"|{_THOUSANDS}(?:(?:\.\d{{3}})+|(?:[{_BLANKS}]\d{{3}})+),{_DECIMALS})"
    rf"|(?P<grouped>{_THOUSANDS}(?:[{_BLANKS}]\d{{3}}){{1,5}})"
)
_CURRENCY = r"kr\.?|€|\$|£|dkk|sek|nok|eur|euro|usd|gbp|chf"
_AMOUNT = re.compile(
    rf"(?P<sign>[+\-−]?)\s?(?:(?P<before>{_CURRENCY})\s?)?(?P<sign2>[+\-−]?)"
    rf"(?P<number>\d[\d.,{_BLANKS}]*?)"
    rf"(?P<after>,-|,–)?\s?(?P<sign3>[-−]?)\s?(?P<unit>%|{_CURRENCY})?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:[01]?\d|2[0-4])\.[0-5]\d")
_NONE = frozenset(("-", "–", "—"))
_DATE = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})")
_BOOLEANS = {"true": True, "false": False}
_CACHED = 50_000


def column_converters(
    columns: Iterable[Sequence[str]], language: Callable[[], str], *, semicolons: bool
) -> list[Convert]:
    """What makes the cells of each column of a file into values.

    The columns tell something about each other, and they are read one at a time. ``language``
    gives that of the file, and is called only where it matters. ``semicolons`` is whether they
    separate the cells, as they do where the comma is the decimal sign.
    """
    described = [_described(cells) for cells in columns]
    signs = {"point", "comma"}.intersection(kind for column in described for kind in column.kinds)
    file = _File(signs, language, semicolons)
    return [column.convert or file.converter(column) for column in described]


@dataclass(frozen=True, slots=True)
class _Column:
    """How the numbers of a column are written, its dates, or what converts it in any case."""

    kinds: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    convert: Convert | None = None


def _described(cells: Sequence[str]) -> _Column:
    kinds = _kinds(cells)
    if kinds == {"integer"}:
        return _Column(convert=_integer)
    if kinds:
        return _Column(kinds)
    for convert in (_boolean, _iso_date, _iso_datetime):
        if _all(cells, convert):
            return _Column(convert=_typed(convert))
    if _all(cells, _DATE.fullmatch):
        return _Column(dates=frozenset(_filled(cells)))
    return _Column(convert=_text)


@dataclass(frozen=True, slots=True)
class _File:
    """What decides about unclear columns: ``signs`` are the decimal signs of the clear ones."""

    signs: set[str]
    language: Callable[[], str]
    semicolons: bool

    def converter(self, column: _Column) -> Convert:
        if column.dates:
            return self._dates(column.dates)
        decimal = self._decimal(column.kinds)
        if decimal is None:
            return _text
        if "amount" in column.kinds:
            return _typed(partial(_amount, decimal=decimal))
        group = "," if decimal == "." else "."
        return _typed(partial(_number, decimal=decimal, group=group))

    def _decimal(self, kinds: frozenset[str]) -> str | None:
        """The decimal sign of a column, ``None`` where it cannot be told."""
        if {"point", "comma"} <= kinds:
            return None
        if "comma" in kinds:
            return ","
        if "point" in kinds:
            # 8.30 and 1.5 are times and versions where the decimal sign is a comma.
            unclear = "point3" in kinds or not kinds & {"decimal", "amount"}
            return None if "comma" in self.signs or (unclear and self._writes_comma) else "."
        if {"point3", "comma3"} <= kinds:
            return None
        if "point3" in kinds:
            if self.signs == {"comma"}:
                return ","
            return "." if self.signs == {"point"} and self.language() == "en" else None
        if "comma3" in kinds:
            if self.signs == {"comma"}:
                return None if self.language() == "en" else ","
            return "." if self.signs == {"point"} or self.language() == "en" else None
        return "."  # no decimals at all

    @property
    def _writes_comma(self) -> bool:
        return conventions(self.language()).decimal == ","

    def _dates(self, dates: frozenset[str]) -> Convert:
        parts = [match.groups() for match in map(_DATE.fullmatch, dates) if match]
        day_first = any(int(first) > 12 for first, _, _, _ in parts)
        month_first = any(int(second) > 12 for _, _, second, _ in parts)
        if not day_first and not month_first:
            day_first = all(sign == "." for _, sign, _, _ in parts) or (
                (self.semicolons or "comma" in self.signs) and self._writes_comma
            )
        if day_first == month_first:
            return _text
        convert = _day_first if day_first else _month_first
        return _typed(convert) if _all(dates, convert) else _text


def is_value(text: str) -> bool:
    """Whether a text is a number, an amount or a date."""
    return _kind(text) is not None or bool(_DATE.fullmatch(text)) or _iso_date(text) is not None


def _filled(cells: Iterable[str]) -> Iterable[str]:
    return (cell for cell in cells if cell and cell not in _NONE)


def _all(cells: Iterable[str], test: Callable[[str], object]) -> bool:
    """Whether there are filled cells and the test gives something for all of them."""
    some = False
    for cell in _filled(cells):
        if test(cell) is None:
            return False
        some = True
    return some


def _kinds(cells: Iterable[str]) -> frozenset[str]:
    """How the numbers of a column are written, nothing where not all cells are numbers."""
    kinds: set[str] = set()
    units: set[str] = set()
    plain = False
    for cell in cells:
        match = _NUMBER.fullmatch(cell)
        if match is not None:
            kind = match.lastgroup or ""
            kinds.add(kind)
            plain = True
            if kind == "point" and "decimal" not in kinds and not _CLOCK.fullmatch(cell):
                kinds.add("decimal")
        elif cell and cell not in _NONE:
            amount = _kind(cell)
            if amount is None:
                return frozenset()
            kinds.add(amount[0])
            units.add(amount[1])
    if len(units - {""}) > 1 or ("%" in units and (plain or "" in units)):
        return frozenset()
    return frozenset(kinds | ({"amount"} if units else set()))


@lru_cache(_CACHED)
def _kind(cell: str) -> tuple[str, str] | None:
    """How an amount is written, and its unit."""
    match = _NUMBER.fullmatch(cell)
    if match is not None:
        return match.lastgroup or "", ""
    amount = _AMOUNT.fullmatch(cell)
    number = _NUMBER.fullmatch(amount["number"]) if amount is not None else None
    if amount is None or number is None:
        return None
    signs = [sign for sign in amount.group("sign", "sign2", "sign3") if sign]
    units = {unit.lower().rstrip(".") for unit in amount.group("before", "unit") if unit}
    if len(signs) > 1 or len(units) > 1:
        return None
    return number.lastgroup or "", next(iter(units), "")


def _number(cell: str, decimal: str, group: str) -> Scalar:
    plain = cell.replace(group, "") if group in cell else cell
    try:
        return float(plain.replace(",", ".")) if decimal in plain else int(plain)
    except ValueError:  # thousands that are set apart
        return _amount(cell, decimal)


@lru_cache(_CACHED)
def _amount(cell: str, decimal: str) -> Scalar:
    amount = _AMOUNT.fullmatch(cell)
    if amount is None:
        return None
    digits = "".join(sign for sign in amount["number"] if sign.isdigit() or sign == decimal)
    number = float(digits.replace(",", "."))
    if any(sign and sign != "+" for sign in amount.group("sign", "sign2", "sign3")):
        number = -number
    if amount["unit"] == "%":
        number = float(f"{number / 100:.15g}")
    return int(number) if decimal not in digits and amount["unit"] != "%" else number


def _typed(convert: Callable[[str], Scalar]) -> Convert:
    def typed(cell: str) -> Scalar | Cell:
        return Cell(convert(cell), cell) if cell else None

    return typed


def _text(cell: str) -> Scalar:
    return cell or None


def _integer(cell: str) -> Scalar | Cell:
    if not cell:
        return None
    return Cell(None, cell) if cell in _NONE else int(cell)


def _boolean(cell: str) -> Scalar:
    return _BOOLEANS.get(cell.lower())


def _iso_date(cell: str) -> Scalar:
    try:
        return date.fromisoformat(cell) if len(cell) == 10 else None
    except ValueError:
        return None


def _iso_datetime(cell: str) -> Scalar:
    try:
        return datetime.fromisoformat(cell) if len(cell) >= 10 else None
    except ValueError:
        return None


def _day_first(cell: str) -> Scalar:
    return _calendar(cell, day=1, month=3)


def _month_first(cell: str) -> Scalar:
    return _calendar(cell, day=3, month=1)


@lru_cache(_CACHED)
def _calendar(cell: str, day: int, month: int) -> Scalar:
    match = _DATE.fullmatch(cell)
    try:
        return date(int(match[4]), int(match[month]), int(match[day])) if match else None
    except ValueError:
        return None
