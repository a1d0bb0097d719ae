"""An agent is trained from the command line, in the background; and all that can be told before."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pytest
from tests.tuning.lora import MODEL

import kilde as package
from kilde.cli.tuning import tune_command
from kilde.demo.example import make_workspace
from kilde.demo.week_plan import rows
from kilde.tuning.data.rows import METHODS
from kilde.tuning.training.settings import TuneSettings
from kilde.workspace import Workspace, tuning

from .conftest import HEALTH_AGENT, Ended, Kilde, validated, write_rows

# A run of two steps takes a minute where nothing else runs.
PATIENCE_SECONDS = 240


@pytest.fixture
def tunable(workspace: Path, smollm2: str) -> Iterator[Workspace]:
    """The health agent with a model that can be tuned, and rows named as it is."""
    (workspace / "agents" / "health.toml").write_text(f'{HEALTH_AGENT}model = "{MODEL}"\n')
    with package.open(workspace) as opened:
        file = write_rows(workspace / "rows.jsonl", 12)
        tuning.build_dataset(opened, "health", file, test_share=0)
        yield opened


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["health", "--dataset", "nothing"],
        ["health", "--method", "kto"],
        ["health", "--method", "none"],
        ["health", "--epochs", "0"],
        ["health", "--epochs", "nan"],
        ["health", "--learning-rate", "inf"],
        ["health", "--batch", "0"],
        ["health", "--at-once", "0"],
        ["health", "--rank", "0"],
        ["health", "--max-steps", "-1"],
        ["health", "--seed", "-1"],
        ["health", "--document-tokens", "0"],
        ["health", "--resume", "--rank", "4"],
        ["health", "--resume", "--no-context"],
        ["health", "--dataset", "nothing", "--detach"],
    ],
    ids=" ".join,
)
def test_wrong_use(kilde: Kilde, tunable: Workspace, arguments: list[str]) -> None:
    ended = kilde("tune", *arguments, cwd=tunable.path)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err and "Traceback" not in ended.err
    assert tunable.runs.list() == []


def failed(ended: Ended) -> str:
    assert (ended.code, ended.out) == (1, "")
    return ended.err


def test_rows_that_are_refused_are_all_told(kilde: Kilde, tunable: Workspace) -> None:
    file = write_rows(tunable.path / "rows.jsonl", 3, documents=["site/badeanstalt.md"])
    tuning.build_dataset(tunable, "health", file, test_share=0, replace_old=True)
    told = failed(kilde("tune", "health", cwd=tunable.path))
    assert "3 rows: nothing can be learnt" in told and "may not read" in told
    assert "kilde dataset check health" in told
    assert failed(kilde("tune", "health", "--detach", cwd=tunable.path)) == told
    assert not (tunable.path / ".kilde" / "runs" / "tune.log").exists()
    assert tunable.runs.list() == []


def test_a_dataset_of_another_agent_is_refused(kilde: Kilde, tunable: Workspace) -> None:
    (tunable.path / "agents" / "site.toml").write_text(
        f'name = "Site"\ninstructions = "Answer."\ncollections = ["site"]\nmodel = "{MODEL}"\n'
    )
    told = failed(kilde("tune", "site", "--dataset", "health", cwd=tunable.path))
    assert "built for the agent 'health'" in told


def test_a_model_that_cannot_be_tuned_is_told_at_once(kilde: Kilde, tunable: Workspace) -> None:
    (tunable.path / "agents" / "health.toml").write_text(HEALTH_AGENT)
    for options in ([], ["--detach"]):
        told = failed(kilde("tune", "health", *options, cwd=tunable.path))
        assert "'quotes', which cannot be tuned" in told
    assert not (tunable.path / ".kilde" / "runs" / "tune.log").exists()


def test_without_the_extra_that_is_said_first(
    kilde: Kilde, tunable: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("trl", "datasketch", "matplotlib"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, library, None)
            for options in ([], ["--resume"], ["--detach"]):
                told = failed(kilde("tune", "health", *options, cwd=tunable.path))
                assert 'pip install "kilde[tune]"' in told, (library, options)


def test_nothing_to_resume(kilde: Kilde, tunable: Workspace) -> None:
    for options in ([], ["--detach"]):
        told = failed(kilde("tune", "health", "--resume", *options, cwd=tunable.path))
        assert "No training of the agent 'health' was stopped." in told


def test_two_trainings_of_an_agent_at_once_are_refused(kilde: Kilde, tunable: Workspace) -> None:
    with tunable.runs.alone("health"):
        for options in ([], ["--detach"]):
            told = failed(kilde("tune", "health", *options, cwd=tunable.path))
            assert "being trained already" in told


def test_runs_that_were_stopped_and_that_failed(kilde: Kilde, tunable: Workspace) -> None:
    assert "No trainings yet" in kilde("runs", cwd=tunable.path).out
    assert kilde("runs", "health", "--json", cwd=tunable.path).out == "[]\n"
    for name in ("helth", "Helth questions"):
        ended = kilde("runs", name, cwd=tunable.path)
        assert ended.code == 2 and f"No agent named {name!r}" in ended.err
        assert "health" in ended.err
    runs = tunable.runs
    first = runs.create("health", "health", {}, "")
    runs.save(first, stage="failed", message="too little memory")
    second = runs.save(runs.create("health", "health", {}, ""), stage="training")
    lines = [{"step": 5, "of": 9, "loss": 1.5}, {"step": 5, "of": 9, "eval_loss": 1.75}]
    told = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 6, "o'
    (runs.folder(second.id) / "progress.jsonl").write_text(told)
    found = validated("runs", kilde("runs", "health", "--json", cwd=tunable.path).out)
    assert [(run["run"], run["stage"]) for run in found] == [
        (second.id, "stopped"),
        (first.id, "failed"),
    ]
    assert (found[0]["step"], found[0]["steps"]) == (5, 9)
    assert (found[0]["loss"], found[0]["held_out_loss"]) == (1.5, 1.75)
    out = kilde("runs", "Health questions", cwd=tunable.path).out
    assert "5 of 9" in out and f"{second.id} was stopped." in out
    assert out.count("kilde tune health --resume") == 1, "only the newest can be gone on with"
    with runs.alone("health"):
        out = kilde("runs", cwd=tunable.path).out
    assert "training" in out and "stopped" not in out
    runs.save(second, stage="failed", message="the disk is full")
    assert f"{second.id} failed: the disk is full" in kilde("runs", cwd=tunable.path).out


def test_defaults_of_the_help_are_the_defaults() -> None:
    told = {one.name: one.help for one in tune_command.params if isinstance(one, click.Option)}
    for name, value in asdict(TuneSettings()).items():
        if name in ("document_tokens", "batch", "rank", "alpha", "seed"):
            assert (told[name] or "").endswith(f"Default: {value:g}."), name
    rates = ", ".join(f"{TuneSettings(method=one).rate:g} for {one}" for one in METHODS)
    assert told["learning_rate"] == f"Default: {rates}."
    seen = [TuneSettings().settled(count).epochs for count in (1, 400, 800, 10_000)]
    assert seen == [6.0, 4.0, 2.0, 2.0]
    for method in ("kto", "dpo"):
        judged = [TuneSettings(method=method).settled(count).epochs for count in (1, 100, 400)]
        assert judged == [3.0, 2.0, 1.0]
    assert (told["epochs"] or "").endswith(
        "Default: 2 to 6, so that 1,600 rows are seen in all; for kto and dpo 1 to 3, so that 200 "
        "are."
    )


@pytest.fixture
def centre(tmp_path: Path, minilm: str, smollm2: str) -> Path:
    """The example's workspace, with rows for its week plan."""
    workspace, _ = make_workspace("en", tmp_path / "centre")
    workspace.close()
    lines = [json.dumps(row) + "\n" for row in rows("en", "train", 30, seed=0)]
    (tmp_path / "plans.jsonl").write_text("".join(lines), encoding="utf-8")
    return workspace.path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other ways to end a process")
@pytest.mark.timeout(PATIENCE_SECONDS + 120)
def test_a_training_in_the_background_comes_to_its_end(
    kilde: Kilde, centre: Path, tmp_path: Path
) -> None:
    plans = ["--from", tmp_path / "plans.jsonl"]
    assert kilde("dataset", "build", "week-plan", *plans, cwd=centre).code == 0
    small = ["--max-steps", "2", "--batch", "2", "--rank", "4"]
    ended = kilde("tune", "week-plan", *small, "--force", "--detach", "--json", cwd=centre)
    assert ended.code == 0, ended.err
    started = validated("tune", ended.out)
    log = Path(started["log"])
    assert log == centre / ".kilde" / "runs" / "tune.log"
    try:
        (run,) = until_done(kilde, centre, log)
        said = until_said(log)
    finally:
        os.kill(started["pid"], signal.SIGKILL)  # whatever failed, it must not go on for hours
    assert (run["step"], run["steps"]) == (2, 2) and run["loss"] > 0
    assert (run["adapter"], run["promoted"]) == ("week-plan@1", True)
    assert "week-plan@1, promoted" in kilde("runs", cwd=centre).out

    warnings, brace, outcome = said.partition("{\n")
    assert "Warning (few-rows): 24 rows" in warnings
    tuned = validated("tune", brace + outcome)
    assert tuned["promoted"] and tuned["card"]["settings"]["max_steps"] == 2
    assert {check["name"] for check in tuned["card"]["gate"]["checks"]} >= {"form", "task"}

    shown = kilde("adapter", "show", "week-plan@1", "--json", cwd=centre).out
    assert validated("adapter show", shown)["card"]["dataset"] == "week-plan"
    traced = validated("lineage", kilde("lineage", "week-plan@1", "--json", cwd=centre).out)
    assert [one["kind"] for one in traced] == ["adapter", "dataset"]
    question = ["ask", "I am 70 and would like to sleep better.", "--agent", "week-plan"]
    for options in ([], ["--adapter", "week-plan@1"]):
        answer = validated("ask", kilde(*question, *options, "--json", cwd=centre).out)
        assert answer["trace"]["adapter"] == "week-plan@1"
        form = {"goal", "age", "level", "busy", "days", "rest", "advice"}
        assert set(json.loads(answer["text"])) == form


def until_done(kilde: Kilde, centre: Path, log: Path) -> Any:
    """What ``kilde runs`` says when a training is at its end; it says so of its stages too."""
    stages = list[str]()
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        runs = validated("runs", kilde("runs", "week-plan", "--json", cwd=centre).out)
        stages += [run["stage"] for run in runs]
        if stages and stages[-1] in ("done", "failed", "stopped"):
            break
        time.sleep(0.5)
    assert stages[-1:] == ["done"] and "training" in stages, (stages, log.read_text("utf-8"))
    return runs


def until_said(log: Path) -> str:
    """All that the process says, which is done a moment before it says so."""
    begun = time.monotonic()
    while not (said := log.read_text("utf-8")).endswith("}\n"):
        assert time.monotonic() - begun < 30, said
        time.sleep(0.1)
    return said
