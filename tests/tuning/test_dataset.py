"""Datasets are kept whole, and their test rows are about documents that nobody trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.errors import ConfigError, StoreError
from kilde.tuning.data.dataset import Datasets, split
from kilde.tuning.data.rows import Lineage, Row, data_hash
from kilde.types import Message


def row(number: int, *documents: str, question: str = "") -> Row:
    asked = Message("user", question or f"Question {number}?")
    lineage = Lineage(documents=documents, answers=("a1",), read=("beside",))
    return Row("sft", (asked,), f"Answer {number}, på Åvej.", language="da", lineage=lineage)


ROWS = [row(number, f"d{number}") for number in range(10)]


@pytest.fixture
def datasets(tmp_path: Path) -> Datasets:
    return Datasets(tmp_path / "datasets")


def save(datasets: Datasets, rows: list[Row], name: str = "plan", **more: Any) -> Any:
    given = {"agent": "week-plan", "method": "sft", "source": "a test"}
    return datasets.save(name, rows=rows, **{**given, **more})


def test_what_is_loaded_is_what_was_kept(datasets: Datasets) -> None:
    card = save(datasets, ROWS[:8], test=ROWS[8:], notes=["one"])
    found = datasets.load("plan")
    assert found.card == card and datasets.names() == ("plan",)
    assert [one.id for one in found.rows] == [one.id for one in ROWS[:8]]
    assert [one.lineage.documents for one in found.test] == [("d8",), ("d9",)]
    assert (card.rows, card.test_rows, card.languages) == (8, 2, {"da": 8})
    assert card.documents == ("beside", *(f"d{number}" for number in range(8)))
    assert card.shared == ()
    assert card.data_hash == data_hash(found.rows) != data_hash(found.rows[::-1])


def test_a_dataset_without_rows_can_be_kept(datasets: Datasets) -> None:
    save(datasets, [])
    found = datasets.load("plan")
    assert (found.rows, found.test, found.card.rows) == ((), (), 0)


def test_rows_that_are_gone_are_told(datasets: Datasets, tmp_path: Path) -> None:
    save(datasets, ROWS, test=ROWS[:1])
    (tmp_path / "datasets" / "plan" / "test.jsonl").unlink()
    with pytest.raises(StoreError, match=r"test\.jsonl"):
        datasets.load("plan")


def test_dealing_anew_keeps_all_rows(datasets: Datasets) -> None:
    save(datasets, ROWS, notes=["kept"])
    card = datasets.resplit("plan", share=0.3, seed=1)
    found = datasets.load("plan")
    assert (card.rows, card.test_rows, card.notes) == (7, 3, ("kept",))
    assert {one.id for one in (*found.rows, *found.test)} == {one.id for one in ROWS}
    other = datasets.resplit("plan", share=0.3, seed=2)
    assert other.data_hash != card.data_hash


def documents(rows: Iterable[Row]) -> set[str]:
    return {document for one in rows for document in one.lineage.documents}


def group(rows: list[Row], document: str) -> list[Row]:
    """The rows that a document ties together, with those that those are tied to."""
    members: list[Row] = []
    grown = [one for one in rows if document in one.lineage.documents]
    while len(grown) > len(members):
        members = grown
        asked = {one.question for one in members}
        grown = [
            one for one in rows if one.question in asked or documents(members) & documents([one])
        ]
    return members


PICKS = st.lists(st.lists(st.integers(0, 6), max_size=2), max_size=30)


@given(PICKS, st.floats(0, 0.9), st.integers(0, 3))
def test_no_question_is_on_both_sides_and_no_document_that_can_be_kept_together(
    picks: list[list[int]], share: float, seed: int
) -> None:
    rows = [
        row(at, *(f"d{pick}" for pick in chosen), question="Again?" if at % 7 == 6 else "")
        for at, chosen in enumerate(picks)
    ]
    first, second = split(rows, share=share, seed=seed)
    assert [*first, *second] != [] or not rows
    assert sorted((*first, *second), key=rows.index) == rows
    for part in (first, second):
        assert [rows.index(one) for one in part] == sorted(rows.index(one) for one in part)
    assert not {one.question for one in first} & {one.question for one in second}
    groups = {
        frozenset(rows.index(one) for one in group(rows, document))
        for document in documents(first) & documents(second)
    }
    assert len(groups) <= 1
    wanted = round(len(rows) * share)
    for members in groups:
        assert 2 * len(members) > len(rows) or len(members) > 2 * wanted
    assert first or not rows, "there is something to learn from"
    if len({one.question for one in rows}) == len(rows) >= 2 and wanted:
        assert second, "there is something to test with"
    assert split(rows, share=share, seed=seed) == (first, second)


@given(st.integers(2, 60), st.floats(0.05, 0.6), st.integers(0, 5))
def test_the_share_is_reached(count: int, share: float, seed: int) -> None:
    rows = [row(number, f"d{number // 2}") for number in range(count)]
    _, second = split(rows, share=share, seed=seed)
    assert abs(len(second) - count * share) <= 2.5


@pytest.mark.parametrize(("sizes", "share"), [((30,), 0.2), ((25, 5), 0.2), ((12, 12, 12), 0.1)])
def test_one_document_behind_most_rows_still_leaves_a_test(
    sizes: tuple[int, ...], share: float, datasets: Datasets
) -> None:
    rows = [row(100 * d + at, f"d{d}") for d, size in enumerate(sizes) for at in range(size)]
    first, second = split(rows, share=share)
    assert abs(len(second) - len(rows) * share) <= 2
    card = save(datasets, first, test=second)
    assert len(card.shared) == 1 and datasets.card("plan").shared == card.shared


def test_documents_that_were_only_read_tie_no_rows_together() -> None:
    rows = [row(number, f"d{number}") for number in range(20)]  # each of them read "beside"
    assert len(split(rows, share=0.2)[1]) == 4


def test_rows_in_no_known_language_are_in_none(datasets: Datasets) -> None:
    spoken = [*ROWS[:3], *(replace(one, language="und") for one in ROWS[3:])]
    assert save(datasets, spoken).languages == {"da": 3}
    assert save(datasets, spoken[3:], replace_old=True).languages == {}


def test_test_rows_of_a_file_are_dealt_anew_only_when_forced(datasets: Datasets) -> None:
    save(datasets, ROWS[:8], test=ROWS[8:], test_file="mine.jsonl")
    with pytest.raises(ConfigError, match=r"mine\.jsonl") as told:
        datasets.resplit("plan", share=0.3)
    assert "--force" in told.value.hint and datasets.card("plan").test_file == "mine.jsonl"
    card = datasets.resplit("plan", share=0.3, force=True)
    assert (card.test_rows, card.test_file) == (3, "")


def test_damaged_rows_are_told_as_such(datasets: Datasets, tmp_path: Path) -> None:
    save(datasets, ROWS)
    (tmp_path / "datasets" / "plan" / "rows.jsonl").write_text("{", "utf-8")
    with pytest.raises(StoreError, match=r"rows\.jsonl cannot be read: .*not JSON") as told:
        datasets.load("plan")
    assert "--replace" in told.value.hint


def test_a_card_of_before_can_be_read(datasets: Datasets, tmp_path: Path) -> None:
    save(datasets, ROWS)
    path = tmp_path / "datasets" / "plan" / "card.json"
    data = json.loads(path.read_text("utf-8"))
    del data["shared"], data["test_file"]
    path.write_text(json.dumps(data), "utf-8")
    assert (datasets.card("plan").shared, datasets.card("plan").test_file) == ((), "")


def chat(number: int, *, line: int) -> list[Row]:
    """The rows of a chat whose second question is that of all others."""
    first = (Message("user", f"What is item {number}?"),)
    second = (*first, Message("assistant", f"Thing {number}."), Message("user", "And its price?"))
    return [
        Row("sft", prompt, answer, lineage=Lineage(file="a.jsonl", line=line, turn=turn))
        for turn, (prompt, answer) in enumerate(
            [(first, f"Thing {number}."), (second, f"{number} kroner.")], 1
        )
    ]


def test_chats_stay_whole_and_an_equal_last_question_ties_none_together() -> None:
    rows = [row for number in range(10) for row in chat(number, line=number + 1)]
    first, second = split(rows, share=0.2)
    assert (len(first), len(second)) == (16, 4)
    assert {row.lineage.line for row in first}.isdisjoint(row.lineage.line for row in second)


def test_a_question_without_conversation_stays_with_the_same_one_after_any() -> None:
    bare = Row("sft", (Message("user", "and its  price?"),), "It depends.")
    rows = [bare, *(row for number in range(10) for row in chat(number, line=number + 1)[1:])]
    first, second = split(rows, share=0.2)
    assert not first or not second
