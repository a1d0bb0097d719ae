"""Fonts of symbols: the characters that a person sees for the codes in the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

# Word writes a code of such a font as a character of this private area.
_PRIVATE = range(0xF000, 0xF100)
_SUPERSCRIPTS = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")


def symbol(font: str, code: str) -> str:
    """The character of a ``w:sym``, whose code is hexadecimal."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    return in_font(chr(number), font) if 0 < number <= 0xFFFF else ""


def in_font(text: str, font: str) -> str:
    """A text as it looks in a font; unchanged unless it is a font of symbols."""
    table = _fonts().get(font.lower())
    if table is not None:
        return "".join(_shown(character, font.lower(), table) for character in text)
    if text.isascii():
        return text
    # Without the font, a private character is a mark of a list or an ornament.
    return "".join(character for character in text if ord(character) not in _PRIVATE)


def _shown(character: str, font: str, table: Mapping[int, str]) -> str:
    code = ord(character)
    if character.isspace() or (code >= 0x100 and code not in _PRIVATE):
        return character
    code &= 0xFF
    # Digits and punctuation of the font Symbol are ordinary ones.
    ordinary = chr(code) if font == "symbol" and code < 0x80 else ""
    return table.get(code, ordinary)


def raised(text: str) -> str:
    """Raised digits as characters of their own: ``10`` with a raised ``6`` is not 106."""
    return text.translate(_SUPERSCRIPTS)


@cache
def _fonts() -> Mapping[str, Mapping[int, str]]:
    table = resources.files("kilde.documents.word") / "symbols.toml"
    fonts = tomllib.loads(table.read_text(encoding="utf-8"))
    return {
        font: {int(code, 16): character for code, character in codes.items()}
        for font, codes in fonts.items()
    }
