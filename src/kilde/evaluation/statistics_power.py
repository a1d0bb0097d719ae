"""What a test of some size can find: the least difference, and the questions that one needs.

"Find" is to call it significant with a chance of 80 % (:data:`POWER`) at a ``level`` that has been
divided by the number of tests already (Holm's worst case), two-sided. What is planned with is the
spread that was observed, so these are estimates; of few pairs rough ones. ``python -m benchmarks
decide statistics`` checks by chance that they hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

POWER = 0.8
# Planned with, to be on the safe side of it: spreads are estimates, and tests have steps.
_PLANNED = 0.83
MOST = 100_000
"""More questions than this are not advised."""

_TAIL = 1e-10


def mcnemar_power(pairs: int, discordance: float, difference: float, level: float) -> float:
    """The chance (0..1) that exact McNemar finds a true difference between two yes/no arms.

    ``discordance`` is the share of questions that one arm has right and the other wrong, and is at
    least ``difference``. Summed over how many such pairs there may be, and not by the normal
    approximation, which promises more than the exact test holds.
    """
    import numpy as np
    from scipy.stats import binom

    if pairs < 1 or discordance <= 0:
        return 0.0
    low, high = binom.interval(1 - _TAIL, pairs, discordance)
    unlike = np.arange(int(low), int(high) + 1)
    # The most wins of the loser with which the test still rejects; -1 where none are few enough.
    most = binom.ppf(level / 2, unlike, 0.5)
    most = np.where(2 * binom.cdf(most, unlike, 0.5) < level, most, most - 1)
    wins = min(1.0, (1 + difference / discordance) / 2)
    either = binom.cdf(most, unlike, 1 - wins) + binom.cdf(most, unlike, wins)
    return min(1.0, float(np.sum(binom.pmf(unlike, pairs, discordance) * either)))


@lru_cache(maxsize=4096)
def least_share(pairs: int, unlike: int, level: float) -> float | None:
    """The least difference of two yes/no arms that so many pairs find; ``None`` if none can be.

    ``unlike`` of the pairs have one arm right and the other wrong. Their share is taken to be at
    the upper quartile of what it may be (Wilson's interval of 50 %), so that pairs without any do
    not promise that the next ones have none; a difference that is greater brings its own, all in
    favour of the better arm.
    """
    from scipy.optimize import brentq
    from statsmodels.stats.proportion import proportion_confint

    if pairs < 1:
        return None
    share = min(1.0, float(proportion_confint(unlike, pairs, alpha=0.5, method="wilson")[1]))

    def short(difference: float) -> float:
        return _PLANNED - mcnemar_power(pairs, max(share, difference), difference, level)

    return None if short(1.0) > 0 else float(brentq(short, 1e-9, 1.0, xtol=1e-6))


@lru_cache(maxsize=4096)
def pairs_for_share(unlike: float, difference: float, level: float) -> int | None:
    """The yes/no pairs that find a difference; ``None`` where more than :data:`MOST` are needed.

    ``unlike`` (0..1) is the share of pairs with one arm right and the other wrong.
    """
    return _least(lambda pairs: mcnemar_power(pairs, unlike, abs(difference), level))


def least_mean(pairs: int, spread: float, level: float) -> float | None:
    """The least difference of means that so many pairs find; ``None`` if none can be found.

    ``spread`` is the standard deviation of the paired differences, in their unit; it is taken to be
    at the upper quartile of what it may be, as for shares, if it is normal. By the power of a
    paired t-test, which a permutation test of means comes close to, but for pairs too few to get a
    p that small.
    """
    from scipy.stats import chi2

    effect = _least_effect(pairs, level)
    if effect is None:
        return None
    freedom = pairs - 1
    return effect * spread * math.sqrt(freedom / float(chi2.ppf(0.25, freedom)))


def pairs_for_mean(spread: float, difference: float, level: float) -> int | None:
    """The pairs that find a difference of means; ``None`` where more than :data:`MOST` are."""
    effect = abs(difference) / spread if spread else math.inf
    return _least(lambda pairs: _t_power(pairs, effect, level))


@lru_cache(maxsize=4096)
def _least_effect(pairs: int, level: float) -> float | None:
    from scipy.optimize import brentq

    if pairs < _fewest(level):
        return None
    return float(brentq(lambda effect: _PLANNED - _t_power(pairs, effect, level), 1e-9, 20.0))


def _t_power(pairs: int, effect: float, level: float) -> float:
    """The power of a paired t-test; 0 where signs can be flipped in too few ways.

    Straight from the noncentral t, for statsmodels' ``TTestPower`` adds the tail on the wrong side,
    which is next to nothing, and gives NaN where that is not computed.
    """
    from scipy.stats import nct, t

    if pairs < _fewest(level):
        return 0.0
    critical, centre = float(t.isf(level / 2, pairs - 1)), effect * math.sqrt(pairs)
    if centre > 3 * critical:  # far beyond doubt, and beyond what is computed well
        return 1.0
    return float(nct.sf(critical, pairs - 1, centre))


def _fewest(level: float) -> int:
    """With fewer pairs even those that all point one way have a p above the level."""
    return max(2, math.floor(1 - math.log2(level)) + 1)


def _least(power: Callable[[int], float]) -> int | None:
    """The fewest pairs with enough power, which grows with them but for small steps back."""
    if power(MOST) < _PLANNED:
        return None
    low, high = 0, 1
    while power(high) < _PLANNED:
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= _PLANNED else (middle, high)
    return high
