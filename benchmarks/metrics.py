"""The numbers that benchmarks report, as plain functions of plain lists.

Means come with an interval, because two hundred questions cannot tell 0.71 from 0.73.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence


def ndcg(ranking: Sequence[str], gains: Mapping[str, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first ``depth`` documents, in 0..1.

    ``gains`` are the judgements of one query (a document that is not in it gains nothing), at least
    one of them positive. The gain is discounted by log2(1 + rank) and taken as judged, not as a
    power of two, as in trec_eval.

    >>> ndcg(["b", "a"], {"a": 1.0}) == 1 / math.log2(3)
    True
    """
    best = sorted((gain for gain in gains.values() if gain > 0), reverse=True)[:depth]
    found = [gains.get(document, 0.0) for document in ranking[:depth]]
    return _discounted(found) / _discounted(best)


def recall(ranking: Sequence[str], gains: Mapping[str, float], depth: int = 100) -> float:
    """Share of the relevant documents (at least one) among the first ``depth``, in 0..1."""
    relevant = {document for document, gain in gains.items() if gain > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def bootstrap(
    values: Sequence[float], *, rounds: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """The interval that holds the mean in ``level`` of all resamples of the values."""
    if not values:
        return math.nan, math.nan
    draw = random.Random(seed)
    means = [mean(draw.choices(values, k=len(values))) for _ in range(rounds)]
    outside = (1 - level) / 2 * 100
    return percentile(means, outside), percentile(means, 100 - outside)


def percentile(values: Sequence[float], percent: float) -> float:
    """A percentile, interpolated between the two nearest values; NaN of nothing.

    >>> percentile([1.0, 2.0, 4.0], 75)
    3.0
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return percentile(values, 50)


def precision_recall_f1(
    predicted: Sequence[bool], truth: Sequence[bool]
) -> tuple[float, float, float]:
    """Precision, recall and F1 of yes/no predictions; 0 where there is nothing to divide by."""
    hits = sum(p and t for p, t in zip(predicted, truth, strict=True))
    precision = hits / sum(predicted) if any(predicted) else 0.0
    found = hits / sum(truth) if any(truth) else 0.0
    both = precision + found
    return precision, found, 2 * precision * found / both if both else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
