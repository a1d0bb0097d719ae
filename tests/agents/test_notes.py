"""A note is quoted with the sentence that it limits, and the sentence with its note."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.agents.conftest import write_agent

import kilde

_TEXT = (
    "# Bolig\n\nTilskuddet til boligen gives hvert kvartal.[^1] Der skal være 21 grader.\n\n"
    "[^1]: Dog højst 25.000 kr. for ungdomsboliger.\n"
)
_AGENT = 'name = "Homes"\ninstructions = "Answer."\nmodel = "quotes"'
_QUOTE = "Tilskuddet til boligen gives hvert kvartal. (Dog højst 25.000 kr. for ungdomsboliger.)"


@pytest.mark.parametrize(
    "question", ["Hvornår gives tilskuddet til boligen?", "Hvad gælder for ungdomsboliger?"]
)
def test_a_sentence_and_its_note_are_quoted_together(tmp_path: Path, question: str) -> None:
    (tmp_path / "bolig.md").write_text(_TEXT, encoding="utf-8")
    with kilde.init(tmp_path / "workspace") as workspace:
        workspace.knowledge.add([tmp_path / "bolig.md"])
        write_agent(workspace, "homes", "", _AGENT)
        answer = workspace.agent("homes").ask(question)
    assert answer.claims[0].text == _QUOTE
    assert answer.citations[0].quote == _QUOTE
