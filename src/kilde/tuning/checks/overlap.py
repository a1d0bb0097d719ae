"""Rows that also stand in the test: what was trained on cannot be measured with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilde.tuning.checks.compare import normalised, question, turns
from kilde.tuning.checks.duplicates import NearIndex, shingles
from kilde.tuning.checks.findings import Finding, count, listed, place
from kilde.tuning.data.rows import Row


def check_overlap(rows: Sequence[Row], test_rows: Sequence[Row]) -> Iterator[Finding]:
    """Rows that ask what a row of the test asks: the same words are refused, near ones named.

    The same short question in two different conversations ("And on Fridays?") is only near.
    """
    if not rows or not test_rows:
        return
    asked: dict[str, list[int]] = {}
    for number, row in enumerate(test_rows):
        if text := normalised(question(row)):
            asked.setdefault(text, []).append(number)
    index = NearIndex()
    for text, numbers in asked.items():
        index.add(numbers[0], shingles(text))
    same: list[tuple[int, int]] = []
    near: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        text = normalised(question(row))
        tests = asked.get(text, [])
        hit = next((test for test in tests if _one_talk(row, test_rows[test])), None)
        if hit is not None:
            same.append((number, hit))
        elif tests:
            near.append((number, tests[0]))
        elif found := next(index.near(shingles(text)), None):
            near.append((number, found[0]))
    if same:
        yield Finding(
            "test-overlap",
            "refuse",
            f"{count(len(same))} ask a question of the test: {_pairs(rows, test_rows, same)}.",
            "Take them out of the training rows or out of the test; else the test measures memory.",
            tuple(number for number, _ in same),
        )
    if near:
        yield Finding(
            "near-test-overlap",
            "warn",
            f"{count(len(near))} ask nearly what the test asks: {_pairs(rows, test_rows, near)}.",
            "Read the pairs; where they ask for the same, take one of them out.",
            tuple(number for number, _ in near),
        )


def _one_talk(row: Row, test: Row) -> bool:
    histories = turns(row.history), turns(test.history)
    return not all(histories) or histories[0] == histories[1]


def _pairs(rows: Sequence[Row], test_rows: Sequence[Row], pairs: Sequence[tuple[int, int]]) -> str:
    return listed(
        [f"{place(rows, row)} and {place(test_rows, test)} of the test" for row, test in pairs]
    )
