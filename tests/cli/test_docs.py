"""What is written about the command line is what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.tuning.lora import card, stage

import kilde as package
from kilde.cli.results import result_types
from kilde.tuning.adapters.registry import Registry
from kilde.workspace import evaluation, tuning

from .conftest import SCHEMAS, Kilde, validated, write_rows

ROOT = Path(__file__).resolve().parents[2]

# A call of every command that takes --json; {ws} is a workspace with documents.
CALLS: dict[str, list[str]] = {
    "add": ["health/library.md", "missing.md"],
    "sync": [],
    "list": [],
    "show": ["health/library.md"],
    "remove": ["health/library.md"],
    "search": ["when does the library open"],
    "ask": ["When does the library open on Mondays?"],
    "feedback add": ["last", "--up"],
    "feedback list": [],
    "testset build": ["health", "--from", "rows.jsonl", "-n", "4"],
    "testset check": ["asked"],
    "testset show": ["asked"],
    "testset list": [],
    "dataset build": ["health", "--from", "rows.jsonl"],
    "dataset check": ["twelve"],
    "dataset show": ["twelve"],
    "dataset list": [],
    "dataset split": ["twelve", "--test-share", "0.5"],
    "runs": [],
    "adapter list": [],
    "adapter show": ["health@1"],
    "lineage": ["health/library.md"],
    "eval": ["health", "--arm", "rag"],
    "compare": ["health"],
    "advise": ["health"],
    "history": [],
    "check": [],
    "reindex": [],
    "agent list": [],
    "agent show": ["health"],
    "agent check": [],
    "model list": [],
}
# These are called elsewhere: a training takes a minute, and test_tuning.py has one.
ELSEWHERE = {"tune", "drill"}
# What has to happen before some of the calls.
BEFORE: dict[str, list[list[str]]] = {
    "feedback add": [["ask", "When does the library open?"]],
    "feedback list": [
        ["ask", "When does the library open?"],
        ["feedback", "add", "last", "--correction", "At 9:15."],
    ],
}
# What the result of each must hold, so that an empty one does not pass for a good one.
HOLDS: dict[str, Callable[[Any], object]] = {
    "add": lambda found: found["failed"][0]["hint"],
    "sync": lambda found: len(found["unchanged"]) == 3,
    "list": lambda found: len(found) == 3,
    "show": lambda found: found["id"] == "health/library.md" and found["text"],
    "remove": lambda found: found["removed"] == ["health/library.md"],
    "search": lambda found: found[0]["passage"]["document_id"] == "health/library.md",
    "ask": lambda found: found["citations"] and found["trace"]["messages"],
    "feedback add": lambda found: found["rating"] == "up" and found["answer_id"],
    "feedback list": lambda found: found[0]["feedback"]["correction"] == "At 9:15.",
    "testset build": lambda found: found["questions"] == 4 and found["languages"] == {"en": 4},
    "testset check": lambda found: found[0]["kind"] == "test-overlap" and found[0]["rows"],
    "testset show": lambda found: found["questions"][0]["references"],
    "testset list": lambda found: found[0]["documents"] == ["health/library.md"],
    "dataset build": lambda found: found["rows"] + found["test_rows"] == 12,
    "dataset check": lambda found: "few-rows" in {one["kind"] for one in found},
    "dataset show": lambda found: found["rows"][0]["lineage"]["documents"],
    "dataset list": lambda found: found[0]["languages"] == {"en": 10},
    "dataset split": lambda found: found["shared"] == ["health/library.md"],
    "runs": lambda found: found[0]["stage"] == "failed" and found[0]["loss"] == 1.5,
    "adapter list": lambda found: found[0]["adapter"] == "health@1",
    "adapter show": lambda found: found["card"]["documents"] == ["walking", "exercise"],
    "lineage": lambda found: [one["kind"] for one in found] == ["document", "dataset"],
    "eval": lambda found: found["arms"][0]["answered_by"] and found["scores"],
    "compare": lambda found: [one["arm"] for one in found["arms"] if not one["skipped"]] == ["rag"],
    "advise": lambda found: found["confidence"] == "unmeasured" and found["next"],
    "history": lambda found: len(found) >= 2,
    "check": lambda found: found == {"faults": [], "repaired": False},
    "reindex": lambda found: len(found["replaced"]) == 3,
    "agent list": lambda found: found[0]["agent"] == "health",
    "agent show": lambda found: found["definition"]["collections"] == ["health"],
    "agent check": lambda found: found == [{"agent": "health", "faults": []}],
    "model list": lambda found: len(found) >= 4,
}


@pytest.fixture
def workspace(workspace: Path) -> Path:
    """The workspace of the command line's tests, with what comes of tuning."""
    Registry(workspace / ".kilde" / "adapters").add("health", stage(workspace / "staged"), card())
    write_rows(workspace / "rows.jsonl", 12, language="en", documents=["health/library.md"])
    with package.open(workspace) as opened:
        tuning.build_dataset(opened, "health", workspace / "rows.jsonl", name="twelve")
        evaluation.build_testset(opened, "health", workspace / "rows.jsonl", name="asked")
        begun = opened.runs.create("health", "twelve", {}, "0" * 64)
        opened.runs.save(begun, stage="failed", message="the disk is full")
        line = {"step": 5, "of": 20, "loss": 1.5}
        (opened.runs.folder(begun.id) / "progress.jsonl").write_text(json.dumps(line) + "\n")
    return workspace


def test_the_generated_pages_are_up_to_date() -> None:
    script = ROOT / "scripts" / "generate_docs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, f"run python scripts/generate_docs.py\n{done.stdout}{done.stderr}"


def test_every_command_with_json_is_called_here() -> None:
    assert list(CALLS) == list(HOLDS) == [n for n in result_types() if n not in ELSEWHERE]


@pytest.mark.parametrize("command", CALLS)
def test_real_output_is_what_the_schema_says(kilde: Kilde, workspace: Path, command: str) -> None:
    for arguments in BEFORE.get(command, []):
        assert kilde(*arguments, cwd=workspace).code == 0
    ended = kilde(*command.split(), *CALLS[command], "--json", cwd=workspace)
    assert HOLDS[command](validated(command, ended.out))


def test_a_schema_refuses_what_is_not_such_a_result() -> None:
    schema = json.loads((SCHEMAS / "list.schema.json").read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors([{"id": 7}]))
