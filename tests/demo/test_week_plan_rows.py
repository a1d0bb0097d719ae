"""The week plan's rows teach and test, and the agent's file gives none of the house rules away."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kilde.demo.week_plan import (
    COUNTS,
    LANGUAGES,
    SPLITS,
    Request,
    check,
    load_rules,
    rows,
    written,
)
from kilde.demo.week_plan.requests import Split, held_out

ROOT = Path(__file__).resolve().parents[2]
HOUSE = load_rules()


def agent(language: str) -> dict[str, Any]:
    """The agent's file, parsed."""
    path = ROOT / "src" / "kilde" / "demo" / "agents" / language / "week-plan.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def house_words(language: str) -> set[str]:
    """What an answer can only know from the rules."""
    return {
        *(found.word[language] for found in HOUSE.activities.values()),
        *(band.rest[language] for band in HOUSE.ages.values()),
        *(goal.advice[language] for goal in HOUSE.goals.values()),
        *(advice[language] for advice in HOUSE.declined.values()),
        *(str(number) for level in HOUSE.levels.values() for number in level.minutes.values()),
    }


def questions(language: str, split: Split, count: int, seed: int = 0) -> list[str]:
    """The questions of some rows."""
    return [row["messages"][0]["content"] for row in rows(language, split, count, seed)]


@pytest.mark.parametrize(("language", "split"), list(product(LANGUAGES, SPLITS)))
def test_rows_hold_right_answers_in_the_agents_form(language: str, split: Split) -> None:
    form = Draft202012Validator(agent(language)["output"]["schema"])
    made = rows(language, split, 260)
    assert len(made) == 260
    for row in made:
        user, assistant = row["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert row["language"] == row["request"]["language"] == language
        assert check(Request(**row["request"]), assistant["content"]) == ()
        assert ", " not in re.sub(r'"[^"]*"', "", assistant["content"])
        form.validate(json.loads(assistant["content"]))
        assert row["declines"] == (json.loads(assistant["content"])["days"] == [])
        assert not re.search(r"[{}]|  |^\s|\s$", user["content"])
    assert sum(row["declines"] for row in made) == 21
    assert {row["request"]["reason"] for row in made} == {"", *HOUSE.declined}


@pytest.mark.parametrize("language", LANGUAGES)
def test_training_has_every_activity_pair_and_test_has_new_combinations(language: str) -> None:
    def combinations(split: Split, count: int) -> list[tuple[str, str, str]]:
        asked = [row["request"] for row in rows(language, split, count)]
        return [
            (each["goal"], HOUSE.band(each["age"]), each["level"]) for each in asked if each["goal"]
        ]

    train, test = combinations("train", 260), combinations("test", 60)
    assert len(set(train)) == 45
    assert not any(held_out(*each) for each in train)
    pairs = {each[:2] for each in train}, {each[1:] for each in train}
    assert [len(found) for found in pairs] == [18, 9]
    assert len({each for each in test if held_out(*each)}) == 9
    assert 0.4 <= sum(held_out(*each) for each in test) / len(test) <= 0.6


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_questions_are_varied_and_never_in_both_splits(language: str, seed: int) -> None:
    train, test = (questions(language, split, 260, seed) for split in SPLITS)
    assert not set(train) & set(test)
    assert len(set(train)) == len(train)
    assert len(set(test)) >= 0.95 * len(test)
    openings = {question[:12] for question in train}
    assert len(openings) >= 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_are_the_same_every_time_and_other_with_another_seed(language: str) -> None:
    assert rows(language, "train", 50, 3) == rows(language, "train", 50, 3)
    assert questions(language, "train", 50, 3) != questions(language, "train", 50, 4)


@pytest.mark.parametrize(("language", "split"), [("sv", "train"), ("en", "dev")])
def test_rows_of_other_kinds_are_refused(language: str, split: Any) -> None:
    with pytest.raises(ValueError, match=f"no rows '{split}' in the language '{language}'"):
        rows(language, split, 1)


def test_script_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "generate_week_plans.py"
    for folder in ("first", "second"):
        subprocess.run([sys.executable, script, "--out", tmp_path / folder], check=True)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("first", "second")
    )
    assert first == second
    lines = {name: content.decode("utf-8").splitlines() for name, content in first.items()}
    assert {name: len(found) for name, found in lines.items()} == {
        f"week-plan.{language}.{split}.jsonl": COUNTS[split]
        for language, split in product(LANGUAGES, SPLITS)
    }
    again = [json.loads(line) for line in lines["week-plan.da.test.jsonl"]]
    assert again == rows("da", "test", 100)


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_have_the_form_and_follow_no_rule(language: str) -> None:
    content = agent(language)
    known = house_words(language)
    for example in content["examples"]:
        answer = json.loads(example["answer"])
        Draft202012Validator(content["output"]["schema"]).validate(answer)
        days = {str(value) for day in answer["days"] for value in day.values()}
        assert not {answer["rest"], answer["advice"], *days} & known
        assert example["answer"] == written(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_house_rules_stand_nowhere_in_the_prompt(language: str) -> None:
    content = agent(language)
    assert content["retrieval"] is False
    assert len(content["instructions"].split()) <= 70
    examples = " ".join(f"{each['question']} {each['answer']}" for each in content["examples"])
    prompt = f"{content['instructions']} {examples}".casefold()
    assert [
        word for word in house_words(language) if re.search(rf"\b{word.casefold()}\b", prompt)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_schema_has_the_words_of_the_rules_and_leaves_them_open(language: str) -> None:
    properties = agent(language)["output"]["schema"]["properties"]
    day = properties["days"]["items"]["properties"]
    activities = {found.word[language] for found in HOUSE.activities.values()}
    assert set(properties["goal"]["enum"]) == {
        HOUSE.no_goal[language],
        *(goal.word[language] for goal in HOUSE.goals.values()),
    }
    assert day["day"]["enum"] == [words[language] for words in HOUSE.days.values()]
    assert len(set(day["activity"]["enum"]) - activities) == 2
    assert activities < set(day["activity"]["enum"])
    assert not {"enum", "const"} & {*properties["rest"], *properties["advice"], *day["minutes"]}
