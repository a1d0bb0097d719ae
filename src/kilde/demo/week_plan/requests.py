"""Requests for week plans in people's own words, with the right answers: rows to train and test on.

The words stand in ``wordings.toml``. The test rows are worded after templates of their own, and
half of them are about a goal, an age and a level that no training row combines.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, Literal, TypeVar

from kilde.demo.week_plan.rules import Request, load_rules, plan, written

LANGUAGES = ("da", "en")
SPLITS = ("train", "test")
Split = Literal["train", "test"]
# The rows of a language that the example comes with, and that are measured.
COUNTS: Mapping[Split, int] = {"train": 800, "test": 100}
_Card = TypeVar("_Card")

# The share of rows whose right answer is to decline, and of those that are about something else.
_DECLINES = 0.08
_OFF_TOPIC = 0.4
# Of the other rows, how many have a day that does not suit, and how many some small talk.
_BUSY = 0.25
_TALK = 0.4
_OLDEST = 89
_YOUNGEST = 20
# How often a question is worded again that is there already.
_TRIES = 100


def rows(language: str, split: Split, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """``count`` rows of a language (``da`` or ``en``) for training or test, the same every time.

    A row has ``messages`` (a ``user`` and an ``assistant`` turn), ``language``, ``declines`` and
    ``request``, the fields of a :class:`Request`. Questions differ from each other as long as there
    are words for it, and never occur in both splits. Raises ``ValueError`` for a language or split
    that there is not.
    """
    if language not in LANGUAGES or split not in SPLITS:
        raise ValueError(f"there are no rows {split!r} in the language {language!r}")
    choose = random.Random(f"week-plan/{seed}/{language}/{split}")  # noqa: S311  (no secret)
    asked: set[str] = set()
    made: list[dict[str, Any]] = []
    for request in _requests(language, split, count, choose):
        for _ in range(_TRIES):
            question = _worded(request, split, choose)
            if question not in asked:
                break
        asked.add(question)
        made.append(_row(question, request))
    choose.shuffle(made)
    return made


def to_jsonl(language: str, split: Split, count: int, seed: int = 0) -> str:
    """The same rows as JSON lines."""
    made = rows(language, split, count, seed)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)


def held_out(goal: str, band: str, level: str) -> bool:
    """Whether a goal, an age band and a level are combined in test rows only: one in six is.

    Each two of the three are combined in training rows too.
    """
    rules = load_rules()
    places = (
        list(keys).index(key)
        for keys, key in ((rules.goals, goal), (rules.ages, band), (rules.levels, level))
    )
    return sum(places) % len(rules.goals) == 0


def _row(question: str, request: Request) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": written(plan(request))},
        ],
        "language": request.language,
        "declines": bool(request.reason),
        "request": asdict(request),
    }


def _requests(language: str, split: Split, count: int, choose: random.Random) -> Iterator[Request]:
    """Every combination about equally often, after the rows that decline."""
    rules = load_rules()
    combinations = list(product(rules.goals, rules.ages, rules.levels))
    seen = _deck(
        [combination for combination in combinations if not held_out(*combination)], choose
    )
    unseen = _deck([combination for combination in combinations if held_out(*combination)], choose)
    declines = round(count * _DECLINES)
    off_topic = round(declines * _OFF_TOPIC)
    medical = _deck([reason for reason in rules.declined if reason != "off-topic"], choose)
    for number in range(count):
        if number < off_topic:
            yield Request(language, reason="off-topic")
            continue
        goal, band, level = next(unseen if split == "test" and number % 2 else seen)
        busy = choose.choice(list(rules.days)) if choose.random() < _BUSY else ""
        reason = next(medical) if number < declines else ""
        yield Request(language, goal, _age(band, choose), level, busy, reason)


def _deck(cards: Sequence[_Card], choose: random.Random) -> Iterator[_Card]:
    """Cards without end: each comes once before any comes again."""
    while True:
        yield from choose.sample(cards, len(cards))


def _age(band: str, choose: random.Random) -> int:
    rules = load_rules()
    ages = [age for age in range(_YOUNGEST, _OLDEST + 1) if rules.band(age) == band]
    return choose.choice(ages)


@cache
def _wordings() -> Mapping[str, Any]:
    text = (resources.files(__package__) / "wordings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _worded(request: Request, split: Split, choose: random.Random) -> str:
    words = _wordings()[request.language]
    own = words[split]
    hello = choose.choice(own["hello"])
    if request.reason == "off-topic":
        return _sentences([hello, choose.choice(own["off-topic"])])
    more = []
    if request.reason:
        more.append(choose.choice(own[request.reason]))
    if request.busy:
        day = words["weekdays"][request.busy]
        more.append(choose.choice(own["busy"]).format(day=day, Day=day.capitalize()))
    if choose.random() < _TALK:
        more.append(choose.choice(own["talk"]))
    choose.shuffle(more)
    age = _aged(request.age, words, choose)
    level = choose.choice(words["level"][request.level])
    text = choose.choice(own["template"]).format(
        hello=hello,
        age=age,
        Age=_capital(age),
        level=level,
        Level=_capital(level),
        goal=choose.choice(words["goal"][request.goal]),
        more=" ".join(more),
    )
    return _sentences([text])


def _aged(age: int, words: Mapping[str, Any], choose: random.Random) -> str:
    tens, unit = words["tens"][age // 10 - 2], age % 10
    spelt = words["compound"].format(tens=tens, unit=words["units"][unit - 1]) if unit else tens
    phrase: str = choose.choice(words["age"])
    return phrase.format(number=age, words=spelt, decade=words["decades"][age // 10 - 2])


def _sentences(parts: Iterable[str]) -> str:
    """The parts with single spaces; what is left out leaves none."""
    return " ".join(" ".join(parts).split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
