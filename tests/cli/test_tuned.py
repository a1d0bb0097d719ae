"""After a training a person reads what came of it, what the gate said, and what to type next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tuning.lora import card, stage

from kilde.cli import tuned as report
from kilde.tuning.adapters.registry import Registry
from kilde.tuning.gate import Check, Gate, Worse
from kilde.tuning.training.runs import Run
from kilde.tuning.tune import Tuned

from .conftest import Kilde


def made(gate: Gate | None, *, promoted: bool, left_out: int = 0) -> Tuned:
    """What comes of a training: an adapter with a judgement."""
    run = Run("week-plan-1", "week-plan", "rows", {}, "", "done", 1, datetime.now(UTC))
    metrics = {"steps": 12.0, "loss": 1.25, "held_out_loss": 1.5, "rows_left_out": left_out}
    judged = card(agent="week-plan", version=2, gate=gate and gate.to_json(), metrics=metrics)
    return Tuned(judged, promoted, run)


def judged(passed: bool) -> Gate:
    """A judgement on two checks, the second of which decides; four of 25 rows are kept."""
    checks = (
        Check("form", 9, 1.0, 1.0, True),
        Check("task", 38, 0.5, 0.5 + passed / 4, passed, 0 if passed else 25),
    )
    worse = tuple(
        Worse("task", f"Question {n}?", '{"a":1}', "one\ntwo", "", f"a is {n}") for n in range(4)
    )
    notes = ("declining was not tested",)
    return Gate(passed, "", 0.05, checks, () if passed else worse, (1.0, 0.5), notes)


def test_the_report_of_an_adapter_that_answers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tuned = made(judged(True), promoted=True)
    told = {"step": 2, "of": 12, "seconds": 4.0, "tokens": 2400, "loss": 1.2}
    (tmp_path / "progress.jsonl").write_text(json.dumps(told) + "\n")
    report.report(tuned, tmp_path)
    report.next_steps(tuned, pinned="none")
    out, err = capsys.readouterr()
    assert "Trained week-plan@2 on 12 rows in 1.0 minutes." in out
    assert "12 steps, 600 tokens/s, loss 1.250, held-out loss 1.500" in out
    assert "left out" not in out
    assert "against the model alone" in out
    assert [line.split() for line in out.splitlines() if line.startswith("task ")] == [
        ["task", "38", "0.50", "0.75", "yes"]
    ]
    assert "Note: declining was not tested." in out
    assert "week-plan@2 answers for week-plan from now on" in out and "Worse at" not in out
    assert 'kilde ask "…" --agent week-plan ' in out and "adapter rollback week-plan" in out
    assert "adapter = 'none'" in err


def test_rows_that_no_document_answers_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report.report(made(None, promoted=False, left_out=3), tmp_path)
    assert "3 of the rows were left out, for no document of week-plan answers them" in (
        capsys.readouterr().out
    )


def test_the_report_of_an_adapter_that_the_gate_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tuned = made(judged(False), promoted=False)
    report.report(tuned, tmp_path)
    report.next_steps(tuned)
    out, err = capsys.readouterr()
    assert "tokens/s" not in out, "it is not known"
    assert "Worse at task (25 rows, 1 more of them in kilde adapter show week-plan@2)" in out
    assert "before: one two" in out and "why: a is 2" in out and "Question 3?" not in out
    assert "Not promoted: the gate did not let it through. week-plan@2 is kept." in out
    assert "--agent week-plan --adapter week-plan@2" in out
    assert "kilde adapter promote week-plan@2 --force" in out and err == ""


def test_the_report_of_an_adapter_that_nobody_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tuned = made(None, promoted=False)
    report.report(tuned, tmp_path)
    report.next_steps(tuned)
    out = capsys.readouterr().out
    assert "there are no test rows" in out and "kilde dataset split week-plan" in out
    assert "promote week-plan@2 " in out and "--force" not in out
    report.next_steps(made(None, promoted=True))
    assert "Promoted, by --force" in capsys.readouterr().out


def test_the_judgement_stays_readable(kilde: Kilde, workspace: Path) -> None:
    refused = card(gate=judged(False).to_json())
    registry = Registry(workspace / ".kilde" / "adapters")
    registry.add("health", stage(workspace / "staged"), refused)
    shown = kilde("adapter", "show", "health@1", cwd=workspace).out
    assert "not passed" in shown and "Worse at task (25 rows, the worst 4 here)" in shown
    assert "Question 3?" in shown and "Note: declining was not tested." in shown
    assert "[{" not in shown


def test_the_judgement_of_an_older_version_is_shown_as_far_as_it_goes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = judged(False).to_json() | {"seconds": [0.0, 0.5]}
    del old["notes"]
    for check in old["checks"]:
        del check["worse"]
    report.gate(old)
    out = capsys.readouterr().out
    assert "Worse at task (4 rows)" in out and "Note" not in out
    assert "An answer took" not in out, "none came before"
