"""Keeping the knowledge base equal to its sources: add, replace, remove, and keep what failed.

A file whose size and time have not changed is not read again; a document whose content hash has
not changed is not stored again; a passage whose hash has not changed is not embedded again. What
cannot be read at the moment keeps its last good state and is named in the report.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kilde.documents.load import load
from kilde.documents.sources import Found, Skipped, Source, expand
from kilde.errors import KildeError, LoadError, NotFound
from kilde.knowledge.indexer import Indexer, empty_rows
from kilde.knowledge.sources import Listed, SourceList, covers, registered, same
from kilde.knowledge.store import PassageStore, translated
from kilde.language.detect import detect
from kilde.types import UNKNOWN_LANGUAGE, Document, Failure, Progress, SyncReport

# A file changed this recently may change again within the clock's resolution and keep its time.
_FRESH_SECONDS = 2.0


class Sync:
    """Reads sources into a store. One process at a time does so; see :meth:`lock`."""

    def __init__(
        self,
        store: PassageStore,
        indexer: Indexer,
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
        self._seen = _Seen(store.folder / "seen.json")
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
            yield
        finally:
            self._lock.release()

    def add(
        self, given: Iterable[str | Path | Source], collection: str | None, progress: Progress
    ) -> SyncReport:
        """Register sources and read them. One that cannot be read at all is not registered."""
        failed: list[Failure] = []
        listed = self._sources.load()
        fresh = []
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
            fresh.append(source)
        self._save(listed)
        report = self._read(fresh, progress, "add " + ", ".join(s.location for s in fresh))
        return replace(report, failed=(*failed, *report.failed))

    def run(self, progress: Progress) -> SyncReport:
        """Read all registered sources."""
        return self._read(list(self._sources.load().sources), progress, "sync")

    def remove(self, name: str) -> SyncReport:
        """Remove a source or a document; see :meth:`KnowledgeBase.remove`."""
        listed = self._sources.load()
        stored = self._stored()
        wanted = _spellings(name, self._root)
        match = [source for source in listed.sources if source.location in wanted]
        if match:
            for source in match:
                listed = listed.without_source(source)
            gone = [
                document_id
                for document_id, source in stored.items()
                if any(covers(old, source) for old in match)
                and not any(covers(kept, source) for kept in listed.sources)
            ]
        else:
            gone = [key for key, source in stored.items() if key in wanted or source in wanted]
            if not gone:
                known = [*stored, *(source.location for source in listed.sources)]
                raise NotFound("source or document", name, known)
            outside = {
                stored[key]
                for key in gone
                if any(covers(source, stored[key]) for source in listed.sources)
            }
            listed = replace(listed, excluded=listed.excluded | outside)
        self._save(listed)
        return SyncReport(removed=tuple(gone), version=self._delete(gone, f"remove {name}"))

    def forget_seen(self) -> None:
        """Make the next run read every file again."""
        self._seen.save({})

    def _read(self, sources: list[Source], progress: Progress, action: str) -> SyncReport:
        failed: list[Failure] = []
        found, unreadable = self._expand(sources, failed)
        stored = self._stored()
        by_source: dict[str, list[str]] = {}
        for key, source in stored.items():
            by_source.setdefault(source, []).append(key)
        seen = self._seen.load()
        unchanged: list[str] = []
        to_read = []
        for thing in found:
            known = seen.get(thing.document_source)
            if (
                thing.fingerprint
                and known == [thing.fingerprint, thing.source.collection]
                and by_source.get(thing.document_source)
            ):
                unchanged += by_source[thing.document_source]
            else:
                to_read.append(thing)
        produced: dict[str, list[str]] = {}
        progress.start("reading and indexing", len(to_read), "documents")
        documents = self._load(to_read, produced, failed, progress)
        outcome = self._indexer.index(documents, action)
        progress.finish()
        present = {thing.document_source for thing in found}
        broken = {failure.source for failure in failed}
        gone = [
            key
            for key, source in stored.items()
            if (source in produced and key not in produced[source])
            or (
                source not in present
                and source not in broken
                and any(covers(origin, source) for origin in sources)
                and not any(covers(origin, source) for origin in unreadable)
                and not any(
                    covers(other, source)
                    for other in self._sources.load().sources
                    if other not in sources
                )
            )
        ]
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

    def _expand(
        self, sources: list[Source], failed: list[Failure]
    ) -> tuple[list[Found], list[Source]]:
        """All things to read, each once (the source registered last has it), and the sources that
        could not be looked at: their documents are kept."""
        excluded = self._sources.load().excluded
        found: dict[str, Found] = {}
        unreadable = []
        for source in reversed(sources):
            try:
                for thing in expand(source, self._root):
                    if isinstance(thing, Failure):
                        failed.append(thing)
                    elif not isinstance(thing, Skipped) and thing.document_source not in excluded:
                        found.setdefault(thing.document_source, thing)
            except LoadError as error:
                if not _deleted_file(source, self._root):
                    unreadable.append(source)
                    failed.append(Failure(error.source, error.reason, error.hint))
        return sorted(found.values(), key=lambda thing: thing.document_source), unreadable

    def _load(
        self,
        found: Iterable[Found],
        produced: dict[str, list[str]],
        failed: list[Failure],
        progress: Progress,
    ) -> Iterator[Document]:
        for thing in found:
            try:
                documents = load(thing, allow_private=self._allow_private)
            except KildeError as error:
                reason = error.reason if isinstance(error, LoadError) else error.message
                failed.append(Failure(thing.document_source, reason, error.hint))
                documents = []
            else:
                produced[thing.document_source] = [document.id for document in documents]
            progress.advance()
            yield from documents

    def _stored(self) -> dict[str, str]:
        """The ids of all stored documents and the source string of each."""
        view = self._store.latest()
        if view is None:
            return {}
        rows = view.rows(where="ordinal = 0", columns=["document_id", "source"])
        return {row["document_id"]: row["source"] for row in rows}

    def _delete(self, ids: list[str], action: str) -> int | None:
        if ids:
            self._store.replace(empty_rows(self._store.dimensions), ids, action)
        view = self._store.latest()
        return view.version if view else None

    def _save(self, listed: Listed) -> None:
        with translated("writing sources.toml", self._root):
            self._sources.save(listed)


class _Seen:
    """Which state of each file was read last; losing it only costs reading files again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, list[str]]:
        try:
            seen: dict[str, list[str]] = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return seen

    def save(self, seen: dict[str, list[str]]) -> None:
        with translated("writing", self._path):
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(seen), encoding="utf-8")
            os.replace(part, self._path)  # noqa: PTH105

    def update(self, read: Iterable[Found], succeeded: set[str]) -> None:
        seen = self.load()
        now = time.time()
        for thing in read:
            modified = int(thing.fingerprint.rpartition("-")[2] or 0) / 1e9
            if thing.document_source in succeeded and thing.fingerprint:
                if now - modified > _FRESH_SECONDS:
                    seen[thing.document_source] = [thing.fingerprint, thing.source.collection]
                else:
                    seen.pop(thing.document_source, None)
        self.save(seen)


def prepared(documents: Iterable[Document], failed: list[Failure]) -> Iterator[Document]:
    """Documents made in memory, with their language told; what cannot be stored is a failure."""
    for document in documents:
        hint = "Give every document an id and some text."
        if not document.id.strip() or not document.text.strip():
            failed.append(Failure(document.id or "''", "it has no id or no text", hint))
            continue
        try:
            (document.id + document.title + document.text).encode("utf-8")
        except UnicodeEncodeError:
            failed.append(Failure(document.id, "its text is no valid Unicode", hint))
            continue
        if document.language == UNKNOWN_LANGUAGE:
            document = replace(document, language=detect(document.text))
        yield document


def _deleted_file(source: Source, root: Path) -> bool:
    """Whether a source is a file, deleted from a folder that is still there.

    A folder that is gone may be a drive that is not connected, so its documents are kept.
    """
    path = root / source.location
    return source.kind == "path" and bool(path.suffix) and path.parent.is_dir()


def _spellings(name: str, root: Path) -> set[str]:
    """A name as given, and as sources and documents are called."""
    try:
        return {name, name.rstrip("/"), registered(name, None, root).location}
    except LoadError:
        return {name}
