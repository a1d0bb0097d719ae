"""The training process from outside: started, followed, and understood when it ends badly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from kilde.errors import TuningError
from kilde.protocols import Progress

# The libraries look on the hub for models and cards that a training does not need.
_ENVIRONMENT = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
_LOOK_SECONDS = 0.2
# What the libraries say when a file cannot be written; the second one is of a limit of the user's.
_DISK_FULL = ("No space left", "File too large", "enough space", "PytorchStreamWriter")
_LOWER = "Train again with --at-once 1 (thumbs: 2), a lower --rank or shorter rows."


def run_training(folder: Path, progress: Progress) -> None:
    """Train in a process of its own, from a prepared folder, until it ends.

    The process ends when this one does. Raises :class:`TuningError` with the reason it failed for.
    """
    (folder / "failed.json").unlink(missing_ok=True)
    told = folder / "progress.jsonl"
    seen = told.stat().st_size if told.exists() else 0
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  (this very Python)
            [sys.executable, "-P", "-m", "kilde.tuning.training.train", str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | _ENVIRONMENT,
        )
    try:
        _follow(process, _Tail(told, seen), progress)
    finally:
        progress.finish()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
    if process.returncode != 0:
        raise _failure(folder, process.returncode)


def read_progress(path: Path) -> list[dict[str, Any]]:
    """The lines of ``progress.jsonl`` that are whole."""
    return list(_Tail(path, 0).lines())


def seconds_trained(path: Path) -> float:
    """The seconds that a run was trained, over all its processes, from its ``progress.jsonl``."""
    seconds = [float(line["seconds"]) for line in read_progress(path)]
    # Each process counts from zero, so the last line of each says how long it took.
    ends = [now for now, after in pairwise([*seconds, -1.0]) if after < now]
    return sum(ends)


class _Tail:
    """What is added to a file of JSON lines, from a byte offset on."""

    def __init__(self, path: Path, offset: int) -> None:
        self._path, self._offset = path, offset

    def lines(self) -> Iterator[dict[str, Any]]:
        """The whole lines since the last call. One that a full disk cut short is no JSON."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):
                yield json.loads(line)


def _follow(process: subprocess.Popen[bytes], tail: _Tail, progress: Progress) -> None:
    step, began = 0, False
    progress.start("Loading the model", None, "")
    while True:
        ended = process.poll() is not None
        for line in tail.lines():
            if not began:
                progress.start("Training", line["of"], "steps")
                began = True
            progress.advance(line["step"] - step)
            step = line["step"]
            progress.tell(_words(line))
        if ended:
            return
        time.sleep(_LOOK_SECONDS)


def _words(line: dict[str, Any]) -> str:
    name, loss = (
        ("held-out loss", line["eval_loss"]) if "eval_loss" in line else ("loss", line["loss"])
    )
    words = f"{name} {loss:.3f}"
    if line.get("seconds") and "tokens" in line:
        words += f", {line['tokens'] / line['seconds']:,.0f} tokens/s"
    return words


def _failure(folder: Path, code: int) -> TuningError:
    """Why the process ended, in words, and what to do next."""
    try:
        failed = json.loads((folder / "failed.json").read_text(encoding="utf-8"))
        kind, message = str(failed["kind"]), str(failed["message"])
    except (OSError, ValueError, LookupError, TypeError):  # killed, or cut short by a full disk
        if code in (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGKILL):
            return TuningError(
                "The training was killed; most often there was too little memory.", hint=_LOWER
            )
        return TuningError(
            f"The training ended with exit code {code}.", hint=f"See {folder / 'log.txt'}."
        )
    if kind == "ArithmeticError":
        return TuningError(
            f"The training went astray: {message}.",
            hint="Lower the learning rate (--learning-rate), and look for odd rows with kilde "
            "dataset check.",
        )
    if kind in ("MemoryError", "OutOfMemoryError") or (
        "alloc" in message and "memory" in message.casefold()
    ):
        return TuningError("There was too little memory to train.", hint=_LOWER)
    if any(words in message for words in _DISK_FULL):
        return TuningError(
            f"The disk is full: a checkpoint could not be written in {folder}.",
            hint="Make room, then go on with --resume.",
        )
    if kind in ("ModuleNotFoundError", "ImportError"):
        return TuningError(
            f"The training could not begin: {message}.", hint='pip install "kilde[tune]"'
        )
    return TuningError(
        f"The training failed: {message} ({kind}).", hint=f"See {folder / 'log.txt'}."
    )
