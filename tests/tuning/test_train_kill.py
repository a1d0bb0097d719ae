"""``kill -9`` at any moment of a training: it goes on, and comes out as if nothing had happened."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.tuning import killed_training
from tests.tuning.training import lines, prepared, sft, some_choices, some_rows, some_thumbs

from kilde.tuning.training.base import has_bfloat16
from kilde.tuning.training.curve import draw

KILLS = int(os.environ.get("KILDE_KILLS", "5"))
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([killed_training.__name__])
_WEIGHTS = "adapter/adapter_model.safetensors"

pytestmark = pytest.mark.usefixtures("one_core")
Make = Callable[[str], Path]


def start(folder: Path) -> tuple[Any, Connection]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=killed_training.run, args=(folder, theirs))
    process.start()
    theirs.close()
    assert ours.poll(120) and ours.recv() == "ready"
    return process, ours


def finish(folder: Path) -> None:
    process, pipe = start(folder)
    try:
        assert pipe.recv() == "done"
    except EOFError:
        pytest.fail((folder / "log.txt").read_text("utf-8")[-3000:])
    process.join()


def kill(process: Any) -> bool:
    """Whether it was still at work."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return bool(process.exitcode == -signal.SIGKILL)


def checkpoints(folder: Path) -> list[Path]:
    return list((folder / "checkpoints").glob("checkpoint-*"))


@pytest.fixture(scope="module")
def make(tiny: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes folders to train in: 40 steps, of which every fourth is kept, and held-out rows."""
    home = tmp_path_factory.mktemp("killed")
    rows, held_out = some_rows(16), some_rows(4, seed=9)

    def made(name: str) -> Path:
        return prepared(
            home / name, tiny[0], rows, held_out, epochs=20, learning_rate=2e-3, patience=20
        )

    return made


@pytest.fixture(scope="module")
def whole(make: Make) -> tuple[Path, float]:
    """A training that nobody disturbed, and how long it took once warm."""
    finish(make("first"))
    folder = make("whole")
    process, pipe = start(folder)
    began = time.perf_counter()
    assert pipe.recv() == "done"
    took = time.perf_counter() - began
    process.join()
    return folder, took


def assert_as_undisturbed(folder: Path, whole: Path) -> None:
    assert (folder / _WEIGHTS).read_bytes() == (whole / _WEIGHTS).read_bytes()
    found, wanted = (
        json.loads((one / "result.json").read_text("utf-8")) for one in (folder, whole)
    )
    for name in ("steps", "loss", "held_out_loss", "tokens"):
        assert found.get(name) == wanted.get(name), name
    draw(folder, "killed and finished")


def test_killed_at_any_moment(make: Make, whole: tuple[Path, float]) -> None:
    chance, cut_off = random.Random(KILLS), 0
    for number in range(KILLS):
        folder = make(f"killed-{number}")
        for _ in range(2):  # killed, and killed again while it goes on
            process, _pipe = start(folder)
            time.sleep(whole[1] * (number / 2 + chance.random()) / KILLS)
            cut_off += kill(process)
        finish(folder)
        assert_as_undisturbed(folder, whole[0])
    assert cut_off >= KILLS


@pytest.mark.parametrize("after", ["adapter_model.safetensors", "trainer_state.json"])
def test_killed_while_a_checkpoint_is_written(
    after: str, make: Make, whole: tuple[Path, float]
) -> None:
    folder = make(f"half-{after}")
    process, pipe = start(folder)
    # Some checkpoint is there already when the next one is cut off.
    while not any(
        (one / after).exists() and not (one / "whole").exists() for one in checkpoints(folder)[1:]
    ):
        assert not pipe.poll(0), "it came to its end undisturbed"
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    finish(folder)
    assert_as_undisturbed(folder, whole[0])


@pytest.mark.skipif(not has_bfloat16(), reason="this machine does not compute in bfloat16")
def test_killed_while_it_computes_in_bfloat16(tiny: tuple[Path, Any], tmp_path: Path) -> None:
    """As it does by default; the adapter's own numbers are finer, and must be kept so."""
    options = {"epochs": 10, "batch": 4, "learning_rate": 2e-3, "patience": 20, "bfloat16": True}
    for name in ("whole", "killed"):
        folder = prepared(tmp_path / name, tiny[0], some_rows(16), some_rows(4, seed=9), **options)
    finish(tmp_path / "whole")
    kill_between(folder)
    finish(folder)
    assert_as_undisturbed(folder, tmp_path / "whole")


def kill_between(folder: Path) -> None:
    """Kill a training when it has written its second checkpoint."""
    process, _pipe = start(folder)
    while len([one for one in checkpoints(folder) if (one / "whole").is_file()]) < 2:
        time.sleep(0.01)
    assert kill(process), "it came to its end undisturbed"


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_preferences_are_gone_on_with(
    method: str, tiny: tuple[Path, Any], whole: tuple[Path, float], tmp_path: Path
) -> None:
    """They start from an adapter, of which a frozen copy is kept in each checkpoint."""
    rows = {"dpo": some_choices, "kto": some_thumbs}[method](8)
    for name in ("whole", "killed"):
        folder = prepared(tmp_path / name, tiny[0], rows, method=method, epochs=8, batch=4)
        plan = json.loads((folder / "plan.json").read_text("utf-8"))
        plan["start"] = str(whole[0] / "adapter")
        (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    finish(tmp_path / "whole")
    kill_between(folder)
    before = lines(folder)[-1]["step"]
    finish(folder)
    again = [line["step"] for line in lines(folder)]
    assert again.count(1) == 1 and again[-1] > before, "it went on from a checkpoint"
    assert_as_undisturbed(folder, tmp_path / "whole")


@pytest.mark.parametrize(
    ("end", "held"), [({"epochs": 20}, True), ({"max_steps": 3}, True), ({"epochs": 1.5}, False)]
)
def test_killed_when_all_was_trained(
    end: dict[str, Any], held: bool, tiny: tuple[Path, Any], tmp_path: Path
) -> None:
    """Before the adapter was written. The longest of these trainings stops early."""
    rows = [sft([50 + at, 60 + at, 70], [100 + at, 200, 300]) for at in range(16)]
    held_out = [sft(row["input_ids"][:3], [900 - at, 800, 700]) for at, row in enumerate(rows)]
    folder = prepared(
        *(tmp_path / "run", tiny[0], rows, held_out if held else ()),
        **{"batch": 4, "learning_rate": 1e-2, "patience": 2, **end},
    )
    finish(folder)
    first = lines(folder)
    assert first[-1]["step"] < 80
    (folder / "adapter").rename(folder / "before")
    finish(folder)
    assert lines(folder)[-1]["step"] == first[-1]["step"]
    assert json.loads((folder / "result.json").read_text("utf-8"))["steps"] == first[-1]["step"]
    written = (folder / _WEIGHTS).read_bytes()
    assert written == (folder / "before" / "adapter_model.safetensors").read_bytes()


def test_a_checkpoint_that_was_being_removed_is_not_gone_on_from(
    make: Make, whole: tuple[Path, float]
) -> None:
    """Older ones are removed before a new one counts as whole: both may be cut off at once."""
    folder = make("removed")
    process, _ = start(folder)
    while not (whole_ones := [one for one in checkpoints(folder) if (one / "whole").is_file()]):
        pass
    kill(process)
    for one in whole_ones:
        (one / "optimizer.pt").unlink(missing_ok=True)
    finish(folder)
    assert_as_undisturbed(folder, whole[0])
