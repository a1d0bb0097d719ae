"""Of near-equal passages the one of the newer document comes first, and the older one names it."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.newer import newest_first
from kilde.knowledge.search import Scope
from kilde.types import Document, Hit

PRICES = "Parking at the harbour costs {} kroner an hour. Pay in the app or at the machine."
QUESTION = "What does parking at the harbour cost?"


def document(
    name: str, text: str, title: str = "", collection: str = "town", **metadata: str | date
) -> Document:
    return Document.from_text(
        text, id=name, title=title, language="en", collection=collection, metadata=metadata
    )


def found(base: KnowledgeBase, question: str = QUESTION) -> list[Hit]:
    hits = base.search(question)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    return hits


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            document("prices-2025.md", PRICES.format(20)),
            document("prices-2026.md", PRICES.format(25)),
            "2026",
        ),
        (
            document("prices 2024-2025.md", PRICES.format(20)),
            document("prices 2025/26.md", PRICES.format(25)),
            "2025/26",
        ),
        (
            document("minutes 2026-03.md", PRICES.format(20)),
            document("minutes 2026-04.md", PRICES.format(25)),
            "2026-04",
        ),
        (
            document("a.md", PRICES.format(20), "Prices, 1.12.2025"),
            document("b.md", PRICES.format(25), "Prices, 1.2.2026"),
            "2026-02-01",
        ),
        (
            document("2025/prices.md", PRICES.format(20), "Prices"),
            document("2026/prices.md", PRICES.format(25), "Prices"),
            "2026",
        ),
        (
            document("prices_v9.md", PRICES.format(20)),
            document("prices_v10.md", PRICES.format(25)),
            "version 10",
        ),
        (
            document("prices.md", PRICES.format(20)),
            document("prices-new.md", PRICES.format(25)),
            "new",
        ),
        (
            document("Takster (gammel).md", PRICES.format(20)),
            document("Takster.md", PRICES.format(25)),
            "",
        ),
        (
            document("a.md", PRICES.format(20), "Prices", Date=date(2025, 3, 1)),
            document("b.md", PRICES.format(25), "Prices", Date=date(2026, 3, 1)),
            "2026-03-01",
        ),
        (
            document("prices.md", PRICES.format(20), "Prices", updated="2025-03-01"),
            document("prices (1).md", PRICES.format(25), "", updated="2026-03-01"),
            "2026-03-01",
        ),
        (
            document("a.md", f"From 1 May 2025: {PRICES.format(2049)}", "Prices"),
            document("b.md", f"From 1 May 2026: {PRICES.format(1999)}", "Prices"),
            "2026",
        ),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_the_newer_version_comes_first(
    base: KnowledgeBase, old: Document, new: Document, shown: str, reverse: bool
) -> None:
    base.add_documents([new, old] if reverse else [old, new])
    first, second = found(base)
    assert [first.document.id, second.document.id] == [new.id, old.id]
    assert first.newer is None
    assert second.newer is not None
    assert (second.newer.document.id, second.newer.date) == (new.id, shown)


def test_all_older_versions_name_the_newest(base: KnowledgeBase) -> None:
    base.add_documents(
        [document(f"prices-{year}.md", PRICES.format(year - 2000)) for year in (2026, 2024, 2025)]
    )
    hits = found(base)
    assert hits[0].document.id == "prices-2026.md"
    assert {hit.newer and hit.newer.document.id for hit in hits[1:]} == {"prices-2026.md"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Nothing says which is newer.
        (
            document("a.md", PRICES.format(20), "Prices"),
            document("b.md", PRICES.format(25), "Prices"),
        ),
        # A price is no year.
        (
            document("a.md", PRICES.format("2025"), "Prices"),
            document("b.md", PRICES.format("2026"), "Prices"),
        ),
        # Pages of two places made from one template.
        (
            document("north-2025.md", PRICES.format(20)),
            document("south-2026.md", PRICES.format(25)),
        ),
        # Called alike, but they say other things.
        (
            document("news-2025.md", PRICES.format(20)),
            document("news-2026.md", "The harbour gets a new crane this summer, says the mayor."),
        ),
    ],
)
def test_what_is_no_newer_version(base: KnowledgeBase, one: Document, other: Document) -> None:
    base.add_documents([one, other])
    assert [hit.newer for hit in found(base)] == [None, None]


def test_a_question_about_the_past_is_answered_from_it(base: KnowledgeBase) -> None:
    base.add_documents(
        [document(f"prices-{year}.md", PRICES.format(year - 2000)) for year in (2025, 2026)]
    )
    first = found(base, "What did parking at the harbour cost in 2025?")[0]
    assert (first.document.id, first.newer) == ("prices-2025.md", None)


def test_a_newer_version_outside_the_scope_is_not_named(base: KnowledgeBase) -> None:
    base.add_documents(
        [
            document("prices-2025.md", PRICES.format(20)),
            document("prices-2026.md", PRICES.format(25), collection="secret"),
        ]
    )
    (hit,) = base.scoped(Scope(frozenset({"town"}))).search(QUESTION)
    assert hit.newer is None


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_the_file_that_was_changed_later_is_newer_where_nothing_else_tells(
    base: KnowledgeBase, root: Path, order: tuple[str, str]
) -> None:
    for name, price, day in zip(order, (20, 25), (1, 9), strict=True):
        path = root / "docs" / f"{name}.md"
        path.write_text(f"# Prices\n\n{PRICES.format(price)}\n")
        changed = datetime(2026, 3, day, 12, tzinfo=UTC)
        os.utime(path, (changed.timestamp(), changed.timestamp()))
    base.add([root / "docs"])
    assert base.document(f"docs/{order[1]}.md").modified == changed
    first, second = found(base)
    assert first.document.id == f"docs/{order[1]}.md"
    assert second.newer is not None and second.newer.date == "2026-03-09"


def test_what_was_stored_later_is_newer_where_nothing_else_tells(base: KnowledgeBase) -> None:
    one = document("a.md", PRICES.format(20), "Prices")
    other = document("b.md", PRICES.format(25), "Prices")
    base.add_documents([one, other])
    view = base._store.latest()
    assert view is not None
    moment = datetime.now(UTC) - timedelta(days=40)
    where = {"where": "document_id = 'b.md'", "values": {"added_at": moment}}
    view._table.checkout_latest()
    view._table.update(**where)
    fresh = base._store.latest()
    assert fresh is not None
    hits = newest_first(base.search(QUESTION), fresh, "true", ["parking"])
    assert [hit.document.id for hit in hits] == ["a.md", "b.md"]
    assert hits[1].newer is not None and hits[1].newer.document.id == "a.md"
