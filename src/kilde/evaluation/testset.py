"""A test set: held-out questions with what is right, frozen by a hash.

What a test measures must not move while it is measured: a test set is never changed, only replaced
by another one with another hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kilde.types import UNKNOWN_LANGUAGE, Message


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a test.

    ``references`` are right answers, the first the best one; empty where nobody wrote one.
    ``documents`` are the ids of those that support it; empty where nobody knows. ``answerable`` is
    false where the right answer is that the documents hold none. ``schema`` is the JSON schema
    that an answer must satisfy. ``history`` are the turns before the question.
    """

    question: str
    references: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    answerable: bool = True
    schema: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    language: str = UNKNOWN_LANGUAGE
    history: tuple[Message, ...] = ()

    @property
    def id(self) -> str:
        """16 hex digits that stand for all of it."""
        return hashlib.sha256(_canonical(self).encode()).hexdigest()[:16]

    @property
    def reference(self) -> str:
        """The best right answer; empty where nobody wrote one."""
        return self.references[0] if self.references else ""


@dataclass(frozen=True, slots=True)
class TestSetCard:
    """What a test set is: for which agent, from where, how many questions.

    ``sha256`` is over the questions in order. ``source`` is the word after ``--from``.
    ``held_out`` are documents that no training row of the agent may be made of, so that the test
    is about what is new to a tuned model. ``dataset`` is the dataset whose test rows these are,
    empty for other sources.
    """

    __test__ = False  # its name begins with Test, but it is no test of ours

    name: str
    agent: str
    source: str
    created_at: datetime
    questions: int
    answerable: int
    sha256: str
    languages: Mapping[str, int]
    documents: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    dataset: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestSet:
    """The questions of a test, and its card."""

    __test__ = False

    card: TestSetCard
    questions: tuple[Question, ...] = field(default=())


def to_json(question: Question) -> dict[str, Any]:
    """A question as a line of JSON holds it; what is empty is left out."""
    form: dict[str, Any] = {"question": question.question}
    if question.references:
        one = len(question.references) == 1
        form["reference"] = question.references[0] if one else list(question.references)
    if question.documents:
        form["documents"] = list(question.documents)
    form["answerable"] = question.answerable
    if question.schema is not None:
        form["schema"] = question.schema
    if question.tags:
        form["tags"] = list(question.tags)
    if question.language != UNKNOWN_LANGUAGE:
        form["language"] = question.language
    if question.history:
        form["history"] = [{"role": t.role, "content": t.content} for t in question.history]
    return form


def hash_of(questions: Sequence[Question]) -> str:
    """SHA-256 (hex) over questions in their order."""
    return hashlib.sha256("\n".join(map(_canonical, questions)).encode()).hexdigest()


def _canonical(question: Question) -> str:
    return json.dumps(to_json(question), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
