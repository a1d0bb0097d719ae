"""Past states: by tag, number and date; kept as promised; and never another state instead."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kilde.embedding import Embedder
from kilde.errors import NotFound, ReindexNeeded, StoreError
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.history import Entry
from kilde.knowledge.states import States
from kilde.types import Document

from .conftest import Open
from .parts import Renamed, sections


def doc(hour: int, name: str = "hours") -> Document:
    return Document.from_text(
        f"The laboratory opens at {hour} in the morning.", id=name, title="Hours", language="en"
    )


def answer(base: KnowledgeBase, as_of: Any = None) -> str:
    return base.search("When does the laboratory open?", as_of=as_of)[0].passage.text


def prune(base: KnowledgeBase) -> None:
    with pytest.warns(UserWarning, match="every version"):
        base._store.maintain(force=True, keep=timedelta(0))


def test_as_of_tag_number_and_date(base: KnowledgeBase) -> None:
    before = datetime.now(UTC)
    first = base.add_documents([doc(8)]).version
    assert base.tag("v1") == first
    between = datetime.now(UTC)
    second = base.add_documents([doc(9)]).version
    assert first is not None and second is not None
    for as_of in ("v1", first, str(first), between, between.isoformat()):
        assert "at 8" in answer(base, as_of), as_of
        assert "at 8" in base.document("hours", as_of=as_of).text
    today = datetime.now().astimezone().date().isoformat()
    for as_of in (None, second, str(second), today, datetime.now()):
        assert "at 9" in answer(base, as_of), as_of
    for missing in ("v2", 99, "99", before, "2001-01-31", "²"):
        with pytest.raises(NotFound) as caught:
            answer(base, missing)
        assert "kilde history" in caught.value.hint or "There is" in caught.value.hint
    assert [(v.version, v.tags, v.documents, v.passages) for v in base.history()] == [
        (first, ("v1",), 1, 1),
        (second, (), 1, 1),
    ]


@pytest.mark.parametrize(
    "as_of",
    [
        *("0001-01-01", "0001-01-01T00:00", "0001-01-01T00:00:00+14:00", "1" * 5000, "9" * 20),
        *(
            "0",
            "-1",
            "+1",
            "1_0",
            " 1",
            "\u0663",
            "",
            "2026-13-45",
            "\ud800",
            "a\x00b",
            "x" * 100_000,
        ),
        *(0, -1, 2**64, 10**5000, -(10**5000), datetime.min, datetime.min.replace(tzinfo=UTC)),
    ],
    ids=lambda as_of: type(as_of).__name__,
)
def test_no_such_state_is_said_in_words(base: KnowledgeBase, as_of: Any) -> None:
    base.add_documents([doc(8)])
    with pytest.raises(NotFound) as caught:
        answer(base, as_of)
    assert len(caught.value.message) < 300
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize("as_of", ["9999-12-31", datetime.max, datetime.max.replace(tzinfo=UTC)])
def test_the_end_of_the_calendar_is_the_latest_state(base: KnowledgeBase, as_of: Any) -> None:
    base.add_documents([doc(8)])
    assert "at 8" in answer(base, as_of)


@pytest.mark.parametrize("name", ["", "a b", "7", "2026-01-31", "-x", "../x", "x" * 65, "ø"])
def test_names_that_cannot_be_tags(base: KnowledgeBase, name: str) -> None:
    base.add_documents([doc(8)])
    with pytest.raises(StoreError, match="cannot be a tag"):
        base.tag(name)


def test_a_tag_names_one_state_for_good(base: KnowledgeBase) -> None:
    with pytest.raises(StoreError, match="nothing to tag"):
        base.tag("v1")
    base.add_documents([doc(8)])
    base.tag("v1")
    with pytest.raises(StoreError, match="exists already"):
        base.tag("v1")


def test_clean_up_never_drops_a_tagged_state(open_base: Open) -> None:
    base = open_base()
    base.add_documents([doc(8), Document.from_text(sections(6), id="centre", language="en")])
    version = base.tag("v1")
    second = base.add_documents([doc(9)]).version
    base.remove("centre")
    for hour in (10, 11):
        base.add_documents([doc(hour)])
        prune(base)
    base = open_base()
    assert [tag for v in base.history() for tag in v.tags] == ["v1"]
    assert len(base.history()) == 2
    for as_of in ("v1", version):
        assert "at 8" in answer(base, as_of)
        assert len(base.documents(as_of=as_of)) == 2
        hits = base.search("midwife on floor 5", as_of=as_of)
        assert hits[0].lexical is not None
        assert any(hit.dense is not None for hit in hits)
        assert base.document("centre", as_of=as_of).text == sections(6)
    with pytest.raises(NotFound):
        answer(base, second)
    assert base.check() == []


def test_the_version_of_an_answer_resolves_after_tidying_up(base: KnowledgeBase) -> None:
    """Tidying up makes versions of its own, and drops the one that a commit made."""
    base.add_documents([doc(8)])
    version = base.version
    prune(base)
    assert base.version == version
    assert "at 8" in answer(base, version)
    base.tag("v1")
    base.add_documents([doc(9)])
    prune(base)
    assert "at 8" in answer(base, version)


def test_a_time_whose_state_is_gone_is_no_other_state() -> None:
    """Version 2 was in force on the 15th and is cleaned up: version 1 must not answer for it."""

    def day(number: int) -> datetime:
        return datetime(2026, 1, number, tzinfo=UTC)

    states = States(
        {9: day(20)},
        {"v1": 3},
        {2: Entry(day(1), "a"), 5: Entry(day(10), "b"), 8: Entry(day(20), "c")},
    )
    assert states.find(day(5)).version == 3
    assert states.find(day(25)).version == 9
    with pytest.raises(NotFound, match="2026-01-15"):
        states.find(day(15))
    with pytest.raises(NotFound):
        states.find(5)
    assert states.find(4).version == 3
    assert [version.version for version in states.versions()] == [2, 8]


def test_a_clock_that_goes_back_does_not_reorder_states() -> None:
    """The clock was a month ahead for the first two commits: the order of the commits counts."""

    def day(month: int, number: int) -> datetime:
        return datetime(2026, month, number, tzinfo=UTC)

    states = States(
        {2: day(2, 1), 5: day(2, 10), 8: day(1, 11), 11: day(1, 20)},
        {"v1": 2, "v3": 8},
        {
            2: Entry(day(2, 1), "a"),
            5: Entry(day(2, 10), "b"),
            8: Entry(day(1, 11), "c"),
            11: Entry(day(1, 20), "d"),
        },
    )
    assert [version.version for version in states.versions()] == [2, 5, 8, 11]
    assert states.find("v1").number == 2
    assert states.find("v3").number == 8
    for number in (2, 5, 8, 11):
        assert states.find(number).number == number
    # What was stored last of all that had been stored by then.
    assert states.find(day(1, 15)).number == 8
    assert states.find(day(1, 25)).number == 11
    assert states.find(day(2, 5)).number == 11
    assert states.find(day(3, 1)).number == 11
    with pytest.raises(NotFound):
        states.find(day(1, 1))


def test_a_store_whose_first_commit_lies_in_the_future(open_base: Open, root: Path) -> None:
    """As a clock that was ahead, and then set right, wrote it."""
    base = open_base()
    first = base.add_documents([doc(8)]).version
    log = root / ".kilde/history.jsonl"
    ahead = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    moved = [entry | {"at": ahead} if "at" in entry else entry for entry in entries]
    log.write_text("".join(json.dumps(entry) + "\n" for entry in moved))
    base = open_base()
    second = base.add_documents([doc(9)]).version
    base.tag("now")
    assert [version.version for version in base.history()] == [first, second]
    assert base.version == second
    for as_of in (None, "now", second, datetime.now(UTC), datetime.now(UTC) + timedelta(days=60)):
        assert "at 9" in answer(base, as_of)
    assert "at 8" in answer(base, first)
    base.sync()
    base._store.maintain(force=True, keep=timedelta(days=1))
    assert "at 8" in answer(base, first), "nothing is older than a day"
    assert base.check() == []


def test_history_that_was_lost_or_cut_off(open_base: Open, root: Path) -> None:
    base = open_base()
    base.add_documents([doc(8)])
    base.tag("v1")
    base.add_documents([doc(9)])
    log = root / ".kilde/history.jsonl"
    whole = log.read_bytes()
    for left in (whole[:-20], b"\xff\xfe{\n[]\n3\n" + whole, b""):
        log.write_bytes(left)
        base = open_base()
        assert "at 8" in answer(base, "v1")
        assert "at 9" in answer(base, base.history()[-1].version)
    log.unlink()
    assert "at 9" in answer(open_base(), open_base().history()[-1].version)
    open_base().add_documents([doc(10)])
    assert open_base().history()[-1].action == "add documents"


def test_another_embedder_or_split_needs_a_reindex(open_base: Open, embedder: Embedder) -> None:
    open_base().add_documents([doc(8)])
    other = Renamed(embedder, "onnx:other:1234")
    for base, what in (
        (open_base(embedder=other), "embedder"),
        (open_base(max_tokens=64), "split"),
    ):
        for act in (
            lambda base=base: base.search("x"),
            lambda base=base: base.add_documents([doc(9)]),
            lambda base=base: base.sync(),
        ):
            with pytest.raises(ReindexNeeded, match=what) as caught:
                act()
            assert "kilde reindex" in caught.value.hint
        assert len(base.documents()) == 1
        assert "at 8" in base.document("hours").text


def test_reindex_switches_and_old_tags_stay_searchable(open_base: Open, embedder: Embedder) -> None:
    base = open_base()
    text = sections(6)
    base.add_documents([doc(8), Document.from_text(text, id="centre", title="C", language="en")])
    hashes = {ref.id: ref.content_hash for ref in base.documents()}
    base.tag("v1")
    other = Renamed(embedder, "onnx:other:1234")
    changed = open_base(embedder=other, max_tokens=60)
    report = changed.reindex()
    assert report.replaced == ("centre", "hours")
    assert "at 8" in answer(changed)
    assert changed.search("midwife floor", limit=1)[0].dense is not None
    assert changed.document("centre").text == text
    assert {ref.id: ref.content_hash for ref in changed.documents()} == hashes
    # The tag was made with another embedder: its vectors have no vote, its words have.
    hits = changed.search("When does the laboratory open?", as_of="v1")
    assert hits and all(hit.dense is None for hit in hits)
    prune(changed)
    assert changed.search("laboratory", as_of="v1")
    assert changed.check() == []
    assert changed.history()[-1].action == "reindex"
    # A process that still has the old embedder open cannot mix its vectors in.
    with pytest.raises(ReindexNeeded):
        base.add_documents([doc(9)])


def test_a_commit_on_passages_of_another_make_is_refused(
    open_base: Open, embedder: Embedder
) -> None:
    """Also when the reindex came between making the passages and storing them."""
    base = open_base()
    base.add_documents([doc(8)])
    other = Renamed(embedder, "onnx:other:1234")

    def documents() -> Any:
        open_base(embedder=other).reindex()
        yield doc(9)

    with pytest.raises(ReindexNeeded):
        base.add_documents(documents())
    assert "at 8" in open_base(embedder=other).document("hours").text


def test_documents_stored_during_a_reindex_are_in_it(open_base: Open, embedder: Embedder) -> None:
    base = open_base()
    base.add_documents([doc(8, f"d{number}") for number in range(4)])
    done = []

    class Interrupting(Renamed):
        """While it embeds, another process adds, changes and removes documents."""

        def embed_passages(self, texts: Any) -> Any:
            if not done:
                done.append(1)
                base.add_documents([doc(9, "d1"), doc(10, "new")])
                base._store.replace(
                    base._store.latest().arrow_schema().empty_table(), ["d2"], "remove"
                )
            return embedder.embed_passages(texts)

    changed = open_base(embedder=Interrupting(embedder, "onnx:other:1234"))
    report = changed.reindex()
    assert report.replaced == ("d0", "d1", "d3", "new")
    assert "at 9" in changed.document("d1").text
    assert "at 10" in changed.document("new").text
    assert [ref.id for ref in changed.documents()] == ["d0", "d1", "d3", "new"]
    assert changed.check() == []


def test_reindex_stopped_before_its_index_is_healed(open_base: Open) -> None:
    base = open_base()
    base.add_documents([doc(8)])
    table = base._store._open()
    for index in table.list_indices():
        table.drop_index(index.name)
    assert "at 8" in answer(open_base())
    assert open_base().search("laboratory")[0].lexical is not None


def test_what_a_stopped_reindex_left_is_deleted(base: KnowledgeBase, root: Path) -> None:
    base.add_documents([doc(8)])
    left = root / ".kilde/reindex-0.arrow"
    left.write_text("the text of a document that is about to be removed")
    base.remove("hours")
    assert not left.exists()
