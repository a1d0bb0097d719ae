"""Bytes to clean text: the one place that decides about encodings, line ends and odd characters.

Offsets of passages and citations count characters of the cleaned text. So cleaning happens once,
before anything is measured, and cleaning twice changes nothing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

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
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
READING = 2
"""Raised when the same file would come out as another text, so that every file is read again."""

# Control characters, surrogates, non-characters, and what Unicode calls default ignorable: a
# reader does not see it, but a search and a model do. It hides words from search (soft hyphen, zero
# width space, byte order mark), shows text in another order than it is quoted in (bidirectional
# controls), and can carry whole instructions (tags, variation selectors).
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Of these, what shapes the signs around it stays: a joiner after a letter of a script that is
# written joined or in clusters (Arabic to Mongolian, the later Indic blocks), and within emoji the
# joiner and the two selectors of text and colour.
_SCRIPTS = (
    "\u0600-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\u1900-\u1cff"
    "\ua840-\uabff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
)
_EMOJI = "\u00a9\u00ae\u203c-\u205f\u2100-\u3163\u3165-\u3299\U0001f000-\U0001faff"
_SHAPING = re.compile(
    f"(?<=[{_SCRIPTS}])[\u200c\u200d]"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_EMOJI}])[\ufe0e\ufe0f]"
    "|(?<=[0-9#*])\ufe0f(?=\u20e3)"
)


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


def clean(text: str) -> str:
    """NFC, line ends as ``\\n``, no control characters and none that are invisible.

    Joiners stay where they shape letters (Persian, Hindi) or emoji.

    >>> clean("a\\r\\nb\\x00c\\u202e\\u200b")
    'a\\nbc'
    """
    text = _LINE_END.sub("\n", text)
    # What is taken out may have kept a mark from its letter, or a joiner beside one.
    while (cleaned := unicodedata.normalize("NFC", _UNSEEN.sub(_shaping, text))) != text:
        text = cleaned
    return cleaned


def _shaping(match: re.Match[str]) -> str:
    return match[0] if _SHAPING.match(match.string, match.start()) else ""


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
