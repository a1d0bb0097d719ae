"""Text as it enters Kilde: one normal form, without characters that no text or reader has.

Documents that are read, questions, conversations and corrections all pass through :func:`clean`
where they enter, so that nothing behind it meets half a surrogate pair or a zero byte, and equal
words are equal strings. Cleaning twice changes nothing. Documents made in memory are stored as they
are given, for their maker counts characters in them.
"""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What a terminal is told, such as the colours in a log: nothing of it is text.
_ESCAPE = re.compile("\x1b(?:\\[[0-9;:?<=>]*[ -/]*[@-~]|\\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\\\))")

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


def clean(text: str) -> str:
    """NFC, line ends as ``\\n``, no control characters and none that are invisible.

    Joiners stay where they shape letters (Persian, Hindi) or emoji.

    >>> clean("a\\r\\nb\\x00c\\u202e\\u200b")
    'a\\nbc'
    """
    text = _LINE_END.sub("\n", _ESCAPE.sub("", text))
    # What is taken out may have kept a mark from its letter, or a joiner beside one.
    while (cleaned := unicodedata.normalize("NFC", _UNSEEN.sub(_shaping, text))) != text:
        text = cleaned
    return cleaned


def _shaping(match: re.Match[str]) -> str:
    return match[0] if _SHAPING.match(match.string, match.start()) else ""
