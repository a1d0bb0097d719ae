"""How sure a measured figure is: intervals, paired tests, and Holm's correction for many of them.

All resampling is seeded, so that the same answers always give the same figures. Nothing here
returns NaN: what cannot be said is ``None``, and what cannot be told apart has a p of 1.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.05
"""The chance that a comparison of equal arms may take to call any two of them different."""

MCNEMAR, PERMUTATION, WILCOXON = "exact McNemar", "paired permutation", "Wilcoxon signed-rank"
_SEED = 0
_RESAMPLES = 9_999
# A p below this is computed again with more resamples: with the first number it could not get
# small enough for Holm's share of one among hundreds of tests, and most tests need no more.
_LOOK_AGAIN, _FEW, _MANY = 0.01, 4_999, 49_999
_ALL_WAYS = 12  # pairs, whose signs can be flipped in 4,096 ways
_AT_ONCE = 2_000_000  # numbers in memory: 16 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, and the standard error of what it bounds (0 where all values are equal)."""

    low: float
    high: float
    error: float = 0.0


def interval(
    values: Sequence[float], *, bounds: tuple[float, float] | None = None, median: bool = False
) -> Interval | None:
    """The 95 % interval of the mean (or the median) of one value a question.

    ``bounds`` are the least and the greatest that a value can be; ``None`` where there is no such.

    - Values of 0 and 1, in 0..1: Wilson's score interval of a share (Brown, Cai and DasGupta 2001,
      https://doi.org/10.1214/ss/1009213286). A bootstrap of 20 right answers of 20 draws only right
      ones and would claim that no answer is ever wrong.
    - Differences of such, in -1..1: half a question is added to each of the four ways in which two
      arms can be right and wrong (Agresti and Min 2005, https://doi.org/10.1002/sim.1781). Where
      arms differ in 2 of 30 questions, the bootstrap's 95 % hold the truth in 76 % of all cases.
    - Other values that are all the same, with ``bounds``: as many questions as Wilson's interval of
      0 of n allows may say something else, and that at the worst is a bound.
    - Else a bootstrap, bias-corrected and accelerated (BCa) for means, of percentiles for medians,
      whose jackknife is of no use (Efron and Tibshirani 1993).

    ``None`` for fewer than two values, which say nothing of spread.

    >>> interval([1.0] * 20, bounds=(0, 1)).low < 0.9
    True
    """
    import numpy as np

    if len(values) < 2:
        return None
    data, count = np.asarray(values, dtype=float), len(values)
    if bounds == (0, 1) and not median and set(values) <= {0.0, 1.0}:
        return Interval(*_wilson(int(data.sum()), count), float(data.std(ddof=1)) / count**0.5)
    if bounds == (-1, 1) and not median and set(values) <= {-1.0, 0.0, 1.0}:
        return _agresti_min(data)
    if np.ptp(data) == 0:
        value = float(data[0])
        if bounds is None:
            return Interval(value, value)
        elsewhere = _wilson(0, count)[1]
        same = value * (1 - elsewhere)
        return Interval(same + bounds[0] * elsewhere, same + bounds[1] * elsewhere)
    return _bootstrap(data, median)


def paired_test(first: Sequence[float], second: Sequence[float]) -> tuple[float, str]:
    """The p of no difference between two arms' values of the same questions, and its test's name.

    Where every value is 0 or 1, exact McNemar, which looks only at the questions that one arm has
    right and the other wrong. Else the signs of the differences are flipped at random, as if it
    were chance which arm gave which value, and the mean of the differences is compared; up to 12
    pairs in every way there is. Two-sided. 1 where nothing differs, and without pairs.
    """
    if {*first, *second} <= {0.0, 1.0}:
        return _mcnemar(first, second), MCNEMAR
    less = [round(b - a, 12) for a, b in zip(first, second, strict=True)]
    return permutation_p(less), PERMUTATION


def permutation_p(differences: Sequence[float]) -> float:
    """The two-sided p of the mean of paired differences, by flipping their signs."""
    if len(differences) < 2 or not any(differences):
        return 1.0
    p = _flipped(differences, _FEW)
    if p > _LOOK_AGAIN or len(differences) <= _ALL_WAYS:
        return p
    return _flipped(differences, _MANY)


def rank_p(differences: Sequence[float]) -> float:
    """The two-sided p of paired differences by Wilcoxon's signed ranks.

    It flips the signs of ranks, so that one answer that took minutes, for the model had to be
    loaded, does not hide what the others show. 1 where nothing differs.
    """
    from scipy.stats import wilcoxon

    if not any(differences):
        return 1.0
    with _quiet():
        return min(1.0, float(wilcoxon(differences).pvalue))


def holm(p_values: Sequence[float], share: float = 1.0) -> list[float]:
    """Holm's adjusted p of a family that may use up this share of the :data:`LEVEL`.

    Holm 1979, https://www.jstor.org/stable/4615733. An adjusted p below ``LEVEL`` is significant;
    families whose shares add up to 1 err together in at most ``LEVEL`` of all comparisons.
    """
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return []
    adjusted = multipletests(p_values, alpha=LEVEL, method="holm")[1]
    return [min(1.0, float(p) / share) for p in adjusted]


def _wilson(right: int, count: int) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(right, count, alpha=0.05, method="wilson")
    return float(low), float(high)


def _agresti_min(differences: NDArray[Any]) -> Interval:
    from statsmodels.stats.weightstats import DescrStatsW

    counts = [float((differences == sign).sum()) for sign in (-1, 0, 1)]
    # Of the four ways two, both right and both wrong, are no difference.
    weights = [counts[0] + 0.5, counts[1] + 1, counts[2] + 0.5]
    data = DescrStatsW([-1.0, 0.0, 1.0], weights=weights, ddof=0)
    low, high = data.zconfint_mean(0.05)
    return Interval(max(-1.0, float(low)), min(1.0, float(high)), float(data.std_mean))


def _mcnemar(first: Sequence[float], second: Sequence[float]) -> float:
    from statsmodels.stats.contingency_tables import mcnemar

    table = [[0, 0], [0, 0]]
    for a, b in zip(first, second, strict=True):
        table[int(a)][int(b)] += 1
    return min(1.0, float(mcnemar(table, exact=True).pvalue))


def _bootstrap(data: NDArray[Any], median: bool) -> Interval:
    import numpy as np
    from scipy import stats

    def found(method: str) -> Interval:
        result = stats.bootstrap(
            (data,),
            _middle(median),
            n_resamples=_RESAMPLES,
            batch=max(1, _AT_ONCE // len(data)),
            vectorized=True,
            method=method,
            rng=np.random.default_rng(_SEED),
        )
        low, high = result.confidence_interval
        return Interval(float(low), float(high), float(result.standard_error))

    with _quiet():
        best = found("percentile" if median else "BCa")
        # BCa has no answer where nearly all resamples are alike.
        return best if np.isfinite([best.low, best.high]).all() else found("percentile")


def _flipped(differences: Sequence[float], resamples: int) -> float:
    import numpy as np
    from scipy import stats

    data, middle = np.asarray(differences, dtype=float), _middle(median=False)
    if len(data) <= _ALL_WAYS:
        everyone = stats.permutation_test(
            (data,), middle, permutation_type="samples", n_resamples=np.inf, vectorized=True
        )
        return float(everyone.pvalue)
    # The same test by chance: SciPy's own way to draw signs sorts a pair of numbers for each one.
    rng = np.random.default_rng(_SEED)
    drawn = stats.monte_carlo_test(
        data,
        lambda size: data * (2.0 * rng.integers(0, 2, size, dtype=np.int8) - 1),
        middle,
        n_resamples=resamples,
        batch=max(1, _AT_ONCE // len(data)),
        vectorized=True,
    )
    return float(drawn.pvalue)


def _middle(median: bool) -> Callable[..., Any]:
    import numpy as np

    middle = np.median if median else np.mean
    return lambda data, axis: middle(data, axis=axis)


@contextmanager
def _quiet() -> Iterator[None]:
    """SciPy warns of data that say little; that is told by the interval and the p."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
