"""Test sets are made, checked, shown and listed; what is wrong is said, with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kilde.cli import testsets
from kilde.workspace import evaluation

from .conftest import Kilde, validated, write_rows

WHEN = "When does the library open on Mondays?"


@pytest.fixture
def file(workspace: Path) -> Path:
    lines = [
        {"question": WHEN, "reference": "At 9:15.", "documents": ["health/library.md"]},
        {"question": "Who repairs the lift?", "answerable": False, "tags": ["house"]},
    ]
    path = workspace / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def build(kilde: Kilde, workspace: Path, source: Path | str, *options: str) -> str:
    ended = kilde("testset", "build", "health", "--from", source, *options, cwd=workspace)
    assert ended.code == 0, ended.err
    return ended.out


def test_none_yet(kilde: Kilde, workspace: Path) -> None:
    assert "No test sets yet" in kilde("testset", "list", cwd=workspace).out
    assert validated("testset list", kilde("testset", "list", "--json", cwd=workspace).out) == []


def test_made_checked_shown_listed(kilde: Kilde, workspace: Path, file: Path) -> None:
    out = build(kilde, workspace, file)
    assert "Built health: 2 questions, 1 of them without an answer" in out
    assert "Next: kilde testset check health" in out
    ended = kilde("testset", "check", "health", cwd=workspace)
    assert (ended.code, ended.out) == (0, "Nothing is wrong with health (2 questions).\n")
    shown = kilde("testset", "show", "health", cwd=workspace).out
    for text in (WHEN, "right: At 9:15.", "health/library.md", "no answer in", "tags: house"):
        assert text in shown
    assert WHEN not in kilde("testset", "show", "health", "-n", "0", cwd=workspace).out
    found = validated("testset show", kilde(
        "testset", "show", "health", "-n", "1", "--json", cwd=workspace
    ).out)  # fmt: skip
    assert found["questions"][0]["references"] == ["At 9:15."] and len(found["questions"]) == 1
    listed = kilde("testset", "list", cwd=workspace).out.splitlines()
    assert listed[1].split()[:4] == ["health", "health", "2", "1"]


def test_built_from_documents_and_from_feedback(kilde: Kilde, workspace: Path) -> None:
    card = validated("testset build", build(kilde, workspace, "documents", "-n", "2", "--json"))
    assert len(card["held_out"]) == 1 and set(card["documents"]) <= set(card["held_out"])
    kilde("ask", WHEN, cwd=workspace)
    kilde("feedback", "add", "last", "--down", cwd=workspace)
    out = build(kilde, workspace, "feedback", "--name", "said")
    assert "Note: 1 of 1 question have no reference" in out
    checked = kilde("testset", "check", "said", "--json", cwd=workspace)
    found = {one["kind"] for one in validated("testset check", checked.out)}
    assert {"one-question", "no-reference", "all-answerable"} <= found and checked.code == 0


def test_what_was_learnt_is_not_to_be_measured_with(
    kilde: Kilde, workspace: Path, file: Path
) -> None:
    build(kilde, workspace, file)
    rows = write_rows(workspace / "rows.jsonl", 12)
    made = ["dataset", "build", "health", "--from", rows, "--test-share", "0"]
    assert kilde(*made, cwd=workspace).code == 0
    ended = kilde("testset", "check", "health", cwd=workspace)
    assert ended.code == 1
    assert "To mend before measuring (1)" in ended.out and f"1 “{WHEN}”" in ended.out


def test_taken_names_and_edits(kilde: Kilde, workspace: Path, file: Path) -> None:
    build(kilde, workspace, file)
    ended = kilde("testset", "build", "health", "--from", file, cwd=workspace)
    assert ended.code == 2 and "--replace" in ended.err
    build(kilde, workspace, file, "--replace")
    path = workspace / ".kilde" / "testsets" / "health" / "questions.jsonl"
    path.write_text(path.read_text("utf-8").replace("9:15", "9:30"), "utf-8")
    for command in ("show", "check"):
        ended = kilde("testset", command, "health", cwd=workspace)
        assert ended.code == 1 and "was edited" in ended.err and "--replace" in ended.err


def test_a_damaged_one_does_not_hide_the_others(kilde: Kilde, workspace: Path, file: Path) -> None:
    for name in ("one", "two"):
        build(kilde, workspace, file, "--name", name)
    (workspace / ".kilde" / "testsets" / "one" / "card.json").write_text("{")
    ended = kilde("testset", "list", "--json", cwd=workspace)
    assert ended.code == 1 and "one is damaged: " in ended.err
    assert [card["name"] for card in validated("testset list", ended.out)] == ["two"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "health"],
        ["build", "helth", "--from", "questions.jsonl"],
        ["build", "health", "--from", "missing.jsonl"],
        ["build", "health", "--from", "questions.jsonl", "-n", "0"],
        ["build", "health", "--from", "questions.jsonl", "--name", "../x"],
        ["check", "nothing"],
        ["show", "nothing"],
        ["show", "../testsets"],
    ],
    ids=" ".join,
)
def test_wrong_use(kilde: Kilde, workspace: Path, file: Path, arguments: list[str]) -> None:
    ended = kilde("testset", *arguments, cwd=workspace)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err and "Traceback" not in ended.err


def test_defaults_of_the_help_are_the_defaults() -> None:
    assert evaluation.build_testset.__kwdefaults__["limit"] == testsets.LIMIT
