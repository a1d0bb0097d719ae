"""One state of the table, and how it is asked: filters, counts, and the two searches."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import KildeError, StoreError
from kilde.knowledge.schema import FORMAT, HIT_COLUMNS, READ_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

log = logging.getLogger(__name__)

_FULL = ("No space left", "File too large", "Disk quota", "StorageFull", "os error 28")
_FULL_NUMBERS = (27, 28, 122)  # EFBIG, ENOSPC, EDQUOT
_FORBIDDEN = ("ermission denied", "ead-only")


def quoted(value: str) -> str:
    """A text as an SQL literal for the table's filters.

    One that cannot be stored (half a surrogate pair) is equal to nothing.
    """
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "NULL"
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
        number = getattr(error, "errno", None)
        first = (text.splitlines() or [type(error).__name__])[0]
        if isinstance(error, PermissionError) or any(word in text for word in _FORBIDDEN):
            hint = "The folder cannot be written. Change its permissions, or copy the workspace."
        elif number in _FULL_NUMBERS or any(word in text for word in _FULL):
            hint = "The disk is full. Make room and run the command again; nothing was lost."
        else:
            hint = "Run kilde check to see what is wrong, and kilde check --repair to mend it."
        log.debug("%s: %s", doing, text)
        raise StoreError(f"{path}: {doing} failed: {first[:300]}", hint=hint) from error


class NewerStore(StoreError):
    """The table was written by a newer Kilde; nothing in it may be judged or changed."""


class View:
    """One state of the table: the latest, or a past one. All reading happens through views.

    ``version`` is the number under which the state can be asked for again.
    """

    def __init__(self, table: Any, path: Path, version: int) -> None:
        self._table = table
        self._path = path
        self.version = version
        self.raw_version = int(table.version)
        # What was found out about this state and holds for as long as it is looked at.
        self.remembered: dict[object, Any] = {}

    @cached_property
    def made_with(self) -> tuple[str, str] | None:
        """``(embedder, recipe)`` that the passages were made with; None in an empty table.

        Raises :class:`StoreError` for a table that a newer Kilde wrote.
        """
        with translated("reading", self._path):
            newer = "format" not in self._table.schema.names
        rows = [] if newer else self.rows(where=None, columns=["format"], limit=1)
        if newer or (rows and rows[0]["format"] > FORMAT):
            found = "of another make" if newer else f"format {rows[0]['format']}"
            raise NewerStore(
                f"{self._path}: the knowledge base was written by a newer Kilde "
                f"({found}, this one reads up to format {FORMAT}).",
                hint="Upgrade Kilde: pip install --upgrade kilde",
            )
        rows = self.rows(where=None, columns=["embedder", "recipe"], limit=1)
        return (rows[0]["embedder"], rows[0]["recipe"]) if rows else None

    def count(self, where: str | None = None) -> int:
        """The number of passages that match the filter."""
        with translated("counting passages", self._path):
            return int(self._table.count_rows(where))

    def arrow(
        self, where: str | None, columns: Sequence[str], limit: int | None = None
    ) -> pa.Table:
        """The columns of the rows that match the filter, in no particular order."""
        with translated("reading", self._path):
            query = self._table.search().select(list(columns))
            if where is not None:
                query = query.where(where)
            return query.limit(limit).to_arrow()

    def rows(
        self, *, where: str | None, columns: Sequence[str] = READ_COLUMNS, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """The rows that match the filter, in no particular order."""
        rows: list[dict[str, Any]] = self.arrow(where, columns, limit).to_pylist()
        return rows

    def batches(self, columns: Sequence[str], where: str | None = None) -> Iterator[dict[str, Any]]:
        """The columns of all rows, a batch at a time, so that memory stays flat."""
        with translated("reading", self._path):
            query = self._table.search().select(list(columns))
            if where is not None:
                query = query.where(where)
            for batch in query.to_batches(1024):
                yield batch.to_pydict()

    def arrow_schema(self) -> pa.Schema:
        """The columns of the table as they are stored."""
        with translated("reading", self._path):
            return self._table.schema

    def at_offsets(self, offsets: Sequence[int]) -> pa.Table:
        """All columns of the rows at these places of the table (for saving what can be read)."""
        with translated("reading", self._path):
            return self._table.take_offsets(list(offsets)).to_arrow()

    def lexical(
        self, terms: Sequence[str], where: str, limit: int, columns: Sequence[str] = READ_COLUMNS
    ) -> pa.Table:
        """The best passages by BM25 over ``terms``, with the columns ``_score`` and ``_rowid``."""
        from lancedb.query import MatchQuery

        with translated("searching", self._path):
            query = self._table.search(MatchQuery(" ".join(terms), "terms"), query_type="fts")
            query = query.where(where).select([*columns, "_score"]).with_row_id(True)
            return query.limit(limit).to_arrow()

    def dense(
        self,
        vector: npt.NDArray[np.float32],
        where: str,
        limit: int,
        columns: Sequence[str] = READ_COLUMNS,
    ) -> pa.Table:
        """The nearest passages by cosine, with ``_distance`` (1 − cosine) and ``_rowid``."""
        with translated("searching", self._path):
            query = self._table.search(vector, vector_column_name="vector")
            query = query.distance_type("cosine").where(where)
            query = query.select([*columns, "_distance"]).with_row_id(True)
            return query.limit(limit).to_arrow()

    def found(self, row_ids: Sequence[int]) -> list[dict[str, Any]]:
        """The rows that a search of this view named in ``_rowid``, in no particular order."""
        if not row_ids:
            return []
        with translated("reading", self._path):
            query = self._table.take_row_ids(list(row_ids)).select(list(HIT_COLUMNS))
            rows: list[dict[str, Any]] = query.with_row_id().to_arrow().to_pylist()
            return rows
