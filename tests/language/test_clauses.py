"""Which clause a question names, and which one a sentence is."""

from __future__ import annotations

import pytest

from kilde.language.clauses import clause_of, clause_references


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Hvad siger § 3 stk. 2?", {"§": "3", "stk": "2"}),
        ("Was regelt Artikel 5 Absatz 2?", {"art": "5", "abs": "2"}),
        ("Wat staat in art. 5, lid 2?", {"art": "5", "lid": "2"}),
        ("What is section 14?", {"section": "14"}),
        ("Hvad koster 3 stk.?", {}),
        ("Hvornår åbner I?", {}),
    ],
)
def test_references(text: str, clauses: dict[str, str]) -> None:
    assert clause_references(text) == clauses


def test_an_outer_label_ends_the_inner_one() -> None:
    clause = clause_of({"§": "3", "stk": "2"}, "§ 4 Ledelse")
    assert clause == {"§": "4"}
    assert clause_of(clause, "Stk. 1. Bestyrelsen har fem medlemmer.") == {"§": "4", "stk": "1"}
    assert clause_of(clause, "Se § 9.") == clause
