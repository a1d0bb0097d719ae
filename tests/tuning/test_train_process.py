"""The training process seen from outside: it ends with its parent, and says why it failed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.tuning.training import lines, prepared, some_rows, weights

from kilde import durable
from kilde.errors import TuningError
from kilde.models.cache import path_of
from kilde.protocols import NoProgress
from kilde.tuning.training import setup
from kilde.tuning.training import train as trained
from kilde.tuning.training.process import (
    _failure,
    read_progress,
    run_training,
    seconds_trained,
)

pytestmark = pytest.mark.usefixtures("one_core")
Tiny = tuple[Path, Any]
PARENT = Path(__file__).with_name("training_parent.py")


def child_of(parent: int, folder: Path) -> int | None:
    """The process that trains in a folder and was started by a process, as Linux tells it."""
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True)
    for child in found.stdout.split():
        if str(folder).encode() in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None


def test_the_time_of_a_training_that_went_on_is_that_of_all_its_processes(tmp_path: Path) -> None:
    told = tmp_path / "progress.jsonl"
    told.write_text("".join(f'{{"seconds": {at}}}\n' for at in (10.0, 30.0, 5.0, 7.5)))
    assert seconds_trained(told) == 37.5
    told.write_text("")
    assert seconds_trained(told) == 0.0


def alive(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False


def until(what: Any, folder: Path) -> None:
    for _ in range(2400):
        if what():
            return
        time.sleep(0.05)
    log = folder / "log.txt"
    pytest.fail(f"waited in vain: {log.read_text('utf-8')[-2000:] if log.is_file() else ''}")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_it_ends_when_its_parent_is_killed_and_can_be_gone_on_with(
    tiny: Tiny, tmp_path: Path
) -> None:
    folder = prepared(tmp_path / "run", tiny[0], some_rows(), batch=1, max_steps=100_000)
    parent = subprocess.Popen([sys.executable, PARENT, folder, "0"])
    until(lambda: (folder / "progress.jsonl").is_file(), folder)
    child = child_of(parent.pid, folder)
    assert child is not None and alive(child)
    parent.kill()
    parent.wait()
    try:
        until(lambda: not alive(child), folder)
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)
    steps = len(lines(folder))
    time.sleep(0.5)
    assert len(lines(folder)) == steps < 100_000


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_the_process_that_is_killed_is_told_apart(tiny: Tiny, tmp_path: Path) -> None:
    folder = prepared(tmp_path / "run", tiny[0], some_rows(), batch=1, max_steps=100_000)

    class Impatient(NoProgress):
        def tell(self, words: str) -> None:
            assert "loss" in words
            child = child_of(os.getpid(), folder)
            if child is not None:  # there may be more to tell of it afterwards
                os.kill(child, signal.SIGKILL)

    with pytest.raises(TuningError, match="killed; most often there was too little memory") as told:
        run_training(folder, Impatient())
    assert "--at-once 1" in told.value.hint


def test_a_full_disk_is_told_and_training_goes_on_when_there_is_room(
    tiny: Tiny, tmp_path: Path
) -> None:
    options = {"epochs": 3, "batch": 4}
    folder = prepared(tmp_path / "run", tiny[0], some_rows(), **options)
    told = subprocess.run(
        [sys.executable, PARENT, folder, "30000"], capture_output=True, text=True, timeout=240
    )
    assert "The disk is full" in told.stdout and "--resume" in told.stdout, (
        told.stdout + told.stderr
    )
    assert not (folder / "adapter").exists()
    run_training(folder, NoProgress())
    assert weights(folder)
    assert not (folder / "failed.json").exists()
    assert [line["step"] for line in read_progress(folder / "progress.jsonl")][-6:] == [
        *range(1, 7)
    ]


def test_a_loss_that_is_no_number_ends_it(tiny: Tiny, tmp_path: Path) -> None:
    folder = prepared(
        tmp_path / "run", tiny[0], some_rows(), learning_rate=1e30, epochs=50, batch=4
    )
    with pytest.raises(TuningError, match=r"the loss became (nan|inf) at step \d+") as told:
        run_training(folder, NoProgress())
    assert "--learning-rate" in told.value.hint
    assert len(lines(folder)) < 100 and not (folder / "adapter").exists()


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    assert read_progress(path) == []
    # The second line was cut off by a full disk, and the third written right behind it.
    path.write_text('{"step": 1}\n{"st{"step": 2}\n{"step": 3}\n{"step"', "utf-8")
    assert [line["step"] for line in read_progress(path)] == [1, 3]


@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        ("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory", "memory"),
        ("OutOfMemoryError", "CUDA out of memory", "memory"),
        ("MemoryError", "", "too little memory"),
        ("OutOfMemoryError", "HIP error", "too little memory"),
        ("OSError", "[Errno 28] No space left on device", "disk is full"),
        ("ModuleNotFoundError", "No module named 'trl'", "could not begin"),
        ("KeyError", "input_ids", r"failed: input_ids \(KeyError\)"),
    ],
)
def test_failures_in_words(kind: str, message: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "failed.json").write_text(json.dumps({"kind": kind, "message": message}), "utf-8")
    error = _failure(tmp_path, 1)
    assert error.hint
    with pytest.raises(TuningError, match=words):
        raise error


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"kind": "OSError"}'])
def test_a_reason_that_was_cut_short_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "failed.json").write_text(text, "utf-8")
    assert "ended with exit code 1" in _failure(tmp_path, 1).message
    assert "was killed" in _failure(tmp_path, -signal.SIGKILL).message


def test_on_a_full_disk_there_is_room_for_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was being written takes the room; and what cannot be written is not left empty."""
    part = tmp_path / "adapter.part"
    part.mkdir()
    (part / "adapter_model.safetensors").write_bytes(bytes(1000))
    write, room = durable.write, True

    def full(path: Path, text: str) -> None:
        assert not part.exists()
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, text)

    def fail(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, "write", full)
    monkeypatch.setattr(trained, "train", fail)
    monkeypatch.setattr(trained, "_end_with_parent", lambda: None)
    monkeypatch.setattr(trained, "_launch", lambda folder: None)
    monkeypatch.setattr(sys, "argv", ["train", str(tmp_path)])
    with pytest.raises(OSError, match="No space left"):
        trained.main()
    assert "The disk is full" in _failure(tmp_path, 1).message
    told = (tmp_path / "failed.json").read_bytes()
    with pytest.raises(OSError, match="No space left"):
        trained.main()
    assert (tmp_path / "failed.json").read_bytes() == told, "the first to fail knows why"
    (tmp_path / "failed.json").unlink()
    room = False
    with pytest.raises(OSError, match="No space left"):
        trained.main()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("batch", "gpus", "used"), [(4, 8, 4), (4, 3, 2), (3, 2, 1), (4, 1, 1)])
def test_several_gpus_share_a_step(
    batch: int, gpus: int, used: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a process; what was cut off is removed before they start."""
    folder = prepared(tmp_path / "run", tmp_path / "base.gguf", [], batch=batch)
    half = folder / "checkpoints" / "checkpoint-3"
    half.mkdir(parents=True)
    launched: list[str] = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.setattr(os, "execv", lambda _, command: launched.extend(command))
    trained._launch(folder)
    if used == 1:
        assert not launched
    else:
        assert launched[launched.index("--num_processes") + 1] == str(used)
        assert not half.exists()


def test_one_process_takes_one_gpu() -> None:
    """Else torch would give each a batch of its own."""
    for there, taken in ((0, 0), (1, 1), (8, 1)):
        args = SimpleNamespace(n_gpu=there)
        assert setup._one_gpu(args)._n_gpu == taken


def test_a_real_model_is_trained(smollm2: str, tmp_path: Path) -> None:
    base = path_of(smollm2)
    before = hashlib.sha256(base.read_bytes()).hexdigest()
    rows = some_rows(4, longest=6)
    folder = prepared(tmp_path / "run", base, rows, batch=4, max_steps=3, learning_rate=3e-3)

    class Noted(NoProgress):
        def __init__(self) -> None:
            self.labels: list[str] = []
            self.steps = 0

        def start(self, label: str, total: int | None, unit: str) -> None:
            self.labels.append(label)

        def advance(self, amount: int = 1) -> None:
            self.steps += amount

    progress = Noted()
    run_training(folder, progress)
    assert progress.labels == ["Loading the model", "Training"] and progress.steps == 3
    told, learnt = lines(folder), weights(folder)
    assert told[-1]["loss"] < told[0]["loss"] - 0.1
    assert len(learnt) == 30 * 7 * 2
    assert all(values.abs().max() > 0 for values in learnt.values())
    assert hashlib.sha256(base.read_bytes()).hexdigest() == before
