"""How a comparison looks on a terminal: arms beside each other, then what differs for certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kilde.cli import show as shown
from kilde.cli.terminal import single_line, style
from kilde.evaluation.metrics import METRICS

if TYPE_CHECKING:
    from kilde.evaluation.comparison import Comparison, Difference, Judgement, Mean

# What is shown of the metrics; all of them are in the JSON.
_MAIN = (
    "task",
    "answered",
    "declined_rightly",
    "grounded",
    "retrieval_recall",
    "schema",
    "style",
    "seconds",
    "tokens",
    "cost",
)


def show(comparison: Comparison) -> None:
    """Print a comparison: means with intervals, differences in words, and what is to be known."""
    asked = [run.arm for run in comparison.arms if not run.skipped]
    count = len({one.question for one in comparison.scores})
    if asked:
        each = f", each {comparison.samples} times" if comparison.samples > 1 else ""
        questions = f"{count} question{'' if count == 1 else 's'}{each}"
        click.echo(f"{comparison.agent} on {comparison.testset}: {questions}.\n")
        shown.table([("", *asked), *_rows(comparison, asked)])
        click.echo("\nIn brackets: 95 % intervals. Times are medians.")
    if len(asked) > 1:
        _lines("What differs", list(_differences(comparison)))
    _lines("The judge", [_judgement(one) for one in comparison.judgements])
    _lines("Not asked", [f"{run.arm}: {run.skipped}" for run in comparison.arms if run.skipped])
    _lines("Notes", comparison.notes)


def _rows(comparison: Comparison, arms: list[str]) -> Iterator[tuple[str, ...]]:
    for metric in _MAIN:
        found = [comparison.mean(arm, metric) for arm in arms]
        if any(mean is not None and mean.value is not None for mean in found):
            yield metric, *(_cell(mean) for mean in found)
        highs = [mean.high_end if mean else None for mean in found]
        if any(high is not None for high in highs):
            yield (
                f"{metric}, p95",
                *("–" if high is None else _bare(metric, high) for high in highs),
            )


def _cell(mean: Mean | None) -> str:
    if mean is None or mean.value is None:
        return "–"
    text = _bare(mean.metric, mean.value)
    if mean.low is None or mean.high is None:
        return text
    return f"{text} ({_bare(mean.metric, mean.low)}–{_bare(mean.metric, mean.high)})"


def _differences(comparison: Comparison) -> Iterator[str]:
    """The differences that count, then what is not settled of the headline."""
    counting = [one for one in comparison.differences if one.significant and one.metric in _MAIN]
    yield from map(_counting, sorted(counting, key=lambda one: _MAIN.index(one.metric)))
    if not counting:
        yield "No difference is certain."
    for one in comparison.differences:
        if one.metric == comparison.headline and not one.significant and one.pairs:
            yield _open(one)


def _counting(one: Difference) -> str:
    assert one.value is not None and one.p_holm is not None
    higher = METRICS[one.metric].higher
    good = "" if higher is None else (" (better)" if (one.value > 0) == higher else " (worse)")
    between = ""
    if one.low is not None and one.high is not None:
        low, high = (one.low, one.high) if one.value > 0 else (-one.high, -one.low)
        between = f" ({_size(one.metric, low)} to {_size(one.metric, high)})"
    way = "higher" if one.value > 0 else "lower"
    size = _size(one.metric, abs(one.value))
    return (
        f"{one.metric}: {one.b} is {size}{between} {way} than {one.a}{good}, p = {one.p_holm:.2g}"
    )


def _open(one: Difference) -> str:
    asked = f"{one.pairs} question{'s' * (one.pairs != 1)}"
    told = f"{one.metric}: {one.a} and {one.b} are not told apart by {asked}"
    if one.value and one.needed is not None:
        return f"{told}; a difference as large as this one needs about {one.needed:,}"
    if one.detectable is not None:
        return f"{told}, which find differences from {_size(one.metric, one.detectable)} on"
    return told


def _judgement(one: Judgement) -> str:
    unread = one.pairs - one.a_better - one.b_better - one.ties
    text = (
        f"{one.judge} prefers {one.a} in {one.a_better} and {one.b} in {one.b_better} of "
        f"{one.pairs} pairs; {one.ties} ties ({one.turned} turned with the order), "
        f"{unread} without a verdict"
    )
    if one.agreement is None:
        return text
    return f"{text}; where both prefer one, it agrees with task in {one.agreement:.0%}"


def _bare(metric: str, value: float) -> str:
    """A figure without its unit, which its row names."""
    match METRICS[metric].unit:
        case "share" | "seconds":
            return f"{value:.2f}"
        case "tokens":
            return f"{value:,.0f}"
        case _:
            return f"{value:.3g}"


def _size(metric: str, value: float) -> str:
    """A figure in a sentence; shares are in points of a hundred."""
    match METRICS[metric].unit:
        case "share":
            return f"{100 * value:.0f} points"
        case "seconds":
            return f"{value:.2f} s"
        case unit:
            return f"{_bare(metric, value)} {unit}"


def _lines(title: str, lines: list[str] | tuple[str, ...]) -> None:
    if lines:
        click.echo("\n" + style(title, bold=True))
        for line in lines:
            click.echo(f"  {single_line(line)}")
