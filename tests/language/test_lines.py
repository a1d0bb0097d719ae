"""Labels, list items and headings."""

from __future__ import annotations

import pytest

from kilde.language.lines import introduces_list, is_heading, is_label, without_label


@pytest.mark.parametrize(
    "text", ["Stk. 2.", "§ 14", "§ 14.", "(3)", "b)", "1.", "2.1", "Art. 5.", "§ 3. Stk. 2.", "IV."]
)
def test_labels(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize("text", ["", "12", "Ja.", "§ 3 Kontingent", "Kr. 125", "2025"])
def test_no_labels(text: str) -> None:
    assert not is_label(text)


def test_text_after_its_labels() -> None:
    assert without_label("§ 3. Stk. 2. Gebyret er 150 kr.") == "Gebyret er 150 kr."
    assert without_label("- pas") == "pas"


@pytest.mark.parametrize(
    ("text", "following", "expected"),
    [
        ("# Priser", "", True),
        ("Priser\n======", "De stiger.", True),
        ("Priser ........ 12", "Mad ..... 13", True),
        ("Åbningstider", "Vi holder åbent hver dag.", True),
        ("§ 3 Kontingent", "Stk. 1. Det fastsættes årligt.", True),
        ("2.1 Betaling", "Regningen betales i marts.", True),
        ("Vi holder åbent hver dag.", "Kom forbi.", False),
        ("Mandag: 10-16", "Tirsdag: 10-18", False),
        ("Telefon 33 12 45 67", "Vi svarer hver dag.", False),
        ("Medbring:", "- pas", False),
        ("Anna Jensen", "", False),
    ],
)
def test_headings(text: str, following: str, expected: bool) -> None:
    assert is_heading(text, following) is expected


def test_the_line_that_introduces_a_list() -> None:
    assert introduces_list("Medbring:\n", "- pas\n")
    assert introduces_list("Medbring:\n", "1. pas\n")
    assert not introduces_list("Medbring:\n", "Pas og kort.")


def test_a_line_of_white_space_cuts_nothing() -> None:
    from kilde.language.sentences import sentences

    assert sentences("0\n\r", "da") == [(0, 3)]
    assert sentences("Et.\n \nTo.", "da")[-1][1] == 9
