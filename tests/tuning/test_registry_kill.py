"""Other processes, and ``kill -9`` at any moment of add and promote: what is there is whole."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from kilde.tuning.adapters.registry import FILES, Registry

from . import killed_registry
from .lora import card, stage

KILLS = int(os.environ.get("KILDE_KILLS", "12"))
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([f"{__package__}.killed_registry"])
_CONTENT = b"weights " * 100_000


def _start(command: str, root: Path) -> tuple[Any, Connection]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=killed_registry.run, args=(command, root, theirs))
    process.start()
    theirs.close()
    assert ours.recv() == "ready"
    return process, ours


def _prepared(command: str, root: Path) -> Path:
    registry = Registry(root / "adapters")
    for number in range(2):
        registry.add("week-plan", stage(root / f"made-{number}", _CONTENT), card())
    registry.promote("week-plan@2", by="before")
    if command == "add":
        stage(root / "staged", _CONTENT)
    return root


@pytest.mark.parametrize("command", ["add", "promote"])
def test_killed_at_any_moment(command: str, tmp_path: Path) -> None:
    took = []
    for attempt in range(2):  # the second one is warm
        process, pipe = _start(command, _prepared(command, tmp_path / f"measured-{attempt}"))
        began = time.perf_counter()
        assert pipe.recv() == "done"
        took.append(time.perf_counter() - began)
        process.join()
    chance = random.Random(f"{command} {KILLS}")
    cut_off = 0
    for kill in range(KILLS):
        root = _prepared(command, tmp_path / f"killed-{kill}")
        process, _ = _start(command, root)
        time.sleep(min(took) * (kill + chance.random()) / KILLS)
        with contextlib.suppress(ProcessLookupError):  # it was quicker this time
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        cut_off += process.exitcode == -signal.SIGKILL
        registry = Registry(root / "adapters")
        for one in registry.list():
            folder = registry.folder(one.name)
            assert {path.name for path in folder.iterdir()} == {*FILES, "card.json"}
            assert (folder / "adapter.gguf").read_bytes() == _CONTENT
        names = [one.name for one in registry.list()]
        promoted = registry.promoted("week-plan")
        history = registry.history("week-plan")
        assert promoted is not None and history[0].by == "before"
        if command == "add":
            assert names[:2] == ["week-plan@1", "week-plan@2"] and len(names) <= 3
            assert promoted.name == "week-plan@2"
            # Nothing is lost: it is in the registry, or still where it was.
            assert (len(names) == 3) != (root / "staged" / "adapter.gguf").is_file()
        else:
            # The last one of the history, which has all changes before it and no other.
            assert [event.by for event in history[1:]] == [
                f"turn {turn}" for turn in range(len(history) - 1)
            ]
            assert promoted.name == history[-1].adapter
        # The work goes on, and the leftovers go.
        staged = root / "staged" if (root / "staged").is_dir() else stage(root / "again", _CONTENT)
        added = registry.add("week-plan", staged, card())
        assert added.name not in names
        registry.promote(added.name, by="after")
        assert registry.promoted("week-plan") == added
        left = {path.name for path in registry.folder(added.name).parent.iterdir()}
        assert left == {"last", "promoted.json", *(str(one.version) for one in registry.list())}
    assert cut_off >= KILLS // 2


def test_promotions_in_parallel(tmp_path: Path) -> None:
    """Six processes add, promote and roll back at once: every change is in the history."""
    registry = Registry(tmp_path / "adapters")
    first = registry.add("week-plan", stage(tmp_path / "first"), card()).name
    registry.promote(first, by="before")
    started = []
    for writer in range(6):
        ours, theirs = _CONTEXT.Pipe()
        target = killed_registry.promote_in_turn
        process = _CONTEXT.Process(target=target, args=(tmp_path, writer, theirs))
        process.start()
        assert ours.recv() == "ready"
        started.append((process, ours))
    for _, pipe in started:
        pipe.send("go")
    added = {pipe.recv() for _, pipe in started}
    for process, _ in started:
        process.join()
        assert process.exitcode == 0
    assert added == {f"week-plan@{version}" for version in range(2, 8)}
    assert {one.name for one in registry.list()} == {first, *added}
    events = registry.history("week-plan")
    promoted = registry.promoted("week-plan")
    assert promoted is not None and promoted.name == events[-1].adapter
    # To promote what answers already is no change; between two changes the adapter differs.
    assert all(one.adapter != two.adapter for one, two in pairwise(events))
    for writer in range(6):
        own = [event.by for event in events if event.by.startswith(f"{writer}: ")]
        turns = [by for by in own if "turn" in by]
        assert f"{writer}: back" in own
        assert turns == sorted(turns) and len(turns) >= 1
