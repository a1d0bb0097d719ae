"""Datasets and test sets are kept whole under their names, whatever happens meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.engines import small_disk

from kilde.errors import ConfigError, NotFound, StoreError
from kilde.evaluation.testset import Question
from kilde.evaluation.testsets import TestSets
from kilde.named_sets import count_languages
from kilde.tuning.data.dataset import Datasets
from kilde.tuning.data.rows import Row, data_hash
from kilde.types import Message

KILLS = int(os.environ.get("KILDE_KILLS", "12"))
Sets = Datasets | TestSets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sets"


@pytest.fixture(params=[Datasets, TestSets])
def sets(folder: Path, request: pytest.FixtureRequest) -> Sets:
    found: Sets = request.param(folder)
    return found


def save(sets: Sets, count: int, name: str = "one", **more: Any) -> Any:
    """Keep a set of so many rows or questions."""
    given = {"agent": "week-plan", "source": "a test"} | more
    asked = [f"Question {at}?" for at in range(count)]
    if isinstance(sets, TestSets):
        return sets.save(name, questions=[Question(one) for one in asked], **given)
    rows = [Row("sft", (Message("user", one),), "Answer, på Åvej.") for one in asked]
    return sets.save(name, method="sft", rows=rows, **given)


def size(sets: Sets) -> int:
    """How many rows or questions can be loaded; they are those that the card says."""
    if isinstance(sets, TestSets):
        return len(sets.load("one").questions)  # which compares the hash
    found = sets.load("one")
    assert found.card.rows == len(found.rows) and found.card.data_hash == data_hash(found.rows)
    return len(found.rows)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("name", ["", "../x", "a b", ".hidden", "x" * 65])
def test_names_that_will_not_do(name: str, sets: Sets) -> None:
    with pytest.raises(ConfigError, match="letters, digits"):
        save(sets, 2, name)
    with pytest.raises(NotFound):
        sets.load(name)


def test_a_name_is_taken_once(sets: Sets, folder: Path) -> None:
    old = save(sets, 2)
    with pytest.raises(ConfigError, match="'one' already") as told:
        save(sets, 10)
    assert "--replace" in told.value.hint and sets.card("one") == old
    new = save(sets, 10, replace_old=True)
    assert sets.card("one") == new != old and size(sets) == 10
    assert names(folder) == ["one"]


def test_on_a_full_disk_the_old_one_stays(sets: Sets, folder: Path) -> None:
    old = save(sets, 2)
    with small_disk(4_000), pytest.raises(StoreError, match="could not be kept"):
        save(sets, 500, replace_old=True)
    assert sets.card("one") == old and size(sets) == 2
    assert names(folder) == ["one"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"created_at": "never"}', '{"created_at": "2026-01-01"}', '{"name": "one"}'],
)
def test_a_damaged_card_is_named(text: str, sets: Sets, folder: Path) -> None:
    save(sets, 2)
    (folder / "one" / "card.json").write_text(text, "utf-8")
    with pytest.raises(StoreError, match=r"card\.json cannot be read") as told:
        sets.load("one")
    assert "--name one --replace" in told.value.hint


def test_what_was_left_half_written_is_no_set(sets: Sets, folder: Path) -> None:
    save(sets, 2)
    shutil.copytree(folder / "one", folder / ".one.4711")
    assert sets.names() == ("one",)


def replacing(sets: Sets, ready: Connection) -> None:
    """Replace a set over and over."""
    ready.send("ready")
    for turn in range(10_000):
        save(sets, (40, 80)[turn % 2], replace_old=True)


def test_killed_while_it_is_replaced(sets: Sets) -> None:
    """The old one or the new one is there, whole; and it can be replaced again."""
    context = multiprocessing.get_context("fork")
    chance = random.Random(KILLS)
    save(sets, 40)
    for _ in range(KILLS):
        ours, theirs = context.Pipe()
        process = context.Process(target=replacing, args=(sets, theirs))
        process.start()
        ours.recv()
        time.sleep(chance.random() / 20)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert sets.names() == ("one",) and size(sets) in (40, 80)
    save(sets, 3, replace_old=True)
    assert size(sets) == 3


def test_killed_between_the_old_one_and_the_new_one(sets: Sets, folder: Path) -> None:
    """As the folder looks at the one moment at which neither has the name."""
    old = save(sets, 10)
    (folder / "one").rename(folder / ".one.old")
    assert sets.names() == ("one",) and sets.card("one") == old and size(sets) == 10
    with pytest.raises(ConfigError, match="already"):
        save(sets, 3)
    save(sets, 3, replace_old=True)
    assert size(sets) == 3 and names(folder) == ["one"]


def test_languages_are_counted_where_they_are_known() -> None:
    assert count_languages(["da", "und", "en", "da"]) == {"da": 2, "en": 1}
    assert count_languages(["und"]) == {}
