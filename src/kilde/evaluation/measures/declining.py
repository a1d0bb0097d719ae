"""Whether an arm says that it does not know, where that is right and where it is not.

An agent declines in a sentence of its own; a model that was told of no documents does so in its
own words, and these count as well (``declining.toml``). A form declines by leaving empty what the
right form leaves empty.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kilde.evaluation.measures.basis import (
    NO_REFERENCE,
    NO_RIGHT_ANSWER,
    best,
    failed,
    is_form,
    unscorable,
)
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, contained, left_empty
from kilde.evaluation.testset import Question
from kilde.grounding import claim_spans
from kilde.types import Answer


@dataclass(frozen=True, slots=True)
class Declining:
    """How reliably an arm declines, and on which side it errs.

    ``right`` were unanswerable and declined, ``missed`` unanswerable and not declined (a failure
    declines nothing), ``needless`` answerable and declined, ``answered`` answerable and not
    declined. ``precision`` is the share (0..1) of what was declined that was unanswerable,
    ``recall`` the share of what was unanswerable that was declined; ``None`` where there was
    nothing on one side to tell it by.
    """

    precision: float | None
    recall: float | None
    right: int
    missed: int
    needless: int
    answered: int


def declined_rightly(question: Question, said: Said, setting: Setting) -> Score:
    """Whether an unanswerable question was declined."""
    if question.answerable:
        return Score(None, "it has an answer")
    form = is_form(question, setting)
    if form and not question.references:
        return NO_REFERENCE
    if form and (why := unscorable(question, left_empty)) is not None:
        return why
    if said.answer is None:
        return failed(said)
    if form:
        return best(question, said.answer.text, left_empty)
    words = declines(said.answer)
    return Score(float(words is not None), "it answered" if words is None else words)


def answered(question: Question, said: Said, setting: Setting) -> Score:
    """Whether an answerable question was answered, rightly or not."""
    if not question.answerable:
        return NO_RIGHT_ANSWER
    if is_form(question, setting):
        return Score(None, "a form is measured by its fields")
    if said.answer is None:
        return failed(said)
    words = declines(said.answer, question.references)
    return Score(float(words is None), "" if words is None else f"it declined {words}".strip())


def declining(questions: Sequence[Question], said: Sequence[Said], setting: Setting) -> Declining:
    """What one arm's answers come to; those to questions that are not given are left out."""
    known = {question.id: question for question in questions}
    right = missed = needless = kept = 0
    for one in said:
        if (question := known.get(one.question)) is None:
            continue
        if question.answerable:
            value = None if one.answer is None else answered(question, one, setting).value
            needless, kept = needless + (value == 0), kept + (value == 1)
        else:
            value = declined_rightly(question, one, setting).value
            right, missed = right + (value == 1), missed + (value == 0)
    tells = right + needless and right + missed and needless + kept
    return Declining(
        precision=right / (right + needless) if tells else None,
        recall=right / (right + missed) if right + missed else None,
        right=right,
        missed=missed,
        needless=needless,
        answered=kept,
    )


def declines(answer: Answer, references: Sequence[str] = ()) -> str | None:
    """How an answer declines: empty for the agent's own sentence; ``None`` where it does not.

    What a right answer says as well ("I cannot find my card: …") declines nothing.
    """
    if answer.abstained:
        return ""
    language = answer.trace.language
    for start, end in claim_spans(answer.text, language)[:1]:
        for phrase in _phrases():
            if contained(answer.text[start:end], phrase).value != 1:
                continue
            if not any(contained(one, phrase).value for one in references):
                return f"in its own words: {phrase!r}"
    return None


@cache
def _phrases() -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("declining.toml").read_text(encoding="utf-8")
    return tuple(phrase for phrases in tomllib.loads(text).values() for phrase in phrases)
