"""What to do next: as it was measured, with the adapter that was measured, in a helpful order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kilde.advice.advice import Facts, Step
from kilde.advice.commands import compare_command
from kilde.advice.next_steps import after_deciding, to_measure, to_settle
from kilde.evaluation.comparison import Comparison

from .parts import comparison, drill, facts

FOUND = comparison({"plain": 0.2, "rag": 0.8, "tuned": 0.4, "rag+tuned": 0.9})
OTHER = "The agent answers with another model than was measured."
REPORT = "kilde advise health --html report.html"


def measured_with(answering: str, sha256: str = "", **options: str) -> Comparison:
    """A comparison in which a model answered, which may have been named with an option."""
    arms = tuple(replace(run, model=answering, model_sha256=sha256) for run in FOUND.arms)
    return replace(FOUND, arms=arms, options=options)


def lines(known: Facts, arm: str, found: Comparison = FOUND) -> list[str]:
    """What is to be put into the agent's file."""
    steps = after_deciding(known, found, drill(rag=1.0), arm)
    return [line for one in steps if one.file for line in one.command.splitlines()]


def commands(steps: tuple[Step, ...]) -> list[str]:
    return [one.command for one in steps if not one.file]


# Another model than was measured.


@pytest.mark.parametrize(
    ("found", "today", "changed"),
    [
        (measured_with("llama_cpp:a.gguf", "a" * 64), "a" * 64, False),
        (measured_with("llama_cpp:a.gguf", "a" * 64), "b" * 64, True),
        # One that is served elsewhere has no file, so its name tells it.
        (measured_with("openai:big@here"), "openai:big@here", False),
        (measured_with("openai:big@here"), "openai:small@here", True),
        (measured_with("openai:big@here"), "b" * 64, True),
        (measured_with("quotes"), "quotes", False),
        (measured_with("quotes"), "b" * 64, True),
        # Where nobody can say what answers, nothing is said.
        (measured_with("llama_cpp:a.gguf", "a" * 64), "", False),
    ],
)
def test_another_model_is_told(found: Comparison, today: str, changed: bool) -> None:
    known = replace(facts(), model="own", answers_with=today)
    assert known.changed_since(found) == ((OTHER,) if changed else ())
    first = after_deciding(known, found, None, "rag")[0]
    assert first.why.startswith(OTHER) == changed


def test_an_arm_in_which_quotes_stood_in_is_no_other_model() -> None:
    arms = measured_with("openai:big@here").arms
    found = replace(FOUND, arms=(arms[0], replace(arms[1], model="quotes"), *arms[2:]))
    assert replace(facts(), answers_with="openai:big@here").changed_since(found) == ()
    assert replace(facts(), answers_with="quotes").changed_since(found) == (OTHER,)


def test_a_model_that_was_measured_on_purpose_is_to_answer() -> None:
    found = measured_with("llama_cpp:a.gguf", "a" * 64, model="a.gguf")
    known = replace(facts(), model="own", answers_with="b" * 64)
    assert known.changed_since(found) == ()
    assert lines(known, "rag", found) == ['model = "a.gguf"']
    # It is the one that answers, but with other weights.
    assert replace(known, model="a.gguf").changed_since(found) == (OTHER,)


# The adapter that was measured.


@pytest.mark.parametrize("setting", ["none", "health@2"])
def test_what_the_file_says_of_adapters_is_taken_back(setting: str) -> None:
    answering = "" if setting == "none" else setting
    known = replace(
        facts(),
        adapter=answering,
        adapter_setting=setting,
        adapters=("health@1", "health@2"),
    )
    assert lines(known, "rag+tuned") == ['adapter = "health@1"']
    told = commands(after_deciding(known, FOUND, None, "rag+tuned"))
    assert not any("promote" in one for one in told)


def test_an_adapter_that_answers_already_needs_no_step() -> None:
    for setting in ("", "health@1"):
        known = replace(facts(), adapter="health@1", adapter_setting=setting)
        known = replace(known, adapters=("health@1",))
        assert lines(known, "rag+tuned") == []
        told = commands(after_deciding(known, FOUND, None, "rag+tuned"))
        assert not any("promote" in one for one in told)


def test_without_a_setting_the_adapter_is_promoted() -> None:
    known = replace(facts(), adapter="health@2", adapters=("health@1", "health@2"))
    assert lines(known, "rag+tuned") == []
    told = commands(after_deciding(known, FOUND, None, "rag+tuned"))
    assert "kilde adapter promote health@1" in told


def test_a_file_as_adapter_cannot_be_promoted() -> None:
    arms = tuple(replace(run, adapter="my.gguf") for run in FOUND.arms)
    assert lines(facts(), "rag+tuned", replace(FOUND, arms=arms)) == ['adapter = "my.gguf"']


# Measure again as it was measured.

ODD = replace(
    FOUND,
    testset="health-881",
    samples=3,
    temperature=0.7,
    options={"model": "a b.gguf", "adapter": "health@1"},
)
HOW = "--samples 3 --temperature 0.7 --model 'a b.gguf' --adapter health@1"


def test_again_is_as_before() -> None:
    known = replace(facts(), store_version=5)
    first = after_deciding(known, ODD, None, "rag")[0]
    assert first.command == f"kilde compare health --testset health-881 {HOW}"
    assert compare_command(FOUND) == "kilde compare health"
    two = replace(FOUND, arms=FOUND.arms[:2])
    assert compare_command(two) == "kilde compare health --arms plain,rag"


def test_arms_that_were_left_out_are_asked_as_the_others_were() -> None:
    left_out = tuple(replace(run, skipped="tuned" in run.arm and "none") for run in ODD.arms)
    told = commands(after_deciding(facts(), replace(ODD, arms=left_out), None, "rag"))
    assert told[told.index("kilde tune health") + 1] == compare_command(ODD)


def test_a_larger_test_is_asked_as_the_smaller_one_was() -> None:
    told = commands(to_settle(facts(), 100, 300, ODD))
    assert told[1] == f"kilde compare health --testset health-440 {HOW}"
    assert commands(to_settle(facts(), 100, 300))[1] == "kilde compare health --testset health-440"


def test_a_test_set_that_is_not_called_as_the_agent_is_named() -> None:
    told = commands(to_measure(replace(facts(), testset="health-documents"), None))
    assert "kilde compare health --testset health-documents" in told
    assert "kilde compare health" in commands(to_measure(facts(), None))


# In which order.


def test_what_is_still_open_comes_before_the_report_and_is_no_duty() -> None:
    settling = to_settle(facts(), 100, 300, FOUND, rival="rag+tuned")
    assert settling[0].why.startswith("To know whether rag+tuned pays as well: make a larger test;")
    steps = after_deciding(facts(), FOUND, None, "rag", settling)
    assert steps[-1].command == REPORT and steps[-1 - len(settling) : -1] == settling
    assert commands(steps).index("kilde drill health") < steps.index(settling[0])
    assert to_settle(facts(), 100, 300)[0].why.startswith("Make a larger test;")


def test_an_agent_that_fills_in_a_form_is_not_to_be_drilled() -> None:
    for known, drilled in ((facts(), True), (facts(form="no"), True), (facts(form="yes"), False)):
        for steps in (after_deciding(known, FOUND, None, "rag"), to_measure(known, None)):
            assert ("kilde drill health" in commands(steps)) == drilled
