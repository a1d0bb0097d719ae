"""How much of a question stands in no document of the scope."""

from __future__ import annotations

import pytest

from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.search import Scope
from kilde.types import Document

DANISH = "Klinikken udsteder et kort. En undersøgelse koster 200 kr."


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    base.add_documents(
        [
            Document.from_text(DANISH, id="da", language="da", collection="a"),
            Document.from_text("Acupuncture is offered.", id="en", language="en", collection="b"),
        ]
    )
    return base


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("Hvad koster en undersøgelse?", 0.0),
        ("Hvad koster akupunktur?", 0.5),
        ("Sælger I gavekort?", 0.75),  # "sælger" nowhere, of "gavekort" only "kort"
        ("Hvad er det?", 0.0),  # no content words: nothing is unknown
    ],
)
def test_share_of_unknown_words(filled: KnowledgeBase, question: str, share: float) -> None:
    scoped = filled.scoped(Scope(frozenset({"a"})))
    assert scoped.unknown_share(question, language="da") == pytest.approx(share)


def test_words_outside_the_scope_are_unknown(filled: KnowledgeBase) -> None:
    question = "Is acupuncture offered?"
    inside = filled.scoped(Scope(frozenset({"b"}))).unknown_share(question, language="en")
    outside = filled.scoped(Scope(frozenset({"a"}))).unknown_share(question, language="en")
    assert (inside, outside) == (0.0, 1.0)
    assert filled.scoped(Scope(frozenset())).unknown_share(question, language="en") == 1.0
