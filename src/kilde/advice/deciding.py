"""What the measured differences decide: the simplest arm that no other one is shown to beat.

Arms that do not show what must be shown, or that are shown to say what no document supports or to
answer what has no answer, are barred first. Nothing is decided where no arm is told apart from any
other, nor where a further arm leads, may be better by more than :data:`SAME`, and is another way
rather than an addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kilde.evaluation.comparison import Comparison, Difference
from kilde.evaluation.said import ARMS

# Two arms that differ by less, in shares, are the same to whoever asks them. A choice of Kilde's;
# the gate calls an adapter as good as what answers today within the same bound.
SAME = 0.05
# In these an arm may not be worse than another one that could be chosen.
GUARDS = {
    "declined_rightly": "declining what has no answer",
    "grounded": "saying what the documents say",
}
# Whoever answers fewer of the questions that have an answer declines everything, which proves no
# care; and whoever reaches less than this share of what another one reaches on the task could not
# stand in for it. Neither is held against others.
_ANSWERS = _REACHES = 0.5

ORDER: tuple[str, ...] = ("plain", "rag", "tuned", "rag+tuned")
"""From the simplest to run and to keep, to the one that needs most."""
RETRIEVING = frozenset(arm.name for arm in ARMS if arm.retrieval)
_TUNED = frozenset(arm.name for arm in ARMS if arm.adapter)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided.

    ``arm`` is empty where it is undecided; ``between`` then names the simpler and the further arm,
    if it lies between two. ``rival`` is the arm that adds something to the one taken and leads, but
    is not shown to be better. ``measured`` are the arms with a figure, in :data:`ORDER`; ``barred``
    says of some of them why they may not be chosen, and ``careless`` are those of them that are
    worse than another one at declining or at saying what the documents say.
    """

    measured: tuple[str, ...]
    barred: Mapping[str, str] = field(default_factory=dict)
    careless: frozenset[str] = frozenset()
    arm: str = ""
    between: tuple[str, ...] = ()
    rival: str = ""

    @property
    def pair(self) -> tuple[str, ...]:
        """The simpler and the further arm that more questions would tell apart, if there are."""
        return (self.arm, self.rival) if self.rival else self.between

    @property
    def open(self) -> tuple[str, ...]:
        """The arms that could be chosen."""
        return tuple(arm for arm in self.measured if arm not in self.barred)


def decide(comparison: Comparison, required: Iterable[str] = ()) -> Verdict:
    """What a comparison decides; ``required`` are reasons why arms that look nothing up are barred.

    An arm is beaten where another open one is significantly better in the headline metric (after
    Holm's correction). Of those that are not beaten the simplest is taken if it leads and beats any
    arm at all, or if the leader is better by no more than :data:`SAME` (by the upper bound of the
    interval, or because a greater difference would have been found). One that leads and beats
    nobody is taken if that holds of all others.

    Where a further arm leads, the simplest is taken as well if what it does is shown to pay (it
    beats an arm that does less) and all that lead only add to it: what is added has to show that
    it is worth its cost.
    """
    measured = measured_arms(comparison)
    barred = {
        arm: f"it looks nothing up. {why}"
        for why in required
        for arm in measured
        if arm not in RETRIEVING
    }
    careless = _worse_in_guards(comparison, [arm for arm in measured if arm not in barred])
    verdict = Verdict(measured, barred | careless, frozenset(careless))
    unbeaten = [
        arm
        for arm in verdict.open
        if not any(beats(comparison, other, arm) for other in verdict.open)
    ]
    if not unbeaten:
        return verdict
    simplest = unbeaten[0]

    def place(arm: str) -> tuple[float, int]:
        return level(comparison, arm), -ORDER.index(arm)

    leader = max(unbeaten, key=place)
    if simplest != leader and no_worse(comparison, simplest, leader):
        return replace(verdict, arm=simplest)
    if simplest != leader:
        less = [arm for arm in measured if adds_to(simplest, arm)]
        if not any(beats(comparison, simplest, arm) for arm in less):
            return replace(verdict, between=(simplest, leader))
        # Ahead in another way, even if what adds to both is shown to beat it.
        ways = [
            arm
            for arm in verdict.open
            if level(comparison, arm) > level(comparison, simplest)
            and not adds_to(arm, simplest)
            and not no_worse(comparison, simplest, arm)
        ]
        if not ways:
            return replace(verdict, arm=simplest, rival=leader)
        best = max((arm for arm in ways if arm in unbeaten), key=place, default=leader)
        return replace(verdict, between=(simplest, best))
    rivals = [arm for arm in unbeaten[1:] if not no_worse(comparison, simplest, arm)]
    if rivals and not any(beats(comparison, simplest, other) for other in measured):
        return replace(verdict, between=(simplest, max(rivals, key=place)))
    return replace(verdict, arm=simplest)


def declining_alone(comparison: Comparison) -> bool:
    """Whether the task was to decline and nothing else: no question had an answer to be right."""
    return any(measured_arms(comparison)) and all(
        _scored(comparison, arm, "declined_rightly")
        == _scored(comparison, arm, comparison.headline)
        for arm in measured_arms(comparison)
    )


def measured_arms(comparison: Comparison) -> tuple[str, ...]:
    """The arms that were asked and have a figure, from the simplest on."""
    skipped = {run.arm for run in comparison.arms if run.skipped}
    return tuple(
        arm
        for arm in ORDER
        if arm not in skipped
        and (mean := comparison.mean(arm, comparison.headline)) is not None
        and mean.value is not None
    )


def level(comparison: Comparison, arm: str) -> float:
    """The headline figure of a measured arm."""
    mean = comparison.mean(arm, comparison.headline)
    return mean.value if mean is not None and mean.value is not None else 0.0


def lead(comparison: Comparison, metric: str, arm: str, other: str) -> Difference | None:
    """``arm`` less ``other`` in a metric, whichever way round it was measured."""
    found = comparison.difference(metric, other, arm)
    if found is not None:
        return found
    found = comparison.difference(metric, arm, other)
    if found is None:
        return None
    return replace(
        found,
        a=other,
        b=arm,
        value=_negative(found.value),
        low=_negative(found.high),
        high=_negative(found.low),
    )


def adds_to(arm: str, other: str) -> bool:
    """Whether an arm does all that another one does, and more: rag+tuned adds to rag."""
    parts = [(arm in part, other in part) for part in (RETRIEVING, _TUNED)]
    return arm != other and all(mine or not its for mine, its in parts)


def beats(comparison: Comparison, arm: str, other: str, metric: str = "") -> bool:
    """Whether an arm is significantly better than another, in the headline metric by default."""
    found = lead(comparison, metric or comparison.headline, arm, other)
    return found is not None and found.significant and (found.value or 0.0) > 0


def no_worse(comparison: Comparison, arm: str, other: str) -> bool:
    """Whether an arm is shown not to be worse than another by more than :data:`SAME`."""
    found = lead(comparison, comparison.headline, other, arm)
    if found is None or (found.significant and (found.value or 0.0) > 0):
        return False
    bounded = found.high is not None and found.high <= SAME
    return bounded or (found.detectable is not None and found.detectable <= SAME)


def _worse_in_guards(comparison: Comparison, arms: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    careful = [arm for arm in arms if _answers(comparison, arm)]
    for metric, words in GUARDS.items():
        for arm in arms:
            better = [
                other
                for other in careful
                if beats(comparison, other, arm, metric)
                and level(comparison, other) >= _REACHES * level(comparison, arm)
            ]
            if better:
                found.setdefault(arm, f"it is worse than {better[0]} at {words}")
    return found


def _scored(comparison: Comparison, arm: str, metric: str) -> int:
    mean = comparison.mean(arm, metric)
    return mean.questions if mean is not None else 0


def _answers(comparison: Comparison, arm: str) -> bool:
    mean = comparison.mean(arm, "answered")
    return mean is None or mean.value is None or mean.value >= _ANSWERS


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
