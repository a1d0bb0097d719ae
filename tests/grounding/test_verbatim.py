"""Word for word: whole sentences, with or without the label before them."""

from __future__ import annotations

import pytest
from tests.grounding.parts import evidence

from kilde.grounding.facts import Facts
from kilde.grounding.verbatim import verbatim

_TEXT = "§ 3 Kontingent\n\nStk. 2. Restance medfører et gebyr på kr. 150,00 pr. år.\n"


@pytest.mark.parametrize("label", ["Stk. 2. ", ""])
def test_a_clause_may_be_quoted_without_its_label(label: str) -> None:
    claim = f"{label}Restance medfører et gebyr på kr. 150,00 pr. år."
    span = verbatim(Facts(claim, "da"), evidence(_TEXT, "da").passage, "da")
    assert span is not None and _TEXT[span[0] : span[1]] == claim


def test_a_sentence_cut_at_an_abbreviation_is_not_verbatim() -> None:
    claim = "Restance medfører et gebyr på kr."
    assert verbatim(Facts(claim, "da"), evidence(_TEXT, "da").passage, "da") is None
