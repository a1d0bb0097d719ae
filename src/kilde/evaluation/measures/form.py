"""How well a form is filled in: whether it is one, and which of its fields are right."""

from __future__ import annotations

from kilde.agents.form import check_form, schema_fault
from kilde.errors import GenerationError
from kilde.evaluation.measures.basis import NO_REFERENCE, best, failed, is_form, unscorable
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, fields
from kilde.evaluation.testset import Question

_NO_FORM = Score(None, "no form was asked for")


def schema_valid(question: Question, said: Said, setting: Setting) -> Score:
    """Whether the answer satisfies the schema: the question's, or else the agent's own."""
    if not is_form(question, setting):
        return _NO_FORM
    if question.schema is not None and (fault := schema_fault(question.schema)):
        return Score(None, f"the question's schema is none: {fault}")
    if said.answer is None:
        return failed(said)
    if question.schema is None:
        return Score(1.0, "the agent held it against its own schema")
    try:
        check_form(said.arm, said.answer.text, question.schema)
    except GenerationError as error:
        return Score(0.0, error.message)
    return Score(1.0)


def field_accuracy(question: Question, said: Said, setting: Setting) -> Score:
    """The share of fields that are as in the nearest reference."""
    if not is_form(question, setting):
        return _NO_FORM
    if not question.references:
        return NO_REFERENCE
    if (why := unscorable(question, fields)) is not None:
        return why
    if said.answer is None:
        return failed(said)
    return best(question, said.answer.text, fields)


def every_field(question: Question, said: Said, setting: Setting) -> Score:
    """Whether all fields are right."""
    score = field_accuracy(question, said, setting)
    return score if score.value is None else Score(float(score.value == 1), score.why)
