"""Runs are kept whole, listed newest first, and one agent is trained by one process at a time."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.tuning.engines import small_disk

from kilde.errors import KildeError, NotFound, StoreError, WorkspaceError
from kilde.tuning.training.runs import Run, Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def create(runs: Runs, agent: str = "week-plan") -> Run:
    return runs.create(agent, "rows", {"rank": 2, "seed": 0}, "a" * 64)


def hold(folder: Path, ready: Connection) -> None:
    """Hold an agent until the end of the pipe."""
    with Runs(folder).alone("week-plan"):
        ready.send(create(Runs(folder)).id)
        ready.recv()


def test_a_run_is_what_was_kept(runs: Runs) -> None:
    run = create(runs)
    assert run.id.startswith("week-plan-") and run.stage == "preparing" and run.pid == os.getpid()
    assert runs.get(run.id) == run
    done = runs.save(run, stage="done", ended_at=datetime.now(UTC), adapter="week-plan@1")
    assert runs.get(run.id) == done != run
    assert json.loads((runs.folder(run.id) / "run.json").read_text("utf-8"))["stage"] == "done"


def test_the_newest_comes_first_and_each_has_its_own_id(runs: Runs) -> None:
    made = [create(runs) for _ in range(3)] + [create(runs, "other")]
    assert len({run.id for run in made}) == 4, "within the same second"
    assert [run.id for run in runs.list()] == [run.id for run in reversed(made)]
    assert [run.id for run in runs.list("other")] == [made[-1].id]
    assert Runs(runs.folder("none")).list() == []


def test_a_run_that_is_not_there_is_said_with_those_that_are(runs: Runs) -> None:
    run = create(runs)
    with pytest.raises(NotFound, match="No run named") as told:
        runs.get(run.id + "0")
    assert run.id in str(told.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "x"}', '{"started_at": 5}', "\udcff"])
def test_a_damaged_run_is_named(text: str, runs: Runs) -> None:
    path = runs.folder(create(runs).id) / "run.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(StoreError, match=r"run\.json cannot be read") as told:
        runs.get(path.parent.name)
    assert str(path.parent) in told.value.hint


def test_whoever_reads_sees_the_old_state_or_the_new_one(runs: Runs) -> None:
    run = create(runs)

    def write() -> None:
        for number in range(100):
            runs.save(run, message="x" * (number * 50))

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        seen = 0
        while not writing.done():
            assert set(runs.get(run.id).message) <= {"x"}
            seen += 1
        writing.result()
    assert seen > 5
    assert [path.name for path in runs.folder(run.id).iterdir()] == ["run.json"]


def test_a_full_disk_keeps_the_old_state(runs: Runs) -> None:
    run = create(runs)
    with small_disk(100), pytest.raises((KildeError, OSError)):
        runs.save(run, message="x" * 1000)
    assert runs.get(run.id) == run
    assert [path.name for path in runs.folder(run.id).iterdir()] == ["run.json"]


def test_one_process_at_a_time_and_what_it_left_when_killed(runs: Runs, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(tmp_path / "runs", theirs))
    process.start()
    run_id = ours.recv()
    run = runs.get(run_id)
    assert run.pid == process.pid and not runs.stopped(run)
    words = rf"trained already \({run_id}, process"
    with pytest.raises(WorkspaceError, match=words) as told, runs.alone("week-plan"):
        pass
    assert "kilde runs" in told.value.hint
    with runs.alone("other"):
        pass  # another agent may be trained meanwhile
    process.kill()
    process.join()
    assert runs.stopped(run)
    assert not runs.stopped(runs.save(run, stage="failed"))
    with runs.alone("week-plan"):
        assert not runs.stopped(run)


def test_an_agent_is_free_again_when_its_training_fails(runs: Runs) -> None:
    with pytest.raises(ValueError, match="astray"), runs.alone("week-plan"):
        raise ValueError("astray")
    assert runs.stopped(create(runs)), "nobody holds it"
