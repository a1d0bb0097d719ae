"""How near a text comes to a right answer, word by word."""

from __future__ import annotations

from collections.abc import Callable

from kilde.evaluation.measures.basis import NO_RIGHT_ANSWER, against_references, is_form
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, contained, exact, rouge_l, token_f1
from kilde.evaluation.testset import Question


def exact_match(question: Question, said: Said, setting: Setting) -> Score:
    """Whether the words are those of a reference."""
    return _against(question, said, setting, exact)


def word_f1(question: Question, said: Said, setting: Setting) -> Score:
    """F1 of words against the nearest reference."""
    return _against(question, said, setting, token_f1)


def contained_answer(question: Question, said: Said, setting: Setting) -> Score:
    """Whether the words of a reference stand in the answer."""
    return _against(question, said, setting, contained)


def rouge(question: Question, said: Said, setting: Setting) -> Score:
    """ROUGE-L against the nearest reference."""
    return _against(question, said, setting, rouge_l)


def _against(
    question: Question, said: Said, setting: Setting, score: Callable[[str, str], Score]
) -> Score:
    if not question.answerable:
        return NO_RIGHT_ANSWER
    if is_form(question, setting):
        return Score(None, "a form is measured by its fields")
    return against_references(question, said, score)
