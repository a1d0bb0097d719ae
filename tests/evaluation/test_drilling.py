"""New, stale or wrong; what a month of changes costs; and a drill kept as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from tests.evaluation.answers import said

from kilde.errors import StoreError
from kilde.evaluation.drill_json import dump_drill, read_drill
from kilde.evaluation.drill_result import ArmCost, Drill, EditMade, EditTold, Truth
from kilde.evaluation.drilling import break_even, holds, judge, shares
from kilde.evaluation.edits import Change
from kilde.evaluation.testset import Question
from kilde.workspace.drill_run import _declined

EDITS = {
    "number": EditMade("number", "a.md", "?", "12 weeks", "22 weeks"),
    "rule": EditMade("rule", "a.md", "?", "is open", "is closed"),
    "new": EditMade("new", "b.md", "?", "", "39 days"),
    "withdrawn": EditMade("withdrawn", "c.md", "?", "DKK 560", ""),
}


@pytest.mark.parametrize(
    ("kind", "text", "declined", "truth"),
    [
        ("number", "It lasts 22 weeks.", False, "new"),
        ("number", "It lasts twelve weeks.", False, "stale"),
        ("number", "It lasted 12 weeks, and lasts 22 weeks now.", False, "stale"),
        ("number", "It lasts 122 weeks.", False, "wrong"),
        ("number", "It lasts 2 weeks.", False, "wrong"),
        ("number", "", False, "wrong"),
        ("number", "I could not find that.", True, "wrong"),
        ("rule", "The library IS CLOSED.", False, "new"),
        ("rule", "The library is open.", False, "stale"),
        ("new", "It takes 39 days.", False, "new"),
        ("new", "I could not find that.", True, "stale"),
        ("new", "It takes 3 days.", False, "wrong"),
        ("withdrawn", "I could not find that.", True, "new"),
        ("withdrawn", "It costs DKK 560.00.", False, "stale"),
        ("withdrawn", "It costs DKK 640.", False, "wrong"),
    ],
)
def test_what_an_answer_tells(
    kind: Literal["number", "rule", "new", "withdrawn"], text: str, declined: bool, truth: Truth
) -> None:
    assert judge(EDITS[kind], text, declined=declined, language="en") == truth


@pytest.mark.parametrize(("kind", "declined"), [("withdrawn", True), ("number", False)])
def test_to_decline_in_other_words_is_to_decline_where_that_is_the_truth(
    kind: str, declined: bool
) -> None:
    text = "I don't know, but it was 12 weeks."
    answer = said(Question("?"), text).answer
    assert answer is not None
    assert _declined(Change(EDITS[kind], "en", "", None), answer) is declined


def test_numbers_are_read_in_the_language() -> None:
    assert holds("Det varer tolv uger.", "12 uger", "da")
    assert holds("Prisen er 1.500 kr.", "1500 kr", "da")
    assert not holds("Det varer tolv uger.", "", "da")


def test_shares_add_up() -> None:
    assert shares(["new", "stale", "new", "new"]) == {"new": 0.75, "stale": 0.25, "wrong": 0.0}
    assert shares([]) == {}


@pytest.mark.parametrize(
    ("extra", "questions", "sync", "training", "wanted"),
    [
        (0.5, 1000, 10, 510, 1.0),
        (0.5, 2000, 10, 510, 2.0),
        (0.0, 1000, 10, 510, None),
        (-0.2, 1000, 10, 510, None),
        (0.5, 1000, 510, 510, None),
    ],
)
def test_where_both_cost_the_same(
    extra: float, questions: int, sync: float, training: float, wanted: float | None
) -> None:
    found = break_even(
        extra_seconds=extra, questions=questions, sync_seconds=sync, training_seconds=training
    )
    assert found == wanted
    if found is not None:
        assert extra * questions + sync * found == pytest.approx(training * found)


def test_a_drill_comes_back_as_it_was_written(tmp_path: Path) -> None:
    drill = Drill(
        id="0123456789ab",
        agent="health",
        created_at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
        edits=tuple(EDITS.values()),
        told=(EditTold("rag", 0, "stale", "new", "Før", "Efter"),),
        costs=(
            ArmCost("rag", "sync", 0.1 + 0.2, shares(["stale"]), shares(["new"]), 0.25),
            ArmCost("tuned", "training", 0.0, {}, {}, 0.0, "no extra"),
        ),
        questions_per_month=1000,
        break_even=None,
        model="a-model",
        adapter="",
        epochs=2.0,
        seed=5,
        store_version=3,
        notes=("a note",),
    )
    path = tmp_path / "drill.json"
    path.write_text(dump_drill(drill), encoding="utf-8")
    assert read_drill(path) == drill
    # One of an earlier version does not say how it was made.
    told = json.loads(dump_drill(drill))
    for name in ("model", "adapter", "epochs", "seed", "store_version"):
        del told[name]
    path.write_text(json.dumps(told), encoding="utf-8")
    old = replace(drill, model="", adapter="", epochs=None, seed=0, store_version=None)
    assert read_drill(path) == old
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match=r"this drill cannot be read \(.*Drill"):
        read_drill(path)
