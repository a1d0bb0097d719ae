"""The table on disk: atomic commits, and a view of the latest and of every past state.

A commit replaces whole documents in one new version of the table. Readers see the version before
or the version after, never something between; a killed writer leaves the version before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import NotFound, ReindexNeeded, StoreError
from kilde.knowledge import upkeep
from kilde.knowledge.closures import Closures
from kilde.knowledge.history import History
from kilde.knowledge.moves import Moves
from kilde.knowledge.schema import TABLE
from kilde.knowledge.states import States, named
from kilde.knowledge.tags import Tags
from kilde.knowledge.view import NewerStore, View, one_of, translated
from kilde.types import Version

if TYPE_CHECKING:
    import pyarrow as pa

_TAG = re.compile(r"(?![-.])[A-Za-z0-9._-]{1,64}")


class PassageStore:
    """The passages table in a folder, made at the first commit.

    ``folder`` is where it lies; a lock file beside the table makes the commits of several
    processes follow one another. Opening takes no lock and waits for nobody.
    """

    def __init__(self, folder: Path) -> None:
        import lancedb
        from filelock import FileLock

        self.folder = folder
        self.history = History(folder / "history.jsonl")
        self.closures = Closures(folder / "moves.jsonl")
        self._tags = Tags(folder)
        self._lock = FileLock(folder / "commit.lock")
        with translated("opening", folder):
            folder.mkdir(parents=True, exist_ok=True)
            # Zero: another process's commit is seen by the very next search.
            self._db = lancedb.connect(folder, read_consistency_interval=timedelta(0))
        self._table: Any = None
        self._latest: View | None = None

    # Reading

    def latest(self, *, damaged: bool = False) -> View | None:
        """The latest state, fixed at this moment; None while nothing was ever stored.

        ``damaged`` gives a view also where its first rows cannot be read.
        """
        table = self._open()
        if table is None:
            return None
        with translated("opening", self.folder):
            version = int(table.version)
            known = self._latest
            if known is not None and known.raw_version == version:
                return known
            if not upkeep.has_terms_index(table):
                # A writer was stopped between its commit and its index, or is between them now;
                # without the index no word can be found.
                with self._lock:
                    upkeep.index_terms(table)
                version = int(table.version)
            pinned = self._db.open_table(TABLE)
            pinned.checkout(version)
            number = named(version, sorted(self.history.entries()))
        view = View(pinned, self.folder, number)
        try:
            _ = view.made_with  # raises for a table that a newer Kilde wrote
        except NewerStore:
            raise
        except StoreError:
            if not damaged:
                raise
        self._latest = view
        return view

    def at(self, as_of: str | int | datetime) -> View:
        """A past state by tag, version number or moment. Raises :class:`NotFound`."""
        latest = self.latest()
        if latest is None:
            raise NotFound("state of the knowledge base", str(as_of), [])
        if isinstance(as_of, int) and as_of in (latest.version, latest.raw_version):
            return latest
        place = self._states().find(as_of)
        with translated("opening a past state", self.folder):
            table = self._db.open_table(TABLE)
            table.checkout(place.version)
        return View(table, self.folder, place.number)

    def tags(self) -> dict[str, int]:
        """All tags and the versions of the table they name."""
        if self._open() is None:
            return {}
        with translated("reading tags", self.folder):
            return self._tags.versions()

    def tag_faults(self) -> dict[str, str]:
        """What is wrong with tags, in words, by tag; reads the tagged states."""
        with translated("reading tags", self.folder):
            found = self._tags.faults()
        for name in self.tags():
            try:
                self.at(name).arrow(None, ["document_id"])
            except StoreError as error:
                found[name] = error.message
        return found

    def versions(self) -> list[Version]:
        """The states that can be searched, oldest first: the latest, the tagged, and those since
        the last clean-up."""
        return self._states().versions() if self._open() is not None else []

    def _states(self) -> States:
        with translated("reading versions", self.folder):
            stored = {
                int(version["version"]): version["timestamp"].replace(tzinfo=UTC)
                for version in self._open().list_versions()
            }
            entries = self.history.entries()
        return States(stored, self.tags(), entries)

    def reopen(self) -> None:
        """Forget what is held open and read the table anew. Raises :class:`StoreError`."""
        self._table = self._latest = None
        self._open()

    # Writing

    def lock(self) -> AbstractContextManager[object]:
        """Keeps every other commit out; the same process may commit within it."""
        return self._lock

    def replace(
        self, rows: pa.Table, documents: Sequence[str], action: str, moves: Moves | None = None
    ) -> int:
        """Put the rows in the place of all passages of the documents, in one version.

        ``documents`` are the ids whose passages are replaced; those without rows are removed.
        ``moves`` is what the run has written so far, where it makes several commits.
        Returns the version. Until it returns, every reader sees the state before.
        Raises :class:`ReindexNeeded` when the table was reindexed since the rows were made.
        """
        with translated("writing", self.folder), self._lock:
            table = self._open()
            if table is None:
                if not rows.num_rows:
                    return 0
                table = self._table = self._create(rows.schema)
                upkeep.index_terms(table)
            self._require_made_alike(rows)
            # Before the commit: a kill in between closes too much, and never too little.
            self.closures.record([*(moves or Moves()).of(self.latest(), rows, documents)])
            with self.history.intending(int(table.version) + 1, action):
                (
                    table.merge_insert("id")
                    .when_matched_update_all()
                    .when_not_matched_insert_all()
                    .when_not_matched_by_source_delete(one_of("document_id", documents))
                    .execute(rows, on_bad_vectors="null")
                )
            return self._counted(table)

    def overwrite(self, batches: Iterator[pa.RecordBatch], made: pa.Schema, action: str) -> int:
        """Replace the whole table by a stream of batches, in one version.

        The batches must not come from the table itself. Tagged and recent states stay.
        """
        with translated("writing", self.folder), self._lock:
            table = self._open()
            following = int(table.version) + 1 if table is not None else 1
            with self.history.intending(following, action):
                self._db.create_table(
                    TABLE,
                    data=_at_least_one(batches, made),
                    schema=made,
                    mode="overwrite",
                    on_bad_vectors="null",
                )
            self._table = self._db.open_table(TABLE)
            upkeep.index_terms(self._table)
            return self._counted(self._table)

    def tag(self, name: str) -> int:
        """Name the latest state, so that it is kept for good. Returns its version."""
        if not _TAG.fullmatch(name) or name.isdigit() or _looks_like_date(name):
            raise StoreError(
                f"{name!r} cannot be a tag.",
                hint="Use letters, digits, '.', '_' and '-', and not a number or a date alone.",
            )
        with translated("tagging", self.folder), self._lock:
            view = self.latest()
            if view is None:
                raise StoreError(
                    "There is nothing to tag yet.", hint="Add documents: kilde add FOLDER"
                )
            if self._tags.exists(name):
                raise StoreError(f"The tag {name!r} exists already.", hint="Choose another name.")
            self._tags.heal(self._open())
            self._tags.create(self._open(), name, view.raw_version)
        return view.version

    def maintain(self, *, force: bool = False, keep: timedelta | None = None) -> None:
        """Bring the indexes up to date where it pays, and drop untagged versions older than
        ``keep``. Readers go on meanwhile, those of a dropped version excepted."""

        def work(table: Any) -> None:
            self._tags.heal(table)  # the clean-up spares what a branch of this folder keeps
            upkeep.tidy(table, force=force, keep=keep)

        self._under_lock(work)

    def repair_tags(self, aside: Path) -> None:
        """Make tags whole again; those whose state is lost are moved to the folder ``aside``."""
        self._under_lock(self._tags.heal)
        for name in self.tag_faults():
            with translated("setting damaged files aside", self.folder), self._lock:
                self._tags.set_aside(name, aside)

    def rebuild_indexes(self) -> None:
        """Make every index anew."""
        self._under_lock(upkeep.rebuild_indexes)

    def _under_lock(self, work: Callable[[Any], None]) -> None:
        if self._open() is not None:
            with translated("tidying up", self.folder), self._lock:
                work(self._open())

    def _open(self) -> Any:
        """The table that follows the latest version; None while there is none."""
        if self._table is None:
            with translated("opening", self.folder):
                if TABLE in self._db.list_tables().tables:
                    try:
                        self._table = self._db.open_table(TABLE)
                    except ValueError as error:
                        # The folder of a table whose making was cut off holds no table yet.
                        data = self.folder / f"{TABLE}.lance" / "data"
                        if "was not found" not in str(error) or any(data.glob("*")):
                            raise
        return self._table

    def _create(self, made: pa.Schema) -> Any:
        # Also where making it was cut off the last time and its folder is there.
        return self._db.create_table(TABLE, schema=made)

    def _counted(self, table: Any) -> int:
        version = int(table.version)
        documents = int(table.count_rows("ordinal = 0"))
        number = named(version, sorted(self.history.entries()))
        self.history.counted(number, documents, int(table.count_rows("ordinal >= 0")))
        return number

    def _require_made_alike(self, rows: pa.Table) -> None:
        view = self.latest()
        made_with = view.made_with if view else None
        if made_with is None or not rows.num_rows:
            return
        own = rows["embedder"][0].as_py(), rows["recipe"][0].as_py()
        if own != made_with:
            raise ReindexNeeded(
                f"The knowledge base is made with {' '.join(made_with)}, and these passages with "
                f"{' '.join(own)}.",
                hint="Make its passages anew with kilde reindex, or open the workspace again.",
            )


def _at_least_one(batches: Iterator[pa.RecordBatch], made: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches; an empty one where there are none, which the storage library cannot write."""
    import pyarrow as pa

    yield pa.RecordBatch.from_pylist([], schema=made)
    yield from batches


def _looks_like_date(name: str) -> bool:
    try:
        datetime.fromisoformat(name)
    except ValueError:
        return False
    return True
