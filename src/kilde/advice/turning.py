"""What would change a piece of advice: how often documents change, more questions, more rows."""

from __future__ import annotations

from collections.abc import Iterator

from kilde.advice.advice import Facts
from kilde.advice.deciding import ORDER, SAME, Verdict, beats, lead, level, no_worse
from kilde.advice.report.numbers import change, count, plain, size
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill
from kilde.tuning.checks.size import USUAL


def turning_points(
    facts: Facts, comparison: Comparison | None, drill: Drill | None, verdict: Verdict
) -> tuple[str, ...]:
    """What would have to be otherwise for the advice to be another, each in one sentence."""
    return tuple(_all(facts, comparison, drill, verdict))


def _all(
    facts: Facts, comparison: Comparison | None, drill: Drill | None, verdict: Verdict
) -> Iterator[str]:
    if comparison is not None and verdict.arm:
        yield from _other_arms(comparison, verdict)
        yield from _barred(comparison, verdict)
        for run in comparison.arms:
            if run.skipped:
                yield f"If {run.arm}, which was not measured, did better on the same questions."
    if drill is not None and drill.break_even is not None and _weighs(comparison, verdict):
        yield _break_even(facts, drill, drill.break_even, verdict.arm)
    if facts.rows is not None and facts.rows < USUAL and "tuned" not in verdict.arm:
        yield f"If you had {USUAL} or more examples to train on; there are {count(facts.rows)}."
    if comparison is None and "changes" not in facts.known:
        yield "If it turned out how often the documents change: nobody knows that yet."


def _weighs(comparison: Comparison | None, verdict: Verdict) -> bool:
    """Whether computing time can tip it: not where the figures settle looking up or training."""
    rival = {"rag": "tuned", "tuned": "rag"}.get(verdict.arm)
    if rival is None:
        return set(verdict.between) == {"rag", "tuned"}
    if comparison is None:
        return True
    return rival in verdict.open and not beats(comparison, verdict.arm, rival)


def _break_even(facts: Facts, drill: Drill, times: float, arm: str) -> str:
    now = "" if facts.changes is None else f" Now they change about {plain(facts.changes)} times."
    asked = f"at {count(drill.questions_per_month)} questions a month"
    when = {"rag": "less than", "tuned": "more than"}.get(arm, "more or less than")
    takes = "takes less" if arm == "rag" else "takes more" if arm == "tuned" else "takes as much"
    side = {"rag": "below", "tuned": "above"}.get(arm, "at")
    return (
        f"If documents changed {when} {plain(times)} times a month: {side} that, training again "
        f"{takes} computing {'as' if takes.endswith('much') else 'than'} looking things up, "
        f"{asked}.{now}"
    )


def _other_arms(comparison: Comparison, verdict: Verdict) -> Iterator[str]:
    """The arms that may be as good, by chance or because the gain is small."""
    arm = verdict.arm
    for other in verdict.open:
        found = lead(comparison, comparison.headline, other, arm)
        if found is None or not found.value:
            continue
        simpler = ORDER.index(other) < ORDER.index(arm)
        ahead = size(found.value, "share")
        if found.significant:
            if simpler and found.low is not None and found.low >= -SAME:
                yield (
                    f"If so small a gain is not worth it: {arm} is ahead of the simpler {other} by "
                    f"{ahead}, and by no more than {size(SAME, 'share')}."
                )
        elif (simpler or found.value > 0) and not no_worse(comparison, arm, other):
            more = "more questions"
            if found.needed is not None:
                more = f"{count(max(found.needed - found.pairs, 1))} more questions"
            if simpler:
                yield (
                    f"If {more} showed that {other} is as good as {arm} or better; so far it is at "
                    f"{change(found.value, 'share')}."
                )
            else:
                yield (
                    f"If {other} were shown to be better than {arm}: it is ahead by {ahead}, and "
                    f"{more} would show a lead of that size."
                )


def _barred(comparison: Comparison, verdict: Verdict) -> Iterator[str]:
    for arm, why in verdict.barred.items():
        if level(comparison, arm) <= level(comparison, verdict.arm):
            continue
        yield (
            f"If {arm} could be used, which scores more on the task. Now it cannot: "
            f"{why.rstrip('.')}."
        )
