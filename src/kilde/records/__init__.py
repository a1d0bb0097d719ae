"""Answers as they were given, with every source, and what people thought of them.

Nothing is overwritten: whoever rates an answer again adds a rating, and the last one is learnt
from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import NotFound
from kilde.language.clean import clean
from kilde.records.answer_json import dump_answer, read_answer
from kilde.records.database import Database
from kilde.types import Answer, Feedback

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row

# How an answer is named by hand: the beginning of its id, long enough not to be met by chance.
_BEGINNING = re.compile(r"[0-9a-f]{6,32}")


class Records:
    """The answers of a workspace, and the feedback on them.

    Opened at the first use; several processes may write at once. What is kept can be read on a full
    or read-only disk too. What is kept and what is looked up is
    :func:`~kilde.language.clean.clean` text. Every method raises
    :class:`kilde.errors.StoreError` when the database cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    # Answers

    def save(self, answer: Answer) -> None:
        """Keep an answer."""
        row = {
            "id": answer.id,
            "agent": clean(answer.agent),
            "question": clean(answer.question),
            "abstained": answer.abstained,
            "at": answer.at.astimezone(UTC),
            "body": dump_answer(answer),
        }
        with self._database.writing("the answer could not be kept") as connection:
            connection.execute(self._database.answers.insert().values(row))

    def get(self, answer_id: str) -> Answer:
        """An answer by its id. Raises :class:`NotFound`."""
        answers = self._database.answers
        query = answers.select().where(answers.c.id == clean(answer_id))
        with self._database.reading("the answer cannot be read") as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound("answer", answer_id, [])
            return read_answer(row.body)

    def find(self, name: str) -> Answer:
        """An answer by its id, by the first 6 or more digits of it, or the newest one (``last``).

        Raises :class:`NotFound` where there is none, or where several begin like that.
        """
        if name == "last":
            if newest := self.latest(1):
                return newest[0]
            raise NotFound("answer", name, [], hint="Ask something first.")
        wanted, answers = clean(name), self._database.answers
        start = wanted.strip().lower()
        whole = answers.c.id == wanted
        begins = answers.c.id.startswith(start) if _BEGINNING.fullmatch(start) else whole
        latest = answers.select().order_by(answers.c.at.desc()).limit(5)
        with self._database.reading("the answers cannot be read") as connection:
            found = connection.execute(latest.where(whole | begins)).all()
            if len(found) == 1:
                return read_answer(found[0].body)
            known = [row.id for row in found or connection.execute(latest)]
        hint = "Several begin like that: give more digits." if found else ""
        raise NotFound("answer", name, known, hint=hint)

    def latest(self, limit: int = 20, *, agent: str | None = None) -> Sequence[Answer]:
        """The newest answers, newest first."""
        answers = self._database.answers
        query = answers.select().order_by(answers.c.at.desc()).limit(limit)
        if agent is not None:
            query = query.where(answers.c.agent == clean(agent))
        with self._database.reading("the answers cannot be read") as connection:
            return [read_answer(row.body) for row in connection.execute(query)]

    def given(self, agent: str, question: str) -> list[Answer]:
        """All answers of an agent to a question, newest first."""
        answers = self._database.answers
        of_agent = answers.c.agent == clean(agent)
        asked = of_agent & (answers.c.question == clean(question).strip())
        query = answers.select().where(asked).order_by(answers.c.at.desc())
        with self._database.reading("the answers cannot be read") as connection:
            return [read_answer(row.body) for row in connection.execute(query)]

    def forget(self, *, before: datetime) -> int:
        """Delete the answers given before a moment, and the feedback on them.

        Returns how many answers that were.
        """
        answers, feedback = self._database.answers, self._database.feedback
        # The database compares times as texts, so all are kept in UTC.
        older = answers.c.at < before.astimezone(UTC)
        ids = answers.select().with_only_columns(answers.c.id).where(older)
        with self._database.writing("the answers cannot be deleted") as connection:
            connection.execute(feedback.delete().where(feedback.c.answer_id.in_(ids)))
            return int(connection.execute(answers.delete().where(older)).rowcount)

    # Feedback

    def add_feedback(self, feedback: Feedback) -> None:
        """Keep what somebody thought of an answer.

        Raises :class:`NotFound` where the answer is not kept.
        """
        answers = self._database.answers
        texts = {
            "answer_id": clean(feedback.answer_id),
            "agent": clean(feedback.agent),
            "correction": clean(feedback.correction),
        }
        row = {**asdict(feedback), **texts, "at": feedback.at.astimezone(UTC)}
        with self._database.writing("the feedback could not be kept") as connection:
            query = answers.select().where(answers.c.id == row["answer_id"])
            if connection.execute(query).first() is None:
                raise NotFound("answer", feedback.answer_id, [])
            connection.execute(self._database.feedback.insert().values(row))

    def feedback(self, *, agent: str | None = None) -> list[Feedback]:
        """All feedback, newest first; where an answer was rated again, both are in it."""
        feedback = self._database.feedback
        query = feedback.select().order_by(*self._newest)
        if agent is not None:
            query = query.where(feedback.c.agent == clean(agent))
        with self._database.reading("the feedback cannot be read") as connection:
            return [_feedback(row) for row in connection.execute(query)]

    def judged(self, *, agent: str | None = None) -> list[tuple[Feedback, Answer]]:
        """The answers that have feedback, each with the last one on it; the newest first."""
        answers, feedback = self._database.answers, self._database.feedback
        query = (
            feedback.join(answers, feedback.c.answer_id == answers.c.id)
            .select()
            .with_only_columns(feedback, answers.c.body)
            .order_by(*self._newest)
        )
        if agent is not None:
            query = query.where(feedback.c.agent == clean(agent))
        found: dict[str, tuple[Feedback, Answer]] = {}
        with self._database.reading("the feedback cannot be read") as connection:
            for row in connection.execute(query):
                if row.answer_id not in found:
                    found[row.answer_id] = (_feedback(row), read_answer(row.body))
        return list(found.values())

    def close(self) -> None:
        """Close the database; may be called twice."""
        self._database.close()

    @property
    def _newest(self) -> tuple[ColumnElement[Any], ...]:
        feedback = self._database.feedback
        return feedback.c.at.desc(), feedback.c.number.desc()


def _feedback(row: Row[Any]) -> Feedback:
    at = row.at.replace(tzinfo=UTC)  # SQLite gives times back without their zone
    return Feedback(row.id, row.answer_id, row.agent, row.rating, row.correction, at)
