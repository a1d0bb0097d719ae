"""What can be quoted of a passage: whole sentences and lists, no headings and no labels."""

from __future__ import annotations

import pytest

from kilde.generation.statements import statements


def quotable(text: str, language: str = "da") -> list[str]:
    return [text[unit.start : unit.end].strip() for unit in statements(text, language, {})]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Resturlaub verfällt am 31. März des Folgejahres. Er ist zu nehmen.", 2),
        ("no", "Prisen er kr. 125,00 pr. år. Fakturaen merkes org.nr. 974 760 673.", 2),
        ("da", "Vores CVR-nr. er 12 34 56 78. Ring på tlf. 33 12 45 67.", 2),
        ("en", "Call us on ext. 204. See Art. 5 for details.", 2),
        ("nl", "Het loopt t.o.v. vorig jaar door, d.w.z. tot juli.", 1),
        ("sv", "Det gäller t.o.m. 31 mars.", 1),
    ],
)
def test_no_statement_ends_at_an_abbreviation(language: str, text: str, expected: int) -> None:
    assert len(quotable(text, language)) == expected


def test_a_short_list_stands_with_its_introduction() -> None:
    text = "Til turen skal du bruge en del.\n\nMedbring:\n- pas\n- kort\n\nVi mødes kl. 8.\n"
    assert quotable(text) == [
        "Til turen skal du bruge en del.",
        "Medbring:\n- pas\n- kort",
        "Vi mødes kl. 8.",
    ]


def test_an_item_of_a_long_list_stands_alone() -> None:
    items = [f"- vare nummer {number}" for number in range(30)]
    assert quotable("\n".join(["Medbring:", *items])) == items


@pytest.mark.parametrize("gap", ["\n", "\n\n", " "])
def test_a_label_belongs_to_its_text(gap: str) -> None:
    text = f"Formålet er skak.\n\nStk. 2.{gap}Restance medfører et gebyr på 150 kr.\n"
    assert quotable(text)[1] == f"Stk. 2.{gap}Restance medfører et gebyr på 150 kr."


@pytest.mark.parametrize(
    "heading",
    ["# Kontingent", "Kontingent\n==========", "§ 3 Kontingent", "3.1 Kontingent", "Kontingent"],
)
def test_a_heading_is_not_quoted(heading: str) -> None:
    text = f"{heading}\n\nDet er 125 kr. pr. kvartal.\n"
    assert quotable(text) == ["Det er 125 kr. pr. kvartal."]


def test_a_table_of_contents_is_not_quoted() -> None:
    text = "Kontingent ........ 12\nGebyrer ........... 13\n\nGebyret er 150 kr.\n"
    assert quotable(text) == ["Gebyret er 150 kr."]


@pytest.mark.parametrize("question", ["3. Hvad koster det?", "Hvad koster det?"])
def test_a_question_is_the_heading_of_its_answer(question: str) -> None:
    text = f"{question}\nBeløbet er 50 kr. om året.\n"
    units = statements(text, "da", {})
    assert [text[unit.start : unit.end].strip() for unit in units] == ["Beløbet er 50 kr. om året."]
    assert units[0].heading.strip() == question


def test_a_question_within_a_paragraph_belongs_to_the_next_sentence_alone() -> None:
    text = "Kortet er gratis. Har du mistet det? Ring 12 34. Vi svarer hver dag."
    assert [unit.heading.strip() for unit in statements(text, "da", {})] == [
        "",
        "Har du mistet det?",
        "",
    ]


def test_a_question_above_a_list_introduces_it() -> None:
    text = "Hvad skal du have med?\n- pas\n- kort\n\nHvad koster det?\nDet koster 5 kr.\n"
    assert quotable(text) == ["Hvad skal du have med?\n- pas\n- kort", "Det koster 5 kr."]


def test_what_somebody_asked_is_told() -> None:
    assert len(quotable("Bo spurgte: Hvornår kommer bussen? Ingen svarede.")) == 2


def test_clauses_are_known_from_the_outside_in() -> None:
    text = "§ 3 Kontingent\nStk. 1. Det er 50 kr.\nStk. 2. Gebyret er 150 kr.\n"
    assert [dict(unit.clause) for unit in statements(text, "da", {})] == [
        {"§": "3", "stk": "1"},
        {"§": "3", "stk": "2"},
    ]
