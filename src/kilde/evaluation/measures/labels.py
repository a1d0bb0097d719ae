"""Sorting: a test whose answers are few labels, and whether the answer is the right one."""

from __future__ import annotations

from collections.abc import Sequence

from kilde.evaluation.measures.basis import NO_RIGHT_ANSWER, against_references
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, exact, words
from kilde.evaluation.testset import Question

_MOST_LABELS = 100
_MOST_WORDS = 8
_LEAST_USES = 2
# Below this, answers are the same by chance.
_LEAST_QUESTIONS = 10


def labels_of(questions: Sequence[Question]) -> frozenset[str]:
    """The labels that a test sorts into, their words in lower case; empty where it does not sort.

    It sorts where at least ten questions have one short answer each (up to 8 words), and these are
    at least 2 and at most 100, each used twice on average. Where any question is answered by a
    document or has its answer in several wordings, facts are asked for, though these may recur.
    """
    answerable = [one for one in questions if one.answerable and one.schema is None]
    if any(one.documents or len(one.references) > 1 for one in answerable):
        return frozenset()
    used = [words(one.reference) for one in answerable]
    if len(used) < _LEAST_QUESTIONS or not all(0 < len(one) <= _MOST_WORDS for one in used):
        return frozenset()
    labels = frozenset(" ".join(one) for one in used)
    fits = 2 <= len(labels) <= _MOST_LABELS and len(used) >= _LEAST_USES * len(labels)
    return labels if fits else frozenset()


def label_accuracy(question: Question, said: Said, setting: Setting) -> Score:
    """Whether the whole answer is the right label."""
    if not setting.labels:
        return Score(None, "this test does not sort into labels")
    if not question.answerable:
        return NO_RIGHT_ANSWER
    score = against_references(question, said, exact)
    if score.value == 0 and said.answer is not None and not said.answer.abstained:
        known = " ".join(words(said.answer.text)) in setting.labels
        other = "it is another label" if known else "it is no label"
        return Score(0.0, f"{score.why}; {other}")
    return score
