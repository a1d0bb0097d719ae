"""Quotation: the sentences that answer, word for word, or nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.generation.quotes import Quotes
from kilde.generation.ranking import (
    ANSWERABLE,
    _begins_alike,
    _Terms,
    answer_confidence,
    asks_number,
    ranked_quotes,
)
from kilde.protocols import GenerationRequest, complete
from kilde.types import DocumentRef, Hit, Passage, PassageKind

_TEXT = (
    "# Priser\n\n- Vaccination mod gul feber koster 465 kr. for voksne.\n"
    "- Husk dit gule kort. Vi ses!\n\nKlinikken ligger i Nordby ved havnen.\n"
)


def hit(
    text: str, kind: PassageKind = "text", *, dense: float | None = None, title: str = ""
) -> Hit:
    ref = DocumentRef(title or "d", title, "", "c", "da", "")
    passage = Passage("p", "d", 0, kind, text, 0, len(text), language="da")
    return Hit(passage, ref, 1.0, dense=dense)


def said(question: str, *hits: Hit, sentences: int = 2, tokens: int = 256) -> str:
    request = GenerationRequest(
        (), question, hits, "da", max_sentences=sentences, max_tokens=tokens
    )
    return complete(Quotes(), request)[0]


def test_the_best_sentence_comes_without_the_mark_of_its_list() -> None:
    told = said("Hvad koster vaccination mod gul feber?", hit(_TEXT), sentences=1)
    assert told == "Vaccination mod gul feber koster 465 kr. for voksne."


def test_quotes_are_spans_of_their_passages() -> None:
    found = ranked_quotes("Hvor ligger klinikken?", [hit(_TEXT)])
    assert all(quote.text == _TEXT[quote.start : quote.end] for quote in found)
    assert "havnen" in found[0].text
    assert not any(quote.text.startswith("#") for quote in found)
    assert [quote.score for quote in found] == sorted((q.score for q in found), reverse=True)
    assert all(0.0 <= quote.confidence <= 1.0 for quote in found)


def test_a_row_is_told_on_one_line() -> None:
    row = hit("vaccine: Gul feber\nvoksen: 465\n", "row")
    assert said("Hvad koster gul feber for en voksen?", row) == "vaccine: Gul feber; voksen: 465"


def test_nothing_is_said_where_nothing_answers() -> None:
    assert said("Hvem vandt verdensmesterskabet i skak?", hit(_TEXT)) == ""
    assert said("Hvad koster det?") == ""
    assert answer_confidence("Hvem vandt verdensmesterskabet i skak?", [hit(_TEXT)]) < ANSWERABLE
    assert answer_confidence("Hvad koster gul feber?", []) == 0.0


@pytest.mark.parametrize("question", ["", "?", "👍", "og i på"])
def test_a_question_without_content_is_not_answered(question: str) -> None:
    assert said(question, hit(_TEXT)) == ""


def test_likeness_alone_is_a_hint_and_no_more() -> None:
    near = answer_confidence("Ganz andere Worte", [hit(_TEXT, dense=0.9)])
    assert near == pytest.approx(0.6)
    assert answer_confidence("Ganz andere Worte", [hit(_TEXT, dense=0.1)]) == 0.0


def test_the_room_holds_at_least_one_sentence() -> None:
    told = said("Vaccination mod gul feber på klinikken i Nordby?", hit(_TEXT), tokens=1)
    assert told and "\n" not in told


def test_questions_for_numbers() -> None:
    assert asks_number("Hvornår åbner I?", "da")
    assert not asks_number("Hvem er lægen?", "da")
    assert not asks_number("Hvornår åbner I?", "und")


def test_it_needs_no_model() -> None:
    quotes = Quotes()
    assert (quotes.name, quotes.languages, quotes.context) == ("quotes", None, 0)
    assert quotes.count_tokens("to ord") == 2
    quotes.close()
    quotes.close()


def _pairwise(stem: str, terms: Iterable[str]) -> bool:
    """The definition: a term is alike that shares all but an ending of two letters, at least 4."""
    length = max(4, len(stem) - 2)
    return any(len(stem) >= 4 and stem[:length] == term[:length] for term in terms)


_stems = st.text("abå", max_size=9)


@given(_stems, st.sets(_stems, max_size=12))
def test_alike_terms_are_found_as_by_comparing_each(stem: str, terms: set[str]) -> None:
    assert _begins_alike(stem, _Terms(terms)) == _pairwise(stem, terms)


_STATUTES = (
    "§ 2 Formål\n\nStk. 1. Klubben fremmer skak.\n\nStk. 2. Klubben er upolitisk.\n\n"
    "§ 3 Kontingent\n\nStk. 1. Kontingentet fastsættes hvert år.\n\n"
    "Stk. 2. Restance medfører et gebyr på 150 kr.\n\n"
    "§ 4 Ledelse\n\nStk. 1. Bestyrelsen har fem medlemmer.\n\nStk. 2. Formanden er ulønnet.\n"
)


def test_a_question_that_names_a_clause_gets_that_clause() -> None:
    told = said("Hvad siger § 3 stk. 2?", hit(_STATUTES))
    assert told == "Stk. 2. Restance medfører et gebyr på 150 kr."
    assert "upolitisk" in said("Hvad siger § 2, stk. 2?", hit(_STATUTES), sentences=1)


def test_a_clause_is_known_from_the_heading_above_its_passage() -> None:
    ref = DocumentRef("d", "", "", "c", "da", "")
    found = []
    for number, text in ((3, "Stk. 2. Gebyret er 150 kr."), (4, "Stk. 2. Gebyret er 90 kr.")):
        path = f"§ {number} Gebyr"
        passage = Passage(
            path, "d", 0, "text", text, 0, len(text), heading_path=path, language="da"
        )
        found.append(Hit(passage, ref, 1.0))
    assert said("Hvad siger § 4 stk. 2?", *found) == "Stk. 2. Gebyret er 90 kr."


def test_the_negated_sentence_comes_first_where_that_is_asked() -> None:
    text = (
        "Forsikringen dækker hjemtransport, hospital og bagage.\n\n"
        "Forsikringen dækker ikke vintersport, dykning og tab af kontanter.\n"
    )
    negated = said("Hvad dækker forsikringen ikke?", hit(text), sentences=1)
    assert negated.startswith("Forsikringen dækker ikke")
    assert said("Hvad dækker forsikringen?", hit(text), sentences=1).startswith(
        "Forsikringen dækker hjem"
    )


@pytest.mark.parametrize("code", ["E5", "E05", "VM-10", "VM-0010", "F-220/3", "F-220/30"])
def test_a_code_is_matched_to_the_letter(code: str) -> None:
    known = ["E05", "E5", "VM-0010", "VM-10", "F-220/30", "F-220/3"]
    text = "\n".join(f"Koden {other} betyder fejl nummer {len(other)}." for other in known)
    told = said(f"Hvad betyder {code}?", hit(text))
    assert told == f"Koden {code} betyder fejl nummer {len(code)}."


def test_a_list_is_quoted_with_the_line_that_introduces_it() -> None:
    text = "Vi mødes kl. 8.\n\nMedbring:\n- pas\n- vaccinationskort\n- lommepenge\n"
    told = said("Hvad skal jeg medbringe?", hit(text), sentences=1)
    assert told == "Medbring:\n- pas\n- vaccinationskort\n- lommepenge"


def test_a_line_of_quoted_mail_comes_without_its_mark() -> None:
    text = "Hej!\n\n> Emne: Boklådor och klassbesök våren 2026\n"
    told = said("Hvad er emne for boklådor?", hit(text), sentences=1)
    assert told == "Emne: Boklådor och klassbesök våren 2026"


def test_a_heading_counts_for_the_text_below_it() -> None:
    text = "Sommarboken\n\nLäsutmaning för barn i juni.\n\nHyllan\n\nUkulele på plan ett finns.\n"
    told = said("Hvad er Sommarboken?", hit(text), sentences=1)
    assert told == "Läsutmaning för barn i juni."


def test_a_field_is_matched_by_another_of_its_names() -> None:
    rows = [hit(f"Vare: {name}\nPris: 12,50", kind="row") for name in ("Søm", "Skruer")]
    question = "Hvad koster skruer?"
    assert said(question, *rows, sentences=1) == "Vare: Skruer; Pris: 12,50"
    assert answer_confidence(question, rows) > 0.8
