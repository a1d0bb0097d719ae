"""A drill: documents are edited in a copy of the workspace, and each arm is asked about the edits
before and after the work that it takes to learn of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kilde import durable
from kilde.arguments import as_tuple
from kilde.errors import ConfigError, StoreError
from kilde.evaluation.drill_json import dump_drill, read_drill
from kilde.evaluation.drill_result import ArmCost, Drill
from kilde.evaluation.drilling import break_even
from kilde.evaluation.said import ARMS
from kilde.protocols import NoProgress, Progress
from kilde.types import Arm
from kilde.workspace.copying import answer_with, copied, outside
from kilde.workspace.drill_run import Drilling

if TYPE_CHECKING:
    from kilde.workspace import Workspace

DRILLS = ".kilde/drills"


def drill(
    workspace: Workspace,
    agent: str,
    *,
    edits: int = 10,
    arms: Arm | Sequence[Arm] = ARMS,
    model: str = "",
    adapter: str = "",
    epochs: float | None = None,
    questions_per_month: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Drill:
    """Edit ``edits`` documents in a copy of the workspace, and measure what that costs each arm.

    The work of ``rag`` is a sync, that of ``tuned`` to build rows and to train from scratch (for
    ``epochs``, as in :class:`kilde.tuning.training.settings.TuneSettings`), that of ``rag+tuned``
    both, with the adapter of ``tuned``; ``plain`` has none. ``model`` answers in place of the
    agent's. ``adapter`` is the tuned one before the work, else the agent's own. An arm that cannot
    be drilled is skipped and says why. The original is not touched; the drill is kept once it is
    finished.
    Raises :class:`EvaluationError` (nothing to edit, no arm to ask, no room for a copy),
    :class:`ConfigError` (numbers out of range), :class:`NotFound`.
    """
    arms = tuple(arm for arm in ARMS if arm in as_tuple(arms, Arm))
    faults = [] if arms else ["There is no arm to drill."]
    faults += [] if edits > 0 else ["edits must be at least 1"]
    faults += [] if questions_per_month > 0 else ["questions_per_month must be at least 1"]
    if faults:
        raise ConfigError(faults, hint="Arms: plain, rag, tuned, rag+tuned.")
    key, _ = workspace.agent_file(agent)
    created = datetime.now(UTC)
    with copied(workspace, adapter) as copy:
        # The original may be indexed anew while this goes on.
        version = copy.knowledge.version
        if model:
            answer_with(copy, key, model)
        done = Drilling(copy, key, arms, adapter, epochs, seed, progress or NoProgress())
        done.run(edits)
        answered = copy.definition(key).model or copy.config.model
    if left := outside(workspace):
        done.notes.append(
            f"{len(left)} sources outside the workspace's folder were left as they are, and not "
            "read by the sync"
        )
    costs = tuple(done.cost(arm) for arm in arms)
    even = _break_even(costs, questions_per_month, done.notes)
    made = tuple(change.made for change in done.changes)
    digest = json.dumps([key, created.isoformat(), [asdict(one) for one in made], model, seed])
    found = Drill(
        id=hashlib.sha256(digest.encode()).hexdigest()[:12],
        agent=key,
        created_at=created,
        edits=made,
        told=tuple(done.told()),
        costs=costs,
        questions_per_month=questions_per_month,
        break_even=even,
        model=answered,
        adapter=done.adapter,
        epochs=epochs,
        seed=seed,
        store_version=version,
        notes=tuple(done.notes),
    )
    _keep(workspace.path / DRILLS / key, found)
    return found


def newest_drill(workspace: Workspace, agent: str) -> Drill | None:
    """The drill of an agent that was made last; ``None`` where there is none.

    Raises :class:`NotFound` for an unknown agent, :class:`StoreError` for a damaged drill.
    """
    key, _ = workspace.agent_file(agent)
    found = []
    for path in sorted((workspace.path / DRILLS / key).glob("[!.]*.json")):
        with suppress(FileNotFoundError):  # deleted meanwhile
            found.append(read_drill(path))
    return max(found, key=lambda one: one.created_at, default=None)


def _break_even(costs: Sequence[ArmCost], questions: int, notes: list[str]) -> float | None:
    """Retrieval against retraining, where both were drilled."""
    found = {cost.arm: cost for cost in costs if not cost.skipped}
    if not {"rag", "tuned"} <= found.keys():
        notes.append("no break-even: that takes the arms rag and tuned")
        return None
    rag, tuned = found["rag"], found["tuned"]
    extra = rag.answer_seconds - tuned.answer_seconds
    if extra <= 0:
        notes.append("retrieval adds no time to an answer, so retraining always costs more")
    elif tuned.seconds <= rag.seconds:
        notes.append("retraining takes no longer than a sync, so retrieval always costs more")
    return break_even(
        extra_seconds=extra,
        questions=questions,
        sync_seconds=rag.seconds,
        training_seconds=tuned.seconds,
    )


def _keep(folder: Path, found: Drill) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            durable.sweep(folder)
        durable.write(folder / f"{found.id}.json", dump_drill(found))
    except OSError as error:
        raise StoreError(
            f"The drill cannot be kept in {folder}: {error.strerror or error}.",
            hint="Make room there, or let yourself write to it; then drill again.",
        ) from error
