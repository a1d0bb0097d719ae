"""Rows for the tests of the checks, and what is found in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kilde.agents.definition import AgentDefinition
from kilde.tuning.checks import Finding, check_rows
from kilde.tuning.data.rows import Lineage, Method, Row
from kilde.types import Message


def agent(**settings: Any) -> AgentDefinition:
    """An agent with few settings."""
    return AgentDefinition.model_validate(
        {"name": "Health", "instructions": "You answer from the documents.", **settings}
    )


def row(question: str, answer: str, **settings: Any) -> Row:
    """A row with a question and perhaps a history of texts, user first."""
    roles = ("user", "assistant")
    history = [
        Message(roles[place % 2], text)  # type: ignore[arg-type]
        for place, text in enumerate(settings.pop("history", ()))
    ]
    settings.setdefault("method", "sft")
    settings.setdefault("language", "en")
    return Row(prompt=(*history, Message("user", question)), answer=answer, **settings)


# Enough different subjects for rows that resemble each other in nothing.
_SUBJECTS = (
    "vaccines passports parking swimming libraries taxes bicycles dentists schools recycling "
    "weddings elections museums buses gardens pensions housing noise dogs harbours"
).split()
_DEEDS = "renewed ordered cancelled moved paid".split()


def filler(number: int, **settings: Any) -> list[Row]:
    """Rows without any fault, at most 100: what is found among them was put there by a test."""
    return [
        row(
            f"How are {_SUBJECTS[at % 20]} {_DEEDS[at // 20]}?",
            f"{_SUBJECTS[at % 20].capitalize()} get {_DEEDS[at // 20]} at desk {at + 3}.",
            lineage=Lineage(file="filler.jsonl", line=at + 1),
            **settings,
        )
        for at in range(number)
    ]


def find(rows: Sequence[Row], **settings: Any) -> dict[str, Finding]:
    """All findings by kind; settings as those of ``check_rows``, and ``agent``'s as ``agent``."""
    settings.setdefault("method", rows[0].method if rows else "sft")
    settings.setdefault("collection_of", lambda _: "default")
    definition = agent(**settings.pop("agent", {}))
    findings = check_rows(rows, definition=definition, **settings)
    by_kind = {finding.kind: finding for finding in findings}
    assert len(by_kind) == len(findings), "one finding for each kind"
    return by_kind


METHODS: tuple[Method, ...] = ("sft", "kto", "dpo")
