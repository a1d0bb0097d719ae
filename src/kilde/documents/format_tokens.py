"""The marks of a number format: a code taken apart into its sections and their tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 1_000
"""Number of characters of a format code that are read; programs allow about 250."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<general>General|Standard)|(?P<half>AM/PM|A/P)"
    r"|(?P<exponent>[eE][+-])|(?P<date>[yY]+|[mM]+|[dD]+)|(?P<clock>[hH]+|[sS]+)"
    r"|(?P<digit>[0#?])|(?P<mark>[.,%/@;])|(?P<currency>[€$£¥])|(?P<literal>.)",
    re.DOTALL | re.IGNORECASE,
)
_CURRENCY = re.compile(r"\$([^-]*)(?:-(.*))?", re.DOTALL)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_MARKS = {".": "point", ",": "comma", "%": "percent", "/": "slash", "@": "text"}


class Token(NamedTuple):
    """A mark of a format.

    ``kind`` is ``literal``, ``currency`` (a bare sign), ``locale``, ``bracket`` (a condition or a
    colour), ``digit``, ``point``, ``comma``, ``percent``, ``slash``, ``exponent``, ``text``,
    ``general``, ``date`` (a part of a day), ``clock`` (a part of a time), ``elapsed`` or ``half``.
    """

    kind: str
    text: str


def sections_of(code: str) -> list[list[Token]]:
    """The sections of a format code, at least one."""
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code[:MAX_LENGTH]):
        kind, text = match.lastgroup or "literal", match[match.lastgroup or 0]
        if kind == "mark" and text == ";":
            sections.append([])
            continue
        tokens = sections[-1]
        if kind == "mark":
            tokens.append(Token(_MARKS[text], text))
        elif kind in ("quoted", "escaped"):
            tokens.append(Token("literal", text))
        elif kind in ("pad", "fill"):
            # The width of a sign, or a sign repeated to the width of the cell: a blank on paper.
            tokens.append(Token("literal", " "))
        elif kind == "bracket":
            tokens += _bracket(text)
        else:
            tokens.append(Token(kind, text))
    return [_minutes(tokens) for tokens in sections]


def _bracket(text: str) -> list[Token]:
    if _ELAPSED.fullmatch(text):
        return [Token("elapsed", text.lower())]
    currency = _CURRENCY.fullmatch(text)
    if currency is None:
        return [Token("bracket", text)]
    symbol, locale = currency[1], (currency[2] or "").split(",")[0]
    tokens = [Token("locale", locale)] if locale else []
    return [*tokens, *([Token("literal", symbol)] if symbol else [])]


def _minutes(tokens: list[Token]) -> list[Token]:
    """The tokens with ``m`` as minutes where it stands after hours or before seconds."""
    places = [n for n, t in enumerate(tokens) if t.kind in ("date", "clock", "elapsed")]
    for order, place in enumerate(places):
        kind, text = tokens[place]
        if kind != "date" or text.lower() not in ("m", "mm"):
            continue
        before = tokens[places[order - 1]].text[0].lower() if order else ""
        after = tokens[places[order + 1]].text[0].lower() if order + 1 < len(places) else ""
        if before == "h" or after == "s":
            tokens[place] = Token("clock", text)
    return tokens
