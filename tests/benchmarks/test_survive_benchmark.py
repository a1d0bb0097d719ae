"""``survive`` kills real processes at real calls, and tells each bad outcome with its call."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.surviving import kills, operations, system_calls

pytestmark = pytest.mark.skipif(
    not system_calls.supported(), reason="this system cannot stop a process at its calls"
)


def test_kills_of_one_operation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    arguments = ["--operation", "adapter promote", "--kills", "0", "--json", str(file)]
    assert main(["survive", "kills", *arguments]) == 0
    (row,) = json.loads(file.read_text("utf-8"))["rows"]
    assert row["calls"] == row["kills"] >= 3
    assert row["bad"] == 0
    assert "adapter promote" in capsys.readouterr().out


class Torn(operations.Operation):
    """Two files that should change together, and do not."""

    name = "torn"

    def prepare(self, root: Path) -> None:
        self.write(root, "old")

    def start(self, root: Path) -> Callable[[], object]:
        return lambda: self.write(root, "new")

    def faults(self, root: Path, again: bool) -> list[str]:
        first, second = ((root / name).read_text() for name in ("a", "b"))
        return [] if first == second else [f"{first} beside {second}"]

    @staticmethod
    def write(root: Path, text: str) -> None:
        for name in ("a", "b"):
            (root / f"{name}.part").write_text(text)
            (root / f"{name}.part").replace(root / name)


def test_a_bad_outcome_is_told_with_its_call() -> None:
    outcome = kills.survive(Torn())
    assert (outcome.calls, outcome.kills) == (6, 6)
    assert len(outcome.bad) == 3
    assert outcome.bad[2].startswith("call 6 (rename /b), sync: new beside old")


def test_calls_are_chosen_evenly_and_alike_for_a_seed() -> None:
    assert kills._chosen(5, 0, random.Random(1)) == [0, 1, 2, 3, 4]
    assert kills._chosen(5, 9, random.Random(1)) == [0, 1, 2, 3, 4]
    chosen = kills._chosen(100, 10, random.Random(1))
    assert chosen == kills._chosen(100, 10, random.Random(1))
    assert [number // 10 for number in chosen] == list(range(10))
