"""Rows that also stand in a test: what was trained on cannot be measured with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kilde.tuning.checks.compare import normalised, question, same_talk
from kilde.tuning.checks.duplicates import NearIndex, alike_histories, shingles
from kilde.tuning.checks.findings import Finding, Level, count, listed, place
from kilde.tuning.data.dataset import Dataset
from kilde.tuning.data.rows import Row


@dataclass(frozen=True, slots=True)
class _Asked:
    """A row of a test; ``held`` says that it must not be learnt from on any account."""

    row: Row
    place: str
    held: bool


def check_overlap(
    rows: Sequence[Row], test_rows: Sequence[Row], others: Sequence[Dataset]
) -> Iterator[Finding]:
    """Rows that ask what a row of a test asks: the same words are refused, near ones named.

    The same short question after two different conversations ("And on Fridays?") is another one,
    and only near where the conversations are nearly the same. Test rows of the agent's other
    datasets count as well; but those that were merely set apart from their own rows measure no
    training but that dataset's, so they are only named.
    """
    tests = list(_tests(test_rows, others))
    if not rows or not tests:
        return
    asked: dict[str, list[int]] = {}
    for number, test in enumerate(tests):
        if text := normalised(question(test.row)):
            asked.setdefault(text, []).append(number)
    index = NearIndex()
    for text, numbers in asked.items():
        if tests[numbers[0]].held:
            index.add(numbers[0], shingles(text))
    same: list[tuple[int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    near: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        text = normalised(question(row))
        numbers = asked.get(text, [])
        hit = next(
            (test for test in numbers if same_talk(row.history, tests[test].row.history)), None
        )
        if hit is not None:
            (same if tests[hit].held else elsewhere).append((number, hit))
            continue
        for found, _ in index.near(shingles(text)):
            numbers = [*numbers, *asked[normalised(question(tests[found].row))]]
        hit = next((test for test in numbers if _near_talk(row, tests[test].row)), None)
        if hit is not None:
            near.append((number, hit))

    def tell(kind: str, pairs: list[tuple[int, int]], what: str, hint: str) -> Iterator[Finding]:
        if pairs:
            named = listed([f"{place(rows, row)} and {tests[test].place}" for row, test in pairs])
            level: Level = "refuse" if kind == "test-overlap" else "warn"
            message = f"{count(len(pairs))} ask {what}: {named}."
            yield Finding(kind, level, message, hint, tuple(number for number, _ in pairs))

    yield from tell(
        "test-overlap",
        same,
        "a question of a test",
        "Take them out of the training rows or out of the test; else the test measures memory.",
    )
    yield from tell(
        "other-test-overlap",
        elsewhere,
        "a question that another dataset of the agent is tested with",
        "Do not compare what comes of these rows on that dataset's test: it would measure memory.",
    )
    yield from tell(
        "near-test-overlap",
        near,
        "nearly what a test asks",
        "Read the pairs; where they ask for the same, take one of them out.",
    )


def check_shared(rows: Sequence[Row], test_rows: Sequence[Row]) -> Iterator[Finding]:
    """Documents that rows to learn from and test rows stand on."""
    tested = {name for row in test_rows for name in row.lineage.documents}
    learnt = dict.fromkeys(name for row in rows for name in row.lineage.documents)
    shared = [name for name in learnt if name in tested]
    if shared:
        yield Finding(
            "shared-documents",
            "note",
            f"Rows to learn from and rows to test with are both about {listed(shared)}.",
            "The test also measures what was remembered of these; to leave them out of it, test "
            "with rows about other documents (--test FILE).",
        )


def _near_talk(row: Row, test: Row) -> bool:
    return not row.history or not test.history or alike_histories(row, test)


def _tests(test_rows: Sequence[Row], others: Sequence[Dataset]) -> Iterator[_Asked]:
    """All rows of tests, those that are held to first."""
    for number, row in enumerate(test_rows):
        yield _Asked(row, f"{place(test_rows, number)} of the test", held=True)
    for other in sorted(others, key=lambda one: not one.card.test_file):
        for number, row in enumerate(other.test):
            name = f"{place(other.test, number)} of the test of {other.card.name!r}"
            yield _Asked(row, name, held=bool(other.card.test_file))
