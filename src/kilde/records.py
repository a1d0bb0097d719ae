"""Answers as they were given, with every source: what feedback and reviews refer to.

One SQL table, written through SQLAlchemy: SQLite beside the knowledge base by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import NotFound, StoreError
from kilde.types import Answer

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from sqlalchemy import Engine, Table


class Records:
    """The answers of a workspace. Opened at the first use; several processes may write at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, answer: Answer) -> None:
        """Keep an answer. Raises :class:`StoreError` when it cannot be written."""
        from sqlalchemy.exc import SQLAlchemyError

        row = {
            "id": answer.id,
            "agent": answer.agent,
            "question": answer.question,
            "abstained": answer.abstained,
            "at": answer.at,
            "body": self._adapter.dump_json(answer).decode(),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(self._answers.insert().values(row))
        except SQLAlchemyError as error:
            raise StoreError(
                f"{self._path}: the answer could not be kept ({type(error).__name__}).",
                hint="Make the folder writable, or set records = false in kilde.toml.",
            ) from error

    def get(self, answer_id: str) -> Answer:
        """An answer by its id. Raises :class:`NotFound`."""
        query = self._answers.select().where(self._answers.c.id == answer_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("answer", answer_id, [])
        answer: Answer = self._adapter.validate_json(row.body)
        return answer

    def latest(self, limit: int = 20, *, agent: str | None = None) -> Sequence[Answer]:
        """The newest answers, newest first."""
        query = self._answers.select().order_by(self._answers.c.at.desc()).limit(limit)
        if agent is not None:
            query = query.where(self._answers.c.agent == agent)
        with self._engine.connect() as connection:
            return [self._adapter.validate_json(row.body) for row in connection.execute(query)]

    def forget(self, *, before: datetime) -> int:
        """Delete the answers given before a moment; returns how many."""
        with self._engine.begin() as connection:
            deleted = connection.execute(self._answers.delete().where(self._answers.c.at < before))
            return int(deleted.rowcount)

    def close(self) -> None:
        """Close the database; may be called twice."""
        if "_engine" in self.__dict__:
            self._engine.dispose()

    @cached_property
    def _adapter(self) -> TypeAdapter[Answer]:
        from pydantic import TypeAdapter

        return TypeAdapter(Answer)

    @cached_property
    def _answers(self) -> Table:
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
    def _engine(self) -> Engine:
        from sqlalchemy import create_engine, event

        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": 30})

        @event.listens_for(engine, "connect")
        def _write_ahead(connection: Any, _: Any) -> None:
            # Readers and a writer do not wait for each other.
            connection.execute("PRAGMA journal_mode=WAL")

        self._answers.metadata.create_all(engine)
        return engine
