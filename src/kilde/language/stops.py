"""Whether a stop ends a sentence: what abbreviations, initials, ordinals and numbers say."""

from __future__ import annotations

import re
from functools import cache

from kilde.language.table import languages

_LAST_WORD = re.compile(r"[^\s(\[\"'”’»«„“]+$")
# "CVR-nr.", "kontonr.", "tlf.nr."; and a word without vowels, such as "ankn.", is no word.
_NUMBER_OF = re.compile(r".+nrs?")
_NO_VOWEL = re.compile(r"[b-df-hj-np-tv-xzß]{2,}")
# "jur.kand.": an abbreviation and what belongs to it.
_DOTTED = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)+")
# "a)" begins an item although it is a lower-case letter.
_ITEM_LETTER = re.compile(r"\(?[a-zæøå]\)\s")
_WORD = re.compile(r"[^\W\d_]+")
_OPENING = "\"'“”„»«‘’*_"
_NUMBER_WITH_STOP = re.compile(r"\d{1,3}\.(?:[\s,)–-]|$)")
_DASH = "-–—"
# How far before a stop its word, and the word before that, are looked for.
_REACH = 40
# Words known to be no abbreviations, which most are.
_REMEMBERED = 50_000


class Stops:
    """The rules of one language; one that is not in the table has only those that need no words."""

    def __init__(self, language: str) -> None:
        row = languages().get(language)
        none: frozenset[str] = frozenset()
        self._abbreviations = row.abbreviations if row else none
        self._closing = row.closing if row else none
        self._stop_words = row.stop_words if row else none
        self._letters = row.letters | row.clauses if row else none
        self._months = row.months if row else none
        self._plain: set[str] = set()
        self._capital_nouns = row is not None and row.capital_nouns

    def ends(self, text: str, stop: re.Match[str], after: int) -> bool:
        """Whether the stop ends a sentence; ``text[after]`` is the character that follows."""
        before = text[max(0, stop.start() - _REACH) : stop.start()]
        if text[after].isupper() and before[before.rfind(" ") + 1 :] in self._plain:
            return True
        following = after
        while following < len(text) - 1 and text[following] in _OPENING:
            following += 1
        if _ITEM_LETTER.match(text, after):
            return self.is_complete(text, stop.start())
        if text[following].islower() and not (text[after] != text[following] and stop.group()[1:]):
            return False
        if stop.group().startswith("....") and text[following].isdigit():
            return False  # the leader of a table of contents
        if stop.group()[0] != "." or stop.group().startswith(".."):
            return True
        match = _LAST_WORD.search(before)
        if match is None:
            return True
        token = match.group().lower()
        earlier = before[: match.start()].rstrip()
        following_word = _WORD.match(text, following)
        word = following_word.group() if following_word else ""
        if token.isdigit():
            return self._ends_after_number(token, earlier, text, after, word)
        if len(token) == 1 and token.isalpha():
            return self._ends_after_letter(match.group(), earlier, text[following], word)
        if token in self._closing or _last_part(token) in self._closing:
            return text[following].isupper()
        if self._is_abbreviation(match.group()):
            return False
        if match.group().isalpha() and len(self._plain) < _REMEMBERED:
            self._plain.add(match.group())
        return True

    def is_complete(self, text: str, stop: int) -> bool:
        """Whether the word before the stop is no abbreviation and no number, whatever follows."""
        match = _LAST_WORD.search(text[max(0, stop - _REACH) : stop])
        return match is None or not (
            len(match.group()) == 1
            or match.group().isdigit()
            or self._is_abbreviation(match.group())
        )

    def _is_abbreviation(self, word: str) -> bool:
        token = word.lower()
        return (
            token in self._abbreviations
            or (len(last := _last_part(token)) > 1 and last in self._abbreviations)
            or (_DOTTED.fullmatch(token) is not None and token.split(".")[0] in self._abbreviations)
            or _NUMBER_OF.fullmatch(token) is not None
            or (not word.isupper() and _NO_VOWEL.fullmatch(token) is not None)
        )

    def _ends_after_number(
        self, token: str, earlier: str, text: str, after: int, word: str
    ) -> bool:
        if len(token) > 3:
            return True
        if word.lower() in self._months or text[after] in _DASH:
            return False
        if _NUMBER_WITH_STOP.match(text, after) and not earlier.endswith((".", ":")):
            return len(token) > 2
        if not word or not self._capital_nouns or len(token) > 2:
            return True
        if word.lower() in self._stop_words or earlier.endswith((".", ":", "§")):
            return True
        last = _LAST_WORD.search(earlier)
        return last is not None and last.group().lower() in self._letters

    def _ends_after_letter(self, letter: str, earlier: str, following: str, word: str) -> bool:
        """A single letter is an initial or part of an abbreviation, or it names a hall."""
        last = _LAST_WORD.search(earlier)
        name = last.group().lower() if last else ""
        if name in self._letters:
            return True
        if letter.islower() and (f"{name}{letter}" in self._closing or name.isdigit()):
            return following.isupper()
        return (
            letter.isupper()
            and word.lower() in self._stop_words
            and len(word) > 1
            and bool(name and not name.endswith("."))
        )


def _last_part(token: str) -> str:
    return re.split(r"[-/]", token)[-1]


@cache
def stops_of(language: str) -> Stops:
    """The rules of a language, made once per process."""
    return Stops(language)
