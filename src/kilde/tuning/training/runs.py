"""A run is one training: a folder with its plan, its rows, its progress and what came of it.

``.kilde/runs/ID/`` holds ``run.json`` (what and how far), ``plan.json`` and the rows as tokens,
``progress.jsonl`` (one line a step), ``loss.svg`` and ``loss.png``, ``environment.json``,
``log.txt``, and checkpoints while it trains.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kilde import durable
from kilde.errors import NotFound, StoreError, WorkspaceError

if TYPE_CHECKING:
    from filelock import FileLock

Stage = Literal["preparing", "training", "registering", "gate", "done", "failed"]
_STATE = "run.json"


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run has come. ``adapter`` is what came of it; ``message`` is why it failed."""

    id: str
    agent: str
    dataset: str
    settings: dict[str, Any]
    data_hash: str
    stage: Stage
    pid: int
    started_at: datetime
    ended_at: datetime | None = None
    adapter: str = ""
    promoted: bool = False
    message: str = ""


class Runs:
    """The runs of a workspace, and the lock that keeps two from training the same agent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self._folder / run_id

    def create(self, agent: str, dataset: str, settings: dict[str, Any], data_hash: str) -> Run:
        """A new run; its id is the agent's name and the time."""
        now = datetime.now(UTC)
        run_id = f"{agent}-{now:%Y%m%d-%H%M%S}"
        number = 1
        while (self._folder / run_id).exists():
            number += 1
            run_id = f"{agent}-{now:%Y%m%d-%H%M%S}-{number}"
        run = Run(run_id, agent, dataset, settings, data_hash, "preparing", os.getpid(), now)
        try:
            self.folder(run_id).mkdir(parents=True)
        except OSError as error:
            raise StoreError(
                f"{self.folder(run_id)} cannot be made: {error.strerror}.",
                hint="Make room on the disk, and make the folder writable.",
            ) from error
        self.save(run)
        return run

    def save(self, run: Run, **changes: Any) -> Run:
        """Keep a run with some changes; whoever reads it sees the old state or the new one."""
        run = replace(run, **changes)
        told = asdict(run)
        told |= {
            "started_at": run.started_at.isoformat(),
            "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        }
        durable.write(self.folder(run.id) / _STATE, json.dumps(told, ensure_ascii=False, indent=1))
        return run

    def get(self, run_id: str) -> Run:
        """A run by its id. Raises :class:`NotFound`, :class:`StoreError` for a damaged one."""
        path = self.folder(run_id) / _STATE
        if not path.is_file():
            raise NotFound("run", run_id, [run.id for run in self.list()])
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            for name in ("started_at", "ended_at"):
                told[name] = told[name] and datetime.fromisoformat(told[name])
            return Run(**told)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}.",
                hint=f"Delete the folder {path.parent} and train again.",
            ) from error

    def list(self, agent: str | None = None) -> list[Run]:
        """All runs, newest first."""
        ids = [path.parent.name for path in self._folder.glob(f"*/{_STATE}")]
        runs = [self.get(run_id) for run_id in ids]
        chosen = [run for run in runs if agent is None or run.agent == agent]
        return sorted(chosen, key=lambda run: run.started_at, reverse=True)

    def stopped(self, run: Run) -> bool:
        """Whether a run that is not at its end has nobody working on it any more."""
        if run.stage in ("done", "failed"):
            return False
        lock = self._lock(run.agent)
        try:
            with lock.acquire(timeout=0):
                return True
        except TimeoutError:
            return False

    @contextmanager
    def alone(self, agent: str) -> Iterator[None]:
        """Hold the right to train an agent. Raises :class:`WorkspaceError` where another does."""
        try:
            # A moment is waited, for who lists the runs takes the lock to see whether it is held.
            lock = self._lock(agent).acquire(timeout=1)
        except TimeoutError as error:
            working = [run for run in self.list(agent) if run.stage not in ("done", "failed")]
            told = f" ({working[0].id}, process {working[0].pid})" if working else ""
            raise WorkspaceError(
                f"The agent {agent!r} is being trained already{told}.",
                hint="Wait for it (kilde runs), or stop that process.",
            ) from error
        with lock:
            yield

    def _lock(self, agent: str) -> FileLock:
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{agent}.lock")
