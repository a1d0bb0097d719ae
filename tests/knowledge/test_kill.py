"""``kill -9`` at any moment of a command: nothing is lost and nothing is half there.

A real process works on a real store and is killed at a seeded random moment of the command's
measured duration, or at one of its system calls that change files. Another process then looks at
what is left and finishes the work. ``python -m benchmarks survive kills`` does the latter at all
calls of more commands.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from benchmarks.surviving import system_calls
from benchmarks.surviving.kills import PRELOAD, survive
from benchmarks.surviving.operations import OPERATIONS

from . import killed

KILLS = int(os.environ.get("KILDE_KILLS", "12"))
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([f"{__package__}.killed_preload", *PRELOAD])


def _start(target: Any, command: str, root: Path) -> tuple[Any, Connection]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=target, args=(command, root, theirs))
    process.start()
    theirs.close()
    return process, ours


def _prepared(command: str, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """A workspace just before the command; what it holds then, and what it should hold after."""
    if command == "add":
        return {}, killed.write_files(folder, edited=False)
    old = killed.write_files(folder, edited=False)
    process, pipe = _start(killed.run, "add", folder)
    assert [pipe.recv(), pipe.recv()] == ["ready", "done"]
    process.join()
    if command == "reindex":
        return old, old
    return old, killed.write_files(folder, edited=True)


def _looked(command: str, root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    process, pipe = _start(killed.look, command, root)
    assert pipe.poll(60), "the process that looks does not answer"
    answer = pipe.recv()
    process.join()
    if isinstance(answer, BaseException):
        raise answer
    found, finished = answer
    return found, finished


def _whole(seen: dict[str, Any]) -> None:
    assert seen["faults"] == []
    assert all(seen["found"].values()), seen["found"]
    assert bool(seen["dense"]) == bool(seen["texts"])
    if seen["texts"]:
        assert seen["history"], "a state without a line in the history"


@pytest.mark.parametrize("command", ["add", "sync", "reindex"])
def test_killed_at_any_moment(command: str, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    old, new = _prepared(command, before)
    # Measured once warm, from the moment at which the command begins.
    took = []
    for attempt in range(2):
        root = tmp_path / f"measured-{attempt}"
        shutil.copytree(before, root)
        process, pipe = _start(killed.run, command, root)
        pipe.recv()
        began = time.perf_counter()
        assert pipe.recv() == "done"
        took.append(time.perf_counter() - began)
        process.join()
    chance = random.Random(f"{command} {KILLS}")
    cut_off = 0
    for kill in range(KILLS):
        root = tmp_path / f"killed-{kill}"
        shutil.copytree(before, root)
        process, pipe = _start(killed.run, command, root)
        assert pipe.recv() == "ready"
        time.sleep(min(took) * (kill + chance.random()) / KILLS)
        with contextlib.suppress(ProcessLookupError):  # it was quicker this time
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        cut_off += process.exitcode == -signal.SIGKILL
        found, finished = _looked(command, root)
        _whole(found)
        for name, text in found["texts"].items():
            assert text in (old.get(name), new.get(name)), name
        # What the command was not to touch is there; what it was to change, old or new.
        assert set(old) & set(new) <= set(found["texts"]), "a document was lost"
        _whole(finished)
        assert finished["texts"] == new
        assert finished["leftovers"] == []
        shutil.rmtree(root)
    assert cut_off >= KILLS * 2 // 3


@pytest.mark.skipif(not system_calls.supported(), reason="this system cannot stop a process there")
@pytest.mark.parametrize("command", ["tag", "remove source", "remove document", "feedback add"])
def test_killed_at_its_system_calls(command: str) -> None:
    outcome = survive(OPERATIONS[command], kills=KILLS // 3)
    assert outcome.bad == []
    assert outcome.kills > 0
