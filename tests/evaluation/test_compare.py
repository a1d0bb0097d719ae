"""From raw answers to judged differences, with metrics of the test's own."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple

import numpy as np
import pytest

from kilde.errors import EvaluationError
from kilde.evaluation.compare import differences, judged, means, scored
from kilde.evaluation.comparison import Difference, Mean, Scored
from kilde.evaluation.metric import Metric, Setting, Unit
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def metric(name: str, unit: Unit = "share") -> Metric:
    """A metric whose score of an answer is what the test wrote in ``failed``."""

    def read(_question: Question, said: Said, _setting: Setting) -> Score:
        return Score(float(said.failed) if said.failed else None, f"sample {said.sample}")

    return Metric(name, read, "as written", unit=unit)


def table(*metrics: Metric) -> Mapping[str, Metric]:
    return {one.name: one for one in metrics}


def scores(name: str, arms: Mapping[str, Sequence[float | None]]) -> list[Scored]:
    return [
        Scored(arm, f"q{at}", name, value)
        for arm, values in arms.items()
        for at, value in enumerate(values)
    ]


def said(arm: str, question: Question, sample: int, value: str) -> Said:
    return Said(arm, question.id, sample, None, 1.0, failed=value)


TASK, F1 = metric("task"), metric("f1")
QUESTIONS = tuple(Question(f"What is {at}?") for at in range(3))


def test_samples_are_averaged_and_the_unscored_are_left_out() -> None:
    one, two, three = QUESTIONS
    found = scored(
        QUESTIONS,
        [
            said("tuned", one, 0, "1"),
            said("plain", two, 1, "0.5"),
            said("plain", two, 0, ""),
            said("plain", one, 0, "1"),
            said("plain", one, 1, "0"),
            said("plain", three, 0, ""),
            said("plain", two, 2, "nan"),
        ],
        Setting(),
        table(TASK),
    )
    assert found == (
        Scored("plain", one.id, "task", 0.5, "sample 0"),
        Scored("plain", two.id, "task", 0.5, "sample 1"),
        Scored("plain", three.id, "task", None, "sample 0"),
        Scored("tuned", one.id, "task", 1.0, "sample 0"),
    )


def test_an_answer_to_a_question_of_another_test_is_refused() -> None:
    with pytest.raises(EvaluationError, match="plain"):
        scored(QUESTIONS, [said("plain", Question("Else?"), 0, "1")], Setting(), table(TASK))


def test_means_count_what_was_not_scored() -> None:
    rows = scores("task", {"rag": [1, 0, 1, None], "plain": [None, None, None, None]})
    plain, rag = means(rows, table(TASK))
    assert plain == Mean("plain", "task", 0, 4, None, None, None)
    assert (rag.arm, rag.questions, rag.unscored) == ("rag", 3, 1)
    assert rag.value == pytest.approx(2 / 3)
    assert rag.low is not None
    assert rag.high is not None
    assert 0 < rag.low < 2 / 3 < rag.high < 1


def test_times_have_their_median_and_95th_percentile() -> None:
    rows = scores("seconds", {"plain": [1.0] * 10 + [2.0] * 9 + [100.0]})
    (found,) = means(rows, table(metric("seconds", "seconds")))
    assert found.value == 1.5
    assert found.high_end == pytest.approx(6.9)
    assert means(scores("task", {"plain": [1.0, 0.5]}), table(TASK))[0].high_end is None


def test_one_question_says_nothing_of_spread() -> None:
    (found,) = means(scores("task", {"plain": [1.0]}), table(TASK))
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_a_large_difference_is_significant_and_needs_no_more() -> None:
    rows = scores("task", {"rag": [1.0] * 40, "plain": [0.0] * 30 + [1.0] * 10})
    (found,) = differences(rows, table(TASK))
    assert (found.a, found.b, found.pairs, found.value) == ("plain", "rag", 40, 0.75)
    assert (found.test, found.significant, found.needed) == ("exact McNemar", True, None)
    assert found.p == found.p_holm == pytest.approx(2 / 2**30)
    assert found.low is not None
    assert found.detectable is not None
    assert 0.5 < found.low < 0.75
    assert 0 < found.detectable < 0.5


def test_a_small_difference_says_how_many_questions_would_settle_it() -> None:
    plain = [0.0, 1.0, 1.0, 0.0] * 10
    rag = [1.0, 0.0, *plain[2:-2], 1.0, 1.0]
    (found,) = differences(scores("task", {"plain": plain, "rag": rag}), table(TASK))
    assert found.value == pytest.approx(0.025)
    assert not found.significant
    assert found.needed is not None
    assert found.needed > 500
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_pairs_are_the_questions_that_both_were_scored_on() -> None:
    rows = scores("f1", {"plain": [0.1, None, 0.3, 0.4], "rag": [0.2, 0.9, None, 0.6]})
    (found,) = differences(rows, table(F1))
    assert (found.pairs, found.value) == (2, pytest.approx(0.15))
    assert found.test == "paired permutation"


def test_the_difference_of_times_is_the_median_of_the_pairs() -> None:
    plain = [1.0 + at / 100 for at in range(30)]
    rag = [value + 2 for value in plain]
    rag[0] = 500.0  # the model was being loaded
    rows = scores("seconds", {"plain": plain, "rag": rag})
    (found,) = differences(rows, table(metric("seconds", "seconds")))
    assert found.value == pytest.approx(2.0)
    assert found.high == pytest.approx(2.0)
    assert found.significant


@pytest.mark.parametrize("unit", ["share", "seconds", "tokens"])
@pytest.mark.parametrize(
    ("plain", "rag"),
    [
        ([], []),
        ([None], [None]),
        ([1.0], [None]),
        ([1.0], [0.0]),
        ([0.3], [0.8]),
        ([0.3, 0.4], [0.8, 0.2]),
        ([1.0] * 20, [1.0] * 20),
        ([0.0] * 20, [1.0] * 20),
        ([0.3] * 20, [0.3] * 20),
        ([0.3] * 20, [0.4] * 20),
        ([0.3] * 19 + [0.4], [0.3] * 20),
        ([math.nan, 0.2, math.inf], [0.1, 0.2, 0.3]),
    ],
)
def test_nothing_odd_comes_of_odd_data(
    unit: Unit, plain: list[float | None], rag: list[float | None]
) -> None:
    one = table(metric("task", unit), metric("other", unit))
    rows = scores("task", {"plain": plain, "rag": rag}) + scores("other", {"rag": rag})
    found: list[Mean | Difference] = [*means(rows, one), *differences(rows, one)]
    for row in found:
        for value in astuple(row):
            assert not isinstance(value, float) or math.isfinite(value), row
    for row in differences(rows, one):
        if row.pairs == 0:
            assert (row.value, row.p, row.p_holm, row.significant) == (None, None, None, False)
        if row.low is not None and row.value is not None and row.high is not None:
            assert row.low <= row.value <= row.high
        if row.value == 0:
            assert row.needed is None


def test_other_metrics_do_not_make_the_headline_harder_to_settle() -> None:
    alone = judged([("task", 0.012)])
    among = judged([("task", 0.012), *[("other", 0.5)] * 200])
    assert alone[0] == (0.012, 0.05)
    assert among[0] == (pytest.approx(0.015), pytest.approx(0.04))


def test_arms_are_not_compared_by_memory_which_they_share() -> None:
    rows = scores("memory", {"plain": [5.0] * 9, "rag": [6.0] * 9})
    assert [one.value for one in means(rows, table(metric("memory", "bytes")))] == [5.0, 6.0]
    assert differences(rows, table(metric("memory", "bytes"))) == ()


def test_both_families_together_have_five_per_cent() -> None:
    tests = [*[("task", 0.001)] * 6, ("seconds", None), *[("a", 0.0001), ("b", 0.5)] * 3]
    found = judged(tests)
    assert 6 not in found
    assert sum(level for _, level in found.values()) == pytest.approx(0.05)
    assert found[0][0] == pytest.approx(6 * 0.001 / 0.8)
    assert found[7][0] == pytest.approx(6 * 0.0001 / 0.2)


def test_a_comparison_of_four_arms_is_the_same_whenever_it_is_made() -> None:
    rng = np.random.default_rng(0)
    easy = rng.normal(size=40)
    arms = ("rag+tuned", "tuned", "rag", "plain")
    f1 = {arm: np.clip(easy + rng.normal(size=40), 0, 1).round(3).tolist() for arm in arms}
    rows = scores("f1", f1)
    rows += scores("task", {arm: [float(v > 0.5) for v in values] for arm, values in f1.items()})
    found = differences(rows, table(TASK, F1))
    assert [(one.a, one.b) for one in found[:6]] == [
        ("plain", "rag"),
        ("plain", "tuned"),
        ("plain", "rag+tuned"),
        ("rag", "tuned"),
        ("rag", "rag+tuned"),
        ("tuned", "rag+tuned"),
    ]
    assert found == differences(rows, table(TASK, F1))
    assert all((one.p_holm or 0) >= (one.p or 0) for one in found)
    assert not any(one.significant for one in found)
    assert all(one.detectable and one.needed != 40 for one in found)
