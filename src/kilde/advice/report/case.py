"""What a report is about: one agent's comparison, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.advice.advice import Advice
from kilde.advice.report.numbers import Number, change, interval, shown, span, traced
from kilde.evaluation.comparison import ArmRun, Comparison, Difference, Mean
from kilde.evaluation.drill_result import Drill
from kilde.evaluation.metric import Metric
from kilde.evaluation.metrics import METRICS
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question


@dataclass(frozen=True, slots=True)
class Case:
    """One agent's part of a report.

    ``questions`` are those of the comparison's test set, ``said`` the raw answers of its arms.
    ``drill`` is ``None`` where nobody edited anything.
    """

    comparison: Comparison
    drill: Drill | None
    advice: Advice
    questions: Sequence[Question]
    said: Sequence[Said]

    @property
    def arms(self) -> tuple[ArmRun, ...]:
        """The arms that were asked."""
        return tuple(arm for arm in self.comparison.arms if not arm.skipped)

    @property
    def skipped(self) -> tuple[ArmRun, ...]:
        """The arms that were not."""
        return tuple(arm for arm in self.comparison.arms if arm.skipped)

    @property
    def currency(self) -> str:
        """What costs are in; empty where nobody said."""
        return (self.comparison.environment or {}).get("currency", "")

    def measured(self, metric: str) -> bool:
        """Whether any arm was scored in a metric."""
        return any(one.questions for one in self.comparison.means if one.metric == metric)

    def value(self, mean: Mean, stat: str = "value") -> Number:
        """A mean's ``value`` or ``high_end``, as it is shown."""
        value: float | None = getattr(mean, stat)
        text = shown(value, METRICS[mean.metric].unit, self.currency)
        return traced(text, value, "mean", metric=mean.metric, arm=mean.arm, stat=stat)

    def bounds(self, mean: Mean) -> Number:
        """A mean's interval; empty where there is none."""
        text = interval(mean.low, mean.high, METRICS[mean.metric].unit, self.currency)
        return _two(text, mean.low, mean.high, "mean", metric=mean.metric, arm=mean.arm)

    def change(self, one: Difference, stat: str = "value") -> Number:
        """A difference's ``value`` or ``detectable``, as it is shown."""
        value: float | None = getattr(one, stat)
        text = change(value, METRICS[one.metric].unit, self.currency)
        if stat == "detectable":
            text = text.lstrip("+")
        return traced(text, value, "difference", metric=one.metric, a=one.a, b=one.b, stat=stat)

    def reach(self, one: Difference) -> Number:
        """A difference's interval; empty where there is none."""
        text = span(one.low, one.high, METRICS[one.metric].unit, self.currency)
        return _two(text, one.low, one.high, "difference", metric=one.metric, a=one.a, b=one.b)


def metric(name: str) -> Metric:
    """The row of a metric in the table."""
    return METRICS[name]


def named(name: str) -> str:
    """A metric's name as people read it.

    >>> named("token_f1")
    'token f1'
    """
    return name.replace("_", " ")


def _two(text: str, low: float | None, high: float | None, of: str, **names: str) -> Number:
    if low is None or high is None:
        return Number("")
    held = {f"data-{name}": word for name, word in names.items()}
    bounds = {"data-low": repr(float(low)), "data-high": repr(float(high))}
    return Number(text, {"data-of": of, **held, "data-stat": "interval", **bounds})
