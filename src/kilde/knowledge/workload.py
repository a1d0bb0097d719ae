"""How far a sync has come, in kilobytes: a large table takes as long as many letters."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType

from kilde.documents.sources import Found
from kilde.protocols import Progress, step
from kilde.types import Document


class Workload:
    """Tells a progress what was read and what is ready to be stored, inside a ``with`` block."""

    def __init__(self, progress: Progress, things: Iterable[Found]) -> None:
        self._progress = progress
        self._sizes = {thing.document_source: _kilobytes(thing) for thing in things}
        self._waiting: dict[str, float] = {}
        self._part = 0.0
        self._step: AbstractContextManager[None] = step(
            progress, "reading and indexing", sum(self._sizes.values()), "kB"
        )

    def __enter__(self) -> Workload:
        self._step.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._step.__exit__(kind, error, trace)

    def loaded(self, thing: Found, documents: list[Document]) -> None:
        """A thing was read; what it counts is spread over its documents."""
        size = self._sizes[thing.document_source]
        if not documents:
            self._progress.advance(size)
        for document in documents:
            self._waiting[document.id] = size / len(documents)

    def done(self, document_id: str, done: int, of: int) -> None:
        """Some of a document's passages are ready to be stored."""
        self._part += self._waiting.get(document_id, 0.0) * done / of
        whole = int(self._part + 1e-6)
        if whole:
            self._progress.advance(whole)
            self._part -= whole


def _kilobytes(thing: Found) -> int:
    """The size of a file; for a page or a table, which nobody knows before, that of a letter."""
    return max(1, (thing.size or 20_000) // 1000)
