"""The week plan's rules leave no request without a plan, and its checker sees every broken rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import Any

import pytest

from kilde.demo.week_plan import LANGUAGES, RULES, Request, check, load_rules, plan

HOUSE = load_rules()
DAYS = ("", *HOUSE.days)
AGES = (18, 39, 40, 59, 60, 95)


def all_requests(language: str) -> list[Request]:
    """Every goal, age band (both its ends), level and busy day; every reason to decline."""
    planned = product(HOUSE.goals, AGES, HOUSE.levels, DAYS)
    return [
        *(Request(language, goal, age, level, busy) for goal, age, level, busy in planned),
        *(Request(language, "back", 50, "steady", reason=reason) for reason in HOUSE.declined),
    ]


def faults(request: Request, answer: object) -> set[str]:
    """The names of the rules that an answer breaks."""
    return {fault.rule for fault in check(request, answer)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_request_has_a_plan_that_follows_the_rules(language: str) -> None:
    for request in all_requests(language):
        right = plan(request)
        assert check(request, right) == (), request
        assert check(request, json.dumps(right)) == ()


def test_no_plan_has_two_hard_days_in_a_row() -> None:
    # Found here by the dates alone, so that neither the plan nor the checker vouches for itself.
    week = [words["en"] for words in HOUSE.days.values()]
    hard_words = {found.word["en"] for found in HOUSE.activities.values() if found.hard}
    for request in all_requests("en"):
        hard = {week.index(d["day"]) for d in plan(request)["days"] if d["activity"] in hard_words}
        assert not any((day + 1) % 7 in hard for day in hard), request


def test_plans_differ_as_the_rules_say() -> None:
    def days(**changed: Any) -> list[tuple[str, str, int]]:
        fields = {"goal": "fitness", "age": 30, "level": "beginner", **changed}
        found = plan(Request("en", **fields))["days"]
        return [(day["day"], day["activity"], day["minutes"]) for day in found]

    assert days() == [("mon", "run", 15), ("wed", "yoga", 20), ("fri", "run", 15)]
    assert days(age=60) == [("mon", "stretch", 20), ("wed", "swim", 15), ("fri", "stretch", 20)]
    assert days(busy="mon") == [("wed", "run", 15), ("fri", "yoga", 20), ("sat", "run", 15)]
    assert days(busy="tue") == days(busy="sun") == days()
    assert len(days(level="trained")) == 5


def test_rules_are_too_many_to_guess() -> None:
    pairs = {pair for goal in HOUSE.goals.values() for pair in goal.pairs.values()}
    assert len(pairs) == len(HOUSE.goals) * len(HOUSE.ages) == 18
    for hard, easy in pairs:
        assert HOUSE.activities[hard].hard
        assert not HOUSE.activities[easy].hard
    for language in LANGUAGES:
        assert len({goal.advice[language] for goal in HOUSE.goals.values()}) == 6
        assert len({band.rest[language] for band in HOUSE.ages.values()}) == 3


@pytest.mark.parametrize("age", [0, 17])
def test_an_age_without_rules_is_refused(age: int) -> None:
    with pytest.raises(ValueError, match=f"no rules for the age {age}"):
        plan(Request("en", "back", age, "steady"))


RIGHT = plan(Request("en", "strength", 30, "steady"))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of the right plan with a change."""
    copy = deepcopy(RIGHT)
    change(copy)
    return copy


def swap_activities(given: dict[str, Any]) -> None:
    """Easy, easy, hard, hard, on four days of which the last two follow each other."""
    activities = ["stretch", "stretch", "weights", "weights"]
    for day, activity in zip(given["days"], activities, strict=True):
        day.update(activity=activity, minutes=30 if activity == "weights" else 40)


MUTATIONS: list[tuple[str, set[str], Callable[[dict[str, Any]], object]]] = [
    ("goal", {"goal"}, lambda p: p.update(goal="sleep")),
    ("goal-none", {"goal"}, lambda p: p.update(goal="none")),
    ("day-too-few", {"day-count"}, lambda p: p["days"].pop()),
    (
        "day-too-many",
        {"day-count", "weekdays"},
        lambda p: p["days"].append({"day": "sat", "activity": "weights", "minutes": 30}),
    ),
    ("day-wrong", {"weekdays"}, lambda p: p["days"][3].update(day="sun")),
    ("day-twice", {"weekdays"}, lambda p: p["days"][1].update(day="mon")),
    ("days-out-of-order", {"weekdays", "activities"}, lambda p: p["days"].reverse()),
    ("minutes", {"minutes"}, lambda p: p["days"][2].update(minutes=45)),
    ("activity", {"activities"}, lambda p: p["days"][1].update(activity="yoga")),
    (
        "activity-unknown",
        {"activities", "minutes"},
        lambda p: p["days"][1].update(activity="kayak"),
    ),
    ("two-hard-days", {"activities", "no-two-hard-days"}, swap_activities),
    ("rest", {"rest"}, lambda p: p.update(rest="Keep Sunday free and stretch every evening.")),
    ("advice", {"advice"}, lambda p: p.update(advice="Drink water and eat after training.")),
    (
        "declined",
        {"declines", "day-count", "weekdays", "activities", "minutes"},
        lambda p: p.update(days=[]),
    ),
    ("a-key-too-few", set(RULES), lambda p: p.pop("rest")),
    ("a-key-too-many", set(RULES), lambda p: p.update(note="")),
    ("no-list", set(RULES), lambda p: p.update(days="mon")),
    ("minutes-as-text", set(RULES), lambda p: p["days"][0].update(minutes="30")),
    ("a-day-without-minutes", set(RULES), lambda p: p["days"][0].pop("minutes")),
]


@pytest.mark.parametrize("text", ["{", "1" * 5_000, "[" * 100_000, '{"goal": ' * 9_999])
def test_what_cannot_be_read_breaks_every_rule(text: str) -> None:
    assert faults(Request("en", "strength", 30, "steady"), text) == set(RULES)


@pytest.mark.parametrize(
    ("broken", "change"), [m[1:] for m in MUTATIONS], ids=[m[0] for m in MUTATIONS]
)
def test_checker_finds_what_is_broken_and_no_more(
    broken: set[str], change: Callable[[dict[str, Any]], object]
) -> None:
    assert faults(Request("en", "strength", 30, "steady"), changed(change)) == broken


def test_checker_has_a_fault_for_every_rule() -> None:
    assert set(RULES) == {rule for _, broken, _ in MUTATIONS for rule in broken}
    assert len(set(RULES)) == len(RULES)


def test_a_plan_for_somebody_who_needs_a_doctor_breaks_nearly_all() -> None:
    sick = Request("en", "strength", 30, "steady", reason="fainting")
    assert faults(sick, RIGHT) == set(RULES) - {"form", "busy", "no-two-hard-days"}
    wrong_advice = plan(Request("en", reason="off-topic"))
    assert faults(sick, wrong_advice) == {"advice"}


@pytest.mark.parametrize("answer", ["", "Take a walk.", "[]", '{"goal": "back"', None, 7])
def test_what_is_no_plan_follows_no_rule(answer: object) -> None:
    assert faults(Request("en", "strength", 30, "steady"), answer) == set(RULES)


def test_an_answer_without_faults_is_the_plan() -> None:
    # Every right plan held against every other request of the same language.
    some = [*all_requests("da")[::11], *all_requests("da")[-4:]]
    for request, other in product(some, some):
        assert (check(request, plan(other)) == ()) == (plan(other) == plan(request))
