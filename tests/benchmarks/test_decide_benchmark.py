"""What ``decide`` prints is what was measured; a comparison that came to little is told as that."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.decide import PARTS, TRAINING, add_arguments
from benchmarks.deciding import arms, drill
from benchmarks.deciding.facts import drawn, supported, table_supported
from benchmarks.report import Report
from tests.advice import parts
from tests.evaluation.compared import Scripted, made

from kilde import generation
from kilde.evaluation.said import ARMS
from kilde.workspace.comparing import compare


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_only_parts_that_train_are_kept_and_cut_short() -> None:
    for part in PARTS:
        folder = ["folder"] if part == "facts" else []
        assert hasattr(parsed(part, *folder), "max_steps") == (part in TRAINING)
        assert hasattr(parsed(part, *folder), "cache") == (part in TRAINING)


@pytest.mark.parametrize(
    ("value", "width", "significant", "met"),
    [(0.4, 0.1, True, True), (0.4, 0.1, False, False), (-0.4, 0.1, True, False)],
)
def test_an_arm_is_ahead_where_interval_and_p_say_so(
    value: float, width: float, significant: bool, met: bool
) -> None:
    one = parts.difference("task", "rag", "tuned", -value, width=width, significant=significant)
    found = parts.comparison({"rag": 0.6, "tuned": 0.2}, one)
    report = Report("decide facts", arms.COLUMNS)
    arms.ahead(report, found, "rag", "tuned")
    first, second = report.rows
    assert (first.cells["mean"], first.cells["low"]) == (value, pytest.approx(value - width))
    assert second.cells["mean"] == one.p_holm
    assert report.met == met
    assert report.table()
    small = Report("decide facts", arms.COLUMNS)
    arms.ahead(small, found, "rag", "tuned", judged=False)
    assert small.met and not any(row.target for row in small.rows)


def test_arms_that_were_not_both_asked_miss_the_target_and_still_end_in_a_table() -> None:
    found = parts.comparison({"rag": 0.6}, skipped={"tuned": "there is no adapter"})
    report = Report("decide facts", arms.COLUMNS)
    arms.tabled(report, found, ("task",))
    arms.ahead(report, found, "rag", "tuned")
    assert not report.met and "MISSED" in report.table()
    assert "tuned was not asked: there is no adapter" in report.table()


def test_claims_are_held_against_the_documents_of_the_question(
    minilm: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(generation.BACKENDS, "llama_cpp", Scripted)  # type: ignore[arg-type]
    with made(tmp_path / "clinic") as workspace:
        found = supported(workspace, compare(workspace, "clinic", arms=ARMS[:2]))
    # A heading that was said with the sentence below it is no claim of the document.
    assert min(found["rag"].values()) >= 0.5 and set(found["plain"].values()) == {0.0}


@pytest.mark.parametrize(("tuned", "met"), [(0.2, True), (0.9, False)])
def test_more_has_to_be_supported_with_retrieval(tuned: float, met: bool) -> None:
    report = Report("decide facts", arms.COLUMNS)
    shares = {"rag": {str(n): 0.9 - n / 100 for n in range(20)}}
    table_supported(report, shares | {"tuned": dict.fromkeys(shares["rag"], tuned)}, judged=True)
    assert report.met == met
    assert [row.cells["arm"] for row in report.rows] == ["rag", "tuned", "rag - tuned"]


def test_the_drill_is_judged_by_what_retrieval_tells_after_its_work() -> None:
    found = parts.drill(rag=0.95, tuned=0.2)
    skipped = replace(found.costs[0], arm="rag+tuned", skipped="it takes too long")
    found = replace(found, costs=(*found.costs, skipped), notes=("a note",))
    report = Report("decide drill", drill.COLUMNS)
    drill.tabled(report, found)
    assert report.met and len(report.rows) == 4
    assert [row.judged for row in report.rows if row.target] == ["stale"]
    for told in ("break-even at 4.2 rounds", "rag+tuned was not drilled", "a note", "95"):
        assert told in report.table()
    stale = Report("decide drill", drill.COLUMNS)
    drill.tabled(stale, parts.drill(rag=0.5, tuned=0.2, break_even=None))
    assert not stale.met and "no break-even" in stale.table()


def test_no_answer_of_the_test_is_among_what_is_learnt() -> None:
    asked = [{"question": f"Q{n}", "reference": f"A{n // 2}"} for n in range(20)]
    test, rest = drawn(asked, 4, seed=1)
    assert len(test) == 4 and len({one["reference"] for one in test}) == 4
    assert len(rest) == 12
    assert not {one["reference"] for one in rest} & {one["reference"] for one in test}
    assert drawn(asked, 4, seed=1) == (test, rest) != drawn(asked, 4, seed=2)
