"""The database of a workspace's records: its tables, and how it is opened and spoken to.

All of it is SQLAlchemy: SQLite beside the knowledge base by default.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table


class Database:
    """Opened at the first use; several processes may write at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = threading.Lock()

    @contextmanager
    def using(self, failure: str) -> Iterator[Connection]:
        """A connection within one transaction.

        What the library raises becomes a :class:`StoreError` that says ``failure``.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._opening:
                engine = self._engine
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"{self._path}: {failure} ({type(error).__name__}).",
                hint="Make the folder writable, or set records = false in kilde.toml. If the file "
                "is damaged, move it away: a new one is made.",
            ) from error

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

        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": 30})

        @event.listens_for(engine, "connect")
        def _write_ahead(connection: Any, _: Any) -> None:
            # Readers and a writer do not wait for each other.
            connection.execute("PRAGMA journal_mode=WAL")

        try:
            self._make_tables(engine)
        except OperationalError:  # another process was as quick
            self._make_tables(engine)
        return engine

    def _make_tables(self, engine: Engine) -> None:
        """Make the tables that are missing: all of them, or those that an older Kilde lacked."""
        from sqlalchemy.schema import CreateIndex, CreateTable

        with engine.begin() as connection:
            for table in (self.answers, self.feedback):
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))
