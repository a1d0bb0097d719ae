"""How sure a verdict is, what makes one doubt it, and how many questions more would settle it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kilde.advice.advice import ARM, CHOICE, Choice, Confidence
from kilde.advice.deciding import ORDER, SAME, Verdict, beats, lead, no_worse
from kilde.advice.report.numbers import count, size
from kilde.advice.rules import Rule, against
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill
from kilde.evaluation.statistics_power import MOST

# A difference of two shares is not exact: 18/20 less 17/20 is a little more than 0.05.
_ROUNDING = 1e-9


def more_questions(comparison: Comparison, verdict: Verdict) -> int | None:
    """About how many questions more would settle between the two arms that are not told apart.

    Whichever takes fewer: to tell a difference of the size measured from chance, or to show that
    the further arm is ahead by no more than :data:`SAME`. Intervals narrow as the root of the
    number of questions.
    """
    if not verdict.pair:
        return None
    found = lead(comparison, comparison.headline, *reversed(verdict.pair))
    if found is None:
        return None
    settling = [] if found.needed is None else [found.needed]
    if found.value is not None and found.high is not None and found.value < SAME < found.high:
        narrower = (found.high - found.value) / (SAME - found.value)
        settling.append(math.ceil(found.pairs * narrower**2))
    fewest = min(settling, default=MOST + 1)
    return max(fewest - found.pairs, 1) if fewest <= MOST else None


def confidence_of(
    comparison: Comparison,
    drill: Drill | None,
    verdict: Verdict,
    needed: int | None,
    *,
    holding: Sequence[Rule],
    expected: Choice | None,
) -> tuple[Confidence, str]:
    """How sure a verdict is, and why; ``holding`` are the rules that lead one to expect another."""
    if not verdict.open:
        return "low", "Every arm that was measured fails in something that it must not fail in."
    if not verdict.arm:
        more = "How many more questions would tell cannot be estimated."
        if needed:
            more = f"About {count(needed)} more question{'s' * (needed > 1)} would tell."
        return "low", f"The test is too small to tell these two apart. {more}"
    doubts = _doubts(comparison, drill, verdict)
    objecting, _ = against(CHOICE[verdict.arm], holding)
    if objecting and expected not in (None, CHOICE[verdict.arm]):
        doubts.append(f"What is known of the task would make one expect {ARM[expected]}.")
    if not doubts:
        return "high", "All arms were measured, and the differences that matter are no chance."
    return "medium" if len(doubts) == 1 else "low", " ".join(doubts)


def _doubts(comparison: Comparison, drill: Drill | None, verdict: Verdict) -> list[str]:
    arm, found = verdict.arm, []
    place = ORDER.index(arm)
    unsure = [
        other
        for other in verdict.open
        if other != arm
        and not beats(comparison, arm, other)
        # The simplest of equals is right to take; a further arm must be ahead of simpler ones.
        and (ORDER.index(other) < place or not no_worse(comparison, arm, other))
    ]
    if unsure:
        found.append(f"The difference to {' and '.join(unsure)} may be chance.")
    ahead = lead(comparison, comparison.headline, verdict.rival, arm) if verdict.rival else None
    if ahead is not None and ahead.value is not None and ahead.value > SAME + _ROUNDING:
        found.append(f"So far {verdict.rival} is {size(ahead.value, 'share')} ahead.")
    slight = [other for other in verdict.open if _slightly_ahead(comparison, arm, other)]
    if slight:
        found.append(
            f"The gain over the simpler {' and '.join(slight)} is no chance, but no more than "
            f"{size(SAME, 'share')}."
        )
    careless = [one for one in verdict.careless if beats(comparison, one, arm)]
    if careless:
        found.append(
            f"{' and '.join(sorted(careless))} scores more on the task, and was left out for "
            "declining or keeping to the documents less well: weigh that yourself."
        )
    if len(verdict.open) == 1:
        found.append("No other arm may be chosen, so the figures had nothing to decide.")
    missing = [one for one in ORDER if one not in verdict.measured]
    if missing:
        found.append(f"Not measured: {', '.join(missing)}.")
    stale = [
        cost
        for cost in (drill.costs if drill else ())
        if cost.arm == arm and cost.after.get("stale", 0.0) > cost.after.get("new", 0.0)
    ]
    if stale:
        found.append("In the drill it told the old truth more often than the new one.")
    return found


def _slightly_ahead(comparison: Comparison, arm: str, other: str) -> bool:
    """Whether an arm beats a simpler one, but surely by no more than :data:`SAME`."""
    found = lead(comparison, comparison.headline, arm, other)
    return (
        ORDER.index(other) < ORDER.index(arm)
        and beats(comparison, arm, other)
        and found is not None
        and found.high is not None
        and found.high <= SAME
    )
