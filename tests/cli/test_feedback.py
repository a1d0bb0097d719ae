"""Answers are rated, the ratings listed, and what can be learnt from them exported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kilde.records import Records

from .conftest import Kilde, process

QUESTION = "When does the library open on Mondays?"


@pytest.fixture
def asked(kilde: Kilde, workspace: Path) -> str:
    """The beginning of an answer's id, as ask shows it."""
    found = re.search(r"feedback add ([0-9a-f]{8}) --up", kilde("ask", QUESTION, cwd=workspace).out)
    assert found
    return found.group(1)


def test_an_answer_is_rated_by_the_id_that_ask_shows(
    kilde: Kilde, workspace: Path, asked: str
) -> None:
    ended = kilde("feedback", "add", asked, "--up", cwd=workspace)
    assert (ended.code, ended.err) == (0, "")
    assert "Kept for health: up." in ended.out and QUESTION in ended.out
    found = json.loads(kilde("feedback", "list", "--json", cwd=workspace).out)
    assert found[0]["feedback"]["answer_id"].startswith(asked)
    assert found[0]["question"] == QUESTION
    assert found[0]["text"].startswith("The library opens at 9:15")


def test_a_correction_alone_means_that_the_answer_was_bad(
    kilde: Kilde, workspace: Path, asked: str
) -> None:
    added = kilde("feedback", "add", "last", "--correction", " At 9:15. ", "--json", cwd=workspace)
    assert json.loads(added.out)["rating"] == "down"
    assert json.loads(added.out)["correction"] == "At 9:15."
    up = kilde("feedback", "add", asked, "--up", "--correction", "9:15", "--json", cwd=workspace)
    assert json.loads(up.out)["rating"] == "up"


@pytest.mark.parametrize(
    "arguments",
    [
        ["last"],
        ["last", "--correction", "  "],
        ["12345678", "--up"],
        ["12", "--up"],
    ],
    ids=" ".join,
)
def test_feedback_that_says_nothing_or_is_on_nothing(
    kilde: Kilde, workspace: Path, asked: str, arguments: list[str]
) -> None:
    ended = kilde("feedback", "add", *arguments, cwd=workspace)
    assert ended.code == 2
    assert "Error: " in ended.err
    assert "No feedback yet" in kilde("feedback", "list", cwd=workspace).out


def test_a_correction_that_changes_nothing_is_refused(
    kilde: Kilde, workspace: Path, asked: str
) -> None:
    text = json.loads(kilde("ask", QUESTION, "--json", cwd=workspace).out)["text"]
    ended = kilde("feedback", "add", "last", "--correction", text, cwd=workspace)
    assert ended.code == 2
    assert "the answer itself" in ended.err


def test_the_list_marks_what_was_rated_again(kilde: Kilde, workspace: Path, asked: str) -> None:
    kilde("feedback", "add", asked, "--up", cwd=workspace)
    kilde("feedback", "add", asked, "--down", "--correction", "At 9:15.", cwd=workspace)
    lines = kilde("feedback", "list", cwd=workspace).out.splitlines()
    assert " down " in lines[1] and lines[1].endswith("At 9:15.")
    assert " (up) " in lines[2]


def test_the_list_of_one_agent(kilde: Kilde, workspace: Path, asked: str) -> None:
    kilde("feedback", "add", asked, "--up", cwd=workspace)
    for name in ("health", "Health questions"):
        assert asked in kilde("feedback", "list", "--agent", name, cwd=workspace).out
    ended = kilde("feedback", "list", "--agent", "helth", cwd=workspace)
    assert ended.code == 2
    assert "Did you mean 'health'?" in ended.err
    (workspace / "agents" / "health.toml").unlink()
    assert asked in kilde("feedback", "list", "--agent", "health", cwd=workspace).out


def test_export_writes_rows_of_every_format(kilde: Kilde, workspace: Path, asked: str) -> None:
    kilde(
        "feedback", "add", asked, "--down", "--correction", "Klokken 9.15 på Åvej.", cwd=workspace
    )
    rows = {}
    for method in ("kto", "dpo", "sft"):
        file = workspace / f"{method}.jsonl"
        ended = kilde("feedback", "export", file, "--format", method, cwd=workspace)
        assert (ended.code, ended.err) == (0, "")
        rows[method] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [row["label"] for row in rows["kto"]] == [False, True]
    assert rows["dpo"][0]["chosen"][0]["content"] == "Klokken 9.15 på Åvej."
    assert rows["sft"][0]["messages"][0] == {"role": "user", "content": QUESTION}
    assert rows["sft"][0]["lineage"]["documents"][0] == "health/library.md"
    kilde("feedback", "export", "default.jsonl", cwd=workspace)
    assert (workspace / "default.jsonl").read_bytes() == (workspace / "kto.jsonl").read_bytes()


def test_export_leaves_files_alone_unless_it_is_told(
    kilde: Kilde, workspace: Path, asked: str
) -> None:
    file = workspace / "rows.jsonl"
    file.write_text("mine")
    kilde("feedback", "add", asked, "--up", cwd=workspace)
    ended = kilde("feedback", "export", file, cwd=workspace)
    assert ended.code == 2
    assert "--force" in ended.err
    assert file.read_text() == "mine"
    assert kilde("feedback", "export", file, "--force", cwd=workspace).code == 0
    assert QUESTION in file.read_text()
    assert kilde("feedback", "export", "none/rows.jsonl", cwd=workspace).code == 1


def test_export_of_nothing_writes_no_file(kilde: Kilde, workspace: Path, asked: str) -> None:
    kilde("feedback", "add", asked, "--up", cwd=workspace)
    ended = kilde("feedback", "export", "rows.jsonl", "--format", "dpo", cwd=workspace)
    assert ended.code == 1
    assert "not written" in ended.err
    assert not (workspace / "rows.jsonl").exists()


def test_a_conversation_shows_how_to_rate_with_the_sources(workspace: Path) -> None:
    ended = process("chat", cwd=workspace, typed=f"{QUESTION}\n/sources\n")
    found = re.search(r"feedback add ([0-9a-f]{8})", ended.out)
    assert found
    records = Records(workspace / ".kilde" / "records.db")
    assert records.find(found.group(1)).question == QUESTION
    records.close()


def test_answers_that_are_not_kept_offer_no_rating(kilde: Kilde, workspace: Path) -> None:
    with (workspace / "kilde.toml").open("a") as settings:
        settings.write("\nrecords = false\n")
    assert "feedback add" not in kilde("ask", QUESTION, cwd=workspace).out
    ended = kilde("feedback", "add", "last", "--up", cwd=workspace)
    assert ended.code == 2
