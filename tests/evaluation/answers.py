"""Answers as arms give them, made by hand: real nouns, no model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question
from kilde.types import Answer, Citation, DocumentRef, Hit, Passage, Trace, Usage

USAGE = Usage(100, 20)


def hit(
    document: str, text: str = "The clinic opens at 8 on weekdays.", language: str = "en"
) -> Hit:
    """A passage that was found, of a document that holds nothing else."""
    passage = Passage(f"{document}#0", document, 0, "text", text, 0, len(text), language=language)
    return Hit(passage, _ref(document, language), 1.0)


def said(
    question: Question,
    text: str = "",
    *,
    arm: str = "plain",
    hits: Sequence[Hit] = (),
    cites: Sequence[str] = (),
    raw: str | None = None,
    abstained: bool = False,
    language: str = "en",
    model: str = "a model",
    usage: Usage = USAGE,
    seconds: float = 2.0,
    memory: int = 0,
    sample: int = 0,
) -> Said:
    """What an arm said; ``raw`` is what the model wrote, as shown where it is not given."""
    trace = Trace(
        hits=tuple(hits),
        summaries=(),
        arm=arm,
        model=model,
        adapter=None,
        store_version=None,
        search_text=question.question,
        language=language,
        messages=(),
        prompt_hash="",
        raw_text=text if raw is None else raw,
        usage=usage,
        timings={},
    )
    citations = tuple(Citation(_ref(one, language), "", 0, 1, "x", None, "", 1.0) for one in cites)
    answer = Answer(
        id="1",
        agent="health",
        question=question.question,
        text=text,
        claims=(),
        citations=citations,
        abstained=abstained,
        nearest=(),
        trace=trace,
        at=datetime.now(UTC),
    )
    return Said(arm, question.id, sample, answer, seconds, memory)


def failure(question: Question, arm: str = "plain") -> Said:
    """An arm that did not manage to answer."""
    return Said(arm, question.id, 0, None, 9.0, 5, "the model stopped")


def _ref(document: str, language: str) -> DocumentRef:
    return DocumentRef(document, document, "", "default", language, "")
