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


def best(question: Question, text: str, score: Callable[[str, str], Score]) -> Score:
    """The best score of a text against any of the question's references."""
    scores = [score(text, reference) for reference in question.references]
    return max(scores, key=lambda one: -1.0 if one.value is None else one.value)
