"""How much of a question stands in no document of the scope."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.search import Scope
from kilde.knowledge.unknown import unknown_share
from kilde.knowledge.view import View
from kilde.language.analysis import analyzer
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


def assert_known(base: KnowledgeBase, text: str, question: str, language: str) -> None:
    """Every word of the question is known from the text, and a word put after it is not."""
    base.add_documents([Document.from_text(text, id="a", language=language, collection="a")])
    scoped = base.scoped(Scope(frozenset({"a"})))
    assert scoped.unknown_share(question, language=language) == 0.0
    assert scoped.unknown_share(f"{question} Xylofon", language=language) > 0.2


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


@pytest.mark.parametrize(
    ("language", "row", "question"),
    [
        ("da", "Vare: Æbler\nPris: 12,50", "Hvad koster æbler?"),
        ("da", "Navn: Åse Ørsted\nBy: Ærø", "Hvor bor Åse Ørsted?"),
        ("da", "Navn: Åse\nTlf: 12345678", "Hvad er telefonnummeret på Åse?"),
        ("sv", "Vara: Äpplen\nPris: 12,50", "Vad kostar äpplen?"),
        ("no", "Navn: Åse\nAdresse: Storgata 4", "Hvor bor Åse?"),
        ("nl", "Artikel: Appels\nPrijs: 2,50", "Wat kosten appels?"),
        ("de", "Artikel: Äpfel\nPreis: 2,50", "Was kosten Äpfel?"),
        ("en", "Name: Anna Holm\nPhone: 12345678", "What is the telephone of Anna Holm?"),
    ],
)
def test_a_field_is_known_by_another_of_its_names(
    base: KnowledgeBase, language: str, row: str, question: str
) -> None:
    assert_known(base, row, question, language)


def test_words_outside_the_scope_are_unknown(filled: KnowledgeBase) -> None:
    question = "Is acupuncture offered?"
    inside = filled.scoped(Scope(frozenset({"b"}))).unknown_share(question, language="en")
    outside = filled.scoped(Scope(frozenset({"a"}))).unknown_share(question, language="en")
    assert (inside, outside) == (0.0, 1.0)
    assert filled.scoped(Scope(frozenset())).unknown_share(question, language="en") == 1.0


@pytest.mark.parametrize(
    ("language", "text", "question"),
    [
        ("da", "Ventetiden er 31 dage.", "Hvor lang er ventetiden?"),
        ("da", "Depositum er tre måneders leje.", "Hvor stort er depositum?"),
        ("sv", "Hyran är 4000 kr.", "Hur hög är hyran?"),
        ("no", "Depositum er tre måneders leie.", "Hvor stort er depositum?"),
        ("nl", "De wachttijd is 31 dagen.", "Hoe lang is de wachttijd?"),
        ("de", "Die Miete beträgt 400 Euro.", "Wie hoch ist die Miete?"),
        ("en", "The deposit is 400 euros.", "How high is the deposit?"),
    ],
)
def test_words_of_asking_are_known(
    base: KnowledgeBase, language: str, text: str, question: str
) -> None:
    assert_known(base, text, question, language)


def test_words_without_content_in_the_language_of_the_question_do_not_count(
    base: KnowledgeBase,
) -> None:
    """ "Hvad" is no Norwegian word, and only Norwegian documents are there."""
    base.add_documents([Document.from_text("Navn: Åse", id="a", language="no", collection="a")])
    scoped = base.scoped(Scope(frozenset({"a"})))
    assert scoped.unknown_share("Hvad er det med Åse?", language="no") == 0.0


class Counting:
    """A view that counts the searches."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.searches = 0

    def lexical(self, *arguments: Any, **named: Any) -> Any:
        self.searches += 1
        return self._view.lexical(*arguments, **named)


_STOP_WORDS = frozenset({"og", "it's"})


def one_by_one(view: View, question: str, where: str, languages: tuple[str, ...]) -> float:
    """The definition: every word asked for on its own, a price by all its names."""

    def stands(term: str) -> bool:
        return view.lexical([term], where, 1, ()).num_rows > 0

    def unknown(word: str) -> float:
        names = ["pris", "koster"] if "da" in languages and word == "pris" else [word]
        variants = [
            token.terms
            for code in languages
            for name in names
            for token in analyzer(code).tokens(name)
        ]
        if not variants or any(stands(terms[0]) for terms in variants):
            return 0.0
        return 0.5 if any(stands(part) for terms in variants for part in terms[1:]) else 1.0

    words = {token.word for token in analyzer(languages[0]).tokens(question)} - _STOP_WORDS
    return sum(map(unknown, words)) / len(words) if words else 0.0


def test_all_words_at_once_are_as_one_by_one(filled: KnowledgeBase) -> None:
    """And a long question takes a few searches, not one per word."""
    topics = "klinik kort undersøgelse tandlæge vaccination acupuncture bus pris".split()
    filled.add_documents(
        Document.from_text(f"En {topic} {number}.", id=f"{topic}{number}", language="da")
        for topic in topics[:5]
        for number in range(30)
    )
    view = filled._store.latest()
    assert view is not None
    draw = random.Random(7)
    known = [*topics, "gavekort", "vaccinationskort", "offered", "200", "17", "99", "og", "it's"]
    for where, languages in (("true", ("da", "en")), ("collection = 'b'", ("en",))):
        for length in (1, 2, 5, 200):
            question = " ".join(
                draw.choice(known) if draw.random() < 0.7 else f"ord{draw.randrange(10**6)}"
                for _ in range(length)
            )
            counting: Any = Counting(view)
            share = unknown_share(counting, question, where, languages)
            assert share == pytest.approx(one_by_one(view, question, where, languages)), question
            assert counting.searches <= 8
