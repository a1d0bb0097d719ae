"""The table on disk: atomic commits, searches within a filter, and every past state.

A commit replaces whole documents in one new version of the table. Readers see the version before
or the version after, never something between; a killed writer leaves the version before. A tag is
a branch of the table: unlike the storage library's own tags, which stop every later clean-up, a
branch keeps its version while older ones around it go.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import KildeError, NotFound, StoreError
from kilde.knowledge.history import History
from kilde.knowledge.schema import FORMAT, READ_COLUMNS, TABLE, schema
from kilde.types import Version

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

log = logging.getLogger(__name__)

_TAG = re.compile(r"(?![-.])[A-Za-z0-9._-]{1,64}")
_BRANCH = "tag-"
# From this many vectors on, the approximate index is faster than looking at every vector
# (2 ms against 8 ms at 10,000 passages).
VECTOR_INDEX_FROM = 8_000
# Rows that no index holds yet are scanned by every search; more than this many cost milliseconds.
_UNINDEXED = 1_000


def quoted(value: str) -> str:
    """A text as an SQL literal for the table's filters."""
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, values: Sequence[str]) -> str:
    """A filter for a column that holds one of the values; an empty list matches nothing."""
    if not values:
        return "false"
    return f"{column} IN ({', '.join(quoted(value) for value in values)})"


@contextmanager
def translated(doing: str, path: Path) -> Iterator[None]:
    """Turn what the storage library or the disk raises into a :class:`StoreError`."""
    try:
        yield
    except KildeError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        text = str(error)
        if isinstance(error, PermissionError) or "ermission denied" in text or "ead-only" in text:
            hint = "The folder cannot be written. Change its permissions, or copy the workspace."
        elif "No space left" in text or getattr(error, "errno", None) == 28:
            hint = "The disk is full. Make room and run the command again; nothing was lost."
        else:
            hint = "Run kilde check to see what is wrong, and kilde check --repair to mend it."
        raise StoreError(f"{path}: {doing} failed: {text.splitlines()[0]}", hint=hint) from error


class View:
    """One state of the table: the latest, or a past one. All reading happens through views."""

    def __init__(self, table: Any, path: Path) -> None:
        self._table = table
        self._path = path

    @cached_property
    def version(self) -> int:
        """The version of the table that is read."""
        return int(self._table.version)

    @cached_property
    def made_with(self) -> tuple[str, str] | None:
        """``(embedder, recipe)`` that the passages were made with; None in an empty table."""
        rows = self.rows(where=None, columns=["embedder", "recipe", "format"], limit=1)
        if not rows:
            return None
        if rows[0]["format"] > FORMAT:
            raise StoreError(
                f"{self._path}: the knowledge base was written by a newer Kilde "
                f"(format {rows[0]['format']}, this one reads up to {FORMAT}).",
                hint="Upgrade Kilde: pip install --upgrade kilde",
            )
        return rows[0]["embedder"], rows[0]["recipe"]

    def count(self, where: str | None = None) -> int:
        """The number of passages that match the filter."""
        with translated("counting passages", self._path):
            return int(self._table.count_rows(where))

    def rows(
        self, *, where: str | None, columns: Sequence[str] = READ_COLUMNS, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """The rows that match the filter, in no particular order."""
        with translated("reading", self._path):
            query = self._table.search().select(list(columns))
            if where is not None:
                query = query.where(where)
            result: list[dict[str, Any]] = query.limit(limit).to_arrow().to_pylist()
            return result

    def batches(self, columns: Sequence[str], where: str | None = None) -> Iterator[dict[str, Any]]:
        """The columns of all rows, a batch at a time, so that memory stays flat."""
        with translated("reading", self._path):
            query = self._table.search().select(list(columns))
            if where is not None:
                query = query.where(where)
            for batch in query.to_batches(1024):
                yield batch.to_pydict()

    def lexical(self, terms: Sequence[str], where: str, limit: int) -> pa.Table:
        """The best passages by BM25 over ``terms``, with a column ``_score``."""
        from lancedb.query import MatchQuery

        with translated("searching", self._path):
            query = self._table.search(MatchQuery(" ".join(terms), "terms"), query_type="fts")
            return query.where(where).select([*READ_COLUMNS, "_score"]).limit(limit).to_arrow()

    def dense(self, vector: npt.NDArray[np.float32], where: str, limit: int) -> pa.Table:
        """The nearest passages by cosine, with a column ``_distance`` (1 − cosine)."""
        with translated("searching", self._path):
            query = self._table.search(vector, vector_column_name="vector")
            query = query.distance_type("cosine").where(where)
            return query.select([*READ_COLUMNS, "_distance"]).limit(limit).to_arrow()


class PassageStore:
    """The passages table in a folder, made at the first commit.

    ``folder`` is where it lies; a lock file beside the table makes the commits of several
    processes follow one another. Opening takes no lock and waits for nobody.
    """

    def __init__(self, folder: Path, *, dimensions: int) -> None:
        import lancedb
        from filelock import FileLock

        self.folder = folder
        self.dimensions = dimensions
        self.history = History(folder / "history.jsonl")
        self._lock = FileLock(folder / "commit.lock")
        with translated("opening", folder):
            folder.mkdir(parents=True, exist_ok=True)
            # Zero: another process's commit is seen by the very next search.
            self._db = lancedb.connect(folder, read_consistency_interval=timedelta(0))
        self._table: Any = None
        self._latest: View | None = None

    def _open(self) -> Any:
        """The table that follows the latest version; None while there is none."""
        if self._table is None:
            with translated("opening", self.folder):
                if TABLE in self._names():
                    self._table = self._db.open_table(TABLE)
        return self._table

    def _names(self) -> list[str]:
        return list(self._db.list_tables().tables)

    def latest(self) -> View | None:
        """The latest state, fixed at this moment; None while nothing was ever stored."""
        table = self._open()
        if table is None:
            return None
        with translated("opening", self.folder):
            version = table.version
            if self._latest is not None and self._latest.version == version:
                return self._latest
            if not self._has_terms_index(table):
                # A writer was stopped between its commit and its index; without the index no
                # word can be found.
                with self._lock:
                    self._index_terms(table)
                version = table.version
            pinned = self._db.open_table(TABLE)
            pinned.checkout(version)
            self._latest = View(pinned, self.folder)
        return self._latest

    def at(self, as_of: str | int | datetime) -> View:
        """A past state by tag, version number or moment. Raises :class:`NotFound`."""
        if self._open() is None:
            raise NotFound("state of the knowledge base", str(as_of), [])
        with translated("opening a past state", self.folder):
            if isinstance(as_of, str) and as_of in self.tags():
                return View(self._db.open_table(TABLE, branch=_BRANCH + as_of), self.folder)
            version = self._version_of(as_of)
            for tag, tagged in self.tags().items():
                if tagged == version:
                    return View(self._db.open_table(TABLE, branch=_BRANCH + tag), self.folder)
            table = self._db.open_table(TABLE)
            table.checkout(version)
            return View(table, self.folder)

    def _version_of(self, as_of: str | int | datetime) -> int:
        versions = [version.version for version in self.versions()]
        hint = "kilde history lists the states that can be searched."
        if isinstance(as_of, int):
            if as_of not in versions and as_of not in self.tags().values():
                raise NotFound("version", str(as_of), map(str, versions), hint=hint)
            return as_of
        if isinstance(as_of, str):
            raise NotFound("tag", as_of, self.tags(), hint=hint)
        moment = as_of if as_of.tzinfo else as_of.astimezone()
        before = [version.version for version in self.versions() if version.at <= moment]
        if not before:
            raise NotFound("state of the knowledge base at", as_of.isoformat(), [], hint=hint)
        return max(before)

    def replace(self, rows: pa.Table, documents: Sequence[str], action: str) -> int:
        """Put the rows in the place of all passages of the documents, in one version.

        ``documents`` are the ids whose passages are replaced; those without rows are removed.
        Returns the version. Until it returns, every reader sees the state before.
        """
        with translated("writing", self.folder), self._lock:
            table = self._open()
            if table is None:
                if not rows.num_rows:
                    return 0
                table = self._table = self._db.create_table(TABLE, schema=schema(self.dimensions))
                self._index_terms(table)
            (
                table.merge_insert("id")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .when_not_matched_by_source_delete(one_of("document_id", documents))
                .execute(rows, on_bad_vectors="null")
            )
            version = int(table.version)
            self.history.record(version, action)
            return version

    def overwrite(self, batches: Iterator[pa.RecordBatch], action: str) -> int:
        """Replace the whole table by a stream of batches, in one version (for a reindex).

        The batches go to a file beside the table first: making them reads the table, which the
        storage library cannot do while it draws them. The switch is one commit at the end.
        """
        import pyarrow as pa

        beside = self.folder / "reindex.arrow"
        with translated("writing", self.folder):
            with pa.ipc.new_file(str(beside), schema(self.dimensions)) as file:
                for batch in batches:
                    file.write_batch(batch)
            with self._lock, pa.memory_map(str(beside)) as source:
                made = pa.ipc.open_file(source)
                self._db.create_table(
                    TABLE,
                    data=(made.get_batch(place) for place in range(made.num_record_batches)),
                    schema=made.schema,
                    mode="overwrite",
                    on_bad_vectors="null",
                )
                self._table = self._db.open_table(TABLE)
                self._index_terms(self._table)
                version = int(self._table.version)
                self.history.record(version, action)
            beside.unlink()
        self.maintain(force=True)
        return version

    def tag(self, name: str) -> int:
        """Name the latest version, so that it is kept for good. Returns the version."""
        table = self._open()
        if not _TAG.fullmatch(name) or name.isdigit() or _looks_like_date(name):
            raise StoreError(
                f"{name!r} cannot be a tag.",
                hint="Use letters, digits, '.', '_' and '-', and not a number or a date alone.",
            )
        if table is None:
            raise StoreError("There is nothing to tag yet.", hint="Add documents: kilde add FOLDER")
        if name in self.tags():
            raise StoreError(f"The tag {name!r} exists already.", hint="Choose another name.")
        with translated("tagging", self.folder), self._lock:
            version = int(table.version)
            table.branches.create(_BRANCH + name, from_version=version)
        return version

    def tags(self) -> dict[str, int]:
        """All tags and the versions they name."""
        table = self._open()
        if table is None:
            return {}
        with translated("reading tags", self.folder):
            return {
                name.removeprefix(_BRANCH): int(branch["parent_version"])
                for name, branch in table.branches.list().items()
                if name.startswith(_BRANCH)
            }

    def versions(self) -> list[Version]:
        """The states that can be searched, oldest first: the latest, the tagged, and the commits
        since the last clean-up."""
        table = self._open()
        if table is None:
            return []
        tags = self.tags()
        with translated("reading versions", self.folder):
            stored = {
                int(version["version"]): version["timestamp"].replace(tzinfo=UTC)
                for version in table.list_versions()
            }
        entries = self.history.entries()
        numbers = (entries.keys() & stored.keys()) | set(tags.values())
        if stored and not entries.keys() & stored.keys():
            numbers.add(max(stored))
        return [
            Version(
                version=number,
                at=entries[number].at if number in entries else stored[number],
                action=entries[number].action if number in entries else "",
                tags=tuple(sorted(name for name, tagged in tags.items() if tagged == number)),
            )
            for number in sorted(numbers)
            if number in entries or number in stored
        ]

    def maintain(self, *, force: bool = False, keep: timedelta | None = None) -> None:
        """Bring the indexes up to date where it pays, and drop untagged versions older than
        ``keep``. Readers go on meanwhile."""
        table = self._open()
        if table is None:
            return
        with translated("tidying up", self.folder), self._lock:
            self._index_columns(table)
            unindexed = max(
                (
                    table.index_stats(index.name).num_unindexed_rows
                    for index in table.list_indices()
                ),
                default=0,
            )
            if force or unindexed > _UNINDEXED or self._fragments(table) > 40:
                table.optimize()
                self._index_vectors(table)
            if keep is not None:
                table.optimize(cleanup_older_than=keep)

    def _fragments(self, table: Any) -> int:
        return int(table.stats()["fragment_stats"]["num_fragments"])

    def _has_terms_index(self, table: Any) -> bool:
        return any("terms" in index.columns for index in table.list_indices())

    def _index_terms(self, table: Any) -> None:
        from lancedb.index import FTS

        if not self._has_terms_index(table):
            # The terms are analysed already: split at blanks and leave them as they are.
            analysed = FTS(
                base_tokenizer="whitespace",
                stem=False,
                lower_case=False,
                remove_stop_words=False,
                ascii_folding=False,
                max_token_length=100,
            )
            table.create_index("terms", config=analysed)

    def _index_columns(self, table: Any) -> None:
        from lancedb.index import Bitmap, BTree

        have = {column for index in table.list_indices() for column in index.columns}
        wanted = {
            "id": BTree,
            "document_id": BTree,
            "kind": Bitmap,
            "collection": Bitmap,
            "language": Bitmap,
        }
        for column, index in wanted.items():
            if column not in have:
                table.create_index(column, config=index())

    def _index_vectors(self, table: Any) -> None:
        from lancedb.index import HnswSq

        if any("vector" in index.columns for index in table.list_indices()):
            return
        if table.count_rows("vector IS NOT NULL") >= VECTOR_INDEX_FROM:
            table.create_index("vector", config=HnswSq(distance_type="cosine", num_partitions=1))


def _looks_like_date(name: str) -> bool:
    try:
        datetime.fromisoformat(name)
    except ValueError:
        return False
    return True
