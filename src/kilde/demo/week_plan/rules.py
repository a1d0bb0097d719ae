"""The house rules, read from ``rules.toml``, and the one right plan for a request.

A request is made of keys that are the same in every language (``"strength"``, ``"tue"``); a plan is
made of the words of the request's language, as the agent ``week-plan`` must write it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Words = Mapping[str, str]
"""A word or sentence for people, by language: ``da`` and ``en``."""

Plan = dict[str, Any]
"""``{"goal": str, "age": str, "level": str, "busy": str, "days": [{"day": str, "activity": str,
"minutes": int}], "rest": str, "advice": str}``; no days where the right answer is to decline.

Age band, level and the day that does not suit stand ahead of the days, so that whoever reads the
plan sees what it was made for, and a small model works that out once, before it writes the days."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for; ``Request(**row["request"])`` is that of a row.

    ``age`` is in years, from 18. ``busy`` is the day that does not suit, ``"mon"`` to ``"sun"``, or
    empty. ``reason`` is why there is to be no plan (``"chest-pain"``, ``"fainting"``,
    ``"surgery"``, ``"off-topic"``), or empty; goal, age and level are not looked at then.
    """

    language: str
    goal: str = ""
    age: int = 0
    level: str = ""
    busy: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal: its word and advice, and for each age band its hard and its easy activity."""

    word: Words
    advice: Words
    pairs: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity: its word, and whether it is hard."""

    word: Words
    hard: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A level: its word, its days in the order of the week, and minutes of ``hard`` and ``easy``
    days."""

    word: Words
    days: tuple[str, ...]
    minutes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Ages from ``start`` years: ``first`` says whether the week begins ``hard`` or ``easy``."""

    word: Words
    start: int
    first: str
    rest: Words


@dataclass(frozen=True, slots=True)
class Rules:
    """All house rules, by key. ``declined`` has the advice for each reason to decline."""

    days: Mapping[str, Words]
    spare_day: str
    activities: Mapping[str, Activity]
    levels: Mapping[str, Level]
    ages: Mapping[str, AgeBand]
    goals: Mapping[str, Goal]
    no_goal: Words
    declined: Mapping[str, Words]

    def band(self, age: int) -> str:
        """The key of the age band of an age in years. Raises ``ValueError`` below the first."""
        reached = [key for key, band in self.ages.items() if band.start <= age]
        if not reached:
            raise ValueError(f"there are no rules for the age {age}")
        return max(reached, key=lambda key: self.ages[key].start)

    def weekdays(self, level: str, busy: str = "") -> tuple[str, ...]:
        """The days of a level, with the spare day instead of one that does not suit."""
        days = self.levels[level].days
        if busy not in days:
            return days
        kept = {*days, self.spare_day} - {busy}
        return tuple(day for day in self.days if day in kept)

    def activities_for(self, goal: str, age: int, count: int) -> tuple[str, ...]:
        """The activities of ``count`` days, hard and easy in turn."""
        band = self.band(age)
        pair = self.goals[goal].pairs[band]
        offset = 0 if self.ages[band].first == "hard" else 1
        return tuple(pair[(number + offset) % 2] for number in range(count))

    def minutes(self, level: str, activity: str) -> int:
        """The minutes of a day with an activity."""
        kind = "hard" if self.activities[activity].hard else "easy"
        return self.levels[level].minutes[kind]


@cache
def load_rules() -> Rules:
    """The rules of ``rules.toml``."""
    text = (resources.files(__package__) / "rules.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    refusals = {key: entry for key, entry in table["decline"].items() if key != "word"}
    return Rules(
        days=table["days"],
        spare_day=table["spare_day"],
        activities={
            key: Activity(_words(entry), entry["hard"])
            for key, entry in table["activities"].items()
        },
        levels={
            key: Level(entry["word"], tuple(entry["days"]), entry["minutes"])
            for key, entry in table["levels"].items()
        },
        ages={
            key: AgeBand(entry["word"], entry["from"], entry["first"], entry["rest"])
            for key, entry in table["ages"].items()
        },
        goals={
            key: Goal(
                entry["word"],
                entry["advice"],
                {band: _pair(entry[band]) for band in table["ages"]},
            )
            for key, entry in table["goals"].items()
        },
        no_goal=table["decline"]["word"],
        declined={
            reason: entry["advice"] for entry in refusals.values() for reason in entry["reasons"]
        },
    )


def plan(request: Request) -> Plan:
    """The one right plan for a request, or the one right way to decline it.

    Raises ``KeyError`` for a goal, level, reason or language without rules, and ``ValueError`` for
    an age without.

    >>> plan(Request("en", "strength", 70, "beginner", busy="wed"))["days"][2]
    {'day': 'sat', 'activity': 'walk', 'minutes': 20}
    """
    rules = load_rules()
    language = request.language
    if request.reason:
        advice = rules.declined[request.reason][language]
        return _plan(rules.no_goal[language], ("", "", ""), [], "", advice)
    days = rules.weekdays(request.level, request.busy)
    activities = rules.activities_for(request.goal, request.age, len(days))
    goal, band = rules.goals[request.goal], rules.ages[rules.band(request.age)]
    busy = rules.days[request.busy][language] if request.busy else ""
    return _plan(
        goal.word[language],
        (band.word[language], rules.levels[request.level].word[language], busy),
        [
            {
                "day": rules.days[day][language],
                "activity": rules.activities[activity].word[language],
                "minutes": rules.minutes(request.level, activity),
            }
            for day, activity in zip(days, activities, strict=True)
        ],
        band.rest[language],
        goal.advice[language],
    )


def written(plan: Mapping[str, Any]) -> str:
    """A plan as the agent writes it: JSON without spaces, which spares a fifth of the tokens."""
    return json.dumps(plan, ensure_ascii=False, separators=(",", ":"))


def _plan(
    goal: str, person: tuple[str, str, str], days: list[dict[str, Any]], rest: str, advice: str
) -> Plan:
    age, level, busy = person
    return {
        "goal": goal,
        "age": age,
        "level": level,
        "busy": busy,
        "days": days,
        "rest": rest,
        "advice": advice,
    }


def _words(entry: Mapping[str, Any]) -> Words:
    return {key: word for key, word in entry.items() if isinstance(word, str)}


def _pair(names: Sequence[str]) -> tuple[str, str]:
    hard, easy = names
    return hard, easy
