"""Searching: what is found, what has a vote, and that nothing outside a scope is ever seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kilde.embedding import Embedder
from kilde.knowledge.base import KnowledgeBase, ScopedKnowledge
from kilde.knowledge.search import DEPTH, Scope, _fused, _min_max
from kilde.types import Document

from .conftest import Open
from .parts import Renamed, sections

NAMES = ["health", "it's", 'a "b"', "x') OR ('1'='1", "æ/ø", "100%"]


def fill(base: KnowledgeBase) -> None:
    """Documents in collections whose names were allowed before there was a rule for them."""
    documents = (
        Document.from_text(
            f"The laboratory of {place} number {number} opens at {number}.",
            id=f"{name}/{number}",
            collection=name,
            language="en",
        )
        for name in NAMES
        for place, number in (("north", 7), ("south", 8))
    )
    base._indexer.index(documents, "add documents", lambda *_: None)


@pytest.mark.parametrize("name", NAMES)
def test_a_scope_is_never_left(base: KnowledgeBase, name: str) -> None:
    fill(base)
    base.tag("v1")
    base.add_documents([Document.from_text("The laboratory moved.", id="later", language="en")])
    scoped = base.scoped(Scope(frozenset({name})))
    for as_of in (None, "v1"):
        hits = scoped.search("When does the laboratory open?", limit=50, as_of=as_of)
        assert {hit.document.id for hit in hits} == {f"{name}/7", f"{name}/8"}
        assert {hit.document.collection for hit in hits} == {name}
    assert [ref.collection for ref in base.documents(collections=[name])] == [name, name]
    assert len(base.search("laboratory", collections=name)) == 2  # not its letters


def test_an_empty_scope_and_an_unknown_one_hold_nothing(base: KnowledgeBase) -> None:
    fill(base)
    for names in ((), ("nothing",), ("",), ("\ud800",), ("\x00",)):
        scoped = base.scoped(Scope(frozenset(names)))
        assert scoped.search("laboratory") == []
        assert scoped.languages() == ()


def test_better_passages_outside_do_not_crowd_out_the_scope(base: KnowledgeBase) -> None:
    """The filter works before the best are taken, in both searches."""
    outside = [
        Document.from_text(
            "When does the laboratory open? The laboratory opens at eight.",
            id=f"out{number}",
            collection="outside",
            language="en",
        )
        for number in range(3 * DEPTH)
    ]
    inside = Document.from_text(
        "A very long remark about gardens, which mentions the laboratory once.",
        id="in",
        collection="inside",
        language="en",
    )
    base.add_documents([*outside, inside])
    (hit,) = base.search("When does the laboratory open?", collections=["inside"])
    assert hit.passage.document_id == "in"
    assert hit.lexical is not None and hit.dense is not None
    assert hit.score == 1.0  # nothing outside took part in the normalisation


def test_a_summary_that_says_nothing_more_makes_room(base: KnowledgeBase) -> None:
    """Of a short document the summary is the text again; a further hit is worth more."""
    opens = {f"d{number}": f"Room {number} opens at {number}." for number in range(1, 6)}
    base.add_documents(Document.from_text(t, id=i, language="en") for i, t in opens.items())
    scoped = base.scoped(Scope(None))
    hits = scoped.search("When does room 3 open?", limit=5)
    size = len(hits[0].passage.text)
    context = scoped.context(hits, budget=4 * size, count_tokens=len)
    assert context.summaries == ()
    # The first hits may take 70 % of the budget; what neighbours leave goes to hits as well.
    assert len(context.passages) == 4
    assert context.passages[0].document.id == "d3"


def test_a_summary_is_idle_beside_its_own_document_only(base: KnowledgeBase) -> None:
    """What another document says in the same words is not said of this one."""
    first = Document.from_text("The clinic opens at eight.", id="a", language="en")
    second = Document.from_text("The clinic has a garden.", id="b", language="en")
    base.add_documents([first, replace(second, summary="The clinic opens at eight.")])
    scoped = base.scoped(Scope(None))
    context = scoped.context(scoped.search("clinic", limit=5), budget=500, count_tokens=len)
    assert {hit.document.id for hit in context.passages} == {"a", "b"}
    assert [hit.document.id for hit in context.summaries] == ["b"]


def test_context_stays_within_the_scope(base: KnowledgeBase) -> None:
    """A document that left the scope since it was found brings no neighbours."""
    text = sections(6)
    base.add_documents(
        [Document.from_text(text, id="d", collection="open", language="en", title="D")]
    )
    scoped: ScopedKnowledge = base.scoped(Scope(frozenset({"open"})))
    hits = scoped.search("midwife on floor 5", limit=1)
    whole = scoped.context(hits, budget=10_000, count_tokens=len)
    assert len(whole.passages[0].passage.text) > len(hits[0].passage.text)
    assert whole.summaries
    stretch = whole.passages[0].passage
    assert text[stretch.start : stretch.end] == stretch.text
    base.add_documents(
        [Document.from_text(text, id="d", collection="closed", language="en", title="D")]
    )
    left = scoped.context(hits, budget=10_000, count_tokens=len)
    assert left.summaries == ()
    assert [hit.passage for hit in left.passages] == [hits[0].passage]
    # It has left the past states as well.
    then = scoped.context(hits, budget=10_000, count_tokens=len, as_of=base.history()[0].version)
    assert then == left


DANISH = "Laboratoriet har åbent fra klokken otte om morgenen, og du skal have dit kort med."
ENGLISH = "The laboratory is open from eight in the morning, and you should bring your card."


def test_meaning_votes_only_in_languages_of_the_embedder(
    open_base: Open, embedder: Embedder
) -> None:
    spy = Renamed(embedder, embedder.identity)
    base = open_base(embedder=spy)
    base.add_documents(
        [
            Document.from_text(DANISH, id="da", language="da"),
            Document.from_text(ENGLISH, id="en", language="en"),
        ]
    )
    view = base._store.latest()
    assert view is not None
    vectors = {r["id"]: r["vector"] for r in view.rows(where=None, columns=["id", "vector"])}
    assert vectors["da#0"] is None and vectors["da#summary"] is None
    assert vectors["en#0"] is not None
    hits = base.search("Hvornår har laboratoriet åbent om morgenen?")
    assert spy.asked == []
    assert hits[0].passage.document_id == "da"
    assert all(hit.dense is None for hit in hits)
    hits = base.search("When is the laboratory open in the morning?")
    assert len(spy.asked) == 1
    assert hits[0].passage.document_id == "en"
    assert hits[0].dense is not None
    assert all(hit.dense is None for hit in hits if hit.passage.language == "da")
    assert base.scoped(Scope(None)).languages() == ("da", "en")


def test_an_embedder_of_all_languages_votes_everywhere(open_base: Open, embedder: Embedder) -> None:
    base = open_base(embedder=Renamed(embedder, "onnx:many:1", languages=None))
    base.add_documents([Document.from_text(DANISH, id="da", language="da")])
    assert base.search("Hvornår har laboratoriet åbent?")[0].dense is not None


def test_the_language_of_the_question_can_be_given(open_base: Open, embedder: Embedder) -> None:
    spy = Renamed(embedder, embedder.identity)
    base = open_base(embedder=spy)
    base.add_documents(
        [
            Document.from_text(DANISH, id="da", language="da"),
            Document.from_text(ENGLISH, id="en", language="en"),
        ]
    )
    base.scoped(Scope(None)).search("laboratory", language="da")
    assert spy.asked == []
    base.scoped(Scope(None)).search("laboratory", language="en")
    assert spy.asked == ["laboratory"]


def test_fusion_arithmetic() -> None:
    a, b, c, d, e = range(5)
    words = {a: 10.0, b: 6.0, d: 8.0, e: 2.0}
    meaning = {a: 0.5, b: 0.9, c: 0.7}
    # Words: a 1, b 0.5, d 0.75, e 0. Meaning: a 0, b 1, c 0.5. On d and e it has no opinion.
    fused = _fused(words, meaning, {d, e})
    assert fused == pytest.approx({a: 0.5, b: 0.75, c: 0.25, d: 0.75, e: 0.0})
    assert _fused(words, meaning, set())[d] == pytest.approx(0.375)
    assert _fused(words, None, set()) == pytest.approx({a: 1.0, b: 0.5, d: 0.75, e: 0.0})
    assert _fused({}, None, set()) == {}
    assert _min_max({a: 3.0, b: 3.0}) == {a: 1.0, b: 1.0}


@pytest.mark.parametrize(
    "question", ["", "   ", "?", "the of and", "'\"()[]{}:*^~\\ AND OR NOT", "\x00"]
)
def test_questions_without_words(base: KnowledgeBase, question: str) -> None:
    base.add_documents([Document.from_text(ENGLISH, id="en", language="en")])
    assert len(base.search(question)) <= 1


def test_limits(base: KnowledgeBase) -> None:
    fill(base)
    assert base.search("laboratory", limit=0) == []
    assert len(base.search("laboratory", limit=1)) == 1
    scores = [hit.score for hit in base.search("laboratory north", limit=100)]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_a_very_long_question(base: KnowledgeBase) -> None:
    fill(base)
    assert base.search("When does the laboratory of north open? " * 2000, limit=1)


def test_compounds_and_number_spellings_are_found(base: KnowledgeBase) -> None:
    base.add_documents(
        [
            Document.from_text("En helbredsundersøgelse koster 1.500 kr.", id="a", language="da"),
            Document.from_text("Lægehuset har åbent hele dagen.", id="b", language="da"),
        ]
    )
    for question in ("Hvad koster en undersøgelse?", "1500 kroner", "1,500"):
        assert base.search(question, limit=1)[0].passage.document_id == "a", question
