"""The database of a workspace's records: its tables, and how it is opened and spoken to.

All of it is SQLAlchemy: SQLite beside the knowledge base by default.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table


# SQLite's primary result codes, and what to do about each.
_FULL = "Make room on the disk and run the command again; what was kept before is still there."
_CLOSED = "Make the folder writable, or set records = false in kilde.toml."
_DAMAGED = "The file is damaged. Move it away: a new one is made."
_HINTS = {
    3: _CLOSED,  # PERM
    5: "Another program is writing to it. Run the command again.",  # BUSY
    8: _CLOSED,  # READONLY
    10: f"If the disk is full: {_FULL} Else see whether the disk is sound.",  # IOERR
    11: _DAMAGED,  # CORRUPT
    13: _FULL,  # FULL
    14: _CLOSED,  # CANTOPEN
    26: _DAMAGED,  # NOTADB
}
# Those for which a file may still be readable that cannot be written.
_UNWRITABLE = {3, 8, 10, 13, 14}


class Database:
    """Opened at the first use; several processes may write at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = threading.Lock()

    @contextmanager
    def writing(self, failure: str) -> Iterator[Connection]:
        """A connection within one transaction.

        What the library raises becomes a :class:`StoreError` that says ``failure``.
        """
        with self._translated(failure):
            with self._opening:
                engine = self._engine
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def reading(self, failure: str) -> Iterator[Connection]:
        """As :meth:`writing`, for reading alone, which is done on a full or read-only disk too."""
        from sqlalchemy.exc import OperationalError

        with self._translated(failure):
            try:
                with self._opening:
                    engine = self._engine
            except (OperationalError, OSError) as error:
                if isinstance(error, OperationalError) and _code(error) not in _UNWRITABLE:
                    raise
                engine = self._unwritable()
                try:
                    with engine.connect() as connection:
                        yield connection
                finally:
                    engine.dispose()
            else:
                with engine.begin() as connection:
                    yield connection

    @contextmanager
    def _translated(self, failure: str) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, OSError, ValueError) as error:
            if _code(error) in _UNWRITABLE:
                self.close()  # a connection that was opened read-only stays it
            cause = getattr(error, "orig", None) or error
            if isinstance(error, ValueError):
                reason, hint = "what it holds cannot be read", _DAMAGED
            else:
                reason = str(getattr(cause, "strerror", None) or cause)
                hint = _HINTS.get(_code(error), f"{_CLOSED} {_DAMAGED}")
            raise StoreError(f"{self._path}: {failure} ({reason}).", hint=hint) from error

    def close(self) -> None:
        """Close the database; may be called twice."""
        if "_engine" in self.__dict__:
            self._engine.dispose()

    @cached_property
    def answers(self) -> Table:
        """Answers, whole in ``body``; the other columns are what they are looked up by."""
        from sqlalchemy import Boolean, Column, DateTime, MetaData, String, Table, Text

        return Table(
            "answers",
            MetaData(),
            Column("id", String(32), primary_key=True),
            Column("agent", String(128), nullable=False, index=True),
            Column("question", Text, nullable=False),
            Column("abstained", Boolean, nullable=False),
            Column("at", DateTime(timezone=True), nullable=False, index=True),
            Column("body", Text, nullable=False),
        )

    @cached_property
    def feedback(self) -> Table:
        """What was thought of answers; ``number`` tells the order within one moment."""
        from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Text

        return Table(
            "feedback",
            MetaData(),
            Column("number", Integer, primary_key=True),
            Column("id", String(32), nullable=False, unique=True),
            Column("answer_id", String(32), nullable=False, index=True),
            Column("agent", String(128), nullable=False, index=True),
            Column("rating", String(8), nullable=False),
            Column("correction", Text, nullable=False),
            Column("at", DateTime(timezone=True), nullable=False, index=True),
        )

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import create_engine, event
        from sqlalchemy.exc import OperationalError

        self._path.parent.mkdir(exist_ok=True)
        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": 30})

        @event.listens_for(engine, "connect")
        def _write_ahead(connection: Any, _: Any) -> None:
            # Readers and a writer do not wait for each other.
            connection.execute("PRAGMA journal_mode=WAL")

        try:
            try:
                self._make_tables(engine)
            except OperationalError as error:
                if _code(error) in _UNWRITABLE:
                    raise
                self._make_tables(engine)  # another process was as quick
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _unwritable(self) -> Engine:
        """The database for reading, where nothing can be written beside it; empty if not there."""
        from sqlalchemy import create_engine

        if not self._path.exists():
            engine = create_engine("sqlite://")
            self._make_tables(engine)
            return engine
        log = self._path.with_name(f"{self._path.name}-wal")
        # Reading the log takes a second file beside it, which its writer left there as well.
        mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
        address = f"{self._path.resolve().as_uri()}?{mode}"
        return create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))

    def _make_tables(self, engine: Engine) -> None:
        """Make the tables that are missing: all of them, or those that an older Kilde lacked."""
        from sqlalchemy.schema import CreateIndex, CreateTable

        with engine.begin() as connection:
            for table in (self.answers, self.feedback):
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))


def _code(error: BaseException) -> int:
    """SQLite's primary result code; 0 where the error is none of SQLite's."""
    return int(getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)) & 0xFF
