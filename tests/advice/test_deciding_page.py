"""The worked example of docs/deciding.md is computed here, from right and wrong answers on."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from kilde.advice.advice import Facts, Known
from kilde.advice.advise import advise
from kilde.advice.deciding import SAME
from kilde.advice.report.numbers import chance, change, interval, shown, span
from kilde.advice.rules import load_rules
from kilde.cli.advising import show
from kilde.evaluation.compare import differences, means
from kilde.evaluation.comparison import ArmRun, Comparison, Scored

from .parts import ALL, AT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deciding.md"
# How many of 60 questions each arm answers, and from which one on.
RIGHT = {"plain": (0, 9), "rag": (6, 51), "tuned": (0, 14), "rag+tuned": (5, 52)}
ASKED = 60


def example(asked: int = ASKED) -> Comparison:
    """An arm is right on some questions in a row; the arms overlap as they do in RIGHT."""
    scores = tuple(
        Scored(arm, f"{number:016x}", "task", float(first <= number % ASKED < first + many))
        for arm, (first, many) in RIGHT.items()
        for number in range(asked)
    )
    return Comparison(
        id="3f0c2a9d51be",
        agent="health",
        agent_sha256="a" * 64,
        testset="health",
        testset_sha256="b" * 64,
        store_version=7,
        created_at=AT,
        samples=1,
        temperature=0.0,
        arms=tuple(
            ArmRun(arm, "a-model", adapter="health@1" if "tuned" in arm else "") for arm in ALL
        ),
        scores=scores,
        means=means(scores),
        differences=differences(scores),
    )


FACTS = Facts(
    agent="health",
    known={"changes": Known("often", "the history of the documents")},
    documents=58,
    rows=480,
    changes=6.0,
    retrieval=True,
    adapters=("health@1",),
    testset="health",
    store_version=7,
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)


def printed(found: Comparison, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    show(advise(FACTS, found))
    return click.unstyle(capsys.readouterr().out)


def table(found: Comparison) -> str:
    """The rows of the two tables of the page."""
    lines = [
        f"| {one.arm} | {shown(one.value, 'share')} | {interval(one.low, one.high, 'share')} |"
        for one in found.means
        if one.metric == "task"
    ]
    for one in found.differences:
        if one.metric != "task":
            continue
        lines.append(
            f"| {one.b} less {one.a} | {change(one.value, 'share')} | "
            f"{span(one.low, one.high, 'share')} | {chance(one.p_holm)} | "
            f"{'yes' if one.significant else 'no'} | {one.needed or '–'} |"
        )
    return "\n".join(lines)


def test_the_figures_of_the_worked_example(capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text("utf-8")
    for line in table(example()).splitlines():
        assert line in text, f"docs/deciding.md lacks\n{line}"


def test_the_advice_of_the_worked_example(capsys: pytest.CaptureFixture[str]) -> None:
    shown_there = blocks("text")
    assert printed(example(), capsys) == shown_there[0]


def test_the_same_shares_on_more_questions_are_settled(capsys: pytest.CaptureFixture[str]) -> None:
    larger = example(1200)
    first = printed(larger, capsys).splitlines()[0]
    assert first + "\n" == blocks("text")[1]


def test_how_many_more_are_enough_to_show_that_a_gain_is_small() -> None:
    found = advise(FACTS, example())
    assert found.needed is not None and f"{found.needed} more are enough" in PAGE.read_text("utf-8")
    assert advise(FACTS, example(2 * ASKED)).arm == "rag"


def test_the_bound_and_every_rule_are_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert f"{SAME:.2f}" in text
    for rule in load_rules().rules:
        assert f"| `{rule.id}` | {', '.join(rule.speaks_for)} | {rule.weight} |" in text
