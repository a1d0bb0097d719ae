"""A file of questions: one JSON object per line, with what is right beside the question.

Nothing is guessed and nothing passed over: a key that is not known is a fault, for it may be the
reference under another name; and all faulty lines are told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
)

from kilde.agents.form import schema_fault
from kilde.config import Strict
from kilde.evaluation.testset import Question, to_json
from kilde.json_objects import Faults, read_objects
from kilde.types import UNKNOWN_LANGUAGE, Message


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"it holds half a character (place {error.start})") from error
    return text


def _several(value: object) -> object:
    """One text stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _is_schema(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is not None and (fault := schema_fault(schema)):
        raise ValueError(f"it is no JSON schema ({fault})")
    return schema


# As it stands: a question that is read is the one that was written, to the last blank.
_Text = Annotated[StrictStr, AfterValidator(_said)]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_several)]


class _Turn(Strict):
    role: Literal["user", "assistant"]
    content: _Text


class _Line(Strict):
    question: _Text
    references: _Texts = Field(default=(), alias="reference")
    documents: _Texts = ()
    answerable: StrictBool = True
    form: Annotated[dict[str, Any] | None, AfterValidator(_is_schema)] = Field(
        default=None, alias="schema"
    )
    tags: _Texts = ()
    language: str = Field(default=UNKNOWN_LANGUAGE, pattern=r"^[a-z]{2,3}$")
    history: tuple[_Turn, ...] = ()


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a file in Kilde's own form, in order; JSON lines or a JSON list, in UTF-8.

    ``question`` is needed. ``reference`` is a text or a list of texts, the best one first;
    ``documents`` and ``tags`` are lists of texts; ``answerable`` is true where it is left out;
    ``schema`` is a JSON schema; ``language`` a code such as "da"; ``history`` the turns before the
    question as ``{"role", "content"}``, user and assistant in turn.

    Raises :class:`ConfigError` with the faults of all lines, as ``file:line: …``; then nothing was
    read. An empty file holds no questions and is no fault.
    """
    faults = Faults(path.as_posix())
    questions = []
    for place, found in read_objects(path, faults):
        told = list(_faults(found))
        for fault in told:
            faults.add(place, fault)
        if not told:
            questions.append(_question(_Line.model_validate(found)))
    faults.check()
    return tuple(questions)


def to_jsonl(questions: Sequence[Question]) -> str:
    """Questions as JSON lines, which :func:`read_questions` reads back the same."""
    return "".join(json.dumps(to_json(one), ensure_ascii=False) + "\n" for one in questions)


def keys() -> tuple[str, ...]:
    """The keys that a line may have.

    >>> "reference" in keys(), "answer" in keys()
    (True, False)
    """
    return tuple(field.alias or name for name, field in _Line.model_fields.items())


def _faults(found: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a line, in words that follow its number."""
    try:
        read = _Line.model_validate(found)
    except ValidationError as error:
        yield from (_wording(fault) for fault in error.errors())
        return
    for place, turn in enumerate(read.history):
        if turn.role != ("user", "assistant")[place % 2]:
            yield "history: user and assistant must take turns, the user first"
            return
    if len(read.history) % 2:
        yield "history: the last turn before the question must be the assistant's"


def _wording(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    match fault["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            return f"{name} is not a key of a question; there is: {', '.join(keys())}"
        case "value_error":
            return f"{name}: {fault['ctx']['error']}"
        case "string_pattern_mismatch":
            return f'{name} must be a code such as "da"; it is {fault["input"]!r}'
    return f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _question(line: _Line) -> Question:
    return Question(
        question=line.question,
        references=line.references,
        documents=line.documents,
        answerable=line.answerable,
        schema=line.form,
        tags=line.tags,
        language=line.language,
        history=tuple(Message(turn.role, turn.content) for turn in line.history),
    )
