"""Questions of a test out of rows to learn from, and back, so that the two can be compared.

A row that declines is a question that the documents do not answer. Of thumbs, a text that was
found right is the right answer; one that was found wrong leaves a question whose answer nobody
wrote down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kilde.agents.phrases import abstention, declines
from kilde.errors import ConfigError
from kilde.evaluation.question_file import read_questions
from kilde.evaluation.testset import Question
from kilde.json_objects import Faults, Place, read_objects
from kilde.language.detect import detect
from kilde.tuning.data.formats import read_file
from kilde.tuning.data.rows import Lineage, Row
from kilde.types import UNKNOWN_LANGUAGE, Message

# A line with the first is a question in Kilde's own form; one with any of the others is a row.
_QUESTION = "question"
_ROW = ("messages", "conversations", "prompt", "chosen", "instruction", "input")
_QUESTIONS, _ROWS = "questions", "rows to learn from"


def to_questions(
    rows: Iterable[Row], schema: Mapping[str, Any] | None = None
) -> tuple[Question, ...]:
    """Rows as questions, in order; ``schema`` is that of the form in which they are answered.

    Of judged rows (``kto``) that ask the same, one question comes: its reference is the last
    answer that was found good, and it has none where all were found bad.
    """
    found: list[Row] = []
    judged: dict[object, int] = {}
    for row in rows:
        place = judged.setdefault(_asked(row), len(found)) if row.method == "kto" else len(found)
        if place == len(found):
            found.append(row)
        elif row.good:
            found[place] = row
    return tuple(_question(row, schema) for row in found)


def to_rows(questions: Sequence[Question], file: str = "") -> tuple[Row, ...]:
    """Questions as rows to imitate, in order; the answer is empty where nobody wrote one.

    ``file`` is where they stand, one a line; with it, a row says which line it was.
    """
    return tuple(
        Row(
            "sft",
            (*one.history, Message("user", one.question)),
            one.reference or ("" if one.answerable else abstention(one.language, ())),
            declines=not one.answerable,
            language=one.language,
            lineage=Lineage(one.documents, file=file, line=line if file else 0),
        )
        for line, one in enumerate(questions, 1)
    )


def read_any(
    path: Path, schema: Mapping[str, Any] | None = None
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """The questions of a file, in Kilde's own form or as rows to learn from, whichever it is.

    Also what was left out of rows, in words. ``schema`` goes to the questions that have
    none of their own. Raises :class:`ConfigError` with the faults of all lines, and for a file
    that holds both forms or neither.
    """
    if _holds_rows(path):
        read = read_file(path)
        return to_questions(read.rows, schema), read.notes
    return tuple(_complete(one, schema) for one in read_questions(path)), ()


def _holds_rows(path: Path) -> bool:
    """Whether a file's lines are rows, and not questions. Raises :class:`ConfigError`."""
    faults = Faults(path.as_posix())
    first: dict[str, Place] = {}
    neither: list[Place] = []
    for place, found in read_objects(path, faults):
        if _QUESTION in found:
            first.setdefault(_QUESTIONS, place)
        elif any(key in found for key in _ROW):
            first.setdefault(_ROWS, place)
        else:
            neither.append(place)
    if len(first) == 1:
        return _QUESTIONS not in first  # the reader of that form tells all that is wrong
    if first:
        kinds = " and ".join(f"{kind} (line {place})" for kind, place in first.items())
        faults.add(Place(0), f"it holds {kinds}; put each kind into its own file")
    for place in neither:
        faults.add(
            place,
            f"it is neither a question (it has no {_QUESTION}) nor a row to learn from (it has "
            f"none of {', '.join(_ROW)})",
        )
    faults.check()
    raise ConfigError(
        [f"{path.as_posix()}: it holds no questions"],
        hint='A question is one line of JSON: {"question": "…", "reference": "…"}',
    )


def _question(row: Row, schema: Mapping[str, Any] | None) -> Question:
    # The sentence with which an agent declines is no answer; a form that says so is one.
    sentence = row.declines and declines(row.answer, row.language)
    return Question(
        question=row.question,
        references=(row.answer,) if row.good and not sentence else (),
        # What a wrong answer cites need not be what the right one stands on.
        documents=row.lineage.documents if row.good else (),
        answerable=not row.declines,
        schema=schema,
        language=row.language,
        history=row.history,
    )


def _complete(question: Question, schema: Mapping[str, Any] | None) -> Question:
    """A question with the agent's form and with its language, where it does not say."""
    language = question.language
    if language == UNKNOWN_LANGUAGE:
        language = detect("\n".join([question.question, *question.references]))
    return replace(question, schema=question.schema or schema, language=language)


def _asked(row: Row) -> object:
    return tuple((turn.role, " ".join(turn.content.casefold().split())) for turn in row.prompt)
