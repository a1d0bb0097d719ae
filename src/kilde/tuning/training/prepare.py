"""A run is made ready: its rows become tokens, some are held out, and a plan says how to train."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.agents.agent import Agent
from kilde.errors import TuningError
from kilde.tuning.adapters import durable
from kilde.tuning.adapters.card import Card
from kilde.tuning.adapters.registry import Registry
from kilde.tuning.data.dataset import Dataset, split
from kilde.tuning.training.rendering import Rendered, TokenRow, render_rows
from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.types import Adapter, Progress

if TYPE_CHECKING:
    from kilde.generation.llama_cpp import LlamaCpp

# Of the rows, so many are held out to see when training should stop; none of a small set.
_HELD_OUT, _MOST_HELD_OUT, _FEW = 0.1, 48, 50


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tuned: an agent, and the model under it.

    ``agent`` makes the agent as it answers, able to ask for one more adapter than the registry
    holds; what it answers is kept nowhere.
    """

    key: str
    base: str
    path: Path
    sha256: str
    licence: str
    generator: LlamaCpp
    agent: Callable[[Adapter | None], Agent]


def prepare(
    subject: Subject,
    dataset: Dataset,
    settings: TuneSettings,
    registry: Registry,
    folder: Path,
    progress: Progress,
) -> None:
    """Write the rows as tokens and, last, the plan: with it the folder is ready for training.

    Raises :class:`TuningError` where no row is left, and for rows longer than the context.
    """
    rendered = render_rows(subject.agent(None), subject.generator, dataset.rows, settings, progress)
    if not rendered.rows:
        raise TuningError(
            "No row has a document that answers it, so there is nothing to learn from.",
            hint="Add the documents to the agent's collections, or train with --no-context.",
        )
    _refuse_long(rendered, subject.generator.context)
    rows, held_out = list(rendered.rows), []
    if len(rows) >= _FEW:
        # By document: which side a row is on is told by the rows that are tokens' sources.
        sources = [dataset.rows[at] for at in rendered.at]
        numbered = {id(row): token_row for row, token_row in zip(sources, rows, strict=True)}
        share = min(_HELD_OUT, _MOST_HELD_OUT / len(rows))
        first, second = split(sources, share=share, seed=settings.seed)
        rows = [numbered[id(row)] for row in first]
        held_out = [numbered[id(row)] for row in second]
    for name, some in (("train.jsonl", rows), ("held_out.jsonl", held_out)):
        text = "".join(json.dumps(row) + "\n" for row in some)
        (folder / name).write_text(text, encoding="utf-8")
    current = _start(subject, settings, registry)
    start = registry.folder(current.name) if current else None
    plan = TrainingPlan(
        subject.path, subject.generator.end_of_turn, settings, start, rendered.left_out
    )
    durable.write(folder / "plan.json", json.dumps(plan.to_json(), indent=1))


def _start(subject: Subject, settings: TuneSettings, registry: Registry) -> Card | None:
    """The adapter to go on from: people judge what answers today, so that is what they change."""
    current = registry.promoted(subject.key)
    if settings.method == "sft" or current is None or current.base_sha256 != subject.sha256:
        return None
    return current


def _refuse_long(rendered: Rendered, context: int) -> None:
    lengths = zip(rendered.at, map(_length, rendered.rows), strict=True)
    long = [f"row {at + 1} ({length} tokens)" for at, length in lengths if length > context]
    if long:
        raise TuningError(
            f"{len(long)} rows are longer than the model reads ({context} tokens): "
            + ", ".join(long[:10]),
            hint="Shorten them, or lower --document-tokens.",
        )


def _length(row: TokenRow) -> int:
    """The tokens that are read at once: the prompt with the longest of its answers."""
    lengths = {name: len(ids) for name, ids in row.items() if name.endswith("_ids")}
    return lengths.pop("prompt_ids", 0) + max(lengths.values())
