"""Words in search form: what a question and a passage must share to be found together.

Lower case, stop words out, Snowball stems, and for languages that write compounds in one word the
parts beside the whole. The same analysis serves the index, the question and the check of an answer
against its sources, so the three cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from kilde.language.compounds import CompoundSplitter
from kilde.language.numerals import NUMBER, canonical
from kilde.language.suspended import SuspendedCompounds
from kilde.language.table import Language, languages

_WORD = re.compile(rf"{NUMBER.pattern}|[^\W\d_]+(?:['’-](?=[^\W\d_]))?|\w+")
# A cap on the words remembered per language; real text has far fewer distinct frequent words.
_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Token:
    """A content word of a text: its span, the word in lower case, and its search terms.

    ``terms[0]`` is the stem (or the canonical number); the others are the stems of its parts, and
    of the whole words for which it stands in a suspended compound.
    """

    start: int
    end: int
    word: str
    terms: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        """Whether the token is a number or a clock time."""
        return self.word[0].isdigit()


class Analyzer:
    """The analysis of one language; a language that is not in the table is only lower-cased."""

    def __init__(self, code: str) -> None:
        import Stemmer

        self.language = code
        row = languages().get(code)
        self._stop_words = row.stop_words if row else frozenset()
        self._stemmer = Stemmer.Stemmer(row.stemmer) if row else None
        self._splitter = _splitter(row) if row else None
        self._suspended = (
            SuspendedCompounds(row.conjunctions, self._splitter.split)
            if row and self._splitter
            else None
        )
        self._terms: dict[str, tuple[str, ...]] = {}

    def tokens(self, text: str) -> list[Token]:
        """The content words of a text in order, stop words left out."""
        completions = self._completions(text)
        found = []
        for match in _WORD.finditer(text):
            word = match.group().lower()
            terms = self._terms_of(word)
            if completions and match.start() in completions:
                wholes = completions[match.start()]
                terms = tuple(dict.fromkeys(terms + tuple(self._terms_of(w)[0] for w in wholes)))
            if terms:
                found.append(Token(match.start(), match.end(), word, terms))
        return found

    def terms(self, text: str) -> list[str]:
        """The search terms of a text in order: stems, each followed by the stems of its parts."""
        if self._completions(text):
            return [term for token in self.tokens(text) for term in token.terms]
        found: list[str] = []
        for word in _WORD.findall(text.lower()):
            found.extend(self._terms_of(word))
        return found

    def _completions(self, text: str) -> Mapping[int, tuple[str, ...]]:
        return self._suspended.completions(text) if self._suspended else {}

    def _terms_of(self, word: str) -> tuple[str, ...]:
        known = self._terms.get(word)
        if known is None:
            if len(self._terms) >= _REMEMBERED:
                self._terms.clear()
            known = self._terms[word] = self._analyse(word)
        return known

    def _analyse(self, word: str) -> tuple[str, ...]:
        if word[0].isdigit():
            return (canonical(word),) if NUMBER.fullmatch(word) else (word,)
        word = word.rstrip("'’-")
        if word in self._stop_words:
            return ()
        if self._stemmer is None:
            return (word,)
        terms = [self._stemmer.stemWord(word)]
        if self._splitter is not None:
            terms += [self._stemmer.stemWord(part) for part in self._splitter.split(word)]
        return tuple(terms)


@cache
def analyzer(code: str) -> Analyzer:
    """The analyzer of a language, made once per process."""
    return Analyzer(code)


def question_terms(question: str, codes: Iterable[str]) -> list[str]:
    """The terms of a question in every given language, each term as often as in the language that
    has it most often, in order of first appearance.

    A knowledge base in several languages is searched in all of them at once: a passage's terms were
    made in its own language, and names and numbers are the same in all.
    """
    counts: dict[str, int] = {}
    for code in codes:
        own: dict[str, int] = {}
        for term in analyzer(code).terms(question):
            own[term] = own.get(term, 0) + 1
        for term, count in own.items():
            counts[term] = max(count, counts.get(term, 0))
    return [term for term, count in counts.items() for _ in range(count)]


def _splitter(row: Language) -> CompoundSplitter | None:
    if not row.dictionary:
        return None
    import simplemma

    def is_word(word: str) -> bool:
        return bool(simplemma.is_known(word, row.dictionary))

    return CompoundSplitter(is_word, row.links, row.stop_words)
