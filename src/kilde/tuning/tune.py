"""From a dataset to an adapter that answers: check, render, train, convert, judge, promote.

Read :func:`tune` from top to bottom; each step is a file of its own. A run that was killed goes on
from its last checkpoint with :func:`resume`, and comes out the same.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde import __version__
from kilde.agents.agent import Agent
from kilde.errors import KildeError, TuningError
from kilde.tuning import durable
from kilde.tuning.card import Card
from kilde.tuning.checks import Finding
from kilde.tuning.dataset import Dataset, split
from kilde.tuning.gate import Gate, run_gate
from kilde.tuning.process import run_training
from kilde.tuning.registry import GGUF_FILE, Registry
from kilde.tuning.rendering import TokenRow, draft, render_rows
from kilde.tuning.runs import Run, Runs
from kilde.tuning.settings import TrainingPlan, TuneSettings
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


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of a training: the adapter's card, whether it answers now, and the run."""

    card: Card
    promoted: bool
    run: Run


def tune(
    subject: Subject,
    dataset: Dataset,
    settings: TuneSettings,
    *,
    findings: Sequence[Finding],
    runs: Runs,
    registry: Registry,
    by: str,
    force: bool = False,
    progress: Progress,
) -> Tuned:
    """Train an adapter on a dataset, and promote it if the gate lets it through.

    Raises :class:`TuningError` for rows that are refused (all findings at once) and for a training
    that fails, :class:`WorkspaceError` while another one trains this agent.
    """
    refused = [finding for finding in findings if finding.level == "refuse"]
    if refused:
        raise TuningError(
            f"The dataset {dataset.card.name!r} cannot be trained on:\n"
            + "\n".join(f"- {finding.message}" for finding in refused),
            hint="Mend its rows and build it again. All findings: kilde dataset check "
            f"{dataset.card.name}",
        )
    with runs.alone(subject.key):
        run = runs.create(
            subject.key, dataset.card.name, settings.to_json(), dataset.card.data_hash
        )
        with _recorded(runs, run):
            _prepare(subject, dataset, settings, runs.folder(run.id), progress)
            return _finish(subject, dataset, settings, runs, run, registry, by, force, progress)


def resume(
    subject: Subject,
    dataset: Dataset,
    run: Run,
    *,
    runs: Runs,
    registry: Registry,
    by: str,
    force: bool = False,
    progress: Progress,
) -> Tuned:
    """Go on with a run that was stopped, with its own settings and rows. Raises as :func:`tune`."""
    if run.data_hash != dataset.card.data_hash:
        raise TuningError(
            f"The dataset {dataset.card.name!r} is another one than when {run.id} began.",
            hint=f"Train anew: kilde tune {run.agent}",
        )
    settings = TuneSettings(**run.settings)
    with runs.alone(subject.key), _recorded(runs, run):
        if not (runs.folder(run.id) / "plan.json").is_file():
            _prepare(subject, dataset, settings, runs.folder(run.id), progress)
        return _finish(subject, dataset, settings, runs, run, registry, by, force, progress)


class _recorded:  # noqa: N801
    """Writes into the run why it ended, if it did not end well."""

    def __init__(self, runs: Runs, run: Run) -> None:
        self._runs, self._id = runs, run.id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            return
        told = (
            error.message if isinstance(error, KildeError) else f"{type(error).__name__}: {error}"
        )
        run = self._runs.get(self._id)
        self._runs.save(run, stage="failed", ended_at=datetime.now(UTC), message=told)


def _prepare(
    subject: Subject, dataset: Dataset, settings: TuneSettings, folder: Path, progress: Progress
) -> None:
    """Write the rows as tokens and, last, the plan: with it the folder is ready for training."""
    rendered = render_rows(subject.agent(None), subject.generator, dataset.rows, settings, progress)
    if not rendered.rows:
        raise TuningError(
            "No row has a document that answers it, so there is nothing to learn from.",
            hint="Add the documents to the agent's collections, or train with --no-context.",
        )
    _refuse_long(rendered.rows, subject.generator.context)
    rows, held_out = list(rendered.rows), []
    if len(rendered.rows) == len(dataset.rows) >= _FEW:
        # By document: which side a row is on is told by the rows that are tokens' sources.
        numbered = {id(row): token_row for row, token_row in zip(dataset.rows, rows, strict=True)}
        share = min(_HELD_OUT, _MOST_HELD_OUT / len(rows))
        first, second = split(dataset.rows, share=share, seed=settings.seed)
        rows = [numbered[id(row)] for row in first]
        held_out = [numbered[id(row)] for row in second]
    for name, some in (("train.jsonl", rows), ("held_out.jsonl", held_out)):
        text = "".join(json.dumps(row) + "\n" for row in some)
        (folder / name).write_text(text, encoding="utf-8")
    plan = TrainingPlan(subject.path, subject.generator.end_of_turn, settings)
    durable.write(folder / "plan.json", json.dumps(plan.to_json(), indent=1))


def _refuse_long(rows: Sequence[TokenRow], context: int) -> None:
    lengths = [sum(len(ids) for name, ids in row.items() if name.endswith("_ids")) for row in rows]
    long = [
        f"row {at + 1} ({length} tokens)" for at, length in enumerate(lengths) if length > context
    ]
    if long:
        raise TuningError(
            f"{len(long)} rows are longer than the model reads ({context} tokens): "
            + ", ".join(long[:10]),
            hint="Shorten them, or lower --document-tokens.",
        )


def _finish(
    subject: Subject,
    dataset: Dataset,
    settings: TuneSettings,
    runs: Runs,
    run: Run,
    registry: Registry,
    by: str,
    force: bool,
    progress: Progress,
) -> Tuned:
    from kilde.tuning.curve import draw
    from kilde.tuning.lora_gguf import write_lora

    folder, began = runs.folder(run.id), time.monotonic()
    if not (folder / "adapter").is_dir():
        run = runs.save(run, stage="training")
        run_training(folder, progress)
    seconds = time.monotonic() - began
    draw(folder, f"{subject.key}: {settings.method} on {dataset.card.name}")
    staged = folder / "adapter"
    write_lora(staged, subject.path, staged / GGUF_FILE)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))

    run = runs.save(run, stage="gate")
    languages = tuple(sorted(dataset.card.languages))
    candidate = replace(
        draft(settings),
        name=f"{subject.key}@{run.id}",
        path=staged / GGUF_FILE,
        base=subject.sha256,
        languages=frozenset(languages) or None,
    )
    current = registry.promoted(subject.key)
    gate: Gate | None = None
    if dataset.test:
        gate = run_gate(
            subject.agent(candidate),
            dataset.test,
            candidate=candidate.name,
            current=current.name if current else "",
            seed=settings.seed,
            progress=progress,
        )

    run = runs.save(run, stage="registering")
    card = registry.add(
        subject.key,
        staged,
        Card(
            agent=subject.key,
            version=0,
            base=subject.base,
            base_sha256=subject.sha256,
            method=settings.method,
            dataset=dataset.card.name,
            data_hash=dataset.card.data_hash,
            rows=len(dataset.rows),
            documents=dataset.card.documents,
            answers=tuple(sorted({a for row in dataset.rows for a in row.lineage.answers})),
            languages=languages,
            examples=candidate.examples,
            document_tokens=candidate.document_tokens,
            settings=settings.to_json(),
            metrics=result,
            gate=gate.to_json() if gate else None,
            licence=subject.licence,
            created_at=datetime.now(UTC),
            kilde=__version__,
            seconds=round(seconds, 1),
        ),
    )
    promoted = force or (gate is not None and gate.passed)
    if promoted:
        overridden = force and not (gate and gate.passed)
        registry.promote(card.name, by=by, forced=overridden, why="--force" if overridden else "")
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    run = runs.save(
        run, stage="done", ended_at=datetime.now(UTC), adapter=card.name, promoted=promoted
    )
    return Tuned(card, promoted, run)
