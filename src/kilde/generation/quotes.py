"""The generator without a model: the sentences that answer best, word for word.

A sentence scores by how much of the question it holds, rare words counting more; a little for the
words of its neighbours and headings, which say what a short sentence is about; and for the rank of
its passage. When the passages hold too little of the question, nothing is quoted: the caller
declines. How well that works, and on what it was tuned, is in docs/decisions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kilde.language.analysis import analyzer
from kilde.language.sentences import sentences
from kilde.types import GenerationRequest, Hit, Piece, Usage

# Weights tuned on 600 Danish questions: of the grid from 0 to 1 all near values did as well.
_CONTEXT = 0.3  # a question word that stands in a neighbouring sentence or a heading
_PASSAGE = 0.3  # the question's coverage by the whole passage
_RANK = 0.6  # the passage's search score
_SHORT = 0.5  # taken from sentences of fewer than four content words: headings, greetings
# A second sentence is worth reading only if it is nearly as good as the first.
_NEARLY = 0.85
# Below this share of the question's weight found in one passage, the question counts as unanswered.
ANSWERABLE = 0.35
# Cosine similarities of an English sentence embedder: unrelated, and clearly about the same thing.
_UNRELATED, _SAME = 0.25, 0.65


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    start: int
    end: int
    terms: frozenset[str]
    context: frozenset[str]
    passage: frozenset[str]
    words: int


def ranked_quotes(question: str, evidence: Sequence[Hit]) -> list[Quote]:
    """All sentences of the evidence, the best answer first."""
    candidates = [candidate for hit in evidence for candidate in _candidates(hit)]
    counts = Counter(term for candidate in candidates for term in candidate.terms)
    size = len(candidates)

    def weight(term: str) -> float:
        return math.log(1.0 + size / (counts[term] + 0.5))

    @cache
    def asked(language: str) -> tuple[tuple[tuple[str, ...], float], ...]:
        words = {token.terms for token in analyzer(language).tokens(question)}
        return tuple((terms, max(map(weight, terms))) for terms in sorted(words))

    quotes = []
    for candidate in candidates:
        words = asked(candidate.hit.passage.language)
        of_passage = _coverage(words, candidate.passage, frozenset())
        score = (
            _coverage(words, candidate.terms, candidate.context)
            + _PASSAGE * of_passage
            + _RANK * candidate.hit.score
            - (_SHORT if candidate.words < 4 and candidate.hit.passage.kind == "text" else 0.0)
        )
        confidence = max(of_passage, _similarity(candidate.hit))
        quotes.append(Quote(candidate.hit, candidate.start, candidate.end, score, confidence))
    return sorted(quotes, key=lambda quote: -quote.score)


def answer_confidence(question: str, evidence: Sequence[Hit]) -> float:
    """How surely the evidence answers the question, 0..1; compare with :data:`ANSWERABLE`."""
    return max((quote.confidence for quote in ranked_quotes(question, evidence)), default=0.0)


class Quotes:
    """Answers with up to ``max_sentences`` sentences of the evidence; empty where none answers."""

    @property
    def name(self) -> str:
        """``quotes``."""
        return "quotes"

    @property
    def languages(self) -> frozenset[str] | None:
        """Any: it repeats what the documents say."""
        return None

    @property
    def context(self) -> int:
        """0: it reads passages, not a prompt."""
        return 0

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        """One piece per quoted sentence, in the order of the document where they share one."""
        quotes = ranked_quotes(request.question, request.evidence)
        chosen = [
            quote
            for quote in quotes[: request.max_sentences]
            if quote.confidence >= ANSWERABLE and quote.score >= _NEARLY * quotes[0].score
        ]
        first = chosen[0].hit.passage.id if chosen else ""
        chosen.sort(key=lambda quote: (quote.hit.passage.id != first, quote.start))
        room = request.max_tokens
        for place, quote in enumerate(chosen):
            text = _readable(quote)
            room -= self.count_tokens(text)
            if place and room < 0:
                break
            yield Piece(("\n" if place else "") + text)
        yield Piece("", Usage())

    def count_tokens(self, text: str) -> int:
        """Words, as an estimate."""
        return len(text.split())

    def close(self) -> None:
        """Nothing to free."""


def _candidates(hit: Hit) -> Iterator[_Candidate]:
    passage = hit.passage
    analyse = analyzer(passage.language)
    heading = frozenset(analyse.terms(f"{hit.document.title} {passage.heading_path}"))
    if passage.kind == "row":
        terms = frozenset(analyse.terms(passage.text))
        yield _Candidate(hit, 0, len(passage.text), terms, heading, terms | heading, len(terms))
        return
    spans = [
        (start, end)
        for start, end in sentences(passage.text, passage.language)
        if not passage.text[start:end].lstrip().startswith("#")
    ]
    tokens = [analyse.tokens(passage.text[start:end]) for start, end in spans]
    terms_of = [frozenset(term for token in found for term in token.terms) for found in tokens]
    everything = heading.union(*terms_of)
    for place, (start, end) in enumerate(spans):
        around = heading.union(*terms_of[max(0, place - 1) : place + 2])
        yield _Candidate(hit, start, end, terms_of[place], around, everything, len(tokens[place]))


def _coverage(
    words: Sequence[tuple[tuple[str, ...], float]], terms: frozenset[str], context: frozenset[str]
) -> float:
    """The share of the question's weight that the terms hold; words of the context count less."""
    total = sum(weight for _, weight in words)
    if not total:
        return 0.0
    found = 0.0
    for variants, weight in words:
        if not terms.isdisjoint(variants):
            found += weight
        elif not context.isdisjoint(variants):
            found += _CONTEXT * weight
    return found / total


def _similarity(hit: Hit) -> float:
    if hit.dense is None:
        return 0.0
    return min(1.0, max(0.0, (hit.dense - _UNRELATED) / (_SAME - _UNRELATED)))


def _readable(quote: Quote) -> str:
    """A quotation as it is shown: white space at the ends and the marks of a list left out."""
    text = quote.text.strip()
    for mark in ("- ", "* ", "• "):
        text = text.removeprefix(mark)
    return text
