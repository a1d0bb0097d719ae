"""Documents into the table: made into passages, embedded where needed, committed in batches.

A batch is closed when it holds enough passages to keep the embedder busy; each batch is one commit,
so memory stays flat however many documents come, and what is stored when a run is cut off is a set
of whole documents. A passage whose hash is stored already keeps its vector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kilde.knowledge.passages import PassageMaker
from kilde.knowledge.schema import StoredPassage, to_arrow
from kilde.knowledge.store import PassageStore, View, one_of
from kilde.types import Document, NoProgress, Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from kilde.embedding import Embedder

# Passages per commit: large enough that a commit (some 40 ms) is small beside embedding them.
BATCH = 512


@dataclass(slots=True)
class Outcome:
    """What indexing a stream of documents did, by document id."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    embedded: int = 0


class Indexer:
    """Writes documents into a store with one embedder and one way of making passages."""

    def __init__(self, store: PassageStore, embedder: Embedder, maker: PassageMaker) -> None:
        self._store = store
        self._embedder = embedder
        self._maker = maker

    def index(
        self, documents: Iterable[Document], action: str, progress: Progress | None = None
    ) -> Outcome:
        """Add or replace documents; those whose content hash is stored already are left alone.

        ``action`` is what the history will say. Progress counts passages.
        """
        progress = progress or NoProgress()
        outcome = Outcome()
        for batch in self._batches(documents):
            view = self._store.latest()
            stored = _content_hashes(view, [document.id for document, _ in batch])
            changed = []
            for document, passages in batch:
                if stored.get(document.id) == document.content_hash:
                    outcome.unchanged.append(document.id)
                    continue
                kind = outcome.replaced if document.id in stored else outcome.added
                kind.append(document.id)
                changed.append((document, passages))
            if not changed:
                continue
            ids = [document.id for document, _ in changed]
            known = _vectors(view, ids, self._embedder.identity)
            flat = [passage for _, passages in changed for passage in passages]
            rows, embedded = self._with_vectors(flat, known, progress)
            outcome.embedded += embedded
            self._store.replace(self._arrow(rows), ids, action)
        return outcome

    def remake(self, documents: Iterable[Document], progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows of documents made anew, for :meth:`PassageStore.overwrite`."""
        for batch in self._batches(documents):
            flat = [passage for _, passages in batch for passage in passages]
            rows, _ = self._with_vectors(flat, {}, progress)
            yield from self._arrow(rows).to_batches()

    def _batches(
        self, documents: Iterable[Document]
    ) -> Iterator[list[tuple[Document, list[StoredPassage]]]]:
        batch: dict[str, tuple[Document, list[StoredPassage]]] = {}
        size = 0
        for document in documents:
            passages = self._maker.make(document)
            if document.id in batch:  # the last one given under an id counts
                size -= len(batch[document.id][1])
            batch[document.id] = (document, passages)
            size += len(passages)
            if size >= BATCH:
                yield list(batch.values())
                batch, size = {}, 0
        if batch:
            yield list(batch.values())

    def _with_vectors(
        self,
        passages: Sequence[StoredPassage],
        known: dict[str, npt.NDArray[np.float32]],
        progress: Progress,
    ) -> tuple[list[StoredPassage], int]:
        """Passages with their vectors, and how many had to be embedded.

        Passages in a language that the embedder was not trained on get none: their vectors would
        never be allowed to vote.
        """
        languages = self._embedder.languages
        rows = list(passages)
        missing = []
        for place, row in enumerate(rows):
            if row.passage_hash in known:
                rows[place] = replace(row, vector=known[row.passage_hash])
            elif languages is None or row.passage.language in languages:
                missing.append(place)
        progress.advance(len(rows) - len(missing))
        # Texts of one batch are embedded together; a smaller step only feeds the progress bar.
        for start in range(0, len(missing), BATCH):
            places = missing[start : start + BATCH]
            vectors = self._embedder.embed_passages(
                [rows[place].embedding_text for place in places]
            )
            for place, vector in zip(places, vectors, strict=True):
                rows[place] = replace(rows[place], vector=vector)
            progress.advance(len(places))
        return rows, len(missing)

    def _arrow(self, rows: Sequence[StoredPassage]) -> pa.Table:
        return to_arrow(
            rows,
            dimensions=self._embedder.dimensions,
            embedder=self._embedder.identity,
            recipe=self._maker.recipe,
            at=datetime.now(UTC),
        )


def empty_rows(dimensions: int) -> pa.Table:
    """No rows: replacing documents by them removes the documents."""
    return to_arrow([], dimensions=dimensions, embedder="", recipe="", at=datetime.now(UTC))


def _content_hashes(view: View | None, ids: Sequence[str]) -> dict[str, str]:
    if view is None:
        return {}
    rows = view.rows(
        where=f"ordinal = 0 AND {one_of('document_id', ids)}",
        columns=["document_id", "content_hash"],
    )
    return {row["document_id"]: row["content_hash"] for row in rows}


def _vectors(
    view: View | None, ids: Sequence[str], embedder: str
) -> dict[str, npt.NDArray[np.float32]]:
    if view is None:
        return {}
    rows = view.rows(
        where=f"{one_of('document_id', ids)} AND vector IS NOT NULL",
        columns=["passage_hash", "vector", "embedder"],
    )
    return {row["passage_hash"]: row["vector"] for row in rows if row["embedder"] == embedder}
