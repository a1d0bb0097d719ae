"""Rows of like length are computed together, in an order that is otherwise chance."""

from __future__ import annotations

import random
from statistics import correlation

import pytest

from kilde.tuning.training.sampler import LikeLengths

LENGTHS = [random.Random(row).randint(20, 400) for row in range(470)]


def groups(sampler: LikeLengths, at_once: int) -> list[list[int]]:
    order = list(sampler)
    return [order[at : at + at_once] for at in range(0, len(order), at_once)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 31, 470])
@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_every_row_is_seen_once(count: int, at_once: int) -> None:
    sampler = LikeLengths(LENGTHS[:count], at_once, 0)
    assert sorted(sampler) == list(range(count)) and len(sampler) == count


def test_rows_of_a_group_are_alike_and_groups_come_by_chance() -> None:
    def spread(rows: list[int]) -> int:
        found = [LENGTHS[row] for row in rows]
        return max(found) - min(found)

    grouped = groups(LikeLengths(LENGTHS, 4, 0), 4)
    by_chance = [list(range(at, at + 4)) for at in range(0, 468, 4)]
    assert sum(map(spread, grouped)) < sum(map(spread, by_chance)) / 3
    # Long rows come no sooner than short ones: else a model learns what was asked a moment ago.
    means = [sum(LENGTHS[row] for row in group) / len(group) for group in grouped]
    assert abs(correlation(range(len(means)), means)) < 0.25
    assert abs(correlation(means[:-1], means[1:])) < 0.25


def test_the_order_follows_from_seed_and_epoch() -> None:
    first = LikeLengths(LENGTHS, 4, 0)
    assert list(first) == list(LikeLengths(LENGTHS, 4, 0)) == list(first)
    assert list(first) != list(LikeLengths(LENGTHS, 4, 1))
    first.set_epoch(1)
    other = LikeLengths(LENGTHS, 4, 0)
    assert list(first) != list(other)
    other.set_epoch(1)
    assert list(first) == list(other)
