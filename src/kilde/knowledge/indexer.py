"""Documents into the table: made into passages, embedded where needed, committed in batches.

A batch is closed when it holds enough passages to keep the embedder busy; each batch is one commit,
so memory stays flat however many documents come, and what is stored when a run is cut off is a set
of whole documents. A passage whose hash is stored already keeps its vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kilde.errors import KildeError, StoreError
from kilde.knowledge.moves import Moves
from kilde.knowledge.passages import PassageMaker
from kilde.knowledge.schema import StoredPassage, dump_values, load_values, schema, to_arrow
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import View, one_of, quoted
from kilde.types import Document, Failure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from kilde.embedding import Embedder

# Documents whose stored state is looked up together.
_LOOKED_UP = 64
_LOOKED_UP_CHARACTERS = 20_000_000
# Passages per commit: large enough that a commit (some 40 ms) is small beside embedding them.
BATCH = 512

# Passages embedded between two moves of the progress bar.
_STEP = 128

Done = Callable[[str, int, int], None]
"""Told the id of a document, how many of its passages were just done, and how many it has."""


def nobody(document_id: str, done: int, of: int) -> None:
    """A listener to whom progress means nothing."""


@dataclass(slots=True)
class Outcome:
    """What indexing a stream of documents did, by document id."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    embedded: int = 0


class Indexer:
    """Writes documents into a store with one embedder and one way of making passages."""

    def __init__(self, store: PassageStore, embedder: Embedder, maker: PassageMaker) -> None:
        self._store = store
        self._embedder = embedder
        self._maker = maker

    @property
    def columns(self) -> pa.Schema:
        """The columns of the rows that are made."""
        return schema(self._embedder.dimensions)

    def index(self, documents: Iterable[Document], action: str, done: Done = nobody) -> Outcome:
        """Add or replace documents; those whose content hash is stored already are left alone.

        ``action`` is what the history will say. Of several documents with one id the last counts.
        One that no passages can be made of keeps its stored state, and is a failure of the outcome.
        """
        outcome, moves = Outcome(), Moves()
        changed = self._changed(documents, outcome, done)
        for batch in self._batches(changed, outcome.failed):
            view = self._store.latest()
            ids = [document.id for document, _ in batch]
            known = _Vectors(view, ids, self._embedder.identity)
            flat = [passage for _, passages in batch for passage in passages]
            rows, embedded = self._with_vectors(flat, known, done)
            outcome.embedded += embedded
            self._store.replace(self._arrow(rows), ids, action, moves)
        failed = {failure.source for failure in outcome.failed}
        outcome.added = [name for name in outcome.added if name not in failed]
        outcome.replaced = [name for name in outcome.replaced if name not in failed]
        return outcome

    def _changed(
        self, documents: Iterable[Document], outcome: Outcome, done: Done
    ) -> Iterator[Document]:
        """The documents that are not stored as they are; no work is spent on the others."""
        for chunk in _chunks(documents):
            # As they will be read again, so that their hashes are the same then.
            chunk = [
                replace(document, metadata=load_values(dump_values(document.metadata)))
                for document in chunk
            ]
            stored = _content_hashes(self._store.latest(), [document.id for document in chunk])
            last = {document.id: document for document in chunk}
            for document in last.values():
                if stored.get(document.id) == document.content_hash:
                    outcome.unchanged.append(document.id)
                    done(document.id, 1, 1)
                    continue
                kind = outcome.replaced if document.id in stored else outcome.added
                if document.id not in kind:
                    kind.append(document.id)
                yield document

    def remake(self, documents: Iterable[Document], done: Done) -> Iterator[pa.RecordBatch]:
        """The rows of documents made anew, for a reindex."""
        nothing = _Vectors(None, [], self._embedder.identity)
        for batch in self._batches(documents):
            flat = [passage for _, passages in batch for passage in passages]
            rows, _ = self._with_vectors(flat, nothing, done)
            yield from self._arrow(rows).to_batches(BATCH)

    def _batches(
        self, documents: Iterable[Document], failed: list[Failure] | None = None
    ) -> Iterator[list[tuple[Document, list[StoredPassage]]]]:
        batch: dict[str, tuple[Document, list[StoredPassage]]] = {}
        size = 0
        for document in documents:
            try:
                passages = self._maker.make(document)
            except (KildeError, KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # a panic in Rust is no Exception
                if failed is None:
                    raise StoreError(
                        f"{document.id}: no passages can be made of it ({_first_line(error)}).",
                        hint="Remove it with kilde remove, and run the command again.",
                    ) from error
                failed.append(_failure(document, error))
                continue
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
        self, passages: Sequence[StoredPassage], known: _Vectors, done: Done
    ) -> tuple[list[StoredPassage], int]:
        """Passages with their vectors, and how many had to be embedded.

        Passages in a language that the embedder was not trained on get none: their vectors would
        never be allowed to vote.
        """
        languages = self._embedder.languages
        sizes = Counter(row.passage.document_id for row in passages)

        def report(places: Iterable[int]) -> None:
            for name, count in Counter(passages[p].passage.document_id for p in places).items():
                done(name, count, sizes[name])

        rows = list(passages)
        missing, ready = [], []
        for place, row in enumerate(rows):
            vector = known.get(row.passage_hash)
            if vector is not None:
                rows[place] = replace(row, vector=vector)
            if vector is None and (languages is None or row.passage.language in languages):
                missing.append(place)
            else:
                ready.append(place)
        report(ready)
        for start in range(0, len(missing), _STEP):
            places = missing[start : start + _STEP]
            vectors = self._embedder.embed_passages(
                [rows[place].embedding_text for place in places]
            )
            for place, vector in zip(places, vectors, strict=True):
                rows[place] = replace(rows[place], vector=vector)
            report(places)
        return rows, len(missing)

    def _arrow(self, rows: Sequence[StoredPassage]) -> pa.Table:
        return to_arrow(
            rows,
            dimensions=self._embedder.dimensions,
            embedder=self._embedder.identity,
            recipe=self._maker.recipe,
            at=datetime.now(UTC),
        )


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """A few documents at a time, and few characters."""
    chunk: list[Document] = []
    characters = 0
    for document in documents:
        chunk.append(document)
        characters += len(document.text)
        if len(chunk) >= _LOOKED_UP or characters > _LOOKED_UP_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _failure(document: Document, error: BaseException) -> Failure:
    return Failure(
        document.id,
        f"no passages can be made of its text ({_first_line(error)})",
        "Look at it for what is unusual, such as a very long word; its last good state is kept.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _content_hashes(view: View | None, ids: Sequence[str]) -> dict[str, str]:
    if view is None:
        return {}
    rows = view.rows(
        where=f"ordinal = 0 AND {one_of('document_id', ids)}",
        columns=["document_id", "content_hash"],
    )
    return {row["document_id"]: row["content_hash"] for row in rows}


class _Vectors:
    """The stored vectors of some documents, by passage hash; one array, however many there are."""

    def __init__(self, view: View | None, ids: Sequence[str], embedder: str) -> None:
        self._places: dict[str, int] = {}
        if view is None or not ids:
            return
        table = view.arrow(
            f"{one_of('document_id', ids)} AND vector IS NOT NULL "
            f"AND embedder = {quoted(embedder)}",
            ["passage_hash", "vector"],
        )
        self._places = {key: place for place, key in enumerate(table["passage_hash"].to_pylist())}
        vectors = table["vector"].combine_chunks()
        if len(vectors):
            self._vectors = vectors.flatten().to_numpy().reshape(len(vectors), -1)

    def get(self, passage_hash: str) -> npt.NDArray[np.float32] | None:
        place = self._places.get(passage_hash)
        return None if place is None else self._vectors[place]
