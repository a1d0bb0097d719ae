"""Rows become tokens: the very tokens that the served model will read and write.

Prompts are made by the agent itself, as for a question that it is asked, and cut into tokens by the
program that serves it. So a model is trained on what it will see, to the token.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.agents.agent import Agent, Prompt
from kilde.agents.chat_marks import inert
from kilde.agents.phrases import abstention
from kilde.grounding import ground
from kilde.protocols import Adapter, Progress, step
from kilde.tuning.data.rows import Row
from kilde.tuning.training.settings import TuneSettings
from kilde.tuning.training.token_rows import TokenRow
from kilde.types import Hit

if TYPE_CHECKING:
    from kilde.generation.llama_cpp import LlamaCpp

# As many passages are looked at to find the one that answers.
_WIDE = 50
# A reader meets the right passage among the first ones, but not always as the first.
_PLACES = 3
# Passages of a prompt, before the token budget cuts them.
_PASSAGES = 6
# What ends or encloses an answer, and need not stand in the passage.
_AROUND = " .,;:!?…\"'“”„«»‘’()[]"


@dataclass(frozen=True, slots=True)
class Rendered:
    """Rows as tokens, and how many were left out because no passage holds their answer.

    ``at`` says which of the given rows each one was, from 0.
    """

    rows: tuple[TokenRow, ...]
    at: tuple[int, ...]
    left_out: int = 0


def draft(settings: TuneSettings, languages: Collection[str]) -> Adapter:
    """What the adapter to be made will be like when it is served, as far as prompts go.

    ``languages`` are those that it will know; none means any. Few-shot examples are left out: the
    rows say it better, and every answer is spared reading them.
    """
    tokens = settings.document_tokens if settings.with_context else 0
    known = frozenset(languages) or None
    return Adapter("", Path(), languages=known, examples=False, document_tokens=tokens)


def render_rows(
    agent: Agent,
    generator: LlamaCpp,
    rows: Sequence[Row],
    settings: TuneSettings,
    progress: Progress,
    *,
    languages: Collection[str] = (),
) -> Rendered:
    """All rows as tokens, in their order, as an adapter that knows ``languages`` is asked.

    With context, the passages of a row are looked up as for a question. Answers to imitate get the
    passage that holds them among these. Where fewer rows decline than should, it is taken away from
    so many that they do, and there the answer is to decline. Judged answers get what is found: the
    bad ones are often those that no document supports.
    """
    rng = random.Random(settings.seed)  # noqa: S311  (nothing secret)
    adapter = draft(settings, languages)
    declining = sum(row.declines for row in rows) / max(1, len(rows))
    taken = max(0.0, settings.declining - declining) / (1 - declining) if declining < 1 else 0.0
    made: dict[int, TokenRow] = {}
    with step(progress, "Rendering rows", len(rows), "rows"):
        for at, row in enumerate(rows):
            chance = rng.randrange(_PLACES), rng.random() < taken
            token_row = _render(agent, generator, row, adapter, settings.with_context, *chance)
            if token_row is not None:
                made[at] = token_row
            progress.advance()
    return Rendered(tuple(made.values()), tuple(made), len(rows) - len(made))


def _render(
    agent: Agent,
    generator: LlamaCpp,
    row: Row,
    adapter: Adapter,
    with_context: bool,
    place: int,
    dropped: bool,
) -> TokenRow | None:
    form = agent.definition.output is not None

    def prompted(choose: Callable[[Sequence[Hit]], list[Hit]]) -> Prompt:
        return agent.prompt(
            row.question, row.history, adapter=adapter, retrieval=True, limit=_WIDE, choose=choose
        )

    declines = row.declines
    if not with_context or row.method != "sft":
        prompt = agent.prompt(row.question, row.history, adapter=adapter, retrieval=with_context)
    else:
        taken_away = dropped and not declines and not form
        prompt = prompted(_without(row) if taken_away else _among(row, place))
        # Where nothing else is found, there is nothing to decline over.
        declines = declines or (taken_away and bool(prompt.passages))
        if taken_away and not declines:
            prompt = prompted(_among(row, place))
        if not declines and not _right(row, prompt.passages):
            prompt = prompted(_among(row, 0))  # it was cut off at the end of the budget
        if not prompt.passages:
            return None
    if declines and not form:
        row = replace(row, answer=abstention(prompt.language, ()))
    return _tokens(generator, prompt.messages, row)


def _tokens(generator: LlamaCpp, messages: Sequence[Any], row: Row) -> TokenRow:
    prompt = generator.prompt_tokens(messages)
    answer = generator.answer_tokens(messages, inert(row.answer))
    match row.method:
        case "sft":
            return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}
        case "kto":
            return {"prompt_ids": prompt, "completion_ids": answer, "label": row.good}
        case "dpo":
            rejected = generator.answer_tokens(messages, inert(row.rejected))
            return {"prompt_ids": prompt, "chosen_ids": answer, "rejected_ids": rejected}


def _among(row: Row, place: int) -> Callable[[Sequence[Hit]], list[Hit]]:
    """The passage that answers at one of the first places, among those found beside it.

    Nothing at all where no passage answers. Where the answer is to decline, the row's own document
    is what comes near and does not answer.
    """

    def choose(hits: Sequence[Hit]) -> list[Hit]:
        own = [hit for hit in hits if any(one.id in row.lineage.documents for one in hit.documents)]
        right = own[:1] if row.declines else _right(row, own or hits)
        if not right and not (row.declines and not row.lineage.documents):
            return []
        others = [hit for hit in hits if hit not in right]
        if not row.declines:
            others = [hit for hit in others if not _holds(hit, row.answer)]
        return _ranked([*others[:place], *right, *others[place:]])

    return choose


def _without(row: Row) -> Callable[[Sequence[Hit]], list[Hit]]:
    """What is found for a question when the documents that answer it are not there."""

    def choose(hits: Sequence[Hit]) -> list[Hit]:
        return _ranked(
            hit
            for hit in hits
            if hit.document.id not in row.lineage.documents and not _holds(hit, row.answer)
        )

    return choose


def _ranked(hits: Iterable[Hit]) -> list[Hit]:
    """The first hits, with scores that keep them in this order wherever they are sorted."""
    return [
        replace(hit, score=1 - at / 10) for at, hit in zip(range(_PASSAGES), hits, strict=False)
    ]


def _right(row: Row, hits: Sequence[Hit]) -> list[Hit]:
    for hit in hits:
        if _holds(hit, row.answer):
            return [hit]
    for hit in hits:
        claims = ground(row.answer, [hit], row.language).claims
        if claims and all(claim.supported for claim in claims):
            return [hit]
    return []


def _holds(hit: Hit, answer: str) -> bool:
    """Whether an answer stands in a passage, as words: "7" is held by neither "1977" nor "7.5"."""
    words = _plain(answer).strip(_AROUND)
    if not words:
        return False
    before = r"(?<!\w)(?<!\d[.,:])" if words[0].isdigit() else r"(?<!\w)"
    after = r"(?!\w|[.,:]\d)" if words[-1].isdigit() else r"(?!\w)"
    return re.search(before + re.escape(words) + after, _plain(hit.passage.text)) is not None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
