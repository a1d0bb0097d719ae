"""Answers as they were given, with every source: what feedback and reviews refer to.

One SQL table, written through SQLAlchemy: SQLite beside the knowledge base by default.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import NotFound, StoreError
from kilde.types import Answer

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from sqlalchemy import Connection, Engine, Table

_TIME, _DATE = "$datetime", "$date"


class Records:
    """The answers of a workspace. Opened at the first use; several processes may write at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = threading.Lock()

    def save(self, answer: Answer) -> None:
        """Keep an answer. Raises :class:`StoreError` when it cannot be written."""
        row = {
            "id": answer.id,
            "agent": answer.agent,
            "question": answer.question,
            "abstained": answer.abstained,
            "at": answer.at.astimezone(UTC),
            "body": json.dumps(self._adapter.dump_python(answer), default=_marked),
        }
        with self._using("the answer could not be kept") as connection:
            connection.execute(self._answers.insert().values(row))

    def get(self, answer_id: str) -> Answer:
        """An answer by its id. Raises :class:`NotFound`, :class:`StoreError`."""
        query = self._answers.select().where(self._answers.c.id == answer_id)
        with self._using("the answer cannot be read") as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("answer", answer_id, [])
        return self._read(row.body)

    def latest(self, limit: int = 20, *, agent: str | None = None) -> Sequence[Answer]:
        """The newest answers, newest first."""
        query = self._answers.select().order_by(self._answers.c.at.desc()).limit(limit)
        if agent is not None:
            query = query.where(self._answers.c.agent == agent)
        with self._using("the answers cannot be read") as connection:
            return [self._read(row.body) for row in connection.execute(query)]

    def forget(self, *, before: datetime) -> int:
        """Delete the answers given before a moment; returns how many."""
        # The database compares times as texts, so all are kept in UTC.
        older = self._answers.c.at < before.astimezone(UTC)
        with self._using("the answers cannot be deleted") as connection:
            return int(connection.execute(self._answers.delete().where(older)).rowcount)

    @contextmanager
    def _using(self, failure: str) -> Iterator[Connection]:
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

    def _read(self, body: str) -> Answer:
        answer: Answer = self._adapter.validate_python(json.loads(body, object_hook=_unmarked))
        return answer

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
        from sqlalchemy.exc import OperationalError

        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": 30})

        @event.listens_for(engine, "connect")
        def _write_ahead(connection: Any, _: Any) -> None:
            # Readers and a writer do not wait for each other.
            connection.execute("PRAGMA journal_mode=WAL")

        try:
            self._answers.metadata.create_all(engine)
        except OperationalError:  # another process was as quick: now there is one
            self._answers.metadata.create_all(engine)
        return engine


def _marked(value: object) -> object:
    """What JSON has no form for: dates, which must not come back as text."""
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _unmarked(found: dict[str, Any]) -> object:
    if found.keys() == {_TIME}:
        return datetime.fromisoformat(found[_TIME])
    if found.keys() == {_DATE}:
        return date.fromisoformat(found[_DATE])
    return found
