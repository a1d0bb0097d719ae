"""The questions on which arms disagree: what each said, and the sources that it showed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from kilde.advice.report.case import Case
from kilde.advice.report.numbers import Number, shown, traced
from kilde.evaluation.comparison import Scored
from kilde.evaluation.metrics import METRICS
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question
from kilde.types import Answer

MOST = 50
"""As many questions are shown at most, those of the widest disagreement first."""
# Scores this close are the same: sums of floats miss each other by a little.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Source:
    """A document that an answer cites, and what it says there."""

    title: str
    page: int | None
    quote: str
    recognized: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What an arm said: ``form`` where that is JSON. ``why`` is the reason of its score."""

    arm: str
    score: Number
    why: str
    text: str
    form: bool
    declined: bool
    failed: str
    by: str
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A question, and what each arm said to it."""

    question: Question
    wanted: str
    wanted_form: bool
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Disagreements:
    """The ones that are shown, how many there are, and among how many questions.

    ``cut`` says whether there are more than are shown.
    """

    shown: tuple[Disagreement, ...]
    found: Number
    asked: Number
    cut: bool


def disagreements(case: Case) -> Disagreements:
    """The questions that arms were scored differently on in the headline metric."""
    scores: dict[str, dict[str, Scored]] = {}
    for one in case.comparison.scores:
        if one.metric == case.comparison.headline and one.value is not None:
            scores.setdefault(one.question, {})[one.arm] = one
    spread = {
        key: max(values) - min(values)
        for key, by_arm in scores.items()
        if (values := [one.value for one in by_arm.values() if one.value is not None])
    }
    first = {(one.arm, one.question): one for one in case.said if one.sample == 0}
    asked = list({one.id: one for one in case.questions if one.id in spread}.values())
    # The sort is stable: questions of the same width stay in the order of the test.
    apart = sorted(
        (one for one in asked if spread[one.id] > _ROUNDING), key=lambda one: -spread[one.id]
    )
    return Disagreements(
        tuple(_disagreement(case, one, scores[one.id], first) for one in apart[:MOST]),
        traced(f"{len(apart):,}", len(apart), "count", stat="disagreements"),
        traced(f"{len(asked):,}", len(asked), "count", stat="scored"),
        len(apart) > MOST,
    )


def _disagreement(
    case: Case,
    question: Question,
    scores: Mapping[str, Scored],
    first: Mapping[tuple[str, str], Said],
) -> Disagreement:
    replies = tuple(
        _reply(case, first[arm.arm, question.id], scores[arm.arm])
        for arm in case.arms
        if arm.arm in scores and (arm.arm, question.id) in first
    )
    wanted, form = _laid_out(question.reference)
    return Disagreement(question, wanted, form, replies)


def _reply(case: Case, said: Said, score: Scored) -> Reply:
    headline = case.comparison.headline
    names = {"metric": headline, "arm": said.arm, "question": said.question}
    number = traced(
        shown(score.value, METRICS[headline].unit), score.value, "score", **names, stat="value"
    )
    answer = said.answer
    text, form = _laid_out(answer.text) if answer else ("", False)
    trace = answer.trace if answer else None
    return Reply(
        arm=said.arm,
        score=number,
        why=score.why,
        text=text,
        form=form,
        declined=answer.abstained if answer else False,
        failed="" if answer else said.failed or "it gave no answer",
        by=" with ".join(filter(None, (trace.model, trace.adapter))) if trace else "",
        sources=_sources(answer) if answer else (),
        notes=trace.notes if trace else (),
        language=trace.language if trace else "",
    )


def _sources(answer: Answer) -> tuple[Source, ...]:
    """Each place that is cited once, in the order of the answer."""
    found = {
        (cited.document.id, cited.start, cited.end): Source(
            cited.document.title or cited.document.id, cited.page, cited.quote, cited.recognized
        )
        for cited in answer.citations
    }
    return tuple(found.values())


def _laid_out(text: str) -> tuple[str, bool]:
    """A text, or where it is a form, that form line by line."""
    try:
        form = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or nested beyond all sense
        return text, False
    if not isinstance(form, dict | list):
        return text, False
    return json.dumps(form, ensure_ascii=False, indent=2), True
