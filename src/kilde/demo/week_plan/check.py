"""Which house rules an answer breaks, rule by rule.

Each rule is judged by itself: a plan with a day too few can still have every activity right. An
answer that breaks none is, word for word, the plan of :func:`kilde.demo.week_plan.rules.plan`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kilde.demo.week_plan.rules import Plan, Request, Rules, load_rules, plan


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule, one of :data:`RULES`, and what is wrong, in words."""

    rule: str
    detail: str


def check(request: Request, answer: object) -> tuple[Fault, ...]:
    """The faults of an answer, at most one for each rule, in the order of :data:`RULES`.

    ``answer`` is the JSON as text or parsed. One that does not have the form of a plan follows no
    rule at all: it has a fault for each.
    """
    given = _parsed(answer)
    if broken := _form(given):
        return tuple(Fault(rule, broken) for rule in RULES)
    assert isinstance(given, dict)
    case = _Case(request, given, plan(request), load_rules())
    found = ((rule, judge(case)) for rule, judge in _JUDGES.items())
    return tuple(Fault(rule, detail) for rule, detail in found if detail)


@dataclass(frozen=True, slots=True)
class _Case:
    """A request, the plan that was given for it, and the right one."""

    request: Request
    given: Plan
    right: Plan
    rules: Rules

    def said(self, key: str) -> list[Any]:
        """One value of each given day, such as its activity."""
        return [day[key] for day in self.given["days"]]

    def wanted(self, key: str) -> list[Any]:
        """One value of each right day."""
        return [day[key] for day in self.right["days"]]

    def activity(self, word: str) -> str:
        """The key of an activity's word; empty for a word that the rules do not have."""
        activities = self.rules.activities.items()
        language = self.request.language
        return next((key for key, found in activities if found.word[language] == word), "")


def _declines(case: _Case) -> str:
    given, right = bool(case.given["days"]), bool(case.right["days"])
    if given == right:
        return ""
    return "a plan where there must be none" if given else "no plan where there must be one"


def _day_count(case: _Case) -> str:
    given, right = len(case.given["days"]), len(case.right["days"])
    return "" if given == right else f"{given} days instead of {right}"


def _weekdays(case: _Case) -> str:
    given, right = case.said("day"), case.wanted("day")
    if _absent(case) or [day for day in right if day in given] != given:
        return f"{given} instead of {right}"
    return ""


def _activities(case: _Case) -> str:
    request, given = case.request, case.said("activity")
    if request.reason or _absent(case):
        right = case.wanted("activity")
    else:
        keys = case.rules.activities_for(request.goal, request.age, len(given))
        right = [case.rules.activities[key].word[request.language] for key in keys]
    return "" if given == right else f"{given} instead of {right}"


def _minutes(case: _Case) -> str:
    request = case.request
    if request.reason or _absent(case):
        return _differs(case.said("minutes"), case.wanted("minutes"))
    for day in case.given["days"]:
        if not (key := case.activity(day["activity"])):
            return f"no minutes are right for {day['activity']!r}"
        right = case.rules.minutes(request.level, key)
        if day["minutes"] != right:
            return f"{day['activity']} for {day['minutes']} minutes instead of {right}"
    return ""


def _no_two_hard_days(case: _Case) -> str:
    """After Sunday comes Monday; an activity that the rules do not have is taken to be easy."""
    words = [words[case.request.language] for words in case.rules.days.values()]
    hard = {
        day["day"]
        for day in case.given["days"]
        if (key := case.activity(day["activity"])) and case.rules.activities[key].hard
    }
    for number, day in enumerate(words):
        if {words[number - 1], day} <= hard:
            return f"{words[number - 1]} and {day} are both hard"
    return ""


def _absent(case: _Case) -> bool:
    """Whether days are missing altogether: then nothing about them is right."""
    return bool(case.right["days"]) and not case.given["days"]


def _differs(given: object, right: object) -> str:
    return "" if given == right else f"{given!r} instead of {right!r}"


# Each says what is wrong, or nothing.
_JUDGES: Mapping[str, Callable[[_Case], str]] = {
    "form": lambda _: "",
    "declines": _declines,
    "goal": lambda case: _differs(case.given["goal"], case.right["goal"]),
    "age": lambda case: _differs(case.given["age"], case.right["age"]),
    "level": lambda case: _differs(case.given["level"], case.right["level"]),
    "busy": lambda case: _differs(case.given["busy"], case.right["busy"]),
    "day-count": _day_count,
    "weekdays": _weekdays,
    "activities": _activities,
    "minutes": _minutes,
    "no-two-hard-days": _no_two_hard_days,
    "rest": lambda case: _differs(case.given["rest"], case.right["rest"]),
    "advice": lambda case: _differs(case.given["advice"], case.right["advice"]),
}

_TEXTS = ("goal", "age", "level", "busy", "rest", "advice")

RULES = tuple(_JUDGES)
"""The names of the rules."""


def _parsed(answer: object) -> object:
    if not isinstance(answer, str):
        return answer
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):  # also numbers of thousands of digits, and deep nesting
        return None


def _form(answer: object) -> str:
    """What keeps an answer from being read as a plan; empty for one that can be read."""
    if not isinstance(answer, dict):
        return "it is no JSON object"
    if set(answer) != {*_TEXTS, "days"}:
        return f"its keys are {sorted(map(str, answer))}"
    if not all(isinstance(answer[key], str) for key in _TEXTS):
        return f"{', '.join(_TEXTS)} must be text"
    if not isinstance(answer["days"], list) or not all(map(_is_day, answer["days"])):
        return "each day must be a day, an activity and a number of minutes"
    return ""


def _is_day(day: object) -> bool:
    return (
        isinstance(day, dict)
        and set(day) == {"day", "activity", "minutes"}
        and isinstance(day["day"], str)
        and isinstance(day["activity"], str)
        and isinstance(day["minutes"], int)
        and not isinstance(day["minutes"], bool)
    )
