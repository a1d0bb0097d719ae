"""Metrics against numbers worked out by hand."""

from __future__ import annotations

import json
import math

import pytest
from benchmarks.answers import Outcome, Question, holds, sample, summary
from benchmarks.metrics import bootstrap, mean, ndcg, percentile, precision_recall_f1, recall
from benchmarks.report import Report, Target, to_json
from benchmarks.retrieval import by_document


def test_ndcg_discounts_by_the_logarithm_of_the_rank() -> None:
    assert ndcg(["a"], {"a": 1}) == 1.0
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(0.63093, abs=1e-5)
    # Gains 0, 2, 1 where 2, 1 would be best: (2/log2 3 + 1/log2 4) / (2 + 1/log2 3).
    expected = (2 / math.log2(3) + 1 / 2) / (2 + 1 / math.log2(3))
    assert ndcg(["x", "b", "a"], {"a": 1, "b": 2}) == pytest.approx(expected)


def test_ndcg_looks_no_deeper_than_asked() -> None:
    assert ndcg(["x"] * 10 + ["a"], {"a": 1}) == 0.0
    # More relevant documents than places: filling the places is perfect.
    assert ndcg(["a", "b"], {"a": 1, "b": 1, "c": 1}, depth=2) == 1.0


def test_recall_counts_relevant_documents_once() -> None:
    assert recall(["a", "x"], {"a": 1, "b": 1, "c": 0}) == 0.5
    assert recall(["x", "a"], {"a": 1}, depth=1) == 0.0


def test_percentile_interpolates() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([10.0], 95) == 10.0
    assert percentile([0.0, 10.0], 95) == pytest.approx(9.5)
    assert math.isnan(percentile([], 50))


def test_bootstrap_is_repeatable_and_holds_the_mean() -> None:
    values = [0.0, 1.0] * 50
    low, high = bootstrap(values)
    assert (low, high) == bootstrap(values)
    assert low < mean(values) < high
    # Standard error of a share of 0.5 among 100: 0.05, so about 0.4 … 0.6.
    assert low == pytest.approx(0.4, abs=0.02)
    assert high == pytest.approx(0.6, abs=0.02)
    assert bootstrap([0.3] * 10) == (pytest.approx(0.3), pytest.approx(0.3))


def test_precision_recall_f1() -> None:
    found = precision_recall_f1([True, True, True, False], [True, False, False, True])
    assert found == (pytest.approx(1 / 3), 0.5, pytest.approx(0.4))
    assert precision_recall_f1([False], [True]) == (0.0, 0.0, 0.0)


def test_a_document_ranks_where_its_best_passage_does() -> None:
    assert by_document(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "phrases", "expected"),
    [
        ("Frankrig, siger de.", ["frankrig"], True),
        ("Normandiet ligger i nord", ["Normandi"], True),
        ("Der var 1948 deltagere", ["19"], False),
        ("Der var 19 deltagere", ["19"], True),
        ("Storkøbenhavn", ["København"], False),
        ("Alt", [""], False),
    ],
)
def test_a_gold_phrase_is_found_as_words(text: str, phrases: list[str], expected: bool) -> None:
    assert holds(text, phrases) is expected


def test_the_sample_is_drawn_from_each_split_and_is_repeatable() -> None:
    records = [
        {"question": f"{split} {n}", "answers": ["x", ""], "is_impossible": n % 2 == 1}
        | {"split": split}
        for split in ("dev", "test")
        for n in range(20)
    ]
    drawn = sample(records, 5, 3, seed=1)
    assert drawn == sample(records, 5, 3, seed=1)
    assert drawn != sample(records, 5, 3, seed=2)
    assert list(drawn) == ["dev", "test"]
    for split, questions in drawn.items():
        assert len(set(questions)) == 8
        assert [question.gold for question in questions] == [("x",)] * 5 + [()] * 3
        assert all(question.text.startswith(split) for question in questions)
    assert Question("q", ()) != Question("q", ("x",))


def test_answers_are_summed_up_over_the_questions_they_belong_to() -> None:
    found = summary(
        [
            Outcome(True, False, right=True, found=True, cited=(True, False), seconds=1.0),
            Outcome(True, True, right=False, found=True, cited=(), seconds=3.0),
            Outcome(False, True, right=False, found=False, cited=(), seconds=2.0),
        ]
    )
    assert found["gold in answer"] == 0.5
    assert found["gold in hits"] == 1.0
    assert found["citations with gold"] == 0.5
    assert found["gold in cited span"] == 0.5
    assert (found["abstain P"], found["abstain R"]) == (0.5, 1.0)
    assert found["p50 s"] == 2.0


def test_a_report_judges_its_targets() -> None:
    report = Report("test", ("name", "value"))
    report.add({"name": "good", "value": 0.9}, Target(">=", 0.9), "value")
    report.add({"name": "unjudged", "value": 5})
    assert report.met
    report.add({"name": "missing", "value": None}, Target("<=", 1), "value")
    assert not report.met
    assert [row.met for row in report.rows] == [True, None, False]
    lines = report.table().splitlines()
    assert lines[2].endswith("≥ 0.9   pass")
    assert lines[4].endswith("MISSED")
    kept = json.loads(to_json(report))
    assert kept["rows"][0]["target"] == {
        "judged": "value",
        "relation": ">=",
        "bound": 0.9,
        "met": True,
    }
    assert kept["met"] is False
    assert kept["environment"]["cpus"] >= 1
