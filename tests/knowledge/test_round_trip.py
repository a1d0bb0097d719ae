"""What is stored comes back exactly: texts, offsets, pages, typed rows, and names of any kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kilde.errors import NotFound
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.search import Scope
from kilde.types import Document, Row

from .parts import sections

_TEXT = st.text(
    st.one_of(
        st.sampled_from("abcæøåßéÅ .,:!?\n\n#|-*'\"\t\u2028\u00a0%_\\"),
        st.characters(exclude_categories=("Cs",)),
    ),
    min_size=1,
    max_size=600,
).filter(lambda text: bool(text.strip()))


def passages(base: KnowledgeBase, document_id: str) -> list[dict[str, object]]:
    view = base._store.latest()
    assert view is not None
    rows = [row for row in view.rows(where="ordinal >= 0") if row["document_id"] == document_id]
    return sorted(rows, key=lambda row: row["ordinal"])


def test_a_document_is_its_passages_in_order(base: KnowledgeBase) -> None:
    text = sections(10)
    base.add_documents([Document.from_text(text, id="centre", title="Centre")])
    rows = passages(base, "centre")
    assert len(rows) > 5
    assert "".join(str(row["text"]) for row in rows) == text
    place = 0
    for row in rows:
        assert row["start"] == place
        place = row["end"]
        assert text[row["start"] : row["end"]] == row["text"]
    assert base.document("centre").text == text


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=_TEXT, name=_TEXT)
@example(text="Nobody is called so.", name="~0")
def test_any_text_and_any_name_round_trip(base: KnowledgeBase, text: str, name: str) -> None:
    name = name.replace("\x00", "0").strip() or "x"
    report = base.add_documents([Document.from_text(text, id=name, language="en")])
    assert not report.failed
    assert base.document(name).text == text
    base.remove(name)
    with pytest.raises(NotFound):
        base.document(name)


def test_every_field_comes_back(base: KnowledgeBase) -> None:
    document = Document(
        id="report",
        text="First page.\n\nSecond page.\n\nLast page.\n\n",
        title="Report",
        source="memory",
        collection="quality",
        language="en",
        metadata={
            "author": "Ida Ø",
            "year": 2026,
            "share": 0.25,
            "public": True,
            "on": date(2026, 1, 31),
            "at": datetime(2026, 1, 31, 8, 30, tzinfo=UTC),
            "none": None,
        },
        pages=(0, 13, 27, 27, 39),
        markdown=False,
    )
    base.add_documents([document])
    assert base.document("report") == document
    assert base.document("report").content_hash == document.content_hash
    assert [row["page"] for row in passages(base, "report")] == [1, 2, 4]


def test_a_given_summary_comes_back_and_a_made_one_does_not(base: KnowledgeBase) -> None:
    base.add_documents(
        [
            Document(id="own", text="Text of the first.", language="en", summary="In short."),
            Document(id="made", text="Text of the second.", language="en"),
        ]
    )
    assert base.document("own").summary == "In short."
    assert base.document("made").summary == ""


def test_rows_keep_their_types(base: KnowledgeBase, root: Path) -> None:
    rows = (
        Row(0, 21, {"name": "X-ray", "price": 450, "from": date(2026, 2, 1), "open": True}),
        Row(21, 42, {"name": "Blood", "price": 99.5, "from": None, "open": False}),
    )
    text = "name: X-ray\nprice 450name: Blood\nprice 99.5\n"[:42]
    document = Document(
        id="prices", text=text, title="Prices", language="en", rows=rows, markdown=False
    )
    base.add_documents([document])
    assert base.document("prices").rows == rows
    hit = base.search("X-ray price")[0]
    assert hit.passage.kind == "row"
    assert hit.passage.metadata == rows[0].values


@pytest.mark.parametrize(
    "name",
    [
        "it's",
        "a#b",
        "a#0",
        "a#summary",
        "100%_x",
        '"quoted"',
        "''; DROP TABLE passages; --",
        "back\\slash",
        "Ærø/日本/😀.md",
        "n" * 300,
        "a\nb",
    ],
)
def test_awkward_names(base: KnowledgeBase, name: str) -> None:
    base.add_documents(
        [
            Document.from_text("The first opens at eight.", id="a", language="en"),
            Document.from_text("The second opens at nine.", id=name, language="en"),
        ]
    )
    changed = Document.from_text("The second opens at ten.", id=name, language="en")
    base.add_documents([replace(changed, summary="Opening hours.")])
    assert base.document(name).text == "The second opens at ten."
    assert base.document("a").text == "The first opens at eight."
    hit = next(hit for hit in base.search("second") if hit.passage.document_id == name)
    scope = base.scoped(Scope(None))
    (summary,) = scope.context([hit], budget=500, count_tokens=len).summaries
    assert (summary.document.id, summary.passage.text) == (name, "Opening hours.")
    assert base.remove(name).removed == (name,)
    assert [ref.id for ref in base.documents()] == ["a"]
    assert base.check() == []


def test_what_cannot_be_stored_is_named_and_the_others_are_stored(base: KnowledgeBase) -> None:
    half = "\ud83d"
    report = base.add_documents(
        [
            Document.from_text("Good.", id="good"),
            Document.from_text("   ", id="blank"),
            Document.from_text("No name.", id=" "),
            Document.from_text(f"Half a character {half}.", id="half"),
            Document(id="title", text="Text.", title=half),
            Document(id="bytes", text="Text.", metadata={"x": b"y"}),  # type: ignore[dict-item]
            Document(id="beyond", text="Some text.", rows=(Row(2, 11, {}),)),
            Document(id="overlap", text="Some text.", rows=(Row(0, 4, {}), Row(3, 6, {}))),
            Document(id="pages", text="Some text.", pages=(0, 7, 3)),
            Document(id="zero\x00", text="Some text."),
        ]
    )
    assert report.added == ("good",)
    assert len(report.failed) == 9
    assert all(failure.reason and failure.hint for failure in report.failed)
    assert [ref.id for ref in base.documents()] == ["good"]
    assert base.check() == []


def test_the_last_of_several_documents_with_one_name_counts(base: KnowledgeBase) -> None:
    texts = [Document.from_text(f"Version {n}.", id="one", language="en") for n in range(3)]
    report = base.add_documents(texts)
    assert report.added == ("one",)
    assert base.document("one").text == "Version 2."


def test_nothing_stored(base: KnowledgeBase) -> None:
    assert base.search("anything") == []
    assert base.documents() == []
    assert base.collections() == ()
    assert base.version is None
    assert base.history() == []
    assert base.check(repair=True) == []
    with pytest.raises(NotFound, match="none yet"):
        base.document("x")
    with pytest.raises(NotFound):
        base.search("anything", as_of="v1")


def test_everything_removed_again(base: KnowledgeBase) -> None:
    base.add_documents([Document.from_text("The clinic opens at eight.", id="a")])
    base.remove("a")
    assert base.search("clinic") == []
    assert base.documents() == []
    assert base.check() == []
    base.add_documents([Document.from_text("The clinic opens at nine.", id="a")])
    assert base.search("clinic")[0].passage.text == "The clinic opens at nine."
