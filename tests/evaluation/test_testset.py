"""A test set is kept whole, stays what it was, and says so when somebody changed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kilde.errors import ConfigError, StoreError
from kilde.evaluation.testset import Question, TestSetCard, hash_of
from kilde.evaluation.testsets import TestSets

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


def test_it_is_replaced_and_never_changed(testsets: TestSets) -> None:
    old = save(testsets, QUESTIONS[:2])
    with pytest.raises(ConfigError, match="never changed"):
        save(testsets, QUESTIONS)
    assert save(testsets, QUESTIONS, replace_old=True).sha256 != old.sha256
