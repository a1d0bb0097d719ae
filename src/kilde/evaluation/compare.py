"""From raw answers to scores, from scores to means, and from means to differences that count.

Pure functions: the same answers give the same figures, wherever and whenever they are computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import fmean, median, stdev

from kilde.errors import EvaluationError
from kilde.evaluation.comparison import Difference, Mean, Scored
from kilde.evaluation.metric import Metric, Setting, Table
from kilde.evaluation.metrics import METRICS
from kilde.evaluation.said import ARMS, Said
from kilde.evaluation.scores import Score
from kilde.evaluation.statistics import (
    LEVEL,
    MCNEMAR,
    WILCOXON,
    holm,
    interval,
    paired_test,
    rank_p,
)
from kilde.evaluation.statistics_power import (
    least_mean,
    least_share,
    pairs_for_mean,
    pairs_for_share,
)
from kilde.evaluation.testset import Question

HEADLINE = "task"
HEADLINE_SHARE = 0.8
"""So much of the 5 % is the headline's, on which is decided; the rest is for all other metrics."""

_ORDER = {arm.name: place for place, arm in enumerate(ARMS)}
_Values = Mapping[str, Mapping[str, Mapping[str, float]]]


def scored(
    questions: Sequence[Question],
    said: Iterable[Said],
    setting: Setting,
    metrics: Table = METRICS,
) -> tuple[Scored, ...]:
    """Every metric of every question that an arm was asked, by arm, question and metric.

    Samples of one question are averaged; those that cannot be scored are left out, and where none
    can, the question is unscored. The reason is that of the first sample that counts. Raises
    :class:`EvaluationError` for an answer to a question that is not among ``questions``.
    """
    by_id = {question.id: question for question in questions}
    samples: dict[tuple[str, str], list[Said]] = {}
    for one in said:
        if one.question not in by_id:
            raise EvaluationError(
                f"An answer of {one.arm} is to question {one.question}, which the test has not.",
                hint="The answers are of another test set: compare again.",
            )
        samples.setdefault((one.arm, one.question), []).append(one)
    found: list[Scored] = []
    for arm in _arms(arm for arm, _ in samples):
        for key, question in by_id.items():
            asked = sorted(samples.get((arm, key), ()), key=lambda one: one.sample)
            for metric in metrics.values() if asked else ():
                score = _averaged([metric.function(question, one, setting) for one in asked])
                found.append(Scored(arm, key, metric.name, score.value, score.why))
    return tuple(found)


def means(scores: Sequence[Scored], metrics: Table = METRICS) -> tuple[Mean, ...]:
    """Each metric over the questions of each arm, with its 95 % interval, in the table's order.

    The mean, and for metrics in seconds the median and the 95th percentile. Which interval it is
    and why, :func:`kilde.evaluation.statistics.interval` says.
    """
    import numpy as np

    values = _values(scores)
    asked: dict[tuple[str, str], int] = {}
    for one in scores:
        asked[one.arm, one.metric] = asked.get((one.arm, one.metric), 0) + 1
    found: list[Mean] = []
    for metric in metrics.values():
        for arm in _arms(arm for arm, name in asked if name == metric.name):
            data = list(values.get(metric.name, {}).get(arm, {}).values())
            unscored = asked[arm, metric.name] - len(data)
            if not data:
                found.append(Mean(arm, metric.name, 0, unscored, None, None, None))
                continue
            timed = metric.unit == "seconds"
            around = interval(data, bounds=_bounds(metric), median=timed)
            found.append(
                Mean(
                    arm,
                    metric.name,
                    len(data),
                    unscored,
                    median(data) if timed else fmean(data),
                    around.low if around else None,
                    around.high if around else None,
                    float(np.percentile(data, 95)) if timed else None,
                )
            )
    return tuple(found)


def differences(
    scores: Sequence[Scored], metrics: Table = METRICS, *, headline: str = HEADLINE
) -> tuple[Difference, ...]:
    """Every pair of arms in every metric, on the questions that both were scored on.

    ``value`` is the mean of the paired differences, for seconds their median, and ``p`` that of
    exact McNemar, a permutation test or, for seconds, Wilcoxon's signed ranks. ``low`` and ``high``
    bound its own 95 % interval (see :func:`kilde.evaluation.statistics.interval`), which is not
    widened for the number of tests; ``significant`` is.

    The chance that equal arms are called different *anywhere* in a comparison is 5 %. Of that the
    pairs of arms in the ``headline`` metric share four fifths among themselves alone, by Holm, for
    they are what is decided on; all other metrics, those of effort included, share the last fifth.
    So twenty more metrics do not make it harder to settle the question that was asked. (Effort
    costs the others little: where arms differ in it, Holm takes it out of the count.) Where there
    is only one of the two families, it has the whole 5 %.

    Memory is left out: all arms answer in one process, which grows, so that whoever is asked later
    would always seem to need more.

    ``detectable`` and ``needed`` hold at the worst that Holm can ask, the family's share divided by
    its tests. ``detectable`` is ``None`` where so few pairs find no difference at all, and where
    all differ by the same. ``needed``
    is ``None`` also where it is more than 100,000: that is, where it is ``None`` though the value
    is neither 0 nor significant.
    """
    values = _values(scores)
    arms = _arms(one.arm for one in scores)
    measured = [
        _measured(metric, a, b, values.get(metric.name, {}))
        for metric in metrics.values()
        if metric.unit != "bytes"
        for a, b in combinations(arms, 2)
    ]
    for at, (p_holm, level) in judged([(one.metric, one.p) for one in measured], headline).items():
        one = replace(measured[at], p_holm=p_holm, significant=p_holm < LEVEL)
        pairs = _pairs(values[one.metric], one.a, one.b)
        measured[at] = _planned(one, metrics[one.metric], pairs, level)
    return tuple(measured)


def judged(
    tests: Sequence[tuple[str, float | None]], headline: str = HEADLINE
) -> dict[int, tuple[float, float]]:
    """Holm's p of each test (its metric and its p), and the level that it meets at the worst.

    By the places in ``tests`` of those that have a p. :func:`differences` says how the headline and
    the other metrics share the 5 %.
    """
    families = [
        [at for at, (metric, p) in enumerate(tests) if p is not None and inside(metric)]
        for inside in (headline.__eq__, headline.__ne__)
    ]
    shares = (HEADLINE_SHARE, 1 - HEADLINE_SHARE) if all(families) else (1.0, 1.0)
    found: dict[int, tuple[float, float]] = {}
    for family, share in zip(families, shares, strict=True):
        adjusted = holm([tests[at][1] or 0.0 for at in family], share)
        for at, p_holm in zip(family, adjusted, strict=True):
            found[at] = (p_holm, LEVEL * share / len(family))
    return found


def _measured(
    metric: Metric, a: str, b: str, values: Mapping[str, Mapping[str, float]]
) -> Difference:
    """A difference before it is judged among the others."""
    pairs = _pairs(values, a, b)
    bare = Difference(
        metric.name, a, b, len(pairs), None, None, None, None, None, "", False, None, None
    )
    if not pairs:
        return bare
    less = _less(pairs)
    if metric.unit == "seconds":
        p, test = rank_p(less), WILCOXON
        value, around = median(less), interval(less, median=True)
    else:
        p, test = paired_test([x for x, _ in pairs], [y for _, y in pairs])
        bounds = (-1.0, 1.0) if metric.unit == "share" else None
        value, around = fmean(less), interval(less, bounds=bounds)
    low, high = (around.low, around.high) if around else (None, None)
    return replace(bare, value=value, low=low, high=high, p=p, test=test)


def _planned(
    one: Difference, metric: Metric, pairs: Sequence[tuple[float, float]], level: float
) -> Difference:
    """A difference with what its size can find, and what size would settle it."""
    less, value, share = _less(pairs), one.value, metric.unit == "share"
    count, unlike = len(less), sum(map(bool, less))
    least, needed = None, None
    open_ = bool(value) and not one.significant
    # Without a pair that differs, the spread is unknown and not 0: as if any were all or nothing.
    if one.test == MCNEMAR or (share and not unlike):
        least = least_share(count, unlike, level)
        needed = pairs_for_share(unlike / count, value or 0.0, level) if open_ else None
    elif count > 1:
        around = interval(less, median=True) if metric.unit == "seconds" else None
        spread = around.error * math.sqrt(count) if around else stdev(less)
        least = least_mean(count, spread, level) if spread else None
        needed = pairs_for_mean(spread, value or 0.0, level) if open_ else None
    if share and least is not None and least > 1:
        least = None
    return replace(one, detectable=least, needed=max(needed, count + 1) if needed else None)


def _less(pairs: Sequence[tuple[float, float]]) -> list[float]:
    # Sums of floats that should be the same differ by a little, which is no difference.
    return [round(second - first, 12) for first, second in pairs]


def _bounds(metric: Metric) -> tuple[float, float] | None:
    return (0, 1) if metric.unit == "share" else None


def _pairs(values: Mapping[str, Mapping[str, float]], a: str, b: str) -> list[tuple[float, float]]:
    """The values of two arms on the questions that both were scored on."""
    first, second = values.get(a, {}), values.get(b, {})
    return [(value, second[key]) for key, value in first.items() if key in second]


def _values(scores: Iterable[Scored]) -> _Values:
    """Metric → arm → question → value, of what was scored."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for one in scores:
        if one.value is not None and math.isfinite(one.value):
            found.setdefault(one.metric, {}).setdefault(one.arm, {})[one.question] = one.value
    return found


def _averaged(scores: Sequence[Score]) -> Score:
    """The mean of what is scored, with the reason of the first of them."""
    valued = [score for score in scores if score.value is not None and math.isfinite(score.value)]
    if not valued:
        return Score(None, scores[0].why)
    return Score(sum(score.value or 0.0 for score in valued) / len(valued), valued[0].why)


def _arms(names: Iterable[str]) -> list[str]:
    """Each arm once, in the order in which arms are shown; others after them as they come."""
    return sorted(dict.fromkeys(names), key=lambda name: _ORDER.get(name, len(_ORDER)))
