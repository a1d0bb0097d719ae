"""Copies among the rows, and between the rows and a test."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from kilde.errors import MissingExtra
from kilde.tuning.checks.compare import normalised
from kilde.tuning.checks.duplicates import NEAR, NearIndex, likeness, shingles
from kilde.tuning.data.dataset import Dataset, DatasetCard
from kilde.tuning.data.rows import Lineage, Row

from .check_rows import filler, find, row

LONG = (
    "You can order the vaccine on the site of the health centre or by telephone, every weekday "
    "between eight and ten in the morning; bring your card, and come ten minutes early."
)
QUESTION = "How do I order a vaccine before I travel?"


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (row(QUESTION, LONG), row(QUESTION, LONG), "exact-duplicate"),
        (row(QUESTION, LONG), row(f" {QUESTION.upper()}  ", LONG[:-1]), "exact-duplicate"),
        (row(QUESTION, LONG), row(QUESTION, LONG.replace("early", "ahead")), "near-duplicate"),
        (row(QUESTION, LONG), row(QUESTION + " Please tell me.", LONG), "near-duplicate"),
        (row("Er I åbne i dag?", "Ja, til kl. 16."), row("Er I åbne dag?", "Ja, til kl. 16."),
         "near-duplicate"),
        # The same subject in other words, or another fact in the same frame.
        (row(QUESTION, LONG), row("Who gets a flu jab?", "All above 65 and the ill."), ""),
        (row("When is the pool open?", "Mondays."), row("When is the desk open?", "Fridays."), ""),
        # A short answer to one follow-up, in two conversations.
        (row("And the price?", "500 kr.", history=("Is there yellow fever vaccine?", "Yes.")),
         row("And the price?", "500 kr.", history=("Do you rent out rooms at night?", "We do.")),
         ""),
        (row("And the price?", "500 kr.", history=("Is there yellow fever vaccine?", "Yes.")),
         row("And the price?", "500 kr.", history=("Is there yellow fever vaccine?", "Yes!")),
         "exact-duplicate"),
        # One answer with both judgements is no copy.
        (row(QUESTION, LONG, method="kto"), row(QUESTION, LONG, method="kto", good=False), ""),
    ],
)  # fmt: skip
def test_two_rows(one: Row, other: Row, kind: str) -> None:
    found = find([one, other])
    named = [name for name in found if "duplicate" in name]
    assert named == ([kind] if kind else [])
    if kind:
        assert found[kind].rows == (1,)
        assert found[kind].level == "warn"


def test_the_later_copies_are_named_with_their_place() -> None:
    copies = [row(QUESTION, LONG, lineage=Lineage(file="a.jsonl", line=n)) for n in (4, 9, 12)]
    found = find([copies[0], *filler(5), *copies[1:]])
    assert found["exact-duplicate"].rows == (6, 7)
    assert "a.jsonl:9, a.jsonl:12" in found["exact-duplicate"].message


def test_a_row_is_near_only_to_one_that_stays() -> None:
    near = LONG.replace("early", "ahead")
    found = find([row(QUESTION, LONG), row(QUESTION, near), row(QUESTION, near + " Thanks.")])
    assert found["near-duplicate"].rows == (1, 2)
    assert "row 2 like row 1 (0." in found["near-duplicate"].message
    assert "row 3 like row 1 (0." in found["near-duplicate"].message


def test_the_index_finds_what_comparing_all_finds() -> None:
    texts = [LONG]
    words = LONG.split()
    for place in range(0, len(words), 2):
        texts.append(" ".join(words[:place] + words[place + 1 :]))
        texts.append(" ".join([*words[:place], "other", "words", *words[place + 2 :]]))
    sets = [shingles(text) for text in texts]
    index = NearIndex()
    for number, text in enumerate(sets):
        index.add(number, text)
    for text in sets:
        exact = {n for n, other in enumerate(sets) if likeness(text, other) >= NEAR}
        assert {n for n, _ in index.near(text)} == exact
        assert len(exact) < len(sets)


@pytest.mark.parametrize(
    ("question", "history", "kind"),
    [
        ("How are the taxes of this town paid?", (), "test-overlap"),
        ("how are the TAXES of this town paid", (), "test-overlap"),
        ("How are the taxes of this town paid?", ("Hello", "Good day!"), "test-overlap"),
        ("How are the taxes of the town paid?", (), "near-test-overlap"),
        ("How are fines paid?", (), ""),
        ("Where do I pay?", (), ""),
    ],
)
def test_overlap_with_the_test(question: str, history: tuple[str, ...], kind: str) -> None:
    asked = "How are the taxes of this town paid?"
    test = [row(asked, "Online.", lineage=Lineage(file="test.jsonl", line=7))]
    training = [
        row("May I bring a dog?", "No."),
        row(question, "At the desk.", history=history, lineage=Lineage(file="a.jsonl", line=3)),
    ]
    found = {n: f for n, f in find(training, test_rows=test).items() if "overlap" in n}
    assert list(found) == ([kind] if kind else [])
    if kind:
        assert found[kind].rows == (1,)
        assert found[kind].level == ("refuse" if kind == "test-overlap" else "warn")
        assert "a.jsonl:3 and test.jsonl:7 of the test" in found[kind].message


def test_one_follow_up_in_two_conversations_is_near_where_these_are() -> None:
    asked, test_history = "And on Fridays?", ("How are the taxes of this town paid?", "Online.")
    test = [row("Who pays?", "We do."), row(asked, "No.", history=test_history)]
    training = [
        row(asked, "Yes.", history=("Can I swim in the harbour?", "Yes.")),
        row(asked, "It is.", history=("How are the taxes of this town paid", "Online")),
        row(asked, "Never.", history=("How are the taxes of the town paid?", "Online.")),
    ]
    found = find(training, test_rows=test)
    assert found["test-overlap"].rows == (1,)
    assert found["near-test-overlap"].rows == (2,)
    assert "exact-duplicate" not in found


def dataset(name: str, test: list[Row], test_file: str = "") -> Dataset:
    card = DatasetCard(
        name, "health", "sft", "x", datetime(2026, 5, 1, tzinfo=UTC), 0, len(test), "", {}, (),
        test_file=test_file,
    )  # fmt: skip
    return Dataset(card, (), tuple(test))


@pytest.mark.parametrize(
    ("test_file", "kind", "level"),
    [("mine.jsonl", "test-overlap", "refuse"), ("", "other-test-overlap", "warn")],
)
def test_overlap_with_the_tests_of_other_datasets(test_file: str, kind: str, level: str) -> None:
    test = [row("Why?", "So."), row("How are taxes paid?", "Online.")]
    other = dataset("first", test, test_file)
    training = [row("May I bring a dog?", "No."), row("How are taxes paid", "At the desk.")]
    found = {n: f for n, f in find(training, others=[other]).items() if "overlap" in n}
    assert list(found) == [kind]
    assert (found[kind].rows, found[kind].level) == ((1,), level)
    assert "row 2 and row 2 of the test of 'first'" in found[kind].message
    # Its own test is named before that of others.
    own = find(training, others=[other], test_rows=test[1:])["test-overlap"]
    assert "row 1 of the test." in own.message


def test_only_a_test_that_was_made_by_hand_is_compared_nearly() -> None:
    test = [row("How are the taxes of this town paid?", "Online.")]
    training = [row("How are the taxes of the town paid?", "At the desk.")]
    for file in ("mine.jsonl", ""):
        found = find(training, others=[dataset("first", test, file)])
        assert ("near-test-overlap" in found) is bool(file)


def test_documents_on_both_sides_are_named() -> None:
    def about(*names: str) -> Row:
        return row(f"What of {names}?", f"This: {names}.", lineage=Lineage(names, read=("all",)))

    found = find([about("a", "b"), about("c")], test_rows=[about("b"), about("c"), about("d")])
    assert found["shared-documents"].level == "note"
    assert "both about b, c." in found["shared-documents"].message
    assert "shared-documents" not in find([about("a")], test_rows=[about("b")])


def test_without_datasketch_the_command_that_installs_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(MissingExtra, match=r"kilde\[tune\]"):
        find(filler(2))
    assert "too-few-rows" in find(filler(1))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What does it cost?", "  what DOES it\ncost ", True),
        ("ﬁne", "Fine!", True),
        ("1.5", "15", False),
        ("5", "-5", False),
        ("👍", "👎", False),
        ("?", "!", False),
        ("C", "C++", False),
    ],
)
def test_what_counts_as_the_same(one: str, other: str, same: bool) -> None:
    assert (normalised(one) == normalised(other)) is same
