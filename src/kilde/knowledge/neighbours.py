"""The language of documents that are too short to tell it: that of the documents around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from kilde.documents.summary import table_summary
from kilde.language.detect import detect_near, is_clear
from kilde.types import UNKNOWN_LANGUAGE, Document

# What a short document holds fits in memory until the others are read; longer ones are clear.
MAX_CHARACTERS = 4_000


class Neighbours:
    """Counts the languages of documents by folder and by collection."""

    def __init__(self, stored: Iterable[tuple[str, str, str]]) -> None:
        """``stored`` gives source, collection and language of each document that is stored."""
        self._folders: dict[str, Counter[str]] = {}
        self._collections: dict[str, Counter[str]] = {}
        for source, collection, language in stored:
            self._count(source, collection, language)

    def settle(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents, those of unclear language last, in the language of their neighbours."""
        waiting: list[Document] = []
        for document in documents:
            if len(document.text) <= MAX_CHARACTERS and not is_clear(document.text):
                waiting.append(document)
            else:
                self._count(document.source, document.collection, document.language)
                yield document
        for document in waiting:
            yield _in_language(document, detect_near(document.text, self._near(document)))

    def _count(self, source: str, collection: str, language: str) -> None:
        if language == UNKNOWN_LANGUAGE:
            return
        for folder in PurePosixPath(source).parents:
            self._folders.setdefault(str(folder), Counter())[language] += 1
        self._collections.setdefault(collection, Counter())[language] += 1

    def _near(self, document: Document) -> dict[str, float]:
        """The shares of languages in the nearest folder with documents, else the collection."""
        counts = next(
            (
                counts
                for folder in PurePosixPath(document.source).parents
                if (counts := self._folders.get(str(folder)))
            ),
            self._collections.get(document.collection, Counter()),
        )
        total = counts.total()
        return {language: count / total for language, count in counts.items()}


def _in_language(document: Document, language: str) -> Document:
    """The document in another language than it was read in; a table's summary is worded anew."""
    summary = document.summary
    if summary and document.rows and language != document.language:
        columns = max((list(row.values) for row in document.rows), key=len)
        summary = table_summary(document.title, columns, document.rows, language)
    return replace(document, language=language, summary=summary)
