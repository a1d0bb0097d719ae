"""Keeping the knowledge base equal to its sources: add, replace, remove, and keep what failed.

A file whose size and time have not changed is not read again; a document whose content hash has
not changed is not stored again; a passage whose hash has not changed is not embedded again. What
cannot be read at the moment keeps its last good state and is named in the report.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from kilde.documents.ocr import UNREAD
from kilde.documents.reader_pool import ReaderPool
from kilde.documents.sources import Found, Source, expand, redacted, sql_name
from kilde.errors import LoadError, NotFound
from kilde.knowledge.indexer import Indexer
from kilde.knowledge.look import look
from kilde.knowledge.neighbours import Neighbours
from kilde.knowledge.reindex import sweep
from kilde.knowledge.seen import Seen
from kilde.knowledge.sources import (
    Listed,
    SourceList,
    covers,
    refuse_everything,
    registered,
    same,
)
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import translated
from kilde.knowledge.workload import Workload
from kilde.protocols import Progress, step
from kilde.types import Document, Failure, Omission, SyncReport


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
        ocr: bool,
        readers: Callable[[], ReaderPool],
    ) -> None:
        from filelock import FileLock

        self._store = store
        self._indexer = indexer
        self._sources = sources
        self._root = root
        self._allow_private = allow_private
        self._ocr = ocr
        self._readers = readers
        self._seen = Seen(store.folder / "seen.json", ocr=ocr)
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
                with step(progress, "waiting for another kilde to finish indexing", None, ""):
                    self._lock.acquire()
        try:
            # Texts that a stopped reindex left in a file must not outlive their removal.
            sweep(self._store)
            yield
        finally:
            self._lock.release()

    def add(
        self,
        given: Iterable[str | Path | Source],
        collection: str | None,
        progress: Progress,
        *,
        force: bool = False,
    ) -> SyncReport:
        """Register sources and read them. One that cannot be read at all is not registered.

        A folder that can be looked into stays registered whatever is in it. The root of the file
        system and the home folder are refused without ``force``.
        """
        failed: list[Failure] = []
        before = listed = self._sources.load()
        fresh: list[Source] = []
        for item in given:
            try:
                source = registered(item, collection, self._root)
                if not force:
                    refuse_everything(source, self._root)
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
        action = "add " + ", ".join(map(_shown, fresh))
        report = self._read(fresh, progress, action, report_skipped=True)
        new = [source for source in fresh if not any(same(source, old) for old in before.sources)]
        self._drop_unreadable(new, {failure.source for failure in report.failed})
        return replace(report, failed=(*failed, *report.failed))

    def _drop_unreadable(self, new: list[Source], failed: set[str]) -> None:
        """Take out of the list again what was just added and gave nothing."""
        stored = {document.source for document in self._stored().values()}
        listed = kept = self._sources.load()
        for source in new:
            if _shown(source) in failed and not any(covers(source, name) for name in stored):
                kept = kept.without_source(source)
        if kept != listed:
            self._save(kept)

    def run(
        self, progress: Progress, chosen: Sequence[Source] | None = None, *, prune: bool = False
    ) -> SyncReport:
        """Read all registered sources, and remove what none of them covers; or the chosen ones.

        The documents of a source that lost all of its files at once are kept without ``prune``.
        Without the file that lists them nothing is removed, for it may have been lost.
        """
        if chosen is not None:
            return self._read(list(chosen), progress, "sync", prune=prune)
        if self._sources.exists():
            sources = list(self._sources.load().sources)
            return self._read(sources, progress, "sync", complete=True, prune=prune)
        report = self._read([], progress, "sync")
        if any(document.was_read for document in self._stored().values()):
            lost = Failure(
                "sources.toml",
                "it is missing, so nothing was read and all documents stay as they are",
                "Put it back or register the sources again with kilde add; to remove the "
                "documents of all sources, save it as an empty file.",
            )
            report = replace(report, failed=(*report.failed, lost))
        return report

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
                for key, document in stored.items()
                if document.was_read
                and any(covers(old, document.source) for old in match)
                and not any(covers(kept, document.source) for kept in listed.sources)
            ]
        else:
            gone = [
                key
                for key, document in stored.items()
                if key in wanted or (document.was_read and document.source in wanted)
            ]
            excluded = self._to_exclude(gone, stored, listed, wanted)
            if not gone and not excluded:
                known = {*stored, *map(_shown, listed.sources)}
                raise NotFound("source or document", redacted(name), known)
            listed = replace(listed, excluded=listed.excluded | excluded)
        # Deleted before the list says so: a kill in between leaves less to answer with, not more.
        version = self._delete(gone, f"remove {redacted(name)}")
        self._save(listed)
        return SyncReport(removed=tuple(gone), version=version)

    def _to_exclude(
        self, gone: list[str], stored: dict[str, _Stored], listed: Listed, wanted: set[str]
    ) -> set[str]:
        """What later syncs must leave out, so that removed documents do not come back."""
        # Of a workbook one sheet may go and the others stay.
        staying = {document.source for key, document in stored.items() if key not in gone}
        origins = {
            key if stored[key].source in staying else stored[key].source: stored[key].source
            for key in gone
            if stored[key].was_read
        }
        if not gone:
            # A removal that was killed has deleted the document, and its file is still there.
            origins = {name: name for name in wanted if os.path.isfile(self._root / name)}  # noqa: PTH113
        return {
            name
            for name, origin in origins.items()
            if any(covers(source, origin) for source in listed.sources)
        }

    def forget_seen(self) -> None:
        """Make the next run read every file again."""
        self._seen.save({})

    def _read(
        self,
        sources: list[Source],
        progress: Progress,
        action: str,
        *,
        complete: bool = False,
        prune: bool = False,
        report_skipped: bool = False,
    ) -> SyncReport:
        """Read sources; where they are ``complete``, what none of them covers is removed.

        ``report_skipped`` reports the files that no reader is for.
        """
        failed: list[Failure] = []
        began = time.time()
        listed = self._sources.load()
        stored = self._stored()
        origins = {document.source for document in stored.values() if document.was_read}
        present = look(sources, listed.excluded, origins, failed, self._root, prune=prune)
        by_source: dict[str, list[str]] = {}
        for key, document in stored.items():
            if document.was_read:
                by_source.setdefault(document.source, []).append(key)
        seen = self._seen.load()
        unchanged: list[str] = []
        to_read = []
        for name, thing in present.found.items():
            if (
                thing.fingerprint
                and seen.get(name, [])[:2] == [thing.fingerprint, thing.source.collection]
                and name in by_source
                and listed.excluded.isdisjoint(by_source[name])
            ):
                unchanged += by_source[name]
            else:
                to_read.append(thing)
        # Forgotten first: when this run is cut off, the next one reads these again.
        self._seen.forget(thing.document_source for thing in to_read)
        produced: dict[str, list[str]] = {}
        omitted = list(present.omitted) if report_skipped else []
        with Workload(progress, to_read) as work:
            documents = self._load(to_read, listed.excluded, produced, failed, omitted, work)
            documents = self._neighbours({thing.document_source for thing in to_read}).settle(
                documents
            )
            outcome = self._indexer().index(documents, action, work.done)
        failed += outcome.failed
        unstored = {failure.source for failure in outcome.failed}
        whole = {name for name, keys in produced.items() if unstored.isdisjoint(keys)}
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
                and (
                    (complete and all(stored[key].recorded for key in keys))
                    or any(covers(origin, source) for origin in sources)
                )
                and not any(covers(other, source) for other in others)
            ):
                gone += keys
        version = self._delete(gone, action)
        unread = {omission.source for omission in omitted if omission.kind.startswith(UNREAD)}
        incomplete = {name for name, keys in produced.items() if not unread.isdisjoint(keys)}
        self._seen.update(to_read, whole, began, incomplete)
        return SyncReport(
            added=tuple(outcome.added),
            replaced=tuple(outcome.replaced),
            removed=tuple(gone),
            unchanged=(*unchanged, *outcome.unchanged),
            failed=tuple(failed),
            omitted=tuple(omitted),
            passages_embedded=outcome.embedded,
            version=version,
        )

    def _load(
        self,
        found: Iterable[Found],
        excluded: frozenset[str],
        produced: dict[str, list[str]],
        failed: list[Failure],
        omitted: list[Omission],
        work: Workload,
    ) -> Iterator[Document]:
        results = self._readers().load_all(found, allow_private=self._allow_private, ocr=self._ocr)
        for thing, result in results:
            documents: list[Document] = []
            if isinstance(result, LoadError):
                failed.append(Failure(thing.document_source, result.reason, result.hint))
            else:
                documents = [document for document in result if document.id not in excluded]
                produced[thing.document_source] = [document.id for document in documents]
                omitted += [
                    Omission(document.id, kind, count)
                    for document in documents
                    for kind, count in document.omitted.items()
                ]
            work.loaded(thing, documents)
            yield from documents

    def _stored(self) -> dict[str, _Stored]:
        """Where all stored documents came from, by id."""
        view = self._store.latest()
        if view is None:
            return {}
        rows = view.rows(where="ordinal <= 0", columns=["document_id", "source", "layout"])
        found: dict[str, _Stored] = {}
        for row in rows:
            key, source, layout = row["document_id"], row["source"], row["layout"]
            if layout or key not in found:  # the summary, of which a damaged document may have none
                origin = json.loads(layout).get("origin") if layout else None
                named = bool(source) and (key == source or key.startswith(source + "#"))
                was_read = named if origin is None else origin != "memory"
                found[key] = _Stored(source, was_read, origin is not None)
        return found

    def _neighbours(self, read_again: set[str]) -> Neighbours:
        """The languages of the stored documents, but for those that are read again."""
        view = self._store.latest()
        columns = ["source", "collection", "document_language"]
        rows = view.rows(where="ordinal = 0", columns=columns) if view and read_again else []
        return Neighbours(
            (row["source"], row["collection"], row["document_language"])
            for row in rows
            if row["source"] not in read_again
        )

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


@dataclass(frozen=True, slots=True)
class _Stored:
    """The source of a stored document, and whether it was read from there or made in memory.

    ``recorded`` is false where that is a guess: the document was stored before it was recorded.
    """

    source: str
    was_read: bool
    recorded: bool


def _spellings(name: str, root: Path) -> set[str]:
    """A name as given, and as sources and documents are called."""
    names = {name, name.rstrip("/")} - {""}
    with suppress(LoadError, UnicodeError):  # UnicodeError: no file can have that name
        names.add(registered(name, None, root).location)
    return names
