"""The table of metrics: one row and one function for each. Adding one is adding both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kilde.agents.definition import AgentDefinition
from kilde.config import WorkspaceConfig
from kilde.evaluation.measures import (
    declining,
    effort,
    form,
    grounding,
    labels,
    retrieval,
    style,
    text,
)
from kilde.evaluation.measures.basis import NO_REFERENCE, is_form
from kilde.evaluation.metric import Metric, Setting, Table
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, words
from kilde.evaluation.testset import Question

# A reference of up to so many words is looked for in the answer; a longer one would be told in
# other words.
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices: per million tokens read and written, and per hour of computing.

    ``None`` where nobody said; all are in ``currency``.
    """

    input_price: float | None = None
    output_price: float | None = None
    hour_price: float | None = None
    currency: str = ""


def costs_of(config: WorkspaceConfig, model: str) -> Costs:
    """What the settings of a workspace say of the prices of a model, by the name agents use."""
    named = config.models.get(model)
    return Costs(
        input_price=named.input_price if named else None,
        output_price=named.output_price if named else None,
        hour_price=config.costs.hour,
        currency=config.costs.currency,
    )


_FREE = Costs()


def setting_of(
    definition: AgentDefinition, questions: Sequence[Question], costs: Costs = _FREE
) -> Setting:
    """What the metrics may know of an agent and a test beside one question."""
    fills = definition.output is not None
    return Setting(
        examples=tuple(example.answer for example in definition.examples),
        form=fills,
        labels=frozenset() if fills else labels.labels_of(questions),
        input_price=costs.input_price,
        output_price=costs.output_price,
        hour_price=costs.hour_price,
        currency=costs.currency,
    )


def task(question: Question, said: Said, setting: Setting) -> Score:
    """Whether the arm did what the question is for; ``why`` begins with the measure that told.

    Unanswerable: declined. A form: the share of right fields. Labels: the right one. A short
    reference (up to 8 words): contained. A longer one: ROUGE-L.
    """
    if not question.answerable:
        name, function = "declined_rightly", declining.declined_rightly
    elif is_form(question, setting):
        name, function = "fields", form.field_accuracy
    elif not question.references:
        return NO_REFERENCE
    elif setting.labels:
        name, function = "label", labels.label_accuracy
    elif len(words(question.reference)) <= _SHORT:
        name, function = "contained", text.contained_answer
    else:
        name, function = "rouge_l", text.rouge
    score = function(question, said, setting)
    return Score(score.value, f"{name}: {score.why}" if score.why else name)


_ROWS = (
    Metric("task", task, "whether it did what the question is for"),
    Metric("exact", text.exact_match, "the words are those of a right answer", yes_no=True),
    Metric("token_f1", text.word_f1, "words shared with a right answer, F1"),
    Metric("contained", text.contained_answer, "a right answer stands in it", yes_no=True),
    Metric("rouge_l", text.rouge, "words shared with a right answer, in order, F1"),
    Metric("label", labels.label_accuracy, "the right label", yes_no=True),
    Metric("schema", form.schema_valid, "the form satisfies its schema", yes_no=True),
    Metric("fields", form.field_accuracy, "fields of the form that are right"),
    Metric("form_exact", form.every_field, "every field of the form is right", yes_no=True),
    Metric("retrieval_recall", retrieval.retrieval_recall, "supporting documents that were found"),
    Metric("ndcg_10", retrieval.ndcg_10, "supporting documents stand ahead, nDCG of the first ten"),
    Metric("grounded", grounding.groundedness, "claims that the documents found support"),
    Metric(
        "citation_precision",
        grounding.citation_precision,
        "citations that lead to a supporting document",
    ),
    Metric("citation_recall", grounding.citation_recall, "supporting documents that are cited"),
    Metric(
        "declined_rightly",
        declining.declined_rightly,
        "it declined what has no answer",
        yes_no=True,
    ),
    Metric("answered", declining.answered, "it answered what has an answer", yes_no=True),
    Metric("style", style.style, "nearness to the agent's examples in length, form and wording"),
    Metric("style_length", style.style_length, "distance of length to the examples", higher=False),
    Metric("style_form", style.style_form, "distance of form to the examples", higher=False),
    Metric(
        "style_wording", style.style_wording, "distance of wording to the examples", higher=False
    ),
    Metric("seconds", effort.seconds, "time of an answer", unit="seconds", higher=False),
    Metric("tokens", effort.tokens, "tokens read and written", unit="tokens", higher=False),
    Metric("memory", effort.memory, "memory of the process", unit="bytes", higher=False),
    Metric("cost", effort.cost, "price of an answer", unit="money", higher=False),
)

METRICS: Table = MappingProxyType({metric.name: metric for metric in _ROWS})
"""All metrics by name, the headline first, in the order in which they are shown."""
