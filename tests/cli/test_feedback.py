"""Answers are rated, the ratings listed, and what can be learnt from them exported."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

import kilde as package
from kilde.cli.feedback import _listed
from kilde.records import Records
from kilde.types import Answer, Feedback

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
    assert rows["kto"][0]["lineage"]["documents"] == ["health/library.md"]
    # The correction stands on none of the documents that were read, as far as can be told.
    assert rows["sft"][0]["lineage"]["documents"] == []
    assert "health/library.md" in rows["sft"][0]["lineage"]["read"]
    kilde("feedback", "export", "default.jsonl", cwd=workspace)
    assert (workspace / "default.jsonl").read_bytes() == (workspace / "kto.jsonl").read_bytes()


def test_what_follows_up_an_answer_comes_from_it_as_well(kilde: Kilde, workspace: Path) -> None:
    with package.open(workspace) as opened:
        agent = opened.agent("health")
        first = agent.ask("What should I bring to the pharmacy?")
        second = agent.ask("And when?", history=[first])
    kilde("feedback", "add", second.id, "--up", cwd=workspace)
    kilde("feedback", "export", "rows.jsonl", cwd=workspace)
    exported = json.loads((workspace / "rows.jsonl").read_text("utf-8"))["lineage"]
    kilde("dataset", "build", "health", "--from", "feedback", cwd=workspace)
    shown = json.loads(kilde("dataset", "show", "health", "--json", cwd=workspace).out)
    for lineage in (exported, shown["rows"][0]["lineage"]):
        assert lineage["answers"] == [second.id, first.id]
        assert "health/pharmacy.md" in lineage["read"]


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
    assert "records = false" in ended.err and "Ask something first" not in ended.err


def test_feedback_on_an_answer_that_is_gone_is_passed_over(
    kilde: Kilde, workspace: Path, asked: str
) -> None:
    kilde("feedback", "add", asked, "--up", cwd=workspace)
    kilde("ask", "Is the library open on Sundays?", cwd=workspace)
    kilde("feedback", "add", "last", "--down", cwd=workspace)
    with closing(sqlite3.connect(workspace / ".kilde" / "records.db")) as database, database:
        database.execute("DELETE FROM answers WHERE id LIKE ?", [f"{asked}%"])
    ended = kilde("feedback", "list", "--json", cwd=workspace)
    assert (ended.code, ended.err) == (0, "")
    assert [one["feedback"]["rating"] for one in json.loads(ended.out)] == ["down"]


class Busy(Records):
    """Records in which somebody rates an answer whenever the ratings are read."""

    def feedback(self, *, agent: str | None = None) -> list[Feedback]:
        found = super().feedback(agent=agent)
        self.rate()
        return found

    def judged(self, *, agent: str | None = None) -> list[tuple[Feedback, Answer]]:
        found = super().judged(agent=agent)
        self.rate()
        return found

    def rate(self) -> None:
        answer = self.latest(1)[0]
        at = datetime.now(UTC)
        self.add_feedback(Feedback(uuid4().hex, answer.id, answer.agent, "up", "", at))


def test_ratings_that_come_while_they_are_listed(workspace: Path, asked: str) -> None:
    with package.open(workspace) as opened:
        opened.__dict__["records"] = Busy(workspace / ".kilde" / "records.db")
        assert _listed(opened, None) == []
        (one,) = _listed(opened, None)[:1]
        assert one.question == QUESTION
