"""Equal passages of several documents count once in a search, and all their documents are named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.scoped import ScopedKnowledge
from kilde.knowledge.search import DEPTH, Scope
from kilde.types import Document, Hit

from .conftest import Open
from .parts import sections

PARKING = "Parking at the harbour costs 20 kroner an hour. Pay in the app EasyPark."


def document(name: str, text: str = PARKING, collection: str = "town", **more: str) -> Document:
    more = {"language": "en", **more}
    return Document.from_text(text, id=name, collection=collection, **more)  # type: ignore[arg-type]


def names(hit: Hit) -> list[str]:
    return [ref.id for ref in hit.duplicates]


def test_copies_are_one_hit_that_names_them_all(base: KnowledgeBase) -> None:
    base.add_documents(
        [
            *(document(f"copy{number:02}") for number in range(12)),
            # White space and titles do not matter.
            document("copy12", PARKING.replace(". ", ".\n"), title="Leaflet"),
            *(document(f"other{n}", f"Parking behind house {n} is free.") for n in range(9)),
        ]
    )
    hits = base.search("What does parking at the harbour cost?", limit=10)
    assert len(hits) == 10
    (found,) = [hit for hit in hits if "EasyPark" in hit.passage.text]
    assert sorted([found.document.id, *names(found)]) == [f"copy{n:02}" for n in range(13)]
    assert [ref.id for ref in found.documents] == [found.document.id, *names(found)]
    assert all(names(hit) == [] for hit in hits if hit is not found)


def test_more_copies_than_a_search_reads_leave_room_for_others(base: KnowledgeBase) -> None:
    base.add_documents(
        [
            *(
                document(f"page{number}", "Parking office: call 33 12.")
                for number in range(3 * DEPTH)
            ),
            *(document(f"other{n}", f"A remark on parking and garden {n}.") for n in range(5)),
        ]
    )
    hits = base.search("parking office call", limit=6)
    assert len(hits) == 6
    assert len(hits[0].duplicates) > DEPTH


def test_only_copies_within_the_scope_are_named(base: KnowledgeBase) -> None:
    base.add_documents(
        [document("a"), document("b"), document("closed", collection="secret")],
    )
    scoped = base.scoped(Scope(frozenset({"town"})))
    (hit,) = scoped.search("What does parking cost?")
    assert [ref.id for ref in hit.documents] == ["a", "b"]
    (hit,) = scoped.search("What does parking cost?", without=frozenset({"a"}))
    assert [ref.id for ref in hit.documents] == ["b"]


def test_what_was_closed_since_is_no_duplicate_in_a_past_state(base: KnowledgeBase) -> None:
    base.add_documents([document("a"), document("b")])
    base.tag("v1")
    base.add_documents(document("b", collection="secret"))
    scoped = base.scoped(Scope(frozenset({"town"})))
    (hit,) = scoped.search("What does parking cost?", as_of="v1")
    assert [ref.id for ref in hit.documents] == ["a"]


def test_rows_are_copies_only_under_the_same_headings(base: KnowledgeBase, root: Path) -> None:
    for year in (2025, 2026):
        path = root / "docs" / f"prices{year}.csv"
        path.write_text("service;price\nsauna;50\nswimming;40\n")
    (root / "docs" / "rooms.md").write_text(
        "# Room A\n\n| Day | Price |\n|---|---|\n| Monday | 77 |\n| Friday | 88 |\n\n"
        "# Room B\n\n| Day | Price |\n|---|---|\n| Monday | 77 |\n| Friday | 99 |\n"
    )
    base.add([root / "docs"])
    (row,) = [hit for hit in base.search("sauna price") if "sauna" in hit.passage.text]
    assert sorted(ref.id for ref in row.documents) == ["docs/prices2025.csv", "docs/prices2026.csv"]
    mondays = [hit for hit in base.search("price on Monday") if "77" in hit.passage.text]
    assert {hit.passage.heading_path for hit in mondays} == {"Room A", "Room B"}
    assert all(hit.duplicates == () for hit in mondays)


def passages(scoped: ScopedKnowledge, question: str) -> list[Hit]:
    hits = scoped.search(question, limit=3)
    return list(scoped.context(hits, budget=2000, count_tokens=lambda t: len(t.split())).passages)


def test_the_passages_beside_a_copy_are_copies_too(open_base: Open) -> None:
    base = open_base(max_tokens=40, keep=timedelta(days=30))
    text = sections(12)
    base.add_documents([document(name, text, title="Centre") for name in ("one", "two")])
    found = passages(base.scoped(Scope(None)), "When does the midwife open?")
    assert len(found) < 6
    assert {tuple(ref.id for ref in hit.documents) for hit in found} == {("one", "two")}


def test_a_document_holds_all_of_the_stretch_that_it_is_named_for(open_base: Open) -> None:
    base = open_base(max_tokens=40, keep=timedelta(days=30))
    base.add_documents(
        [document("one", sections(12)), document("two", sections(12, edited=6))],
    )
    texts = {name: base.document(name).text for name in ("one", "two")}
    found = passages(base.scoped(Scope(None)), "When does the midwife open?")
    assert any(hit.duplicates for hit in found)
    for hit in found:
        assert all(hit.passage.text in texts[ref.id] for ref in hit.documents)
