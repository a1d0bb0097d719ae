"""Bytes to text: the one place that decides about encodings.

Offsets of passages and citations count characters of the cleaned text
(:func:`kilde.language.clean.clean`), so documents are cleaned before anything is measured.
"""

from __future__ import annotations

import codecs

from kilde.errors import LoadError

# What the languages that we serve write beyond ASCII, with the signs of office documents.
_EXPECTED = frozenset(
    "æøåäöéèêëüïóòôáàâíìîúùûçñßœÆØÅÄÖÉÈÊËÜÏÓÒÔÁÀÂÍÌÎÚÙÛÇÑŒ" + "–—‘’‚“”„«»…•·°§€£½¼¾²³µ×±©®™´ \u00ad"
)
# Tried in this order; the first in which nearly all characters are expected is taken. A detector
# needs more text than a short note has: it reads "Rødgrød" in cp1252 as Polish.
_WESTERN = ("cp1252", "mac_roman", "cp850")
_OTHER = ["cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859_2", "iso8859_15", "utf_16"]
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\x1b")
_MOST_CONTROLS = 0.01
READING = 3
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
    for encoding in _WESTERN:
        text = _try(data, encoding)
        if text is not None and _plausible(text):
            return text
    return _detect(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _plausible(text: str) -> bool:
    foreign = [character for character in text if character > "\x7f"]
    return sum(character in _EXPECTED for character in foreign) >= 0.95 * len(foreign)


def _detect(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=[*_WESTERN, *_OTHER]).best()
    return None if best is None else str(best)
