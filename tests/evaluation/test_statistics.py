"""Intervals, tests and plans, against figures that are known and against chance itself."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from benchmarks.deciding.statistics import covered, false_claims, found_means, found_shares

from kilde.evaluation.statistics import (
    MCNEMAR,
    PERMUTATION,
    holm,
    interval,
    paired_test,
    permutation_p,
    rank_p,
)
from kilde.evaluation.statistics_power import (
    MOST,
    least_mean,
    least_share,
    mcnemar_power,
    pairs_for_mean,
    pairs_for_share,
)

HEADLINE = 0.05 * 0.8 / 6  # the level of one pair of four arms


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_twenty_of_twenty_do_not_claim_that_all_are_right() -> None:
    # Wilson: 20 / (20 + 1.96²)
    found = interval([1.0] * 20, bounds=(0, 1))
    assert found is not None
    assert found.low == pytest.approx(20 / (20 + 1.959964**2), abs=1e-6)
    assert found.high == pytest.approx(1.0)


def test_pairs_without_a_difference_do_not_claim_that_there_is_none() -> None:
    found = interval([0.0] * 20, bounds=(-1, 1))
    assert found is not None
    assert -0.2 < found.low < -0.05
    assert found.high == -found.low


@pytest.mark.parametrize("value", [0.0, 0.5, 0.4])
def test_values_that_are_all_the_same_leave_room_within_their_bounds(value: float) -> None:
    found = interval([value] * 10, bounds=(0, 1))
    assert found is not None
    assert 0 <= found.low <= value < found.high <= 1
    assert interval([value] * 10) is not None
    assert interval([value], bounds=(0, 1)) is None
    assert interval([], bounds=(0, 1)) is None


def test_a_bootstrap_is_near_the_t_interval_where_that_is_right() -> None:
    data = np.random.default_rng(1).normal(3, 1, 200)
    found = interval(data.tolist())
    assert found is not None
    half = 1.972 * data.std(ddof=1) / math.sqrt(200)
    assert found.low == pytest.approx(data.mean() - half, abs=0.02)
    assert found.high == pytest.approx(data.mean() + half, abs=0.02)
    assert found == interval(data.tolist())


def test_the_median_is_bounded_despite_one_huge_value() -> None:
    found = interval([1.0, 1.1, 1.2, 1.3, 1.4, 1.2, 1.1, 900.0], median=True)
    assert found is not None
    assert found.low >= 1
    assert found.high < 2


def test_mcnemar_looks_at_the_pairs_that_differ() -> None:
    first, second = [1.0] * 50 + [0.0] * 8, [1.0] * 50 + [1.0] * 7 + [0.0]
    p, test = paired_test(first, second)
    assert (p, test) == (pytest.approx(2 / 2**7), MCNEMAR)
    assert paired_test([1.0] * 9, [1.0] * 9) == (1.0, MCNEMAR)
    assert paired_test([], []) == (1.0, MCNEMAR)


def test_few_pairs_are_flipped_in_every_way() -> None:
    p, test = paired_test([0.1, 0.2, 0.3, 0.4, 0.5], [0.3, 0.5, 0.9, 0.6, 0.7])
    assert (p, test) == (pytest.approx(2 / 2**5), PERMUTATION)
    assert permutation_p([0.5]) == 1.0
    assert permutation_p([0.0] * 40) == 1.0


def test_many_pairs_get_a_p_that_holm_can_use() -> None:
    # With one of 9,999 resamples as the least, 120 metrics and arms could never be significant.
    p = permutation_p([0.2 + (at % 7) / 10 for at in range(60)])
    assert 0 < p < 1e-4
    drawn = np.random.default_rng(3).normal(0.25, 1, 60)
    t = drawn.mean() / drawn.std(ddof=1) * math.sqrt(60)
    about = math.erfc(t / math.sqrt(2))
    assert permutation_p(drawn.tolist()) == pytest.approx(about, rel=0.25)


def test_one_slow_answer_does_not_hide_what_the_others_show() -> None:
    differences = [-500.0, *[0.2 + at / 100 for at in range(30)]]
    assert permutation_p(differences) > 0.5
    assert rank_p(differences) < 0.001
    assert rank_p([0.0] * 20) == rank_p([0.4]) == rank_p([]) == 1.0


def test_holm_is_holms_and_takes_its_share() -> None:
    # Holm by hand: 3 · .01, then the greater of that and 2 · .02, then 1 · .04.
    assert holm([0.01, 0.04, 0.02]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.01, 0.04, 0.02], 0.5) == pytest.approx([0.06, 0.08, 0.08])
    assert holm([0.5, 0.9], 0.2) == [1.0, 1.0]
    assert holm([]) == []


def test_mcnemars_power_is_that_of_all_outcomes_counted() -> None:
    # All six must differ and go one way, for 2 · 0.5⁶ is the first p below 0.05.
    assert mcnemar_power(6, 0.9, 0.6, 0.05) == pytest.approx(0.75**6 + 0.15**6)
    assert mcnemar_power(5, 1.0, 1.0, 0.05) == 0
    assert mcnemar_power(0, 0.5, 0.1, 0.05) == 0
    assert mcnemar_power(100, 0.0, 0.0, 0.05) == 0


@pytest.mark.parametrize("level", [0.05, HEADLINE, 0.01 / 114])
def test_more_pairs_find_less_and_too_few_find_nothing(level: float) -> None:
    shares = [least_share(pairs, pairs // 5, level) for pairs in (30, 100, 1000)]
    values = [least_mean(pairs, 0.4, level) for pairs in (30, 100, 1000)]
    for found in (shares, values):
        assert None not in found
        assert found == sorted(found, key=lambda least: -(least or 0))
    for pairs in range(5):
        assert least_share(pairs, pairs, level) is None
        assert least_mean(pairs, 0.4, level) is None


def test_what_is_needed_finds_what_was_measured_and_one_less_does_not() -> None:
    needed = pairs_for_share(0.3, 0.1, HEADLINE)
    assert needed is not None
    assert mcnemar_power(needed, 0.3, 0.1, HEADLINE) >= 0.8
    # Near (2.71 + 0.84)² (0.3 - 0.1²) / 0.1² of the normal approximation, and a little more.
    assert needed == pytest.approx(12.6 * 29, rel=0.2)
    # The other plan takes the measured spread as it is, this one a little more of it.
    pairs = pairs_for_mean(0.4, 0.1, HEADLINE)
    assert pairs == pytest.approx(13.4 * 16, rel=0.05)
    assert pairs is not None
    assert least_mean(pairs, 0.4, HEADLINE) == pytest.approx(0.1, rel=0.05)


def test_no_more_than_so_many_questions_are_advised() -> None:
    assert pairs_for_share(0.3, 0.001, HEADLINE) is None
    assert pairs_for_mean(1.0, 0.001, HEADLINE) is None
    largest = pairs_for_mean(1.0, 0.02, HEADLINE)
    assert largest is not None
    assert largest < MOST


def test_equal_arms_are_called_equal() -> None:
    # Without Holm about half of these comparisons, of 30 differences each, would claim one.
    assert false_claims("equal", 24, 60, seed=2) <= 0.05


@pytest.mark.parametrize("discordance", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("questions", [30, 100])
def test_a_difference_of_shares_is_found_as_stated(discordance: float, questions: int) -> None:
    share = found_shares(discordance, questions, 1500, seed=5)
    # At more than that, less could have been stated.
    assert 0.8 <= share <= 0.92


def test_a_difference_of_means_is_found_as_stated() -> None:
    assert 0.8 <= found_means("F1", 20, 100, seed=6) <= 0.95


def test_the_interval_of_a_rare_difference_holds_it() -> None:
    # A bootstrap's holds it in three of four cases.
    assert covered(0.08, 0.025, 30, 400, seed=7) >= 0.93
