"""Rows beyond a limit: the context in tokens, and the collections of the agent."""

from __future__ import annotations

from typing import Any

import pytest

from kilde.tuning.data.rows import Lineage, Row

from .check_rows import find, row

GOOD = row("When is it open?", "From eight to four.")


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    ("settings", "long"),
    [
        ({"context": 200, "count_tokens": words}, True),
        ({"context": 2000, "count_tokens": words}, False),
        ({"context": 0, "count_tokens": words}, False),
        ({"context": 200}, False),
    ],
)
def test_rows_longer_than_the_context(settings: dict[str, Any], long: bool) -> None:
    rows = [GOOD, row("And all?", "word " * 1000, lineage=Lineage(file="a.jsonl", line=2))]
    found = find(rows, **settings)
    assert ("too-long" in found) is long
    if long:
        assert (found["too-long"].rows, found["too-long"].level) == ((1,), "refuse")
        assert "a.jsonl:2 (1," in found["too-long"].message


def test_the_length_takes_in_instructions_history_and_the_longer_of_two_answers() -> None:
    def long(wordy: Row, **agent: str) -> bool:
        found = find([wordy], context=150, count_tokens=words, agent=agent)
        return "too-long" in found

    many = "word " * 120
    assert not long(row("When?", "Now."))
    assert long(row("When?", "Now."), instructions=many)
    assert long(row("When?", "Now.", history=(many, "Hello.")))
    assert long(row("When?", "Now.", method="dpo", rejected=many))


@pytest.mark.parametrize(
    ("collections", "kinds"),
    [
        (None, {"lineage-broken": (3,)}),
        (["health", "leisure"], {"lineage-broken": (3,)}),
        (["health"], {"outside-collections": (1, 2), "lineage-broken": (3,)}),
        ([], {"outside-collections": (0, 1, 2), "lineage-broken": (3,)}),
    ],
)
def test_scope(collections: list[str] | None, kinds: dict[str, tuple[int, ...]]) -> None:
    homes = {"flu": "health", "swim": "leisure"}
    names: list[tuple[str, ...]] = [("flu",), ("swim",), ("flu", "swim"), ("gone",), ()]
    rows = [
        row(f"What of {n}?", f"See page {n}.", lineage=Lineage(documents=documents))
        for n, documents in enumerate(names)
    ]
    found = find(rows, collection_of=homes.get, agent={"collections": collections})
    scope = {
        name: finding.rows
        for name, finding in found.items()
        if name in ("outside-collections", "lineage-broken")
    }
    assert scope == kinds
    assert found["lineage-broken"].level == ("warn" if collections is None else "refuse")
    if "outside-collections" in found:
        assert found["outside-collections"].level == "refuse"
        assert "swim in leisure" in found["outside-collections"].message


def test_scope_binds_what_was_merely_read() -> None:
    read = [row("What?", "This.", lineage=Lineage(("flu",), read=("swim",)))]
    homes = {"flu": "health", "swim": "leisure"}
    found = find(read, collection_of=homes.get, agent={"collections": ["health"]})
    assert found["outside-collections"].rows == (0,)
