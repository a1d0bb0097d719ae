"""What a passage offers to a claim: its sentences, or a row with its cells, analysed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from kilde.grounding.claims import claim_spans
from kilde.grounding.facts import Facts
from kilde.grounding.pairing import Piece, pieces

# Passages remembered between claims: a streamed answer is checked sentence by sentence.
_REMEMBERED = 512


@dataclass(frozen=True)
class Source:
    """A sentence or a row of a passage: ``passage.text[start:end]``.

    ``values`` are the terms of a row's cells that hold no number: what the row is about.
    """

    start: int
    end: int
    facts: Facts
    row: bool = False

    @cached_property
    def terms(self) -> frozenset[str]:
        """All search terms, and what is said in one of several words."""
        return self.facts.terms | self.facts.same | self.facts.numbers

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """The stems of the content words in order."""
        return tuple(token.terms[0] for token in self.facts.tokens)

    @cached_property
    def compounds(self) -> frozenset[tuple[str, ...]]:
        """The terms of its compound words: whole and parts."""
        return frozenset(token.terms for token in self.facts.tokens if len(token.terms) > 2)

    @cached_property
    def pieces(self) -> list[Piece]:
        """Its numbers with the words they belong to."""
        if not self.row:
            return pieces(self.facts)
        shared: list[Facts] = []
        cells: list[Facts] = []
        for line in self.facts.text.splitlines():
            exact = Facts(line, self.facts.language)
            (cells if exact.numbers else shared).append(exact)
        terms = frozenset(token.terms[0] for exact in shared for token in exact.tokens)
        found = [Piece(frozenset(), terms)]
        for exact in cells:
            own = frozenset(token.terms[0] for token in exact.tokens if not token.is_number)
            found.append(Piece(exact.numbers, own | exact.same))
        return found

    @cached_property
    def subject(self) -> frozenset[str]:
        """The terms of a row's values without a number; empty where there are none."""
        lines = self.facts.text.splitlines()
        values = (line.partition(": ")[2] or line for line in lines)
        return frozenset(
            token.terms[0]
            for value in values
            for token in Facts(value, self.facts.language).tokens
            if not token.is_number
        )


@lru_cache(maxsize=_REMEMBERED)
def sources_of(text: str, language: str, also: str, row: bool) -> tuple[Source, ...]:
    """The sources in the text of a passage; ``also`` is the language of the claims."""
    if row:
        return (Source(0, len(text.rstrip()), Facts(text.rstrip(), language, also), row=True),)
    return tuple(
        Source(start, end, Facts(text[start:end], language, also))
        for start, end in claim_spans(text, language)
    )


@lru_cache(maxsize=_REMEMBERED)
def heading_of(text: str, language: str) -> Facts:
    """The title and the headings above a passage."""
    return Facts(text, language)
