"""From a document to the passages that are stored: split, summarised, analysed, hashed.

What is embedded and indexed is not the bare passage: the title and the chain of headings travel
with it, because "Opens at 8" says nothing without "Laboratory" above it.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kilde.documents.split import Piece, split
from kilde.knowledge.schema import StoredPassage
from kilde.knowledge.summary import summarise
from kilde.language.analysis import analyzer
from kilde.types import Document, Passage

if TYPE_CHECKING:
    from kilde.embedding import Embedder

Summarise = Callable[[Document], str]

# Raised when splitting or analysis change so that stored passages would come out differently.
_RECIPE = 2
_WORD = re.compile(r"\w+|[^\w\s]")


def recipe(max_tokens: int) -> str:
    """Identifies how passages are cut and analysed; stored with each of them."""
    return f"{_RECIPE}:{max_tokens}"


class PassageMaker:
    """Makes a document's passages; vectors are added later, in batches over many documents.

    ``max_tokens`` bounds a passage in tokens of the embedder, or in words and punctuation marks
    for a language that the embedder was not trained on: its tokenizer cuts a Danish word into
    three, and passages of seventy words find less than those of two hundred. ``make_summary`` is
    used for documents that bring no summary.
    """

    def __init__(
        self, embedder: Embedder, *, max_tokens: int, make_summary: Summarise = summarise
    ) -> None:
        self._tokenizer = embedder.tokenizer
        self._languages = embedder.languages
        self._max_tokens = max_tokens
        self._make_summary = make_summary
        self.recipe = recipe(max_tokens)

    def make(self, document: Document) -> list[StoredPassage]:
        """The summary and the passages of a document, without vectors, in ordinal order."""
        summary = document.summary or self._make_summary(document)
        head = Passage(
            id=f"{document.id}#summary",
            document_id=document.id,
            ordinal=-1,
            kind="summary",
            text=summary,
            start=0,
            end=0,
            language=document.language,
        )
        return [self._stored(passage, document) for passage in (head, *self._body(document))]

    def _body(self, document: Document) -> Iterator[Passage]:
        known = self._languages is None or document.language in self._languages
        count = self._tokenizer if known else _count_words
        for ordinal, piece in enumerate(split(document, count, self._max_tokens)):
            yield Passage(
                id=f"{document.id}#{ordinal}",
                document_id=document.id,
                ordinal=ordinal,
                kind="text" if piece.row is None else "row",
                text=document.text[piece.start : piece.end],
                start=piece.start,
                end=piece.end,
                page=piece.page,
                heading_path=piece.heading_path,
                language=document.language,
                metadata={} if piece.row is None else piece.row.values,
                recognized=_recognized(document, piece),
            )

    def _stored(self, passage: Passage, document: Document) -> StoredPassage:
        context = document.title
        if passage.heading_path and passage.heading_path != document.title:
            context += "\n" + passage.heading_path
        searchable = f"{context}\n{passage.text}"
        digest = hashlib.sha256(f"{passage.language}\x00{searchable}".encode())
        return StoredPassage(
            passage=passage,
            document=document,
            terms=" ".join(analyzer(passage.language).terms(searchable)),
            passage_hash=digest.hexdigest(),
            embedding_text=searchable,
            vector=None,
        )


def _recognized(document: Document, piece: Piece) -> bool:
    """Whether a piece has text of a page that was read by OCR."""
    first = bisect_right(document.pages, piece.start)
    last = bisect_left(document.pages, piece.end)
    return any(first <= page <= last for page in document.recognized)


def _count_words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))
