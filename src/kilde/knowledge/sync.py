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
from dataclasses import dataclass, replace
from pathlib import Path

from kilde.documents.formats import format_of
from kilde.documents.load import load
from kilde.documents.sources import Found, Skipped, Source, document_name, expand
from kilde.errors import KildeError, LoadError, NotFound
from kilde.knowledge.indexer import Indexer, empty_rows
from kilde.knowledge.reindex import sweep
from kilde.knowledge.sources import Listed, SourceList, covers, registered, same
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import translated
from kilde.types import Document, Failure, Progress, SyncReport

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
            # Texts that a stopped reindex left in a file must not outlive their removal.
            sweep(self._store)
            yield
        finally:
            self._lock.release()

    def add(
        self, given: Iterable[str | Path | Source], collection: str | None, progress: Progress
    ) -> SyncReport:
        """Register sources and read them. One that cannot be read at all is not registered."""
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
                key
                for key, source in stored.items()
                if _was_read(key, source)
                and any(covers(old, source) for old in match)
                and not any(covers(kept, source) for kept in listed.sources)
            ]
        else:
            gone = [key for key, source in stored.items() if key in wanted or source in wanted]
            if not gone:
                known = [*stored, *(source.location for source in listed.sources)]
                raise NotFound("source or document", name, known)
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
        return SyncReport(removed=tuple(gone), version=self._delete(gone, f"remove {name}"))

    def forget_seen(self) -> None:
        """Make the next run read every file again."""
        self._seen.save({})

    def _read(self, sources: list[Source], progress: Progress, action: str) -> SyncReport:
        failed: list[Failure] = []
        listed = self._sources.load()
        stored = self._stored()
        look = self._expand(sources, listed.excluded, stored, failed)
        by_source: dict[str, list[str]] = {}
        for key, source in stored.items():
            if _was_read(key, source):
                by_source.setdefault(source, []).append(key)
        seen = self._seen.load()
        unchanged: list[str] = []
        to_read = []
        for name, thing in look.found.items():
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
        work = _Work(progress, to_read)
        documents = self._load(to_read, listed.excluded, produced, failed, work)
        outcome = self._indexer.index(documents, action, work.done)
        work.finish()
        others = [source for source in listed.sources if source not in sources]
        broken = {failure.source for failure in failed}
        gone = []
        for source, keys in by_source.items():
            if source in produced:
                gone += [key for key in keys if key not in produced[source]]
            elif (
                source not in look.found
                and source not in broken
                and not look.hides(source)
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

    def _expand(
        self,
        sources: list[Source],
        excluded: frozenset[str],
        stored: dict[str, str],
        failed: list[Failure],
    ) -> _Look:
        """All things to read, each once: the source registered last has it."""
        found: dict[str, Found] = {}
        unreadable: list[Source] = []
        hidden: list[str] = []
        for source in reversed(sources):
            try:
                for thing in expand(source, self._root):
                    if isinstance(thing, Failure):
                        failed.append(thing)
                        hidden.append(document_name(self._root / thing.source, self._root))
                    elif not isinstance(thing, Skipped) and thing.document_source not in excluded:
                        first = found.setdefault(thing.document_source, thing)
                        if not _same_file(first, thing):
                            failed.append(_second(first, thing))
            except LoadError as error:
                if not _deleted_file(source, self._root, stored):
                    unreadable.append(source)
                    failed.append(Failure(error.source, error.reason, error.hint))
        return _Look(dict(sorted(found.items())), unreadable, hidden)

    def _load(
        self,
        found: Iterable[Found],
        excluded: frozenset[str],
        produced: dict[str, list[str]],
        failed: list[Failure],
        work: _Work,
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
        if ids:
            self._store.replace(empty_rows(self._store.dimensions), ids, action)
        view = self._store.latest()
        return view.version if view else None

    def _save(self, listed: Listed) -> None:
        with translated("writing sources.toml", self._root):
            self._sources.save(listed)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found in the sources, by name; the sources and the folders or files that could not
    be looked at: their documents are kept."""

    found: dict[str, Found]
    unreadable: list[Source]
    hidden: list[str]

    def hides(self, document_source: str) -> bool:
        """Whether the document may still be there, where nobody can look."""
        return any(covers(source, document_source) for source in self.unreadable) or any(
            document_source == name or document_source.startswith(name + "/")
            for name in self.hidden
        )


class _Work:
    """Progress in kilobytes read and indexed: a large table takes as long as many letters."""

    def __init__(self, progress: Progress, things: Iterable[Found]) -> None:
        self._progress = progress
        self._sizes = {thing.document_source: _kilobytes(thing) for thing in things}
        self._waiting: dict[str, float] = {}
        self._part = 0.0
        progress.start("reading and indexing", sum(self._sizes.values()), "kB")

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

    def finish(self) -> None:
        """All is stored."""
        self._progress.finish()


class _Seen:
    """Which state of each file was read last; losing it only costs reading files again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, list[str]]:
        try:
            seen = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return seen if isinstance(seen, dict) else {}

    def forget(self, names: Iterable[str]) -> None:
        seen = self.load()
        gone = seen.keys() & set(names)
        if gone:
            self.save({name: state for name, state in seen.items() if name not in gone})

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


def _was_read(document_id: str, source: str) -> bool:
    """Whether a document came from a source, and was not made in memory and only says so."""
    return bool(source) and (document_id == source or document_id.startswith(source + "#"))


def _deleted_file(source: Source, root: Path, stored: dict[str, str]) -> bool:
    """Whether a source is a file, deleted from a folder that is still there.

    A folder that is gone may be a drive that is not connected, so its documents are kept.
    """
    path = root / source.location
    below = source.location.rstrip("/") + "/"
    return (
        source.kind == "path"
        and format_of(path.name) is not None
        and path.parent.is_dir()
        and not path.exists()
        and not any(name.startswith(below) for name in stored.values())
    )


def _same_file(one: Found, other: Found) -> bool:
    if one.path is None or other.path is None or one.path == other.path:
        return True
    try:
        return one.path.samefile(other.path)
    except OSError:
        return True  # one of them went meanwhile


def _second(first: Found, second: Found) -> Failure:
    return Failure(
        second.document_source,
        f"two files have this name ({first.path!s} and {second.path!s}); the first one is read",
        "Rename one of them.",
    )


def _kilobytes(thing: Found) -> int:
    """The size of a file; for a page or a table, which nobody knows before, that of a letter."""
    return max(1, int(thing.fingerprint.partition("-")[0] or 20_000) // 1000)


def _spellings(name: str, root: Path) -> set[str]:
    """A name as given, and as sources and documents are called."""
    try:
        return {name, name.rstrip("/"), registered(name, None, root).location}
    except LoadError:
        return {name}
