"""What a reader must know beside the figures: what they cannot say, and who wrote the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kilde.agents.agent import QUOTED_INSTEAD
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question

NOBODY = "nobody"
"""Who wrote an answer that declines before any model was asked."""
_QUOTES = "quotes"


def answered_by(said: Iterable[Said]) -> dict[str, int]:
    """How many answers came from whom: a model (with its adapter), quotation, or nobody.

    Failed ones are left out.
    """
    return dict(Counter(_writer(one) for one in said if one.answer is not None).most_common())


def model_of(said: Iterable[Said]) -> str:
    """The model that wrote most answers, as their traces name it; empty where none wrote any."""
    names = Counter(one.answer.trace.model for one in said if one.answer and one.answer.trace.model)
    models = Counter({name: count for name, count in names.items() if name != _QUOTES}) or names
    return next((name for name, _ in models.most_common(1)), "")


def remarks(
    questions: Sequence[Question],
    said: Mapping[str, Sequence[Said]],
    *,
    model: str,
    form: bool,
) -> Iterator[str]:
    """What cannot be said, in words.

    ``said`` is by arm; ``model`` is what was to answer; ``form`` is whether the agent fills in one.
    """
    if len(questions) == 1:
        yield "the test has one question: nothing can be said about differences"
    answerable = [question for question in questions if question.answerable]
    if not answerable:
        yield (
            "no question of the test has an answer: it tells which arm declines, and nothing of "
            "which arm knows"
        )
    bare = sum(not question.references for question in answerable)
    if bare:
        yield (
            f"{bare} of {len(questions)} questions have no reference: what is right cannot be "
            "told there, and they are not scored for it"
        )
    forms = sum(question.schema is not None for question in questions)
    if forms and not form:
        yield (
            f"{forms} of {len(questions)} questions ask for a form, but the agent fills in none: "
            "its answers count as wrong there"
        )
    for arm, answers in said.items():
        failed = [one for one in answers if one.answer is None]
        if failed:
            yield f"{len(failed)} of {len(answers)} answers of {arm} failed: {failed[0].failed}"
        quoted = [one for one in answers if _writer(one) == _QUOTES]
        if quoted and model != _QUOTES:
            why = next((note for one in quoted for note in _notes(one) if "quoted" in note), "")
            yield f"{len(quoted)} of {len(answers)} answers of {arm} are quotations: {why}"


def _writer(said: Said) -> str:
    if said.answer is None:
        return ""
    trace = said.answer.trace
    if QUOTED_INSTEAD in trace.notes:
        return _QUOTES
    if not trace.model:
        return NOBODY
    return f"{trace.model} with {trace.adapter}" if trace.adapter else trace.model


def _notes(said: Said) -> tuple[str, ...]:
    return said.answer.trace.notes if said.answer else ()
