"""``survive`` kills real processes at real calls, and tells each bad outcome with its call."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.surviving import bombs, files, kills, operations, system_calls
from benchmarks.surviving.mutations import mutated

needs_calls = pytest.mark.skipif(
    not system_calls.supported(), reason="this system cannot stop a process at its calls"
)


@needs_calls
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


@needs_calls
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


def test_mutated_files(tmp_path: Path, minilm: str) -> None:
    file = tmp_path / "report.json"
    arguments = ["--count", "60", "--seed", "1", "--json", str(file)]
    assert main(["survive", "files", *arguments]) == 0
    rows = json.loads(file.read_text("utf-8"))["rows"]
    (whole,) = [row for row in rows if row["format"] == "all" and row.get("files")]
    assert whole["files"] == 60
    assert sum(whole[outcome] for outcome in files.OUTCOMES) == 60
    assert 0 < whole["refused"] < 60
    assert (whole["lost"], whole["tracebacks"]) == (0, 0)


def test_mutations_are_alike_for_a_seed_and_differ_from_the_file() -> None:
    data = bytes(range(256)) * 8
    assert mutated(data, random.Random(3)) == mutated(data, random.Random(3))
    assert sum(mutated(data, random.Random(seed)) != data for seed in range(50)) > 40


def test_a_bomb(tmp_path: Path, minilm: str) -> None:
    file = tmp_path / "report.json"
    assert main(["survive", "bombs", "--only", "XFD1048576", "--json", str(file)]) == 0
    (row,) = json.loads(file.read_text("utf-8"))["rows"]
    assert row["outcome"] == "read"
    assert 0 < row["MB"] < bombs.MAX_MB


def test_pace_of_few_files(tmp_path: Path, minilm: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.md").write_text("# Hours\n\nThe laboratory opens at eight.\n")
    file = tmp_path / "report.json"
    arguments = ["--copies", "2", "--rounds", "1", str(tmp_path / "files")]
    main(["survive", "pace", *arguments, "--json", str(file)])  # two files say nothing of pace
    rows = json.loads(file.read_text("utf-8"))["rows"]
    assert [(row["vectors"], row["documents"]) for row in rows] == [("at once", 2), ("real", 2)]
    assert all(row["ratio"] > 0 for row in rows)
