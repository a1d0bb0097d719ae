"""A run is made ready: its rows become tokens, some are held out, and a plan says how to train."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kilde import durable
from kilde.agents.agent import Agent
from kilde.errors import TuningError
from kilde.protocols import Adapter, Progress
from kilde.tuning.adapters.card import CARD_FILE, Card, languages_of
from kilde.tuning.adapters.registry import FILES, GGUF_FILE, Registry
from kilde.tuning.data.dataset import Dataset, split
from kilde.tuning.data.rows import to_jsonl
from kilde.tuning.training.rendering import Rendered, render_rows
from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.tuning.training.token_rows import length

if TYPE_CHECKING:
    from kilde.generation.llama_cpp import LlamaCpp

# The file of a run's folder with the rows as they were.
ROWS = "rows.jsonl"
# Of the rows, so many are held out to see when training should stop; none of a small set.
_HELD_OUT, _MOST_HELD_OUT, _FEW = 0.1, 48, 50
# What of an agent's file shapes its prompts and answers: what is learnt, and how it is judged.
_SHAPES = {
    "collections",
    "examples",
    "instructions",
    "language",
    "max_words",
    "output",
    "retrieval",
}


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
    start = _start(subject, settings, registry)
    # What the adapter that training goes on from had learnt is in the new one as well.
    languages = languages_of(dataset.card.languages, *((start.languages,) if start else ()))
    rendered = render_rows(
        subject.agent(None),
        subject.generator,
        dataset.rows,
        settings,
        progress,
        languages=languages,
    )
    if not rendered.rows:
        raise TuningError(
            "No row has a document that answers it, so there is nothing to learn from.",
            hint="Add the documents to the agent's collections: kilde add",
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
    # A test asks years later what was learnt; by then the dataset may be another one.
    (folder / ROWS).write_text(to_jsonl(dataset.rows), encoding="utf-8")
    plan = TrainingPlan(
        base=subject.path,
        pad=subject.generator.end_of_turn,
        settings=settings,
        start=_copied(start, registry, folder / "start") if start else None,
        left_out=rendered.left_out,
        base_sha256=subject.sha256,
        agent_sha256=_agent_sha256(subject),
    )
    durable.write(folder / "plan.json", json.dumps(plan.to_json(), indent=1))


def read_plan(folder: Path) -> TrainingPlan | None:
    """The plan of a run's folder; ``None`` where it was not prepared to the end.

    Raises :class:`TuningError` for one that another version of Kilde wrote.
    """
    return TrainingPlan.read(folder) if (folder / "plan.json").is_file() else None


def refuse_changed(subject: Subject, folder: Path) -> None:
    """Raise :class:`TuningError` where the base or the agent is another than when a run's rows
    became tokens: what is learnt would not be what is served."""
    plan = read_plan(folder)
    if plan is None:
        return
    changed = []
    if plan.base_sha256 != subject.sha256:
        changed.append(f"its model {subject.base!r} is another file")
    if plan.agent_sha256 != _agent_sha256(subject):
        changed.append("its instructions, collections or form are others")
    if changed:
        raise TuningError(
            f"The agent {subject.key!r} is not what it was when {folder.name} began: "
            f"{' and '.join(changed)}.",
            hint=f"Train anew: kilde tune {subject.key}",
        )


def _agent_sha256(subject: Subject) -> str:
    """SHA-256 (hex) of what shapes the agent's prompts and answers."""
    shape = subject.agent(None).definition.model_dump_json(include=_SHAPES)
    return hashlib.sha256(shape.encode("utf-8", "surrogatepass")).hexdigest()


def _start(subject: Subject, settings: TuneSettings, registry: Registry) -> Card | None:
    """The adapter to go on from: people judge what answers today, so that is what they change."""
    current = registry.promoted(subject.key)
    if settings.method == "sft" or current is None or current.base_sha256 != subject.sha256:
        return None
    return current


def _copied(current: Card, registry: Registry, folder: Path) -> Path:
    """A copy of an adapter, named by its version, for it may be removed meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)  # cut off by a kill
    copy = folder / str(current.version)
    copy.mkdir(parents=True)
    for name in (*FILES, CARD_FILE):
        if name != GGUF_FILE:
            shutil.copyfile(registry.folder(current.name) / name, copy / name)
    return copy


def _refuse_long(rendered: Rendered, context: int) -> None:
    lengths = zip(rendered.at, map(length, rendered.rows), strict=True)
    long = [f"row {at + 1} ({tokens} tokens)" for at, tokens in lengths if tokens > context]
    if long:
        raise TuningError(
            f"{len(long)} rows are longer than the model reads ({context} tokens): "
            + ", ".join(long[:10]),
            hint="Shorten them, or lower --document-tokens.",
        )
