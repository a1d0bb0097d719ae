"""Does a comparison call equal arms different, and does it find what it says it can find?

Answers are drawn by chance and judged by the code that judges real ones. Equal arms: in how many
comparisons is any difference of any metric called significant? A true difference: a comparison of
equal arms states the least difference it can find; arms are then made to differ by just that much,
and are compared anew. Nothing is asked of a model.
"""

from __future__ import annotations

import argparse
import gc
import math
from collections.abc import Iterator
from functools import cache
from itertools import combinations

import numpy as np
from numpy.random import Generator

from benchmarks.report import Report, Target, say
from kilde.evaluation.compare import HEADLINE, HEADLINE_SHARE, judged
from kilde.evaluation.statistics import LEVEL, interval, paired_test, permutation_p, rank_p
from kilde.evaluation.statistics_power import POWER, least_mean, least_share

_ARMS = 4
# Every pair of four arms in the headline, at the worst that Holm can ask.
_LEVEL = LEVEL * HEADLINE_SHARE / math.comb(_ARMS, 2)
_COVERED = Target(">=", 0.93)  # of intervals that are to hold the truth 95 times in 100

Table = dict[str, np.ndarray]  # metric → arms by questions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--comparisons", type=int, default=1000, help="of a kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Draw, judge and count."""
    report = Report(
        "decide statistics",
        ("check", "answers", "questions", "comparisons", "share"),
        digits={"share": 3},
    )
    count = args.comparisons
    for kind in ("equal", "alike", "one worse"):
        for questions in (30, 100):
            say(f"equal arms: {kind}, {questions} questions")
            share = false_claims(kind, questions, count, args.seed)
            _add(report, "called different", kind, questions, count, share, Target("<=", LEVEL))
    for name, discordance in SHARES.items():
        for questions in (30, 100, 300):
            say(f"a true difference: {name}, {questions} questions")
            share = found_shares(discordance, questions, count, args.seed)
            _add(report, "found", name, questions, count, share, Target(">=", POWER))
    for name in ("F1", "long tail"):
        for questions, most in ((30, count), (100, count), (300, count // 4)):
            say(f"a true difference: {name}, {questions} questions")
            share = found_means(name, questions, most, args.seed)
            _add(report, "found", name, questions, most, share, Target(">=", POWER))
    for name, discordance in SHARES.items():
        for questions in (30, 100):
            say(f"intervals: {name}, {questions} questions")
            share = covered(discordance, discordance / 3, questions, count, args.seed)
            _add(report, "interval holds", name, questions, count, share, _COVERED)
    return report


def _add(
    report: Report,
    check: str,
    answers: str,
    questions: int,
    count: int,
    share: float,
    target: Target,
) -> None:
    cells = {
        "check": check,
        "answers": answers,
        "questions": questions,
        "comparisons": count,
        "share": share,
    }
    report.add(cells, target, "share")


def false_claims(kind: str, questions: int, comparisons: int, seed: int) -> float:
    """The share of comparisons in which arms that are equal are called different, in any metric.

    ``equal``: every arm answers on its own, questions being easy or hard; ``alike``: three of four
    answers are the same in all arms; ``one worse``: the first arm knows nothing, and claims among
    the three others count.
    """
    rng = np.random.default_rng([seed, questions, len(kind)])
    # statsmodels collects garbage in each of its corrections, among all that was ever imported.
    gc.freeze()
    try:
        claimed = [any(_claims(_equal(rng, kind, questions), kind)) for _ in range(comparisons)]
    finally:
        gc.unfreeze()
    return float(np.mean(claimed))


def _equal(rng: Generator, kind: str, questions: int) -> Table:
    """Answers of four arms of which the last three, at least, are equally good."""
    easy = rng.normal(size=questions)
    own = rng.normal(size=(_ARMS, questions))
    if kind == "alike":
        own = np.where(rng.random(questions) < 0.75, own[0], own)
    quality = easy + own
    if kind == "one worse":
        quality[0] -= 4
    f1 = np.clip(quality / 3 + 0.3, 0, 1)
    noise = rng.normal(size=(_ARMS, questions))
    return {
        HEADLINE: (quality > 0).astype(float),
        "contained": (quality + noise > 1).astype(float),
        "declined": (noise > -1.6).astype(float),
        "f1": f1.round(3),
        "seconds": np.exp(easy + noise),
    }


def _claims(table: Table, kind: str) -> Iterator[bool]:
    """Whether each difference is called significant of which nothing is true."""
    tests: list[tuple[str, float]] = []
    wrong: list[bool] = []
    for metric, arms in table.items():
        for a, b in combinations(range(_ARMS), 2):
            if metric == "seconds":
                p = rank_p(list(arms[b] - arms[a]))
            else:
                p = paired_test(arms[a].tolist(), arms[b].tolist())[0]
            tests.append((metric, p))
            wrong.append(kind != "one worse" or a > 0)
    for at, (p_holm, _) in judged(tests).items():
        yield wrong[at] and p_holm < LEVEL


# By name, in how many of the questions one arm is right and the other wrong: all that exact McNemar
# looks at. Two arms of which each has half right by chance differ in half of the questions.
SHARES = {
    "yes/no, 70 % differ": 0.7,
    "yes/no, 40 % differ": 0.4,
    "yes/no, 8 % differ": 0.08,
    "yes/no, 2 % differ": 0.02,
}


def found_shares(discordance: float, questions: int, comparisons: int, seed: int) -> float:
    """The share of comparisons that find the difference which one of equal arms said it could.

    Where that is more than the arms differ, all of it is in favour of the better arm.
    """
    rng = np.random.default_rng([seed, questions])
    found = []
    for _ in range(comparisons):
        unlike = int(rng.binomial(questions, discordance))
        stated = least_share(questions, unlike, _LEVEL)
        if stated is None:
            continue
        share = max(discordance, stated)
        won, lost = _won_lost(rng, share, stated, questions)
        found.append(_mcnemar_p(won, lost) < _LEVEL)
    return float(np.mean(found)) if found else math.nan


def _won_lost(rng: Generator, share: float, difference: float, questions: int) -> tuple[int, int]:
    odds = np.array([share + difference, share - difference, 2 - 2 * share]) / 2
    won, lost, _ = rng.multinomial(questions, odds)
    return int(won), int(lost)


@cache
def _mcnemar_p(won: int, lost: int) -> float:
    return paired_test([0.0] * won + [1.0] * lost, [1.0] * won + [0.0] * lost)[0]


def found_means(name: str, questions: int, comparisons: int, seed: int) -> float:
    """As :func:`found_shares`, for values that are no yes or no, and skewed."""
    rng = np.random.default_rng([seed, questions])
    found = []
    for _ in range(comparisons):
        pilot = _skewed(rng, name, questions)
        stated = least_mean(questions, float(np.std(pilot, ddof=1)), _LEVEL)
        if stated is not None:
            found.append(permutation_p(list(_skewed(rng, name, questions) + stated)) < _LEVEL)
    return float(np.mean(found)) if found else math.nan


def _skewed(rng: Generator, name: str, questions: int) -> np.ndarray:
    """Differences around 0: of token F1 with many zeros and ones, or with a long tail."""
    if name == "F1":
        easy = rng.normal(size=questions)
        first, second = (
            np.clip((easy + rng.normal(size=questions)) / 3 + 0.3, 0, 1) for _ in range(2)
        )
        return np.asarray(second - first)
    return np.asarray(rng.gamma(1.5, 1.0, questions) - 1.5)


def covered(
    discordance: float, difference: float, questions: int, comparisons: int, seed: int
) -> float:
    """How often the 95 % interval of a difference of shares holds the true one."""
    rng = np.random.default_rng([seed, questions])
    held = 0
    for _ in range(comparisons):
        won, lost = _won_lost(rng, discordance, difference, questions)
        values = [1.0] * won + [-1.0] * lost + [0.0] * (questions - won - lost)
        around = interval(values, bounds=(-1, 1))
        held += around is not None and around.low <= difference <= around.high
    return held / comparisons
