"""Evidence: what was measured, drilled and known, told for one arm and against others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilde.advice.advice import Choice, Evidence, Facts
from kilde.advice.deciding import GUARDS, ORDER, SAME, lead, no_worse
from kilde.advice.report.numbers import change, count, shown, size, span
from kilde.advice.rules import Rule, Rules, worded
from kilde.evaluation.comparison import Comparison, Difference
from kilde.evaluation.drill_result import ArmCost, Drill

Sides = tuple[list[Evidence], list[Evidence]]


def measured(comparison: Comparison, arm: str, others: Sequence[str]) -> Sides:
    """What the comparison says for ``arm`` and against it, beside each of the others."""
    sides: Sides = ([], [])
    for other in others:
        for speaks_for, found in _beside(comparison, arm, other):
            sides[0 if speaks_for else 1].append(found)
    return sides


def drilled(drill: Drill, arm: str, others: Sequence[str]) -> Sides:
    """What the drill says for ``arm`` and against it: who tells the new truth after its work."""
    sides: Sides = ([], [])
    costs = {cost.arm: cost for cost in drill.costs if not cost.skipped}
    own = costs.get(arm)
    if own is None:
        return sides
    rivals = [costs[other] for other in others if other in costs]
    if own.after.get("new", 0.0) > own.after.get("stale", 0.0):
        side = 1 if any(_better(rival, own) for rival in rivals) else 0
    else:
        side = 1  # an arm that mostly tells the old truth is not spoken for by worse ones
    sides[side].append(_told(drill, own))
    for rival in rivals:
        if _better(own, rival) or _better(rival, own):
            sides[0 if _better(own, rival) else 1].append(_told(drill, rival))
    return sides


def known(
    facts: Facts, holding: Sequence[Rule], rules: Rules, choice: Choice, other: Choice | None
) -> Sides:
    """What the rules that hold say for a choice and against it.

    Where it is weighed against one ``other``, rules that say the same of both are left out.
    """
    sides: Sides = ([], [])
    for rule in holding:
        speaks_for = choice in rule.speaks_for
        if other is not None and speaks_for == (other in rule.speaks_for):
            continue
        how = "; ".join(facts.known[name].how for name in rule.when if facts.known[name].how)
        text = f"{worded(rule.reason)} (Known from: {how}.)" if how else worded(rule.reason)
        sides[0 if speaks_for else 1].append(
            Evidence("rule", rule.weight, text, rule.id, cite=rules.cited(rule))
        )
    return sides


def _beside(comparison: Comparison, arm: str, other: str) -> Iterator[tuple[bool, Evidence]]:
    metric = comparison.headline
    task = lead(comparison, metric, arm, other)
    if task is not None and task.value is not None:
        yield _task(comparison, task, arm, other)
    for guard, words in GUARDS.items():
        found = lead(comparison, guard, arm, other)
        if found is None or found.value is None or not found.significant:
            continue
        better = found.value > 0
        text = (
            f"{arm} is {size(found.value, 'share')} {'better' if better else 'worse'} than {other} "
            f"at {words}{_bounds(found)}."
        )
        yield better, _figure(comparison, "strong", text, guard, found)
    slower = lead(comparison, "seconds", arm, other)
    if slower is not None and slower.value and slower.significant:
        quicker = slower.value < 0
        text = (
            f"An answer of {arm} takes {size(slower.value, 'seconds')} "
            f"{'less' if quicker else 'more'} than one of {other}."
        )
        yield quicker, _figure(comparison, "some", text, "seconds", slower)


def _task(comparison: Comparison, task: Difference, arm: str, other: str) -> tuple[bool, Evidence]:
    value = task.value or 0.0
    if task.significant and value:
        more = "more" if value > 0 else "less"
        text = (
            f"{arm} scores {size(value, 'share')} {more} on the task than {other}{_bounds(task)}."
        )
        return value > 0, _figure(comparison, "strong", text, comparison.headline, task)
    if ORDER.index(arm) < ORDER.index(other) and no_worse(comparison, arm, other):
        text = (
            f"{arm} is not behind {other} on the task by more than {size(SAME, 'share')}: the "
            f"difference is {change(value, 'share')}{_bounds(task)}."
        )
        return True, _figure(comparison, "some", text, comparison.headline, task)
    text = (
        f"On the task {arm} and {other} are not told apart: the difference is "
        f"{change(value, 'share')}{_bounds(task)}, which may be chance."
    )
    return value > 0, _figure(comparison, "some", text, comparison.headline, task)


def _bounds(found: Difference) -> str:
    bounds = span(found.low, found.high, "share")
    asked = f"{count(found.pairs)} question{'' if found.pairs == 1 else 's'}"
    return f" (95 % interval {bounds}; {asked})" if bounds else f" ({asked})"


def _figure(
    comparison: Comparison, weight: str, text: str, metric: str, found: Difference
) -> Evidence:
    return Evidence(
        "measured",
        "strong" if weight == "strong" else "some",
        text,
        comparison.id,
        metric,
        found.value,
        found.low,
        found.high,
    )


def _told(drill: Drill, cost: ArmCost) -> Evidence:
    new, stale = cost.after.get("new", 0.0), cost.after.get("stale", 0.0)
    work = f" and {shown(cost.seconds, 'seconds')} of work ({cost.work})" if cost.seconds else ""
    text = (
        f"After {count(len(drill.edits))} edit{'s' * (len(drill.edits) != 1)} of documents{work}, "
        f"{cost.arm} told the new truth "
        f"in {shown(new, 'share')} of the answers and the old one in {shown(stale, 'share')}."
    )
    return Evidence("drill", "some", text, drill.id, "stale", stale)


def _better(one: ArmCost, other: ArmCost) -> bool:
    """Whether an arm tells the new truth more often; where both do alike, after less work.

    Less work for telling nothing new is no better.
    """
    new, old = one.after.get("new", 0.0), other.after.get("new", 0.0)
    return new > old or (new == old > 0 and one.seconds < other.seconds)
