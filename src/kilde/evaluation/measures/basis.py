"""What all measures of quality agree on: what was said, what failed, and what nobody can score.

An arm that failed to answer gets 0 wherever its answer would have been scored. Where nothing
could have been scored, whoever answered, the score is ``None``.
"""

from __future__ import annotations

from collections.abc import Callable

from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question

NO_RIGHT_ANSWER = Score(None, "the right answer is that there is none")
NO_REFERENCE = Score(None, "nobody wrote a right answer")
NOT_LOOKED_UP = Score(None, "this arm looks nothing up")


def failed(said: Said) -> Score:
    """The score of an arm that did not answer."""
    return Score(0.0, f"it failed: {said.failed or 'nobody knows why'}")


def is_form(question: Question, setting: Setting) -> bool:
    """Whether a form is to be filled in, rather than a text to be written."""
    return setting.form or question.schema is not None


def looked_up(said: Said) -> bool:
    """Whether the arm looks documents up."""
    return (said.answer.trace.arm if said.answer else said.arm).startswith("rag")


def unscorable(question: Question, score: Callable[[str, str], Score]) -> Score | None:
    """Why no answer could be scored, whatever it says; ``None`` where one could."""
    found = best(question, "", score)
    return found if found.value is None else None


def unsupported(question: Question, said: Said) -> Score | None:
    """The score where no supporting document can be looked for; ``None`` where one can."""
    if not question.answerable:
        return NO_RIGHT_ANSWER
    if not question.documents:
        return Score(None, "nobody knows which documents support the answer")
    if not looked_up(said):
        return NOT_LOOKED_UP
    return failed(said) if said.answer is None else None


def best(question: Question, text: str, score: Callable[[str, str], Score]) -> Score:
    """The best score of a text against any of the question's references."""
    scores = [score(text, reference) for reference in question.references]
    return max(scores, key=lambda one: -1.0 if one.value is None else one.value)


def against_references(question: Question, said: Said, score: Callable[[str, str], Score]) -> Score:
    """The best score of what was said against the references; to decline is worth 0."""
    if not question.references:
        return NO_REFERENCE
    if (why := unscorable(question, score)) is not None:
        return why
    if said.answer is None:
        return failed(said)
    if said.answer.abstained:
        return Score(0.0, "it declined")
    return best(question, said.answer.text, score)
