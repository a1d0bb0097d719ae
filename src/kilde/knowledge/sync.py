"""Keeping the knowledge base equal to its sources: add, replace, remove, and keep what failed.

A file whose size and time have not changed is not read again; a document whose content hash has
not changed is not stored again; a passage whose hash has not changed is not embedded again. What
cannot be read at the moment keeps its last good state and is named in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kilde.documents.load import load
from kilde.documents.sources import Found, Source, expand, redacted, sql_name
from kilde.errors import KildeError, LoadError, NotFound
from kilde.knowledge.indexer import Indexer
from kilde.knowledge.look import look
from kilde.knowledge.reindex import sweep
from kilde.knowledge.seen import Seen
from kilde.knowledge.sources import Listed, SourceList, covers, registered, same
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import translated
from kilde.knowledge.workload import Workload
from kilde.protocols import Progress
from kilde.types import Document, Failure, SyncReport


class Sync:
    """Reads sources into a store. One process at a time does so; see :meth:`lock`."""

    def __init__(
        self,
        store: PassageStore,
        indexer: Callable[[], Indexer],
        sources: SourceList,
        *,
        root: Path,
        allow_private: bool,
    ) -> None:
        from filelock import FileLock

        self._store = store
        self._indexer = indexer
        self._sources = sources
        self._root = root
        self._allow_private = allow_private
        self._seen = Seen(store.folder / "seen.json")
        self._lock = FileLock(store.folder / "sync.lock")

    @contextmanager
    def lock(self, progress: Progress) -> Iterator[None]:
        """Wait until no other process is reading sources into this store, then keep them out.

        Two readers at once could put an older reading of a file over a newer one. The lock goes
        when its process goes, however it ends.
        """
        from filelock import Timeout

        with translated("locking", self._store.folder):
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                progress.start("waiting for another kilde to finish indexing", None, "")
                self._lock.acquire()
                progress.finish()
        try:
            # Texts that a stopped reindex left in a file must not outlive their removal.
            sweep(self._store)
            yield
        finally:
            self._lock.release()

    def add(
        self, given: Iterable[str | Path | Source], collection: str | None, progress: Progress
    ) -> SyncReport:
        """Register sources and read them. One that cannot be read at all is not registered.

        A folder that can be looked into stays registered whatever is in it.
        """
        failed: list[Failure] = []
        before = listed = self._sources.load()
        fresh: list[Source] = []
        for item in given:
            try:
                source = registered(item, collection, self._root)
                previous = next((old for old in listed.sources if same(old, source)), None)
                if previous is not None and collection is None:
                    source = replace(source, collection=previous.collection)
                next(iter(expand(source, self._root)), None)  # raises for what does not exist
            except LoadError as error:
                failed.append(Failure(error.source, error.reason, error.hint))
                continue
            listed = listed.with_source(source)
            fresh = [*(other for other in fresh if not same(other, source)), source]
        if listed != before:
            self._save(listed)
        # Also what has not changed may come back: a sheet that was removed from its workbook.
        self._seen.forget(
            name for name in self._seen.load() if any(covers(source, name) for source in fresh)
        )
        report = self._read(fresh, progress, "add " + ", ".join(map(_shown, fresh)))
        new = [source for source in fresh if not any(same(source, old) for old in before.sources)]
        self._drop_unreadable(new, {failure.source for failure in report.failed})
        return replace(report, failed=(*failed, *report.failed))

    def _drop_unreadable(self, new: list[Source], failed: set[str]) -> None:
        """Take out of the list again what was just added and gave nothing."""
        stored = set(self._stored().values())
        listed = kept = self._sources.load()
        for source in new:
            if _shown(source) in failed and not any(covers(source, name) for name in stored):
                kept = kept.without_source(source)
        if kept != listed:
            self._save(kept)

    def run(self, progress: Progress) -> SyncReport:
        """Read all registered sources."""
        return self._read(list(self._sources.load().sources), progress, "sync")

    def remove(self, name: str) -> SyncReport:
        """Remove a source or a document; see :meth:`KnowledgeBase.remove`."""
        listed = self._sources.load()
        stored = self._stored()
        wanted = _spellings(name, self._root)
        match = [source for source in listed.sources if {source.location, _shown(source)} & wanted]
        if match:
            for source in match:
                listed = listed.without_source(source)
            gone = [
                key
                for key, source in stored.items()
                if _was_read(key, source)
                and any(covers(old, source) for old in match)
                and not any(covers(kept, source) for kept in listed.sources)
            ]
        else:
            gone = [key for key, source in stored.items() if key in wanted or source in wanted]
            if not gone:
                known = {*stored, *map(_shown, listed.sources)}
                raise NotFound("source or document", redacted(name), known)
            # Of a workbook one sheet may go and the others stay.
            staying = {source for key, source in stored.items() if key not in gone}
            outside = {
                key if stored[key] in staying else stored[key]
                for key in gone
                if _was_read(key, stored[key])
                and any(covers(source, stored[key]) for source in listed.sources)
            }
            listed = replace(listed, excluded=listed.excluded | outside)
        self._save(listed)
        return SyncReport(
            removed=tuple(gone), version=self._delete(gone, f"remove {redacted(name)}")
        )

    def forget_seen(self) -> None:
        """Make the next run read every file again."""
        self._seen.save({})

    def _read(self, sources: list[Source], progress: Progress, action: str) -> SyncReport:
        failed: list[Failure] = []
        listed = self._sources.load()
        stored = self._stored()
        present = look(sources, listed.excluded, stored, failed, self._root)
        by_source: dict[str, list[str]] = {}
        for key, source in stored.items():
            if _was_read(key, source):
                by_source.setdefault(source, []).append(key)
        seen = self._seen.load()
        unchanged: list[str] = []
        to_read = []
        for name, thing in present.found.items():
            if (
                thing.fingerprint
                and seen.get(name) == [thing.fingerprint, thing.source.collection]
                and name in by_source
            ):
                unchanged += by_source[name]
            else:
                to_read.append(thing)
        # Forgotten first: when this run is cut off, the next one reads these again.
        self._seen.forget(thing.document_source for thing in to_read)
        produced: dict[str, list[str]] = {}
        work = Workload(progress, to_read)
        documents = self._load(to_read, listed.excluded, produced, failed, work)
        outcome = self._indexer().index(documents, action, work.done)
        work.finish()
        others = [source for source in listed.sources if source not in sources]
        broken = {failure.source for failure in failed}
        gone = []
        for source, keys in by_source.items():
            if source in produced:
                gone += [key for key in keys if key not in produced[source]]
            elif (
                source not in present.found
                and source not in broken
                and not present.hides(source)
                and any(covers(origin, source) for origin in sources)
                and not any(covers(other, source) for other in others)
            ):
                gone += keys
        version = self._delete(gone, action)
        self._seen.update(to_read, set(produced))
        return SyncReport(
            added=tuple(outcome.added),
            replaced=tuple(outcome.replaced),
            removed=tuple(gone),
            unchanged=(*unchanged, *outcome.unchanged),
            failed=tuple(failed),
            passages_embedded=outcome.embedded,
            version=version,
        )

    def _load(
        self,
        found: Iterable[Found],
        excluded: frozenset[str],
        produced: dict[str, list[str]],
        failed: list[Failure],
        work: Workload,
    ) -> Iterator[Document]:
        for thing in found:
            try:
                documents = load(thing, allow_private=self._allow_private)
            except KildeError as error:
                reason = error.reason if isinstance(error, LoadError) else error.message
                failed.append(Failure(thing.document_source, reason, error.hint))
                documents = []
            else:
                documents = [document for document in documents if document.id not in excluded]
                produced[thing.document_source] = [document.id for document in documents]
            work.loaded(thing, documents)
            yield from documents

    def _stored(self) -> dict[str, str]:
        """The ids of all stored documents and the source string of each."""
        view = self._store.latest()
        if view is None:
            return {}
        rows = view.rows(where="ordinal = 0", columns=["document_id", "source"])
        return {row["document_id"]: row["source"] for row in rows}

    def _delete(self, ids: list[str], action: str) -> int | None:
        view = self._store.latest()
        if ids and view is not None:
            self._store.replace(view.arrow_schema().empty_table(), ids, action)
            view = self._store.latest()
        return view.version if view else None

    def _save(self, listed: Listed) -> None:
        with translated("writing sources.toml", self._root):
            self._sources.save(listed)


def _shown(source: Source) -> str:
    """What a source is called in reports."""
    return sql_name(source) if source.kind == "sql" else source.location


def _was_read(document_id: str, source: str) -> bool:
    """Whether a document came from a source, and was not made in memory and only says so."""
    return bool(source) and (document_id == source or document_id.startswith(source + "#"))


def _spellings(name: str, root: Path) -> set[str]:
    """A name as given, and as sources and documents are called."""
    try:
        return {name, name.rstrip("/"), registered(name, None, root).location}
    except LoadError:
        return {name}
