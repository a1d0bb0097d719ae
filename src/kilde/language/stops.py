"""Whether a stop ends a sentence: what abbreviations, initials, ordinals and numbers say."""

from __future__ import annotations

import re
from functools import cache

from kilde.language.table import languages

_LAST_WORD = re.compile(r"[^\s(\[\"'”’»«„“]+$")
# "CVR-nr.", "kontonr.", "tlf.nr."; and a word without vowels, such as "ankn.", is no word.
_NUMBER_OF = re.compile(r".+nrs?")
_NO_VOWEL = re.compile(r"[b-df-hj-np-tv-xzß]{2,}")
# "ärztl.", "schriftl.", "zusätzl.": adjectives cut off before "-ich".
_CUT_ADJECTIVE = re.compile(r"\w{2,}(?:[tfgz]|ch)l")
# "Lindenstr.", "Kerkwg.", which stand before a house number.
_STREET = re.compile(r"\w{3,}(?:str|wg)")
_HOUSE_NUMBER = re.compile(r"\d{1,4}\s?[A-Za-z]?,\s")
_CAPITAL = "[A-ZÆØÅÄÖÜ]"
# "P.J. Bos", "A.-K. Lind", "Klaus-P. Meier".
_INITIALS = re.compile(rf"(?:{_CAPITAL}\.-?)+{_CAPITAL}|{_CAPITAL}\w+-{_CAPITAL}")
_GENITIVE = re.compile(r"\w['’]s$")
_POSTAL_TOWN = re.compile(rf"\d{{4,5}} {_CAPITAL}\w+$")
_STREET_NUMBER = re.compile(rf"{_CAPITAL}\w+ \d+$")
# Names that begin a sentence with a small letter: "iPad", "e-Boks", "borger.dk", "'s Avonds".
_SMALL_NAME = re.compile(
    rf"[a-z]{{1,2}}-?{_CAPITAL}|e-\w|['’][a-z] {_CAPITAL}"
    r"|[a-z\d-]{3,}(?:\.[a-z\d-]+)*\.(?:com|org|net|eu|dk|se|no|nl|be|de|at|ch|ie|uk)(?=[\s/,])"
)
# "jur.kand.": an abbreviation and what belongs to it.
_DOTTED = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)+")
# "a)" begins an item although it is a lower-case letter.
_ITEM_LETTER = re.compile(r"\(?[a-zæøå]\)\s")
_WORD = re.compile(r"[^\W\d_]+")
_OPENING = "\"'“”„»«‘’*_"
_YEAR_AFTER_MONTH = re.compile(r"(?:\d\d|(?:19|20)\d\d)(?!\w)")
_ORDINAL = re.compile(r"\d\.$")
_ORDINAL_AND = re.compile(r"\d\.\s(?:u|o|od|bzw)\.$")
_DAY = re.compile(r"\s*\d{1,2}\.\s([^\W\d_]+)")
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
        self._seldom_closing = row.seldom_closing if row else none
        self._stop_words = row.stop_words if row else none
        self._clauses = row.clauses if row else none
        self._letters = row.letters | self._clauses if row else none
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
            return stop.group()[0] != "…" and self._begins_with_name(text, stop.start(), after)
        if stop.group().startswith("....") and text[following].isdigit():
            return False  # the leader of a table of contents
        if stop.group()[0] != "." or stop.group()[1:2] in ("?", "!", "."):
            return True
        match = _LAST_WORD.search(before)
        if match is None or _GENITIVE.search(before):
            return True
        token = match.group().lower()
        earlier = before[: match.start()].rstrip()
        following_word = _WORD.match(text, following)
        word = following_word.group() if following_word else ""
        if token.isdigit():
            return self._ends_after_number(token, earlier, text, after, word)
        if len(token) == 1 and token.isalpha():
            if match.group().islower() and _is_initial(text, following):
                return False  # "3,5 v. H.", "am 30. d. M."
            return self._ends_after_letter(match.group(), earlier, text[following], word)
        return self._ends_after_word(match.group(), earlier, text, following, word)

    def _ends_after_word(
        self, last: str, earlier: str, text: str, following: int, word: str
    ) -> bool:
        token = last.lower()
        capital = text[following].isupper()
        if last == "St" and capital:
            return False  # a saint, where "st." may be a floor or pieces
        initials = _INITIALS.fullmatch(last) is not None
        if self._is_closing(token):
            if not capital or (initials and earlier.endswith(".")):
                return False  # "mr. P.J. Bos", where "p.j." may be "per jaar"
            refers = len(word) == 1 and word.lower() not in self._stop_words  # "App. B"
            return not refers or _is_initial(text, following)
        if initials:
            return self._ends_after_letter(last[-1], earlier, text[following], word)
        if self._is_abbreviation(last):
            return capital and (
                _is_acronym(last, earlier, word)
                or (token in self._seldom_closing and word.lower() in self._stop_words)
                or (token in self._clauses and _ORDINAL.search(earlier) is not None)
            )
        if last[0].isupper() and earlier and _HOUSE_NUMBER.match(text, following):
            return False
        if last.isalpha() and len(self._plain) < _REMEMBERED:
            self._plain.add(last)
        return True

    def begins_with_date(self, text: str) -> bool:
        """Whether the text begins with a day and the name of its month."""
        match = _DAY.match(text)
        return match is not None and match[1].lower() in self._months

    def is_complete(self, text: str, stop: int) -> bool:
        """Whether the word before the stop is no abbreviation and no number, whatever follows."""
        match = _LAST_WORD.search(text[max(0, stop - _REACH) : stop])
        return match is None or not (
            len(match.group()) == 1
            or match.group().isdigit()
            or self._is_abbreviation(match.group())
        )

    def _begins_with_name(self, text: str, stop: int, after: int) -> bool:
        """Whether a name with a small first letter follows a word that is no abbreviation."""
        name = _SMALL_NAME.match(text, after)
        if name is None or self._is_abbreviation(name.group()):
            return False
        last = _LAST_WORD.search(text[max(0, stop - _REACH) : stop])
        return self.is_complete(text, stop) and not (
            last and self._is_closing(last.group().lower())
        )

    def _is_closing(self, token: str) -> bool:
        return (
            token in self._closing
            or _last_part(token) in self._closing
            or _STREET.fullmatch(token) is not None
        )

    def _is_abbreviation(self, word: str) -> bool:
        token = word.lower()
        last = _last_part(token)
        return (
            token in self._abbreviations
            or (len(last) > 1 and last in self._abbreviations)
            or (_DOTTED.fullmatch(token) is not None and token.split(".")[0] in self._abbreviations)
            or _NUMBER_OF.fullmatch(token) is not None
            or _CUT_ADJECTIVE.fullmatch(token) is not None
            or (_NO_VOWEL.fullmatch(last) is not None and not _is_unit(word))
        )

    def _ends_after_number(
        self, token: str, earlier: str, text: str, after: int, word: str
    ) -> bool:
        if len(token) > 3:
            return True
        if word.lower() in self._months or text[after] in _DASH:
            return False
        if _ORDINAL.search(earlier) and _YEAR_AFTER_MONTH.match(text, after):
            return False
        if _NUMBER_WITH_STOP.match(text, after) and not earlier.endswith((".", ":")):
            return len(token) > 2
        if not word or not self._capital_nouns or len(token) > 2:
            return True
        if _ORDINAL_AND.search(earlier):
            return False
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
        if letter.islower() and (f"{name}{letter}" in self._closing or _is_number(name)):
            return following.isupper()
        if f"{name}{letter}" in self._seldom_closing:
            return following.isupper() and word.lower() in self._stop_words
        if _STREET_NUMBER.search(earlier) or _POSTAL_TOWN.search(earlier):
            return following.isupper()
        return (
            letter.isupper()
            and word.lower() in self._stop_words
            and len(word) > 1
            and bool(name and not name.endswith("."))
        )


def _is_acronym(word: str, earlier: str, following: str) -> bool:
    """Whether a word within a sentence is in capitals and its neighbour is not."""
    return (
        len(word) > 1
        and word.isalpha()
        and word.isupper()
        and not following.isupper()
        and bool(earlier)
        and earlier[-1] not in ".!?…"
    )


def _is_initial(text: str, place: int) -> bool:
    return text[place].isalpha() and text[place + 1 : place + 2] == "."


def _is_unit(word: str) -> bool:
    """Whether the last part of a word has capitals that no sentence asks for: "kWh", "BW"."""
    last = re.split(r"[-/]", word)[-1]
    return not last.islower() and not last.istitle()


def _is_number(token: str) -> bool:
    return token[:1].isdigit() and re.fullmatch(r"[\d.,:]+", token) is not None


def _last_part(token: str) -> str:
    return re.split(r"[-/]", token)[-1]


@cache
def stops_of(language: str) -> Stops:
    """The rules of a language, made once per process."""
    return Stops(language)
