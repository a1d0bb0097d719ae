"""A test set is kept whole, stays what it was, and says so when somebody changed it."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.engines import small_disk

from kilde.errors import ConfigError, NotFound, StoreError
from kilde.evaluation.testset import Question, TestSetCard, hash_of
from kilde.evaluation.testsets import TestSets

KILLS = int(os.environ.get("KILDE_KILLS", "12"))
QUESTIONS = [
    Question(f"Spørgsmål {at}?", (f"Svar {at}.",), (f"d{at // 2}",), at % 5 != 0, language="da")
    for at in range(10)
]


@pytest.fixture
def testsets(tmp_path: Path) -> TestSets:
    return TestSets(tmp_path / "testsets")


def save(
    testsets: TestSets, questions: list[Question], name: str = "t", **more: Any
) -> TestSetCard:
    given = {"agent": "health", "source": "a test"}
    return testsets.save(name, questions=questions, **{**given, **more})


def test_what_is_loaded_is_what_was_kept(testsets: TestSets) -> None:
    card = save(testsets, QUESTIONS, held_out=("d9", "d1"), notes=("one",))
    found = testsets.load("t")
    assert found.card == card and found.questions == tuple(QUESTIONS)
    assert testsets.names() == ("t",)
    assert (card.questions, card.answerable, card.languages) == (10, 8, {"da": 10})
    assert card.documents == ("d0", "d1", "d2", "d3", "d4")
    assert card.held_out == ("d1", "d9") and card.sha256 == hash_of(QUESTIONS)


def test_an_empty_one_can_be_kept(testsets: TestSets) -> None:
    assert save(testsets, []).questions == 0
    assert testsets.load("t").questions == ()


def test_the_hash_is_over_everything_and_the_order() -> None:
    changes: list[dict[str, Any]] = [
        {"question": "Andet?"},
        {"references": ()},
        {"documents": ()},
        {"answerable": False},
        {"schema": {}},
        {"tags": ("x",)},
        {"language": "sv"},
    ]
    one = QUESTIONS[1]
    hashes = {hash_of([replace(one, **change)]) for change in [{}, *changes]}
    assert len(hashes) == len(changes) + 1
    assert hash_of(QUESTIONS) != hash_of(QUESTIONS[::-1])


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_an_edited_one_is_refused_and_what_to_do_is_told(
    testsets: TestSets, tmp_path: Path
) -> None:
    save(testsets, QUESTIONS)
    path = tmp_path / "testsets" / "t" / "questions.jsonl"
    edit(path, "Svar 3", "Svar 4")
    with pytest.raises(StoreError, match="was edited") as told:
        testsets.load("t")
    assert "kilde testset build health --from t.jsonl --name t --replace" in told.value.hint
    edit(path, "Svar 4", "Svar 3")
    assert testsets.load("t").questions == tuple(QUESTIONS)
    path.write_text("{\n")
    with pytest.raises(StoreError, match=r"questions\.jsonl:1: it is not JSON"):
        testsets.load("t")
    path.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        testsets.load("t")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"created_at": "never"}', '{"name": "t"}'])
def test_a_damaged_card_is_named(text: str, testsets: TestSets, tmp_path: Path) -> None:
    save(testsets, QUESTIONS)
    (tmp_path / "testsets" / "t" / "card.json").write_text(text, "utf-8")
    with pytest.raises(StoreError, match=r"card\.json cannot be read") as told:
        testsets.load("t")
    assert "--name t --replace" in told.value.hint


@pytest.mark.parametrize("name", ["", "../x", "a b", ".hidden", "x" * 65])
def test_names_that_will_not_do(name: str, testsets: TestSets) -> None:
    with pytest.raises(ConfigError, match="letters, digits"):
        save(testsets, QUESTIONS, name)
    with pytest.raises(NotFound):
        testsets.load(name)


def test_it_is_replaced_and_never_changed(testsets: TestSets, tmp_path: Path) -> None:
    old = save(testsets, QUESTIONS[:2])
    with pytest.raises(ConfigError, match="never changed") as told:
        save(testsets, QUESTIONS)
    assert "--replace" in told.value.hint and testsets.card("t") == old
    new = save(testsets, QUESTIONS, replace_old=True)
    assert testsets.card("t") == new and new.sha256 != old.sha256
    assert [path.name for path in (tmp_path / "testsets").iterdir()] == ["t"]


def test_on_a_full_disk_the_old_one_stays(testsets: TestSets, tmp_path: Path) -> None:
    old = save(testsets, QUESTIONS[:2])
    many = [Question(f"Question {at}?") for at in range(500)]
    with small_disk(4_000), pytest.raises(StoreError, match="could not be kept"):
        save(testsets, many, replace_old=True)
    assert testsets.load("t").card == old
    assert [path.name for path in (tmp_path / "testsets").iterdir()] == ["t"]


def replacing(folder: Path, ready: Connection) -> None:
    """Replace a test set over and over."""
    testsets = TestSets(folder)
    many = [[Question(f"Question {at}?") for at in range(count)] for count in (40, 80)]
    ready.send("ready")
    for turn in range(10_000):
        save(testsets, many[turn % 2], replace_old=True)


def test_killed_while_it_is_replaced(tmp_path: Path) -> None:
    """The old one or the new one is there, whole; and it can be replaced again."""
    context = multiprocessing.get_context("fork")
    chance, folder = random.Random(KILLS), tmp_path / "testsets"
    save(TestSets(folder), [Question(f"Question {at}?") for at in range(40)])
    for _ in range(KILLS):
        ours, theirs = context.Pipe()
        process = context.Process(target=replacing, args=(folder, theirs))
        process.start()
        ours.recv()
        time.sleep(chance.random() / 20)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        testsets = TestSets(folder)
        assert testsets.names() == ("t",)
        assert len(testsets.load("t").questions) in (40, 80)
    save(testsets, QUESTIONS, replace_old=True)


def test_killed_between_the_old_one_and_the_new_one(testsets: TestSets, tmp_path: Path) -> None:
    old = save(testsets, QUESTIONS)
    (tmp_path / "testsets" / "t").rename(tmp_path / "testsets" / ".t.old")
    assert testsets.names() == ("t",) and testsets.load("t").card == old
    with pytest.raises(ConfigError, match="already"):
        save(testsets, QUESTIONS[:3])
    save(testsets, QUESTIONS[:3], replace_old=True)
    assert testsets.card("t").questions == 3
    card = tmp_path / "testsets" / "t" / "card.json"
    assert json.loads(card.read_text("utf-8"))["sha256"] == hash_of(QUESTIONS[:3])
    assert [path.name for path in (tmp_path / "testsets").iterdir()] == ["t"]
