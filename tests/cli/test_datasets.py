"""Datasets are built from files, feedback and documents, checked, shown and split anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import kilde as package
from kilde.cli import datasets
from kilde.workspace import tuning

from .conftest import ROWS, Kilde, validated, write_rows


def build(kilde: Kilde, workspace: Path, file: Path, *options: str) -> None:
    """A dataset "rows" of the health agent, all of whose rows are to be learnt from."""
    given = ["--from", file, "--name", "rows", "--test-share", "0", *options]
    ended = kilde("dataset", "build", "health", *given, cwd=workspace)
    assert ended.code == 0, ended.err


def kinds(kilde: Kilde, workspace: Path, name: str = "rows") -> dict[str, str]:
    """The level of every finding by its kind."""
    ended = kilde("dataset", "check", name, "--json", cwd=workspace)
    found = {one["kind"]: one["level"] for one in validated("dataset check", ended.out)}
    assert ended.code == ("refuse" in found.values())
    return found


def test_none_yet(kilde: Kilde, workspace: Path) -> None:
    assert "No datasets yet" in kilde("dataset", "list", cwd=workspace).out
    assert validated("dataset list", kilde("dataset", "list", "--json", cwd=workspace).out) == []


def test_built_from_a_file_and_shown(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "æbler.jsonl", 12)
    ended = kilde("dataset", "build", "Health questions", "--from", file.name, cwd=workspace)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Built health (sft): 10 rows to learn from, 2 to test with.")
    assert "kilde dataset check health, then kilde tune health\n" in ended.out
    shown = kilde("dataset", "show", "health", "--rows", "2", cwd=workspace).out
    assert "en 10" in shown
    assert f"1 æbler.jsonl:1 (en)\n  user: {ROWS[0][0]}\n  answer: {ROWS[0][1]}\n" in shown
    assert "\n2 æbler.jsonl:" in shown and "\n3 " not in shown
    found = kilde("dataset", "show", "health", "--rows", "0", "--json", cwd=workspace).out
    assert validated("dataset show", found)["rows"] == []
    assert "health" in kilde("dataset", "list", cwd=workspace).out.splitlines()[1]


def test_chats_give_a_row_for_every_answer_and_what_is_left_out_is_told(
    kilde: Kilde, workspace: Path
) -> None:
    chats = [
        [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": question},
            {"from": "gpt", "value": f"<think>Hm.</think>{answer}"},
            {"from": "human", "value": "Are you sure?"},
            {"from": "gpt", "value": f"Yes. {answer}"},
        ]
        for question, answer in ROWS
    ]
    path = workspace / "chats.json"
    path.write_text(json.dumps([{"conversations": chat} for chat in chats]))
    test = workspace / "test.csv"
    test.write_text("question;answer\nWhere is the park?;Behind the school.\n")
    built = kilde("dataset", "build", "health", "--from", path, "--test", test, cwd=workspace)
    assert "Built health (sft): 24 rows to learn from, 1 to test with." in built.out
    assert "Note: 12 system messages were left out" in built.out
    assert "Note: 12 rows are earlier answers of chats" in built.out
    assert "Note: 12 answers held thoughts (<think> … </think>), which were left out." in built.out
    checked = kilde("dataset", "check", "health", cwd=workspace)
    assert "test-overlap" not in checked.out and "exact-duplicate" not in checked.out
    split = kilde("dataset", "split", "health", "--force", "--json", cwd=workspace)
    assert validated("dataset split", split.out)["test_rows"] in (4, 5, 6)


def test_a_name_that_is_taken_is_replaced_only_when_told(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 10)
    again = ["dataset", "build", "health", "--from", file]
    assert kilde(*again, cwd=workspace).code == 0
    # Told before anything is read, for rows may take minutes to be made.
    ended = kilde("dataset", "build", "health", "--from", "missing.jsonl", cwd=workspace)
    assert ended.code == 2 and "--replace" in ended.err
    write_rows(file, 4)
    ended = kilde(*again, "--replace", "--json", cwd=workspace)
    card = validated("dataset build", ended.out)
    assert card["rows"] + card["test_rows"] == 4
    ended = kilde(*again, "--name", "../up", cwd=workspace)
    assert ended.code == 2 and "letters, digits" in ended.err


def test_all_faults_of_a_file_are_told_with_their_lines(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 2)
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"prompt": "Hi"}\nnot json\n[1]\n{"messages": []}\n')
    ended = kilde("dataset", "build", "health", "--from", "rows.jsonl", cwd=workspace)
    assert ended.code == 2 and ended.out == ""
    for line in (3, 4, 5, 6):
        assert f"rows.jsonl:{line}: " in ended.err
    assert "rows.jsonl:1:" not in ended.err
    ended = kilde("dataset", "build", "health", "--from", "missing.jsonl", cwd=workspace)
    assert ended.code == 2 and "missing.jsonl: it cannot be read" in ended.err
    assert "No datasets yet" in kilde("dataset", "list", cwd=workspace).out


@pytest.mark.parametrize(
    ("count", "found"), [(1, ("too-few-rows", "refuse")), (10, ("few-rows", "warn"))]
)
def test_few_rows(kilde: Kilde, workspace: Path, count: int, found: tuple[str, str]) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", count))
    assert found in kinds(kilde, workspace).items()
    told = kilde("dataset", "check", "rows", cwd=workspace).out
    heading = {"refuse": "To mend before training (1)", "warn": "To look at ("}[found[1]]
    assert heading in told and f"  {found[0]}: " in told


def test_no_rows(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 0)
    ended = kilde("dataset", "build", "health", "--from", file, cwd=workspace)
    assert ended.code == 2 and "it holds no rows" in ended.err
    ended = kilde("dataset", "build", "health", "--from", "feedback", cwd=workspace)
    assert ended.code == 1 and "kilde feedback add" in ended.err


def test_scope_binds_rows(kilde: Kilde, workspace: Path) -> None:
    documents = ["site/badeanstalt.md", "gone.md"]
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12, documents=documents))
    found = kinds(kilde, workspace)
    assert found["outside-collections"] == found["lineage-broken"] == "refuse"
    told = kilde("dataset", "check", "rows", cwd=workspace).out
    assert "rows.jsonl:1 (site/badeanstalt.md in site)" in told
    assert "kilde feedback export" in told
    assert "Its collections: health" in told and "rows.jsonl:1 (gone.md)" in told


def test_a_test_that_was_learnt_from_is_refused(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 12)
    test = write_rows(workspace / "test.jsonl", 2)
    both = ["dataset", "build", "health", "--from", file, "--test", test]
    assert kilde(*both, "--test-share", "0.5", cwd=workspace).code == 2
    card = validated("dataset build", kilde(*both, "--json", cwd=workspace).out)
    assert (card["rows"], card["test_rows"]) == (12, 2)
    assert kinds(kilde, workspace, "health")["test-overlap"] == "refuse"
    # Nor may another dataset of the agent learn from it.
    build(kilde, workspace, file)
    assert kinds(kilde, workspace)["test-overlap"] == "refuse"
    assert "of the test of 'health'" in kilde("dataset", "check", "rows", cwd=workspace).out


def test_a_damaged_dataset_is_not_compared_with(kilde: Kilde, workspace: Path) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12))
    kilde("dataset", "build", "health", "--from", "rows.jsonl", cwd=workspace)
    damage(workspace, "health")
    assert kinds(kilde, workspace)["unread-dataset"] == "warn"


def test_a_test_that_was_given_is_dealt_anew_only_when_forced(
    kilde: Kilde, workspace: Path
) -> None:
    test = write_rows(workspace / "test.jsonl", 4)
    build_with_test = ["dataset", "build", "health", "--from", write_rows(workspace / "r.jsonl", 9)]
    assert kilde(*build_with_test, "--test", test, cwd=workspace).code == 0
    assert f"test       {test}" in kilde("dataset", "show", "health", cwd=workspace).out
    ended = kilde("dataset", "split", "health", cwd=workspace)
    assert ended.code == 2 and "test.jsonl" in ended.err and "--force" in ended.err
    ended = kilde("dataset", "split", "health", "--force", cwd=workspace)
    assert ended.code == 0 and "Split health" in ended.out
    assert kilde("dataset", "split", "health", cwd=workspace).code == 0


def test_rows_about_one_document_are_tested_as_well(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 12, documents=["health/library.md"])
    ended = kilde("dataset", "build", "health", "--from", file, cwd=workspace)
    assert ended.code == 0 and "10 rows to learn from, 2 to test with" in ended.out
    note = "rows to learn from and rows to test with are both about health/library.md"
    assert f"Note: {note}." in ended.out
    assert note in kilde("dataset", "show", "health", cwd=workspace).out
    assert kinds(kilde, workspace, "health")["shared-documents"] == "note"


def test_without_a_test_it_is_said_what_to_do(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 1)
    ended = kilde("dataset", "build", "health", "--from", file, cwd=workspace)
    assert "1 rows to learn from, 0 to test with" in ended.out
    assert "--test FILE" in ended.err


def damage(workspace: Path, name: str) -> None:
    (workspace / ".kilde" / "datasets" / name / "card.json").write_text("{")


def test_a_damaged_dataset_does_not_hide_the_others(kilde: Kilde, workspace: Path) -> None:
    file = write_rows(workspace / "rows.jsonl", 12)
    for name in ("one", "two"):
        build(kilde, workspace, file, "--name", name)
    damage(workspace, "one")
    for options in ([], ["--json"]):
        ended = kilde("dataset", "list", *options, cwd=workspace)
        assert ended.code == 1 and "one is damaged: " in ended.err and "two" in ended.out
    assert [card["name"] for card in validated("dataset list", ended.out)] == ["two"]
    damage(workspace, "two")
    ended = kilde("dataset", "list", cwd=workspace)
    assert ended.code == 1 and ended.out == "" and "two is damaged: " in ended.err


def test_built_from_documents_within_scope(kilde: Kilde, workspace: Path) -> None:
    made = ["dataset", "build", "health", "--from", "documents", "--limit", "2", "--json"]
    card = validated("dataset build", kilde(*made, cwd=workspace).out)
    assert card["method"] == "sft" and card["source"] == "documents"
    assert card["rows"] + card["test_rows"] == 2
    assert {name.split("/")[0] for name in card["documents"]} == {"health"}
    ended = kilde(*made[:5], "--method", "dpo", "--replace", cwd=workspace)
    assert ended.code == 2 and "sft, not for dpo" in ended.err


def test_built_from_feedback(kilde: Kilde, workspace: Path) -> None:
    kilde("ask", "When does the library open on Mondays?", cwd=workspace)
    kilde("feedback", "add", "last", "--down", "--correction", "Half past.", cwd=workspace)
    made = ["dataset", "build", "health", "--from", "feedback", "--test-share", "0"]
    ended = kilde(*made, cwd=workspace)
    assert ended.code == 0 and "health (kto): 2 rows" in ended.out
    assert "will not be promoted" in ended.err
    shown = kilde("dataset", "show", "health", cwd=workspace).out
    assert "bad answer: " in shown and "good answer: Half past." in shown
    assert kilde(*made, "--name", "pairs", "--method", "dpo", cwd=workspace).code == 0
    shown = kilde("dataset", "show", "pairs", cwd=workspace).out
    assert "better: Half past." in shown and "worse: " in shown


def test_split_deals_anew(kilde: Kilde, workspace: Path) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12))
    held = []
    for options in (["--test-share", "0.5"], ["--test-share", "0.5", "--seed", "1"], []):
        ended = kilde("dataset", "split", "rows", *options, "--json", cwd=workspace)
        card = validated("dataset split", ended.out)
        assert card["rows"] + card["test_rows"] == 12
        held.append((card["test_rows"], card["data_hash"]))
    assert [size for size, _ in held] == [6, 6, 2] and held[0] != held[1]
    ended = kilde("dataset", "split", "rows", "--test-share", "0.99", cwd=workspace)
    assert "1 rows to learn from, 11 to test with" in ended.out, "some are always learnt from"


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "health"],
        ["build", "helth", "--from", "rows.jsonl"],
        ["build", "health", "--from", "rows.jsonl", "--test-share", "1"],
        ["build", "health", "--from", "rows.jsonl", "--test-share", "nan"],
        ["build", "health", "--from", "rows.jsonl", "--limit", "5"],
        ["build", "health", "--from", "rows.jsonl", "--method", "kto"],
        ["build", "health", "--from", "documents", "--limit", "0"],
        ["check", "nothing"],
        ["show", "nothing"],
        ["show", "../datasets"],
        ["split", "nothing"],
    ],
    ids=" ".join,
)
def test_wrong_use(kilde: Kilde, workspace: Path, arguments: list[str]) -> None:
    write_rows(workspace / "rows.jsonl", 12)
    ended = kilde("dataset", *arguments, cwd=workspace)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err and "Traceback" not in ended.err


def test_what_is_near_is_told(kilde: Kilde, workspace: Path) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 3))
    assert "Did you mean 'rows'?" in kilde("dataset", "show", "row", cwd=workspace).err


def test_only_the_check_needs_the_extra(
    kilde: Kilde, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12))
    assert kilde("dataset", "show", "rows", cwd=workspace).code == 0
    ended = kilde("dataset", "check", "rows", cwd=workspace)
    assert ended.code == 1 and 'pip install "kilde[tune]"' in ended.err


def test_a_damaged_card_says_how_to_go_on(kilde: Kilde, workspace: Path) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12))
    card = workspace / ".kilde" / "datasets" / "rows" / "card.json"
    card.write_text(json.dumps({"name": "rows"}))
    ended = kilde("dataset", "show", "rows", cwd=workspace)
    assert ended.code == 1 and "card.json" in ended.err and "--replace" in ended.err


def test_defaults_of_the_help_are_the_defaults() -> None:
    assert tuning.TEST_SHARE == datasets.TEST_SHARE
    assert tuning.build_dataset.__kwdefaults__["limit"] == datasets.LIMIT


def test_python_finds_what_the_command_made(kilde: Kilde, workspace: Path) -> None:
    build(kilde, workspace, write_rows(workspace / "rows.jsonl", 12))
    with package.open(workspace) as opened:
        assert [row.answer for row in opened.datasets.load("rows").rows] == [a for _, a in ROWS]
