"""The parts of a claim that must agree exactly: numbers, units, dates, names, opposites, negation.

Two sentences may share nine words of ten and differ in the one that matters. So overlap alone never
supports a claim: whatever of these a claim holds must stand in its source too, and what one denies
the other must deny. The words are data, in ``facts.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from kilde.grounding.numbers import Number, numbers_of
from kilde.grounding.tables import names_of, sides, words_of
from kilde.language.analysis import Token, analyzer
from kilde.language.table import languages

_WORD = re.compile(r"[^\W\d_]+(?:['’]t\b)?")
_CLAUSE = re.compile(r"[,;:–—()\n]| (?:men|but|maar|aber) ", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*|[\"'“”»«(\-*•]\s*)$")
_CODE = re.compile(r"[^\W\d_]+-?\d[\w-]*|\d+[^\W\d_]{1,2}\b")
_FULL_NAME = re.compile(r"[^\W\d_]+[ ](?=[^\W\d_]+)(?-i:[A-ZÆØÅÄÖÉ])[a-zæøåäöé]{2}")
# Where a list goes on, or a second statement begins.
CUT = re.compile(
    r"[,;](?=\s)|\n|(?<=[^\W\d])/(?=[^\W\d])|\s(?:og|och|and|en|und|eller|or|of|oder|samt|mens|while|whereas|men|but|maar|aber"
    r"|terwijl|medan)(?=\s)",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b[ap]\.\s?m\b", re.IGNORECASE)
# "MRI" is a name wherever it stands; longer words in capitals may be shouted.
_SHORT = 5
_GENITIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True)
class Facts:
    """What of a text must agree exactly, as read in a language."""

    text: str
    language: str
    # Whose negations count beside the language's own.
    also: str = ""
    tokens: list[Token] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        tokens = analyzer(self.language).tokens(self.text)
        clock = [match.span() for match in _CLOCK.finditer(self.text)]
        kept = [t for t in tokens if not any(start <= t.start < end for start, end in clock)]
        object.__setattr__(self, "tokens", kept)

    @cached_property
    def soft(self) -> tuple[Token, ...]:
        """The content words that are no number, unit, date or filler."""
        tables = (names_of("units"), names_of("dates"), names_of("months"), words_of("filler"))
        return tuple(
            token
            for token in self.tokens
            if not token.is_number and not any(token.word in table for table in tables)
        )

    @cached_property
    def terms(self) -> frozenset[str]:
        """All search terms."""
        return frozenset(term for token in self.tokens for term in token.terms)

    @cached_property
    def quantities(self) -> tuple[Number, ...]:
        """The numbers in order, with unit and bound."""
        return tuple(numbers_of(self.text, self.language))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers in canonical spelling."""
        return frozenset(number.digits for number in self.quantities)

    @cached_property
    def measures(self) -> frozenset[tuple[str, str]]:
        """Numbers with their unit or month."""
        return frozenset((number.digits, number.unit) for number in self.quantities if number.unit)

    @cached_property
    def bounds(self) -> frozenset[tuple[str, str]]:
        """Numbers with the bound before them, such as "at most"; ``""`` for none."""
        return frozenset((number.digits, number.bound) for number in self.quantities)

    @cached_property
    def counted(self) -> frozenset[tuple[str, str]]:
        """Numbers with the stem of the content word right after them: "three tablets"."""
        ends = {number.end: number for number in self.quantities}
        found = set()
        for token in self.tokens:
            gap = len(self.text[: token.start].rstrip())
            number = ends.get(gap)
            if (
                number
                and gap < token.start
                and not number.unit
                and token.word not in names_of("dates")
            ):
                found.add((number.digits, token.terms[0]))
        return frozenset(found)

    @cached_property
    def single(self) -> frozenset[str]:
        """Stems of the words that follow "one" or an article."""
        articles, found = words_of("articles"), set()
        for token in self.tokens:
            before = _WORD.findall(self.text[max(0, token.start - 8) : token.start].lower())
            if before and before[-1] in articles:
                found.add(token.terms[0])
        return frozenset(found)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words in lower case."""
        return tuple(match.group().lower() for match in _WORD.finditer(self.text))

    @cached_property
    def plain(self) -> frozenset[str]:
        """All words and codes in lower case and without genitive, as names are compared."""
        codes = (match.group() for match in _CODE.finditer(self.text))
        return frozenset(bare(word) for word in (*self.words, *codes))

    @cached_property
    def dates(self) -> frozenset[str]:
        """Weekdays and months by name."""
        days, months = names_of("dates"), names_of("months")
        found = {days[word] for word in self.words if word in days}
        found |= {months[word] for word in self.words if word in months and word != "may"}
        return frozenset(found | {unit for _, unit in self.measures if unit in months})

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Capitalised words inside sentences, short ones, and codes: ``(plain, stem)``."""
        found = [
            (bare(token.word), token.terms[0]) for token in self.tokens if self._is_name(token)
        ]
        return (*found, *((bare(m.group()), "") for m in _CODE.finditer(self.text)))

    @cached_property
    def needed(self) -> frozenset[str]:
        """The kinds of words like "only" and "always" that it holds."""
        table = names_of("needed")
        return frozenset(table[word] for word in self.words if word in table)

    @cached_property
    def sides(self) -> frozenset[tuple[int, int]]:
        """What it holds of pairs like open and closed."""
        return frozenset(place for word in self.words for place in sides().get(word, ()))

    @cached_property
    def placed(self) -> frozenset[tuple[str, tuple[int, int]]]:
        """Words with the sides that hold for them: open on Monday, closed on Sunday.

        Words before the side in the first piece ("smoking is allowed in …") may belong to all.
        """
        beside: set[tuple[str, tuple[int, int]]] = set()
        held: dict[int, tuple[int, int]] = {}
        start = 0
        for end in (*(match.start() for match in CUT.finditer(self.text)), len(self.text)):
            inside = [token for token in self.tokens if start <= token.start < end]
            words = list(_WORD.finditer(self.text, start, end))
            marks = [
                (word, found) for word in words if (found := sides().get(word.group().lower()))
            ]
            if marks and not held:
                after = [token for token in inside if token.start > marks[0][0].end()]
                inside = after or inside
            held |= {place[0]: place for _, places in marks for place in places}
            beside |= {
                (token.terms[0], place)
                for token in inside
                if not token.is_number
                for place in held.values()
            }
            start = end
        return frozenset(beside)

    @cached_property
    def same(self) -> frozenset[str]:
        """Names of the things that it says in one of several words."""
        table = names_of("same")
        return frozenset(f"={table[word]}" for word in self.words if word in table)

    @cached_property
    def denied(self) -> frozenset[str]:
        """The search terms of the clauses that hold a negation."""
        analyse = analyzer(self.language)
        return frozenset(
            term
            for clause in _CLAUSE.split(self.text)
            if self._negates(clause)
            for term in analyse.terms(clause)
        )

    @cached_property
    def negates(self) -> bool:
        """Whether there is any negation."""
        return self._negates(self.text)

    def _negates(self, clause: str) -> bool:
        known = (languages()[code] for code in (self.language, self.also) if code in languages())
        negations = words_of("denies").union(*(row.negations for row in known))
        words = (match.group().lower() for match in _WORD.finditer(clause))
        return any(word in negations or word.endswith(("n't", "n’t")) for word in words)

    def _capitals(self, token: Token) -> bool:
        return self.text[token.start : token.end].isupper()

    def _is_name(self, token: Token) -> bool:
        if not self.text[token.start].isupper() or token.word in names_of("dates"):
            return False
        if token.word in names_of("months"):
            return False
        letters = token.word.rstrip("-'’")
        if len(letters) == 1 or (len(letters) <= _SHORT and self._capitals(token)):
            return True
        if self.language == "de":  # German nouns are all capitalised
            return False
        if _FULL_NAME.match(self.text, token.start):
            return True
        return token.start > 0 and not _SENTENCE_START.search(
            self.text, max(0, token.start - 4), token.start
        )


def bare(word: str) -> str:
    """A word in lower case, without a genitive ending or the mark that joins it to the next."""
    word = _GENITIVE.sub("", word.lower().rstrip("-"))
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
