"""Text as it enters Kilde: one normal form, without the characters that no text consists of.

Documents, questions, conversations and corrections all pass through :func:`clean` where they
enter, so that nothing behind it meets half a surrogate pair or a zero byte, and equal words are
equal strings. Cleaning twice changes nothing.
"""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, surrogates, non-characters; the byte order mark and the soft hyphen, which
# stand in the middle of words and would hide them from search.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """NFC, line ends as ``\\n``, no control characters, no lone surrogates.

    >>> clean("a\\r\\nb\\x00c\\ud83d")
    'a\\nbc'
    """
    return unicodedata.normalize("NFC", _UNWANTED.sub("", _LINE_END.sub("\n", text)))
