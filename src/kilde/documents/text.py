"""Bytes to text: the one place that decides about encodings.

Offsets of passages and citations count characters of the cleaned text
(:func:`kilde.language.clean.clean`), so documents are cleaned before anything is measured.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

from kilde.errors import LoadError

# What the languages that we serve write beyond ASCII, with the signs of office documents.
_EXPECTED = frozenset(
    "æøåäöéèêëüïóòôáàâíìîúùûçñßœÆØÅÄÖÉÈÊËÜÏÓÒÔÁÀÂÍÌÎÚÙÛÇÑŒ" + "–—‘’‚“”„«»…•·°§€£½¼¾²³µ×±©®™´ \u00ad"
)
_LETTERS = frozenset("æøåäöüßéÆØÅÄÖÜ")
_PLAUSIBLE = 0.9
_FOREIGN = re.compile(r"[^\x00-\x7f]")
# A capital within a word ("pÜ" for "på"), and quotation marks where none can be ("l‘ge").
_ODD = re.compile(r"(?<=[a-zæøåäöüß])[À-ÖØ-Þ](?![A-Z])|(?<=\w)[„‚“‘](?=\w)|(?<=\w)[”](?=\w)")
# Bytes that are no UTF-8, and how many more bytes of it a file needs to be taken for it.
_STRAY = re.compile("[\udc80-\udcff]")
_MOSTLY = 20
_ASCII = bytes(range(128))
# So many characters beyond ASCII tell an encoding.
_ENOUGH = 2_000
# The one whose characters are most expected is taken, if nearly all of them are. A detector needs
# more text than a short note has: it reads "Rødgrød" in cp1252 as Polish.
_WESTERN = ("cp1252", "iso8859_15", "mac_roman", "cp850")
_OTHER = ["cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859_2", "utf_16"]
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\x1b")
_MOST_CONTROLS = 0.01
READING = 4
"""Raised when the same file would come out as another text, so that every file is read again."""


def decode(data: bytes, name: str, declared: str = "") -> str:
    """The text of a file in whatever encoding it has: mark, UTF-8, ``declared``, then detection.

    Raises :class:`LoadError` for binary data and for text in an encoding that cannot be told.
    """
    text = _decode(data, declared)
    if _is_binary(text or data.decode("latin-1")):
        raise LoadError(
            name,
            "it is a binary file, although its name says text",
            hint="Give it the suffix of its real format, or leave it out.",
        )
    if text is None:
        raise LoadError(
            name,
            "its encoding cannot be told",
            hint="Save it as UTF-8 in a text editor and add it again.",
        )
    return text


def _is_binary(text: str) -> bool:
    return sum(map(text.count, _CONTROLS)) > _MOST_CONTROLS * len(text)


def _decode(data: bytes, declared: str) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _try(data, encoding)
    half = max(1, len(data) // 2)
    for encoding, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if zeros.count(0) > 0.4 * half:  # mostly Latin text in two bytes a character
            return _try(data, encoding)
    for encoding in ("utf-8", declared):
        text = _try(data, encoding) if encoding else None
        if text is not None:
            return text
    text = _mostly_utf8(data)
    if text is not None:
        return text
    texts = [text for encoding in _WESTERN if (text := _try(data, encoding)) is not None]
    plausible = [(share, text) for text in texts if (share := _plausible(text)) >= _PLAUSIBLE]
    # Between equals the first, which is the most frequent encoding.
    return max(plausible, key=lambda pair: pair[0])[1] if plausible else _detect(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _mostly_utf8(data: bytes) -> str | None:
    """UTF-8 in which a few bytes come from elsewhere: two files that were put together."""
    text = data.decode("utf-8", "surrogateescape")
    stray = len(text) - len(data.decode("utf-8", "ignore"))
    others = len(data.translate(None, delete=_ASCII)) - stray
    if others < _MOSTLY * stray:
        return None
    for character in set(_STRAY.findall(text)):
        byte = bytes([ord(character) - 0xDC00])
        text = text.replace(character, byte.decode("cp1252", "replace"))
    return text


def _plausible(text: str) -> float:
    """The share (0..1) of the characters beyond ASCII that are expected where they stand.

    Letters that few languages have count a little less, so that of two encodings the one with the
    letters of a language is taken.
    """
    foreign = list(islice(_FOREIGN.finditer(text), _ENOUGH))
    if not foreign:
        return 1.0
    odd = sum(1 for _ in _ODD.finditer(text, 0, foreign[-1].end() + 1))
    fit = sum(
        1.0 if match[0] in _LETTERS else 0.97 if match[0] in _EXPECTED else 0.0 for match in foreign
    )
    return (fit - odd) / len(foreign)


def _detect(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=[*_WESTERN, *_OTHER]).best()
    return None if best is None else str(best)
