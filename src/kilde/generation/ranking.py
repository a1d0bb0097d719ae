"""Which sentences of the passages answer a question, and whether any does.

A sentence scores by how much of the question it holds, rare words counting more; a little for the
words of its neighbours, headings and passage, which say what a short sentence is about; for pairs
of words that stand together in both; for a number where one is asked for; for the clause, the code
or the negation that the question names; and for the rank of its passage. What it was tuned on, and
how well it works, is in docs/decisions/0004.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise

from kilde.generation.statements import statements
from kilde.language.analysis import Token, analyzer
from kilde.language.clauses import Clause, clause_references
from kilde.language.fields import names_of_field
from kilde.language.numerals import NUMBER, canonical
from kilde.language.table import languages
from kilde.types import Hit

# Weights beside the 1.0 of the sentence's own coverage, rounded from a fit on 1,000 Danish
# questions (docs/decisions/0004); other values near them do as well.
_NEIGHBOURS = 0.1  # the question's coverage by the sentences beside it
_PASSAGE = 0.3  # its coverage by the whole passage, title and headings
_RANK = 0.6  # the passage's search score
_PAIRS = 0.25  # the share of its pairs of neighbouring words that the sentence has as pairs
_NUMBER = 0.35  # the sentence holds a number, and the question asks for one
_CLAUSE = 1.0  # it is the clause that the question names; taken from it where it is another
_CODE = 1.0  # it holds the code that the question names, to the letter; taken where it does not
_NEGATION = 0.3  # the question is negated, and so is the sentence
_SHORT = 0.5  # taken from sentences of fewer than four content words and no number: greetings
# Within the sentence: a word that stands in the title or the headings above; a word that begins
# alike ("forurenende" for "forurening"); a word of which only a part of a compound is matched.
_HEADING = 0.8
_ALIKE = 0.7
_ALIKE_FROM = 4
_PART = 0.5
# Below this share of the question's weight found in one passage, the question counts as unanswered.
ANSWERABLE = 0.15
# A word of the question that stands nowhere in the evidence speaks against an answer.
_ABSENT = 1.5
# Cosine similarities of an English sentence embedder: unrelated, and clearly about the same thing.
# That something is about the same thing is no more than a hint that it holds the answer.
_UNRELATED, _SAME, _HINT = 0.25, 0.65, 0.6

_WORD = re.compile(r"[^\W_]+")
_CODE_WORD = re.compile(r"(?<![\w/-])[^\W\d_]{1,5}-?\d+[^\W_]*(?:[/-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence (or table row) of the evidence: ``hit.passage.text[start:end]``.

    ``score`` ranks it; ``confidence`` (0..1) is how surely its passage answers the question.
    """

    hit: Hit
    start: int
    end: int
    score: float
    confidence: float

    @property
    def text(self) -> str:
        """The words themselves."""
        return self.hit.passage.text[self.start : self.end]


class _Terms(frozenset[str]):
    """Search terms, which also tell whether any of them begins in a certain way."""

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self)

    def any_begins(self, beginning: str) -> bool:
        """Whether a term begins like that; it would follow the beginning in sorted order."""
        place = bisect_left(self._ordered, beginning)
        return place < len(self) and self._ordered[place].startswith(beginning)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A word of the question: its terms, the other names of the field it asks for, its weight."""

    terms: tuple[str, ...]
    names: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    start: int
    end: int
    terms: _Terms
    pairs: frozenset[tuple[str, str]]
    headings: frozenset[str]
    neighbours: _Terms
    passage: _Terms
    words: int
    numbers: frozenset[str]
    clause: Clause

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]


def ranked_quotes(question: str, evidence: Sequence[Hit]) -> list[Quote]:
    """All sentences of the evidence, the best answer first."""
    candidates = [candidate for hit in evidence for candidate in _candidates(hit)]
    counts = Counter(term for candidate in candidates for term in candidate.terms)
    size = len(candidates)

    def weight(term: str) -> float:
        return math.log(1.0 + size / (counts[term] + 0.5))

    @cache
    def asked(language: str) -> tuple[_Asked, ...]:
        # A word that is asked twice counts twice: a follow-up is put together that way.
        words = Counter(token.terms for token in analyzer(language).tokens(question))
        asked_words = []
        for terms, count in sorted(words.items()):
            names = names_of_field(terms[0], language)
            commonest = max(names | {terms[0]}, key=lambda term: counts[term])
            asked_words.append(_Asked(terms, names, count * weight(commonest)))
        return tuple(asked_words)

    @cache
    def asked_strictly(language: str) -> tuple[_Asked, ...]:
        return tuple(
            word
            if any(counts[term] for term in (*word.terms, *word.names))
            else replace(word, weight=_ABSENT * word.weight)
            for word in asked(language)
        )

    @cache
    def pairs(language: str) -> frozenset[tuple[str, str]]:
        return _pairs(analyzer(language).tokens(question))

    asks_for_number = cache(lambda language: asks_number(question, language))
    given = _numbers(question)
    clause, named_codes = clause_references(question), codes(question)
    quotes = []
    for candidate in candidates:
        language = candidate.hit.passage.language
        words = asked(language)
        of_passage = _coverage(words, candidate.passage)
        score = (
            _coverage(words, candidate.terms, candidate.headings)
            + _NEIGHBOURS * _coverage(words, candidate.neighbours)
            + _PASSAGE * of_passage
            + _RANK * candidate.hit.score
            + _PAIRS * _shared_pairs(pairs(language), candidate.pairs)
            + (_NUMBER if candidate.numbers - given and asks_for_number(language) else 0.0)
            + _CLAUSE * _agreement(clause, candidate.clause)
            + _named_code(named_codes, candidate.text)
            + (_NEGATION if _is_negated(question, candidate.text, language) else 0.0)
            - (_SHORT if candidate.words < 4 and not candidate.numbers else 0.0)
        )
        confidence = max(
            _coverage(asked_strictly(language), candidate.passage),
            _similarity(candidate.hit),
        )
        quotes.append(Quote(candidate.hit, candidate.start, candidate.end, score, confidence))
    return sorted(quotes, key=lambda quote: -quote.score)


def answer_confidence(question: str, evidence: Sequence[Hit]) -> float:
    """How surely the evidence answers the question, 0..1; compare with :data:`ANSWERABLE`."""
    return max((quote.confidence for quote in ranked_quotes(question, evidence)), default=0.0)


def _candidates(hit: Hit) -> Iterator[_Candidate]:
    passage = hit.passage
    analyse = analyzer(passage.language)
    heading = frozenset(analyse.terms(f"{hit.document.title} {passage.heading_path}"))
    if passage.kind == "row":
        terms = _Terms(analyse.terms(passage.text))
        everything, numbers = _Terms(terms | heading), _numbers(passage.text)
        yield _Candidate(
            hit,
            0,
            len(passage.text),
            terms,
            _pairs(analyse.tokens(passage.text)),
            heading,
            _Terms(),
            everything,
            len(terms),
            numbers,
            {},
        )
        return
    units = statements(passage.text, passage.language, clause_references(passage.heading_path))
    spans = [(unit.start, unit.end) for unit in units]
    tokens = [analyse.tokens(passage.text[start:end]) for start, end in spans]
    terms_of = [_Terms(term for token in found for term in token.terms) for found in tokens]
    above = [heading.union(analyse.terms(unit.heading)) for unit in units]
    everything = _Terms(heading.union(analyse.terms(passage.text)))
    for place, (start, end) in enumerate(spans):
        around = _Terms().union(
            *terms_of[max(0, place - 1) : place], *terms_of[place + 1 : place + 2]
        )
        numbers = _numbers(passage.text[start:end])
        yield _Candidate(
            hit,
            start,
            end,
            terms_of[place],
            _pairs(tokens[place]),
            above[place],
            _Terms(around),
            everything,
            len(tokens[place]),
            numbers,
            units[place].clause,
        )


def _agreement(asked: Clause, clause: Clause) -> float:
    """1 where the sentence is the clause asked for, -1 where it is another, else 0."""
    if not asked:
        return 0.0
    if any(word in clause and clause[word] != number for word, number in asked.items()):
        return -1.0
    return sum(word in clause for word in asked) / len(asked)


def codes(text: str) -> frozenset[str]:
    """The codes in a text, such as E05 or VM-0010: letters with digits after them."""
    return frozenset(match.group().lower() for match in _CODE_WORD.finditer(text))


def _named_code(named: frozenset[str], text: str) -> float:
    if not named:
        return 0.0
    return _CODE if named & codes(text) else -_CODE if codes(text) else 0.0


def _is_negated(question: str, text: str, language: str) -> bool:
    row = languages().get(language)
    return row is not None and all(
        not row.negations.isdisjoint(_WORD.findall(part.lower())) for part in (question, text)
    )


def _numbers(text: str) -> frozenset[str]:
    return frozenset(canonical(number) for number in NUMBER.findall(text))


def asks_number(question: str, language: str) -> bool:
    """Whether a question asks for a number, a price, a date or a time."""
    row = languages().get(language)
    padded = f" {' '.join(_WORD.findall(question.lower()))} "
    return row is not None and any(f" {phrase} " in padded for phrase in row.asks_number)


def _coverage(
    words: Sequence[_Asked],
    terms: _Terms,
    headings: frozenset[str] = frozenset(),
) -> float:
    """The share of the question's weight that the terms hold; those of the headings count less."""
    total = sum(word.weight for word in words)
    if not total:
        return 0.0
    found = 0.0
    for word in words:
        whole, *parts = word.terms
        if whole in terms:
            found += word.weight
        elif whole in headings:
            found += _HEADING * word.weight
        elif _begins_alike(whole, terms) or not terms.isdisjoint(word.names):
            found += _ALIKE * word.weight
        elif not terms.isdisjoint(parts):
            found += _PART * word.weight
    return found / total


def _begins_alike(stem: str, terms: _Terms) -> bool:
    """Whether a term begins like the stem, but for an ending of two letters of it."""
    return len(stem) >= _ALIKE_FROM and terms.any_begins(stem[: max(_ALIKE_FROM, len(stem) - 2)])


def _pairs(tokens: Sequence[Token]) -> frozenset[tuple[str, str]]:
    """The pairs of content words that follow one another."""
    stems = [token.terms[0] for token in tokens]
    return frozenset(pairwise(stems))


def _shared_pairs(asked: frozenset[tuple[str, str]], said: frozenset[tuple[str, str]]) -> float:
    return len(asked & said) / len(asked) if asked else 0.0


def _similarity(hit: Hit) -> float:
    if hit.dense is None:
        return 0.0
    return _HINT * min(1.0, max(0.0, (hit.dense - _UNRELATED) / (_SAME - _UNRELATED)))
