"""Telling languages apart, on paragraphs and on questions of a few words."""

from __future__ import annotations

import pytest

from kilde.language.detect import detect, detect_among

QUESTIONS = {
    "da": [
        "Hvornår har laboratoriet åbent?",
        "Hvad koster en vaccination?",
        "Kan jeg få fornyet min recept?",
        "Hvor ligger lægehuset?",
        "Skal jeg bestille tid?",
    ],
    "sv": [
        "När är laboratoriet öppet?",
        "Vad kostar en vaccination?",
        "Hur förnyar jag mitt recept?",
        "Var ligger vårdcentralen?",
        "Måste jag boka tid?",
    ],
    "nl": [
        "Wanneer is het laboratorium open?",
        "Wat kost een vaccinatie?",
        "Hoe vraag ik een paspoort aan?",
        "Waar vind ik de huisarts?",
        "Moet ik een afspraak maken?",
    ],
    "en": [
        "When does the laboratory open?",
        "What does a vaccination cost?",
        "How do I renew my prescription?",
        "Where is the health centre?",
        "Do I have to book?",
    ],
    "no": [
        "Når er laboratoriet åpent?",
        "Hva koster en vaksinasjon?",
        "Hvordan fornyer jeg resepten min?",
        "Hvor ligger legekontoret?",
        "Må jeg bestille time?",
    ],
}
CASES = [(code, text) for code, texts in QUESTIONS.items() for text in texts]
PARAGRAPHS = {
    "da": "Lægehuset har åbent hver dag fra klokken otte. Du kan ringe og bestille en tid.",
    "sv": "Vårdcentralen är öppen varje dag från klockan åtta. Du kan ringa och boka en tid.",
    "no": "Legekontoret er åpent hver dag fra klokken åtte. Du kan ringe og bestille en time.",
    "nl": "De huisarts is elke dag open vanaf acht uur. U kunt bellen en een afspraak maken.",
    "de": "Die Praxis ist jeden Tag ab acht Uhr geöffnet. Sie können anrufen und kommen.",
    "en": "The health centre is open every day from eight. You can call and make an appointment.",
    "fr": "Le centre de santé est ouvert tous les jours à partir de huit heures. Venez nous voir.",
}


@pytest.mark.parametrize(("code", "text"), PARAGRAPHS.items())
def test_paragraphs(code: str, text: str) -> None:
    assert detect(text) == code


# Written Danish and Norwegian share whole questions ("Hvor ligger ...?"): Norwegian is told in most
# of them at best, and the other languages in all but one.
@pytest.mark.parametrize(("code", "least"), [("da", 5), ("sv", 4), ("nl", 5), ("en", 5), ("no", 2)])
def test_questions(code: str, least: int) -> None:
    texts = QUESTIONS[code]
    assert sum(detect(text) == code for text in texts) >= least
    assert sum(detect_among(text, QUESTIONS, default="en") == code for text in texts) >= least


@pytest.mark.parametrize(("code", "text"), CASES)
def test_questions_among_two_languages_in_use(code: str, text: str) -> None:
    """The usual case: a Danish, Swedish or Dutch knowledge base with some English in it."""
    assert detect_among(text, {code, "en"}, default="en") == code


@pytest.mark.parametrize("text", ["", "  ", "12 34", "?!", "😀"])
def test_what_has_no_language(text: str) -> None:
    assert detect(text) == "und"
    assert detect(text, default="da") == "da"
    assert detect_among(text, ["da", "en"], default="da") == "da"


def test_among_one_or_none() -> None:
    assert detect_among("When does it open?", ["da"], default="en") == "da"
    assert detect_among("When does it open?", [], default="da") == "da"
    assert detect_among("When does it open?", ["und"], default="da") == "da"


def test_a_long_text_is_judged_quickly_and_by_its_beginning() -> None:
    assert detect(PARAGRAPHS["da"] * 50_000) == "da"
