"""From a dataset to an adapter that answers: check, render, train, convert, judge, promote.

Read :func:`tune` from top to bottom; each step is a file of its own. A run that was killed goes on
from its last checkpoint with :func:`resume`, and comes out the same.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kilde import __version__
from kilde.errors import KildeError, TuningError
from kilde.protocols import Progress
from kilde.tuning.adapters.card import CARD_FILE, Card, languages_of, read_card
from kilde.tuning.adapters.registry import GGUF_FILE, Registry
from kilde.tuning.checks import Finding, raise_refused
from kilde.tuning.data.dataset import Dataset
from kilde.tuning.gate import Gate, gate_rows, run_gate
from kilde.tuning.training.prepare import Subject, prepare
from kilde.tuning.training.process import run_training, seconds_trained
from kilde.tuning.training.rendering import draft
from kilde.tuning.training.runs import Run, Runs
from kilde.tuning.training.settings import TrainingPlan, TuneSettings

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    that fails, :class:`WorkspaceError` while another one trains this agent, and what
    :meth:`Agent.own_adapter` raises.
    """
    raise_refused(findings, dataset.card.name)
    subject.agent(None).own_adapter()  # the gate asks it: a fault is better told now than then
    settings = settings.settled(len(dataset.rows))  # a card tells the numbers
    with runs.alone(subject.key):
        run = runs.create(
            subject.key, dataset.card.name, settings.to_json(), dataset.card.data_hash
        )
        with _recorded(runs, run):
            prepare(subject, dataset, settings, registry, runs.folder(run.id), progress)
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
    settings = TuneSettings.from_json(run.settings)
    plan = runs.folder(run.id) / "plan.json"
    if plan.is_file() and Path(json.loads(plan.read_text("utf-8"))["base"]) != subject.path:
        raise TuningError(
            f"The agent {run.agent!r} answers with another model than when {run.id} began.",
            hint=f"Train anew: kilde tune {run.agent}",
        )
    with runs.alone(subject.key), _recorded(runs, run):
        run = runs.save(run, pid=os.getpid(), message="", ended_at=None)
        if not plan.is_file():
            prepare(subject, dataset, settings, registry, runs.folder(run.id), progress)
        return _finish(subject, dataset, settings, runs, run, registry, by, force, progress)


@contextmanager
def _recorded(runs: Runs, run: Run) -> Iterator[None]:
    """Writes into the run why it failed. One that was stopped by hand is just not at its end."""
    try:
        yield
    except Exception as error:
        told = error.message if isinstance(error, KildeError) else str(error)
        with suppress(OSError, KildeError):  # on a full disk this cannot be written either
            runs.save(
                runs.get(run.id),
                stage="failed",
                ended_at=datetime.now(UTC),
                message=told or type(error).__name__,
            )
        if isinstance(error, OSError):
            if error.errno in _DISK_FULL:
                why, remedy = f"cannot be written: {error.strerror}", "Make room on the disk"
            else:
                why, remedy = f"stopped: {error}", "Mend that"
            raise TuningError(
                f"The run {run.id} {why}.",
                hint=f"{remedy}, then go on: kilde tune {run.agent} --resume",
            ) from error
        raise


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
    from kilde.tuning.training.curve import draw
    from kilde.tuning.weights.lora_gguf import write_lora

    folder = runs.folder(run.id)
    for card in registry.list(subject.key):
        if card.settings.get("run") == run.id:  # killed after it was registered
            return _promote(card, runs, run, registry, by, force)
    plan = TrainingPlan.read(folder)
    start = _start(plan, registry)
    if not (folder / "adapter").is_dir():
        run = runs.save(run, stage="training")
        run_training(folder, progress)
    draw(folder, f"{subject.key}: {settings.method} on {dataset.card.name}")
    staged = folder / "adapter"
    write_lora(staged, subject.path, staged / GGUF_FILE)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))

    run = runs.save(run, stage="gate")
    # What the adapter that training went on from had learnt is in this one as well.
    languages = languages_of(dataset.card.languages, *((start.languages,) if start else ()))
    candidate = replace(
        draft(settings, languages),
        name=f"{subject.key}@{run.id}",
        path=staged / GGUF_FILE,
        base=subject.sha256,
    )
    gate: Gate | None = None
    if gate_rows(dataset.test):
        gate = run_gate(
            subject.agent(candidate),
            dataset.test,
            candidate=candidate.name,
            seed=settings.seed,
            progress=progress,
        )

    run = runs.save(run, stage="registering")
    documents = {*dataset.card.documents, *(start.documents if start else ())}
    answers = {answer for row in dataset.rows for answer in row.lineage.answers}
    answers |= set(start.answers if start else ())
    # They are those of the adapter that training went on from, whatever the settings say.
    lora = json.loads((staged / "adapter_config.json").read_text(encoding="utf-8"))
    for left in staged.glob(".kilde-*"):  # of a write_lora that was killed
        shutil.rmtree(left, ignore_errors=True)
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
            documents=tuple(sorted(documents)),
            answers=tuple(sorted(answers)),
            languages=languages,
            examples=candidate.examples,
            document_tokens=candidate.document_tokens,
            settings=settings.to_json()
            | {"rank": lora["r"], "alpha": lora["lora_alpha"]}
            | {"run": run.id, "from": start.name if start else subject.base},
            metrics=result | {"rows_left_out": plan.left_out},
            gate=gate.to_json() if gate else None,
            licence=subject.licence,
            created_at=datetime.now(UTC),
            kilde=__version__,
            seconds=round(seconds_trained(folder / "progress.jsonl"), 1),
        ),
    )
    return _promote(card, runs, run, registry, by, force)


def _start(plan: TrainingPlan, registry: Registry) -> Card | None:
    """The card of the adapter that training goes on from, of which the run's folder holds a copy.

    Raises :class:`TuningError` where the agent may no longer read what that one learnt from.
    """
    if plan.start is None:
        return None
    card = read_card(plan.start / CARD_FILE)
    if outside := registry.outside(card):
        raise TuningError(
            f"The adapter {card.name}, from which this training goes on, learnt from documents "
            f"outside the collections of {card.agent!r}: {', '.join(outside)}.",
            hint=f"Let an adapter answer that did not (kilde adapter rollback {card.agent}), or "
            "add their collections to the agent's file; then train anew.",
        )
    return card


def _promote(card: Card, runs: Runs, run: Run, registry: Registry, by: str, force: bool) -> Tuned:
    """Let the adapter answer if the gate or somebody says so, and close the run."""
    promoted = force or bool(card.passed)
    if promoted:
        overridden = not card.passed
        registry.promote(card.name, by=by, forced=overridden, why="--force" if overridden else "")
    for name in ("checkpoints", "start"):
        shutil.rmtree(runs.folder(run.id) / name, ignore_errors=True)
    run = runs.save(
        run, stage="done", ended_at=datetime.now(UTC), adapter=card.name, promoted=promoted
    )
    return Tuned(card, promoted, run)
