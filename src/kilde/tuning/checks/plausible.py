"""Whether what looks like a number or a secret can be one: the second look at a match.

Years, prices, opening hours, weeks and product numbers look like telephone and national numbers.
What tells them apart without a doubt is asked for here; what is left open is not reported.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from kilde.tuning.checks import checksums

_DIGIT = re.compile(r"[0-9]")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@cache
def table() -> Mapping[str, Any]:
    """``personal.toml``; its first comment explains the columns."""
    text = resources.files(__package__).joinpath("personal.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def check(name: str, match: re.Match[str], context: bool) -> str:
    """The part of a match that is what it looks like; empty where it is not.

    ``context`` says whether words before the match name what it is.
    """
    return _CHECKS[name](match, context)


def _digits(text: str) -> str:
    return "".join(_DIGIT.findall(text))


def _cpr(match: re.Match[str], context: bool) -> str:
    text, digits = match.group(), _digits(match.group())
    if not checksums.cpr_date(digits):
        return ""
    # Since 2007 numbers without the check digit are given out; a hyphen or the word stands for it.
    sure = context or text[6] in "-–" or checksums.cpr_mod11(digits)
    return text if sure else ""


def _personnummer(match: re.Match[str], context: bool) -> str:
    text, digits = match.group(), _digits(match.group())
    # Days above 60 double what passes by chance, so bare ten digits must be an ordinary day.
    coordination = context or len(text) != 10
    return text if checksums.personnummer(digits, coordination=coordination) else ""


def _bsn(match: re.Match[str], _: bool) -> str:
    return match.group() if checksums.bsn(_digits(match.group())) else ""


def _iban(match: re.Match[str], _: bool) -> str:
    length = table()["iban"].get(match.group()[:2], 0)
    taken = 0
    for place, character in enumerate(match.group(), 1):
        taken += character != " "
        if length and taken == length:
            # What follows the account, such as a BIC, is none of it.
            text = match.group()[:place]
            return text if checksums.iban(text.replace(" ", "")) else ""
    return ""


def _card(match: re.Match[str], _: bool) -> str:
    digits = _digits(match.group())
    two, four = int(digits[:2]), int(digits[:4])
    # Visa; Mastercard; American Express; Dankort; Maestro and Discover.
    known = digits[0] == "4" or 51 <= two <= 55 or 2221 <= four <= 2720 or two in (34, 37)
    known = known or four in (5019, 6011, 6759) or two == 65
    return match.group() if known and checksums.luhn(digits) else ""


def _email(match: re.Match[str], _: bool) -> str:
    mailbox, domain = match.group().lower().rsplit("@", 1)
    rows = table()["email"]
    made_up = any(domain == name or domain.endswith(f".{name}") for name in rows["domains"].split())
    return "" if made_up or mailbox in rows["roles"].split() else match.group()


def _international(match: re.Match[str], _: bool) -> str:
    text = match.group()
    groups = re.findall(r"[0-9]+", text)
    # E.164: at most 15 digits. "+12.000.000" is a sum.
    thousands = all(len(group) == 3 for group in groups[1:]) and "." in text
    return text if 9 <= len(_digits(text)) <= 15 and not thousands else ""


def _pairs(match: re.Match[str], _: bool) -> str:
    pairs = [int(pair) for pair in match.group().split()]
    steps = {other - one for one, other in pairwise(pairs)}
    # "32 33 35 36" and "20 30 40 50" are weeks, minutes or ages.
    listed = len(steps) == 1 or (min(steps) > 0 and pairs[-1] <= 60)
    return "" if listed else match.group()


def _area(match: re.Match[str], _: bool) -> str:
    return match.group() if 9 <= len(_digits(match.group())) <= 11 else ""


def _domestic(match: re.Match[str], _: bool) -> str:
    text, digits = match.group(), _digits(match.group())
    if len(digits) == 8 and not digits.startswith("0"):
        month, day = int(digits[4:6]), int(digits[6:])
        dated = _YEAR.match(digits) and 1 <= month <= 12 and 1 <= day <= 31
        years = _YEAR.match(digits) and _YEAR.match(digits, 4)
        return "" if dated or years else text
    return text if 9 <= len(digits) <= 15 else ""


def _password(match: re.Match[str], _: bool) -> str:
    value = match.group("value")
    held = value.strip("\"'.,;)")
    placeholder = held.lower() in table()["password"]["placeholders"].split()
    # A variable, a call, or stars in the place of a password.
    code = held[:1] in "$%{<[(*" or "(" in held or len(set(held)) < 3 or "${" in held
    return "" if placeholder or code or not held else match.group()


def _mixed(match: re.Match[str], context: bool) -> str:
    value = match.group("value").strip("\"'.,;:)")
    letters = any(map(str.isalpha, value))
    others = any(not character.isalpha() and character not in "-./_" for character in value)
    # "Password: at least 8-16 characters", "Token: see page/12a".
    return _password(match, context) if letters and others and len(value) >= 6 else ""


def _opaque(match: re.Match[str], _: bool) -> str:
    token = match.group()
    return token if _DIGIT.search(token) and any(map(str.isupper, token[7:])) else ""


def _any(match: re.Match[str], _: bool) -> str:
    return match.group()


_CHECKS: Mapping[str, Callable[[re.Match[str], bool], str]] = {
    "": _any,
    "cpr": _cpr,
    "personnummer": _personnummer,
    "bsn": _bsn,
    "iban": _iban,
    "card": _card,
    "email": _email,
    "international": _international,
    "pairs": _pairs,
    "area": _area,
    "domestic": _domestic,
    "password": _password,
    "mixed": _mixed,
    "opaque": _opaque,
}
