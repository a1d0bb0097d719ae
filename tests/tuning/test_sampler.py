"""The rows of a step are drawn by chance, and those of like length computed together."""

from __future__ import annotations

import random
from statistics import correlation, mean

import pytest

from kilde.tuning.training.sampler import StepSampler

LENGTHS = [random.Random(row).randint(20, 400) for row in range(470)]


def steps(sampler: StepSampler, size: int) -> list[list[int]]:
    order = list(sampler)
    return [order[at : at + size] for at in range(0, len(order), size)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 31, 470])
@pytest.mark.parametrize("step", [1, 2, 8])
def test_every_row_is_seen_once(count: int, step: int) -> None:
    sampler = StepSampler(LENGTHS[:count], step, 0)
    assert sorted(sampler) == list(range(count)) and len(sampler) == count


def test_the_long_rows_of_a_step_come_first() -> None:
    for rows in steps(StepSampler(LENGTHS, 8, 0), 8):
        lengths = [LENGTHS[row] for row in rows]
        assert lengths == sorted(lengths, reverse=True)


def test_long_steps_come_no_sooner_than_short_ones() -> None:
    means = [mean(LENGTHS[row] for row in rows) for rows in steps(StepSampler(LENGTHS, 4, 0), 4)]
    # Else a model learns what was asked a moment ago.
    assert abs(correlation(range(len(means)), means)) < 0.25
    assert abs(correlation(means[:-1], means[1:])) < 0.25


def test_the_order_follows_from_seed_and_epoch() -> None:
    first = StepSampler(LENGTHS, 4, 0)
    assert list(first) == list(StepSampler(LENGTHS, 4, 0)) == list(first)
    assert list(first) != list(StepSampler(LENGTHS, 4, 1))
    first.set_epoch(1)
    other = StepSampler(LENGTHS, 4, 0)
    assert list(first) != list(other)
    other.set_epoch(1)
    assert list(first) == list(other)
