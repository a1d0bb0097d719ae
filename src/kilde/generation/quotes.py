"""The generator without a model: the sentences that answer best, word for word.

When the passages hold too little of the question, nothing is quoted: the caller declines.
"""

from __future__ import annotations

from collections.abc import Iterator

from kilde.generation.ranking import ANSWERABLE, Quote, ranked_quotes
from kilde.language.rows import one_line
from kilde.protocols import GenerationRequest, Piece
from kilde.types import Usage

# A second sentence is worth reading only if it is not much worse than the first.
_NEARLY = 0.6


class Quotes:
    """Answers with up to ``max_sentences`` different sentences of the evidence; empty where none
    answers."""

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
        """One piece per quoted sentence, the best one first."""
        quotes = ranked_quotes(request.question, request.evidence)
        if max((quote.confidence for quote in quotes), default=0.0) < ANSWERABLE:
            quotes = []
        chosen: dict[tuple[str, ...], str] = {}
        for quote in quotes:
            if len(chosen) == request.max_sentences or quote.score < _NEARLY * quotes[0].score:
                break
            text = _readable(quote)
            chosen.setdefault(tuple(text.split()), text)
        room = request.max_tokens
        for place, text in enumerate(chosen.values()):
            room -= self.count_tokens(text)
            if place and room < 0:
                break
            # A blank line ends a sentence, whatever the quotation ends with.
            yield Piece(("\n\n" if place else "") + text)
        yield Piece("", Usage())

    def count_tokens(self, text: str) -> int:
        """Words, as an estimate."""
        return len(text.split())

    def close(self) -> None:
        """Nothing to free."""


def _readable(quote: Quote) -> str:
    """A quotation as it is shown: white space at the ends and the marks of a list or of
    quoted mail left out."""
    if quote.hit.passage.kind == "row":
        return one_line(quote.text)
    text = quote.text.strip()
    for mark in ("> ", "- ", "* ", "• "):
        text = text.removeprefix(mark)
    return text
