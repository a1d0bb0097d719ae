"""From facts, a comparison and a drill to advice. Pure: the same evidence gives the same advice.

The rules only say what to expect. Where two arms or more were measured, the figures decide, and the
rules stand beside them as evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.advice import evidence
from kilde.advice.advice import ARM, CHOICE, Advice, Choice, Evidence, Facts, Step
from kilde.advice.confidence import confidence_of, more_questions
from kilde.advice.deciding import ORDER, Verdict, beats, decide, declining_alone, level
from kilde.advice.next_steps import after_deciding, to_measure, to_settle
from kilde.advice.report.numbers import count, interval, shown
from kilde.advice.rules import Rule, Rules, expected, load_rules, worded
from kilde.advice.turning import turning_points
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill

DO: dict[Choice, str] = {
    "neither": "Use the model as it is (plain)",
    "retrieve": "Look things up (rag)",
    "tune": "Train a model (tuned)",
    "both": "Train a model and look things up (rag+tuned)",
}
"""A choice as one would say it to somebody who never heard of the arms."""


def advise(
    facts: Facts, comparison: Comparison | None = None, drill: Drill | None = None
) -> Advice:
    """What to do about an agent, from what is known of it and what was measured.

    Without a comparison of two arms or more the advice is that of the rules, and says that it is
    unmeasured.
    """
    rules = load_rules()
    case = _Case(facts, rules, rules.holding(facts), comparison, drill)
    if comparison is None:
        return _unmeasured(case, "Nothing is measured yet")
    required = [worded(rule.reason) for rule in case.holding if rule.requires]
    verdict = decide(comparison, required)
    if not verdict.measured:
        return _unmeasured(case, "Nothing could be measured")
    if len(verdict.measured) == 1:
        return _unmeasured(case, f"Only {verdict.measured[0]} was measured")
    if declining_alone(comparison):
        return _unmeasured(case, "Only declining was measured, for no question has an answer")
    return _measured(case, comparison, verdict)


@dataclass(frozen=True, slots=True)
class _Case:
    facts: Facts
    rules: Rules
    holding: Sequence[Rule]
    comparison: Comparison | None
    drill: Drill | None

    @property
    def expected(self) -> Choice | None:
        return expected(self.holding)

    def known(self, choice: Choice, other: Choice | None = None) -> evidence.Sides:
        return evidence.known(self.facts, self.holding, self.rules, choice, other)


def _measured(case: _Case, comparison: Comparison, verdict: Verdict) -> Advice:
    arm, choice = verdict.arm, CHOICE.get(verdict.arm)
    needed = more_questions(comparison, verdict)
    confidence, reason = confidence_of(
        comparison, case.drill, verdict, needed, holding=case.holding, expected=case.expected
    )
    speaks_for, speaks_against = _sides(case, comparison, verdict)
    steps: tuple[Step, ...] = ()
    if not arm or verdict.rival:
        asked = _asked(comparison, verdict)
        steps = to_settle(case.facts, asked, needed, comparison, verdict.rival)
    if arm:
        steps = after_deciding(case.facts, comparison, case.drill, arm, steps)
    return Advice(
        agent=case.facts.agent,
        recommendation=choice or "undecided",
        arm=arm,
        confidence=confidence,
        summary=_summary(comparison, verdict, needed),
        reason=reason,
        expected=case.expected or "undecided",
        evidence_for=tuple(speaks_for),
        evidence_against=tuple(speaks_against),
        would_change=turning_points(case.facts, comparison, case.drill, verdict),
        next=steps,
        notes=_notes(case, comparison, verdict),
        between=verdict.between,
        rival=verdict.rival,
        needed=needed,
        comparison=comparison.id,
        drill=case.drill.id if case.drill else "",
    )


def _unmeasured(case: _Case, what: str) -> Advice:
    """The advice of the rules; ``what`` says why the figures give none."""
    facts, choice = case.facts, case.expected
    if choice is None and case.holding:
        summary = f"{what}, and what is known contradicts itself, so nothing follows from it."
    elif choice is None:
        summary = f"{what}, and nothing that is known speaks for one way or another."
    else:
        summary = f"{DO[choice]}: so far an expectation. {what}; this follows from rules alone."
    speaks_for: list[Evidence] = []
    speaks_against: list[Evidence] = []
    if choice is not None:
        speaks_for, speaks_against = case.known(choice)
        if case.drill is not None:
            others = [arm for arm in ORDER if arm != ARM[choice]]
            told = evidence.drilled(case.drill, ARM[choice], others)
            speaks_for, speaks_against = told[0] + speaks_for, told[1] + speaks_against
    elif case.holding:
        speaks_against = [one for side in case.known("neither") for one in side]
    comparison = case.comparison
    steps = to_measure(facts, case.drill)
    if comparison is not None and declining_alone(comparison):
        steps = to_settle(facts, 0, None, comparison)
    return Advice(
        agent=facts.agent,
        recommendation=choice or "undecided",
        arm=ARM[choice] if choice else "",
        confidence="unmeasured",
        summary=summary,
        reason="Rules say what is usual. Whether it holds for this agent only a comparison on its "
        "own questions can show.",
        expected=choice or "undecided",
        evidence_for=tuple(speaks_for),
        evidence_against=tuple(speaks_against),
        would_change=turning_points(
            facts, None, case.drill, Verdict((), arm=ARM[choice] if choice else "")
        ),
        next=steps,
        notes=_notes(case, comparison, None) if comparison else (),
        comparison=comparison.id if comparison else "",
        drill=case.drill.id if case.drill else "",
    )


def _sides(case: _Case, comparison: Comparison, verdict: Verdict) -> evidence.Sides:
    """All evidence: of the arm that is recommended, or else of the further one of two."""
    if verdict.arm:
        arm, other = verdict.arm, None
        others = [one for one in verdict.measured if one != arm]
    elif verdict.between:
        other, arm = verdict.between
        others = [other]
    else:
        told = [
            Evidence("measured", "strong", f"{one}: {why}", comparison.id)
            for one, why in verdict.barred.items()
        ]
        return [], told
    sides = [evidence.measured(comparison, arm, others)]
    if case.drill is not None:
        sides.append(evidence.drilled(case.drill, arm, others))
    rival = CHOICE[other] if other else None
    sides.append(case.known(CHOICE[arm], rival))
    return [one for side in sides for one in side[0]], [one for side in sides for one in side[1]]


def _asked(comparison: Comparison, verdict: Verdict) -> int:
    means = (comparison.mean(arm, comparison.headline) for arm in verdict.measured)
    return max(mean.questions for mean in means if mean is not None)


def _summary(comparison: Comparison, verdict: Verdict, needed: int | None) -> str:
    asked = _asked(comparison, verdict)
    on = f"On {count(asked)} question{'' if asked == 1 else 's'}"
    figures = {arm: shown(level(comparison, arm), "share") for arm in verdict.measured}
    if verdict.arm:
        mean = comparison.mean(verdict.arm, comparison.headline)
        bounds = interval(mean.low, mean.high, "share") if mean else ""
        between = f" ({bounds})" if bounds else ""
        others = ", ".join(f"{arm} {told}" for arm, told in figures.items() if arm != verdict.arm)
        told = (
            f"{DO[CHOICE[verdict.arm]]}. {on} it scores {figures[verdict.arm]}{between} on the "
            f"task; {others}."
        )
        if verdict.rival:
            more = (
                f"about {count(needed)} more question{'s' * (needed > 1)}"
                if needed
                else "more questions"
            )
            told += (
                f" That {verdict.rival} is ahead may be chance: {more} would settle whether "
                "what it adds pays."
            )
        return told
    if not verdict.between:
        return "Undecided: none of the arms that were measured may be used as it is."
    first, second = verdict.between
    more = "more questions are needed"
    if needed:
        more = f"you need about {count(needed)} more question{'s' * (needed > 1)}"
    behind = [
        arm
        for arm in verdict.open
        if arm not in verdict.between and any(beats(comparison, o, arm) for o in verdict.open)
    ]
    settled = ""
    if behind:
        settled = f" Settled: {' and '.join(behind)} {'is' if len(behind) == 1 else 'are'} behind."
    return (
        f"Undecided: {on[0].lower()}{on[1:]} {first} scores {figures[first]} on the task and "
        f"{second} {figures[second]}, which may be chance; {more}.{settled}"
    )


def _notes(case: _Case, comparison: Comparison, verdict: Verdict | None) -> tuple[str, ...]:
    notes = [f"{run.arm} was not measured: {run.skipped}" for run in comparison.arms if run.skipped]
    if verdict is not None:
        notes += [f"{arm} was left out: {why}" for arm, why in verdict.barred.items()]
    notes += case.facts.changed_since(comparison)
    notes += comparison.notes
    if case.drill is not None:
        notes += [
            f"{cost.arm} was not drilled: {cost.skipped}"
            for cost in case.drill.costs
            if cost.skipped
        ]
        notes += case.drill.notes
    return tuple(dict.fromkeys(notes))
