"""Answers from the example's PDF table, Word rules and scan quote what a person sees in them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.documents.scans import require_tesseract

import kilde.demo
from kilde.demo.example import make_workspace
from kilde.types import Answer, Citation
from kilde.workspace import Workspace

LANGUAGES = ("da", "en")
PRICES, RULES = "site/foot-care-prices.pdf", "site/house-rules.docx"
NOTICE = "site/lost-property-notice.pdf"
QUESTIONS = tomllib.loads(
    (Path(kilde.demo.__file__).parent / "questions.toml").read_text(encoding="utf-8")
)
ASKED = [
    (language, question)
    for language in LANGUAGES
    for question in QUESTIONS[language]["question"]
    if question["document"] in (PRICES, RULES, NOTICE)
]


@pytest.fixture(scope="module")
def example(
    minilm: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Workspace]]:
    """The example's workspaces by language, indexed."""
    folder = tmp_path_factory.mktemp("example")
    opened = {}
    for language in LANGUAGES:
        workspace, collections = make_workspace(language, folder / language)
        for name in collections:
            workspace.knowledge.add([workspace.path / name], collection=name)
        opened[language] = workspace
    yield opened
    for workspace in opened.values():
        workspace.close()


def ask(example: dict[str, Workspace], language: str, question: str) -> Answer:
    return example[language].agent("site-guide").ask(question)


def quote(citation: Citation) -> str:
    return " ".join(citation.quote.split())


@pytest.mark.parametrize(
    ("language", "question"), ASKED, ids=[f"{one}-{asked['question'][:40]}" for one, asked in ASKED]
)
def test_the_first_quote_is_the_reference(
    example: dict[str, Workspace], language: str, question: dict[str, Any]
) -> None:
    if question["document"] == NOTICE:
        require_tesseract()
    first, *_ = ask(example, language, question["question"]).citations
    assert first.document.id == question["document"]
    assert question["reference"] in quote(first)
    assert first.recognized == (first.document.id == NOTICE)


def test_every_new_document_is_asked_about_in_both_languages() -> None:
    asked = {(language, question["document"]) for language, question in ASKED}
    assert asked == {(one, name) for one in LANGUAGES for name in (PRICES, RULES, NOTICE)}


@pytest.mark.parametrize(
    ("language", "question", "row"),
    [
        (
            "da",
            "Hvad koster almindelig fodpleje i 2026?",
            "Behandling: Almindelig fodpleje Varighed: 45 min. "
            "Pris 2025 (kr.): 410,00 Pris 2026 (kr.): 430,00",
        ),
        (
            "en",
            "What does ordinary foot care cost in 2026?",
            "Treatment: Ordinary foot care Duration: 45 min. "
            "Price 2025 (DKK): 410.00 Price 2026 (DKK): 430.00",
        ),
    ],
)
def test_a_price_is_quoted_with_the_headers_of_its_columns(
    example: dict[str, Workspace], language: str, question: str, row: str
) -> None:
    first, *_ = ask(example, language, question).citations
    assert (quote(first), first.page) == (row, 1)


@pytest.mark.parametrize(
    ("language", "question", "section", "rule"),
    [
        (
            "da",
            "Hvad koster det, hvis jeg mister nøglen til garderobeskabet?",
            "§ 2 Garderobeskabe",
            "Stk. 2. Mister du nøglen, koster en ny lås 175 kr. "
            "(Beløbet betales tilbage, hvis nøglen findes inden for 14 dage.)",
        ),
        (
            "en",
            "What does it cost if I lose the key to the locker?",
            "Section 2. Lockers",
            "(2) If you lose the key, a new lock costs DKK 175. "
            "(The amount is paid back if the key is found within 14 days.)",
        ),
    ],
)
def test_a_rule_is_quoted_under_its_number_with_its_footnote(
    example: dict[str, Workspace], language: str, question: str, section: str, rule: str
) -> None:
    answer = ask(example, language, question)
    assert " ".join(answer.text.split()).startswith(rule)
    assert " ".join(map(quote, answer.citations)).startswith(rule)
    first, *_ = answer.citations
    assert first.heading_path.split(" > ")[-1] == section
