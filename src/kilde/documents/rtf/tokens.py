"""RTF cut into its tokens: groups, control words, control symbols and text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"(?P<open>\{)|(?P<close>\})|\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    rb"|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z])|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
CODECS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5"},
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256"},
    **{186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"},
}
"""The encoding of each character set that a font may state."""


class Token(NamedTuple):
    """One token: ``kind`` is ``open``, ``close``, ``word``, ``byte``, ``symbol`` or ``text``."""

    kind: str
    value: bytes
    number: int | None = None


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens of a file; binary data is left out."""
    place = 0
    while match := _TOKEN.search(data, place):
        place = match.end()
        kind = match.lastgroup or ""
        if kind == "number":
            kind = "word"
        number = match["number"]
        token = Token(kind, match[kind], int(number) if number else None)
        if token.value == b"bin" and kind == "word":
            place += max(0, token.number or 0)
        yield token
