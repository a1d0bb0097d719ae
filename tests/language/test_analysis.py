"""Words in search form: stop words out, stems, compound parts, and one spelling per number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.language.analysis import analyzer, question_terms
from kilde.language.numerals import NUMBER, canonical
from kilde.language.table import languages


def shared(code: str, one: str, other: str) -> set[str]:
    return set(analyzer(code).terms(one)) & set(analyzer(code).terms(other))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("da", "hvad er det og hvornår kan jeg ikke"),
        ("sv", "vad är det och när kan jag inte"),
        ("no", "hva er det og når kan jeg ikke"),
        ("nl", "wat is het en wanneer kan ik niet"),
        ("de", "was ist das und wann kann ich nicht"),
        ("en", "what is it and when can I not"),
    ],
)
def test_stop_words_are_left_out(code: str, text: str) -> None:
    assert analyzer(code).terms(text) == []


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("da", "vaccinationer", "vaccination"),
        ("da", "lægerne", "læger"),
        ("sv", "läkarna", "läkare"),
        ("no", "legene", "lege"),
        ("nl", "huizen", "huizen."),
        ("de", "Untersuchungen", "untersuchung"),
        ("en", "Opening", "opens"),
    ],
)
def test_forms_of_one_word_share_a_term(code: str, one: str, other: str) -> None:
    assert shared(code, one, other)


@pytest.mark.parametrize(
    ("code", "compound", "part"),
    [
        ("da", "helbredsundersøgelse", "undersøgelse"),
        ("da", "Helbredsundersøgelsen", "undersøgelser"),
        ("da", "åbningstider", "tider"),
        ("sv", "hälsoundersökning", "undersökning"),
        ("no", "helseundersøkelse", "undersøkelse"),
        ("nl", "openingstijden", "tijden"),
        ("de", "Krankenversicherung", "Versicherung"),
    ],
)
def test_a_compound_is_found_by_its_part(code: str, compound: str, part: str) -> None:
    assert shared(code, compound, part)
    # The whole word comes first: it is the stronger term.
    whole = analyzer(code).tokens(compound)[0]
    assert len(whole.terms) > 1
    assert whole.terms[0] not in analyzer(code).terms(part)


@pytest.mark.parametrize("word", ["lægehuset", "tidligere", "information", "København"])
def test_a_plain_word_is_not_taken_apart_into_endings(word: str) -> None:
    for token in analyzer("da").tokens(word):
        assert all(len(term) > 2 for term in token.terms)


@pytest.mark.parametrize(
    "spellings",
    [
        ("1.500", "1,500", "1500", "1.500,00", "1\u00a0500"),
        ("8.00", "08.00", "8:00", "8"),
        ("8.30", "08:30", "8,30"),
        ("0,5", "0.5"),
        ("1.234.567", "1,234,567", "1234567"),
    ],
)
def test_spellings_of_one_number(spellings: tuple[str, ...]) -> None:
    for code in languages():
        assert len({tuple(analyzer(code).terms(text)) for text in spellings}) == 1


def test_clock_times_and_prices_in_text() -> None:
    assert shared("da", "Vi åbner kl. 8.00.", "kl. 08:00") >= {"8"}
    assert shared("da", "Det koster 1.500 kr.", "1500 kroner") >= {"1500"}
    tokens = analyzer("da").tokens("Pris: 1.500 kr. på 3. sal")
    assert [token.word for token in tokens if token.is_number] == ["1.500", "3"]


@pytest.mark.parametrize(("one", "other"), [("1500", "15000"), ("8.30", "8.03"), ("0.5", "5")])
def test_other_numbers_stay_other_numbers(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(st.text(max_size=200), st.sampled_from([*languages(), "und", "xx"]))
def test_tokens_lie_where_they_say(text: str, code: str) -> None:
    place = 0
    for token in analyzer(code).tokens(text):
        assert place <= token.start < token.end <= len(text)
        assert text[token.start : token.end].lower() == token.word
        assert token.terms and all(token.terms)
        assert not any(" " in term or "\n" in term for term in token.terms)
        place = token.end


@given(st.integers(0, 10**9), st.sampled_from(".,"))
def test_grouping_changes_no_number(number: int, mark: str) -> None:
    grouped = f"{number:,}".replace(",", mark)
    assert NUMBER.fullmatch(grouped)
    assert canonical(grouped) == canonical(str(number)) == str(number)


def test_a_question_is_asked_in_every_language() -> None:
    terms = question_terms("Was kostet die Untersuchung 2026 2026", ["da", "de"])
    assert set(analyzer("de").terms("Untersuchung")) <= set(terms)
    assert terms.count("2026") == 2  # as often as in the question, not once per language
    assert question_terms("", ["da"]) == []
    assert question_terms("hvad", []) == []


def test_a_run_of_letters_that_is_no_word_is_not_taken_apart() -> None:
    """Splitting takes time by the square of the length; a text may hold a line of base64."""
    (term,) = analyzer("da").terms("helbredsundersøgelse" * 50)
    assert term.startswith("helbredsundersøgelse")
