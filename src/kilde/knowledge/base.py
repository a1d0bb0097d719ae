"""The knowledge base as its users see it: add, sync, search, look up, go back in time.

Everything that reads goes through a :class:`Scope`. The owner of a workspace may search all of it;
an agent is handed :class:`ScopedKnowledge`, which has no way to leave its collections.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from kilde.arguments import as_tuple
from kilde.documents.reader_pool import ReaderPool, shared_pool
from kilde.documents.sources import Source
from kilde.errors import NotFound, ReindexNeeded
from kilde.knowledge import check
from kilde.knowledge.indexer import Indexer
from kilde.knowledge.passages import PassageMaker, Summarise, recipe
from kilde.knowledge.prepared import prepared
from kilde.knowledge.reindex import reindex
from kilde.knowledge.schema import to_document, to_ref
from kilde.knowledge.scoped import AsOf, ScopedKnowledge
from kilde.knowledge.search import Scope, Search
from kilde.knowledge.sources import SourceList
from kilde.knowledge.store import PassageStore
from kilde.knowledge.summary import summarise
from kilde.knowledge.sync import Sync
from kilde.knowledge.view import View, quoted
from kilde.protocols import NoProgress, Progress, step
from kilde.types import Document, DocumentRef, Failure, Hit, SyncReport, Version

if TYPE_CHECKING:
    from kilde.embedding import Embedder

# A search reads one state from beginning to end; clean-up leaves it that long.
_READERS = timedelta(minutes=10)
# The longest number of a version. Python refuses to read or to write out integers of thousands of
# digits.
_BITS, _DIGITS = 64, 20
_REF_COLUMNS = "document_id title source collection document_language content_hash".split()


class KnowledgeBase:
    """All documents of a workspace, shared by its agents.

    ``folder`` holds the table, ``root`` is what relative paths of sources start from. ``embedder``
    gives the embedder when it is first needed, which stays the caller's to close. ``max_tokens``
    bounds a passage in the embedder's tokens. ``keep`` is how long untagged past states stay
    searchable. ``ocr`` is whether scanned pages are read, where tesseract is installed. ``readers``
    gives the processes that read files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        root: Path,
        embedder: Callable[[], Embedder],
        max_tokens: int,
        keep: timedelta,
        make_summary: Summarise = summarise,
        allow_private: bool = False,
        ocr: bool = True,
        readers: Callable[[], ReaderPool] = shared_pool,
    ) -> None:
        self._open_embedder = embedder
        self._max_tokens = max_tokens
        self._make_summary = make_summary
        self._store = PassageStore(folder)
        self._keep = max(keep, _READERS)
        self._sources = SourceList(root / "sources.toml")
        self._sync = Sync(
            self._store,
            lambda: self._indexer,
            self._sources,
            root=root,
            allow_private=allow_private,
            ocr=ocr,
            readers=readers,
        )

    @cached_property
    def _embedder(self) -> Embedder:
        return self._open_embedder()

    @cached_property
    def _search(self) -> Search:
        return Search(self._embedder)

    @cached_property
    def _indexer(self) -> Indexer:
        maker = PassageMaker(
            self._embedder, max_tokens=self._max_tokens, make_summary=self._make_summary
        )
        return Indexer(self._store, self._embedder, maker)

    # Writing

    def add(
        self,
        sources: str | Path | Source | Iterable[str | Path | Source],
        *,
        collection: str | None = None,
        force: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Register one source or several (files, folders, globs, URLs) and index what they hold.

        ``collection`` is "default" where none is given. A source that is registered already is
        read again, and moves to the collection where one is given. The root of the file system
        and the home folder are refused without ``force``.
        """
        given = as_tuple(sources, str, bytes, os.PathLike, Source)
        self._require_same_recipe()
        with self._sync.lock(progress or NoProgress()):
            report = self._sync.add(given, collection, progress or NoProgress(), force=force)
            self._store.maintain(keep=self._keep)
        return report

    def add_documents(
        self, documents: Document | Iterable[Document], *, progress: Progress | None = None
    ) -> SyncReport:
        """Index one document or several that were made in memory.

        They stay until removed; ``sync`` leaves them alone.
        """
        self._require_same_recipe()
        failed: list[Failure] = []
        progress = progress or NoProgress()
        with step(progress, "indexing", None, "passages"):
            outcome = self._indexer.index(
                prepared(_each(documents), failed),
                "add documents",
                lambda _, done, __: progress.advance(done),
            )
        self._store.maintain(keep=self._keep)
        return SyncReport(
            added=tuple(outcome.added),
            replaced=tuple(outcome.replaced),
            unchanged=tuple(outcome.unchanged),
            failed=(*failed, *outcome.failed),
            passages_embedded=outcome.embedded,
            version=self.version,
        )

    def sync(
        self,
        sources: Source | Iterable[Source] | None = None,
        *,
        prune: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Read every registered source again: add, replace and remove what changed.

        Documents that no registered source covers are removed as well. Given ``sources``, only
        those are read, and what none of them covers stays as it is. A folder or a pattern that
        lost all of its files at once, as when its drive is not connected, keeps its documents and
        is in ``failed``; with ``prune`` they are removed.
        """
        self._require_same_recipe()
        chosen = None if sources is None else as_tuple(sources, Source)
        with self._sync.lock(progress or NoProgress()):
            report = self._sync.run(progress or NoProgress(), chosen, prune=prune)
            self._store.maintain(keep=self._keep)
        return report

    def remove(self, name: str | Path) -> SyncReport:
        """Remove a registered source with its documents, or one document by its id.

        A document of a registered folder stays out of later syncs, until it is added again.
        Raises :class:`NotFound` when neither exists.
        """
        with self._sync.lock(NoProgress()):
            return self._sync.remove(str(name))

    def tag(self, name: str) -> int:
        """Name the state of this moment; it is kept until the end. Returns its version."""
        return self._store.tag(name)

    def reindex(self, *, progress: Progress | None = None) -> SyncReport:
        """Make all passages anew with the embedder and the split of now.

        The new table is built beside the old one, which serves until one commit switches over.
        Documents that other processes store meanwhile are in it too.
        """
        progress = progress or NoProgress()
        with self._sync.lock(progress):
            view = self._store.latest()
            with step(progress, "reindexing", view.count() if view else 0, "passages"):
                ids, version = reindex(
                    self._store,
                    lambda documents: self._indexer.remake(
                        documents, lambda _, done, __: progress.advance(done)
                    ),
                    self._indexer.columns,
                    "reindex",
                )
        return SyncReport(replaced=tuple(ids), version=version)

    # Reading

    @property
    def version(self) -> int | None:
        """The version of the latest state; None while nothing was ever stored."""
        view = self._store.latest()
        return view.version if view else None

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        collections: str | Iterable[str] | None = None,
        as_of: AsOf = None,
    ) -> list[Hit]:
        """The best passages for a question, best first; ``collections=None`` searches all.

        This is the owner's search: ``collections`` are those of the state that is searched. An
        agent's goes through :meth:`scoped`, which holds a past state to the scope of today too.

        >>> hits = knowledge.search("When does the laboratory open?", limit=3)  # doctest: +SKIP
        """
        self._require_same_recipe()
        view = self._view(as_of)
        if view is None:
            return []
        return self._search.find(view, question, _scope(collections), limit=limit)

    def scoped(self, scope: Scope) -> ScopedKnowledge:
        """The part of the knowledge base that lies within a scope, and no more."""
        self._require_same_recipe()
        return ScopedKnowledge(self._view, self._store.closures, self._search, scope)

    def document(self, document_id: str, *, as_of: AsOf = None) -> Document:
        """A document with its whole text, as it was. Raises :class:`NotFound`."""
        view = self._view(as_of)
        rows = view.rows(where=f"document_id = {quoted(document_id)}") if view else []
        if not rows:
            raise NotFound("document", document_id, self._ids(view) if view else [])
        return to_document(rows)

    def documents(
        self, *, collections: str | Iterable[str] | None = None, as_of: AsOf = None
    ) -> list[DocumentRef]:
        """All documents, by id."""
        view = self._view(as_of)
        if view is None:
            return []
        within = _scope(collections).within
        rows = view.rows(where=f"ordinal = 0 AND {within}", columns=_REF_COLUMNS)
        return sorted(map(to_ref, rows), key=lambda ref: ref.id)

    def collections(self) -> tuple[str, ...]:
        """The names of the collections that hold documents."""
        return tuple(sorted({ref.collection for ref in self.documents()}))

    def sources(self) -> tuple[Source, ...]:
        """The registered sources."""
        return self._sources.load().sources

    def history(self) -> list[Version]:
        """The states that can be searched again, oldest first."""
        return self._store.versions()

    def check(self, *, repair: bool = False) -> list[str]:
        """What is wrong with the stored passages, in words; an empty list means all is well.

        Reads everything. With ``repair``, documents that do not hold together or cannot be read
        are removed, so that the next sync reads them from their source again; the indexes are
        rebuilt, and damaged files are set aside. Still returns what was wrong before.
        """
        found = check.faults(self._store)
        if repair:
            with self._sync.lock(NoProgress()):
                before = check.document_ids(self._store)
                check.repair(self._store)
                if found:
                    self._sync.forget_seen()
                after = check.document_ids(self._store)
            found += [f"{name}: removed by the repair" for name in sorted(before - after)]
        return found

    def _view(self, as_of: AsOf) -> View | None:
        if as_of is None:
            return self._store.latest()
        if isinstance(as_of, str):
            as_of = _parsed(as_of, self._store.tags())
        if isinstance(as_of, int) and as_of.bit_length() > _BITS:
            # Python writes out no number of thousands of digits.
            number = str(as_of) if as_of.bit_length() < 500 else "that has hundreds of digits"
            raise NotFound("version", number, [str(state.version) for state in self.history()])
        return self._store.at(as_of)

    def _ids(self, view: View) -> list[str]:
        return [
            row["document_id"] for row in view.rows(where="ordinal = 0", columns=["document_id"])
        ]

    def _require_same_recipe(self) -> None:
        view = self._store.latest()
        made_with = view.made_with if view else None
        if made_with is None:
            return
        if made_with[0] != self._embedder.identity:
            what, old, new = "embedder", made_with[0], self._embedder.identity
        elif made_with[1] != recipe(self._max_tokens):
            what, old, new = "split setting", made_with[1], recipe(self._max_tokens)
        else:
            return
        raise ReindexNeeded(
            f"The knowledge base was made with another {what} ({old}; now {new}).",
            hint="Make its passages anew with kilde reindex, or set kilde.toml back.",
        )


def _each(documents: Document | Iterable[Document]) -> Iterable[Document]:
    """The documents; a stream of them stays one."""
    return (documents,) if isinstance(documents, Document) else documents


def _scope(collections: str | Iterable[str] | None) -> Scope:
    if collections is None:
        return Scope(None)
    return Scope(frozenset(normalize("NFC", name) for name in as_tuple(collections, str)))


def _parsed(as_of: str, tags: dict[str, int]) -> str | int | datetime:
    """A tag, a version number or a date; a date alone means the end of that day."""
    if as_of in tags:
        return as_of
    if as_of.isascii() and as_of.isdecimal():
        return int(as_of) if len(as_of) <= _DIGITS else as_of
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        return as_of
    return datetime.combine(moment, time.max) if len(as_of) == len("2026-01-31") else moment
