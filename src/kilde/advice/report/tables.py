"""The tables of a report: what each arm reached, and which differences count."""

from __future__ import annotations

from dataclasses import dataclass

from kilde.advice.report.case import Case, metric, named
from kilde.advice.report.numbers import MISSING, Number, chance, count, plain, shown, size, traced
from kilde.evaluation.comparison import Difference, Judgement, Mean
from kilde.evaluation.metrics import METRICS

MAIN = (
    "task",
    "schema",
    "grounded",
    "citation_precision",
    "declined_rightly",
    "answered",
    "seconds",
    "cost",
)
"""The metrics that are read first; all others can be opened."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric of an arm: figure, interval, 95th percentile of a time, and how many questions."""

    value: Number
    bounds: Number
    high_end: Number | None
    questions: Number
    unscored: Number | None


@dataclass(frozen=True, slots=True)
class Line:
    """A metric across the arms; a cell is ``None`` where it was not measured."""

    name: str
    about: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A difference in words: arm ``b`` is ``by`` ``way`` than arm ``a``.

    ``favours`` is the arm that is the better one by it, empty where none is.
    """

    metric: str
    a: str
    b: str
    by: Number
    way: str
    favours: str
    change: Number
    reach: Number
    chance: Number
    pairs: Number
    detectable: Number
    needed: Number
    significant: bool


def arms(case: Case) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The main metrics, and all others that were scored anywhere, across the arms asked."""
    every = [name for name in METRICS if case.measured(name)]
    main = [name for name in MAIN if name in every]
    others = [name for name in every if name not in main]
    return tuple(_line(case, one) for one in main), tuple(_line(case, one) for one in others)


def differences(case: Case) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """Those of the main metrics that are significant, and all that were tested."""
    found = case.comparison.differences
    tested = [one for one in found if one.value is not None and one.metric in METRICS]
    counted = [one for one in tested if one.significant and one.metric in MAIN]
    return tuple(told(case, one) for one in counted), tuple(told(case, one) for one in tested)


def judgements(case: Case) -> tuple[tuple[Judgement, tuple[Number, ...]], ...]:
    """What judges said, with their counts, the share of agreement and kappa, in the table's order.

    Ties and what was no verdict count as neither.
    """
    found = []
    for one in case.comparison.judgements:
        names = {"judge": one.judge, "a": one.a, "b": one.b}
        neither = one.pairs - one.a_better - one.b_better
        counts = {"pairs": one.pairs, "a_better": one.a_better, "b_better": one.b_better}
        counts |= {"neither": neither, "turned": one.turned}
        cells = [
            traced(count(value), value, "judgement", **names, stat=stat)
            for stat, value in counts.items()
        ]
        agrees, kappa = (
            shown(one.agreement, "share"),
            MISSING if one.kappa is None else plain(one.kappa),
        )
        cells.append(traced(agrees, one.agreement, "judgement", **names, stat="agreement"))
        cells.append(traced(kappa, one.kappa, "judgement", **names, stat="kappa"))
        found.append((one, tuple(cells)))
    return tuple(found)


def told(case: Case, one: Difference) -> Told:
    """A difference that has a value, in words."""
    kind, value = metric(one.metric), one.value or 0.0
    more, less = {"share": ("higher", "lower"), "seconds": ("longer", "shorter")}.get(
        kind.unit, ("more", "less")
    )
    favours = ""
    if kind.higher is not None and value:
        favours = one.b if (value > 0) == kind.higher else one.a
    names = {"metric": one.metric, "a": one.a, "b": one.b}
    return Told(
        metric=named(one.metric),
        a=one.a,
        b=one.b,
        by=traced(size(value, kind.unit, case.currency), value, "difference", **names, stat="size"),
        way=more if value > 0 else less,
        favours=favours,
        change=case.change(one),
        reach=case.reach(one),
        chance=traced(chance(one.p_holm), one.p_holm, "difference", **names, stat="p_holm"),
        pairs=traced(count(one.pairs), one.pairs, "difference", **names, stat="pairs"),
        detectable=case.change(one, "detectable"),
        needed=traced(
            count(one.needed) if one.needed is not None else "",
            one.needed,
            "difference",
            **names,
            stat="needed",
        ),
        significant=one.significant,
    )


def _line(case: Case, name: str) -> Line:
    found = (case.comparison.mean(arm.arm, name) for arm in case.arms)
    cells = tuple(_cell(case, mean) if mean and mean.questions else None for mean in found)
    return Line(named(name), metric(name).about, cells)


def _cell(case: Case, mean: Mean) -> Cell:
    names = {"metric": mean.metric, "arm": mean.arm}
    return Cell(
        value=case.value(mean),
        bounds=case.bounds(mean),
        high_end=case.value(mean, "high_end") if mean.high_end is not None else None,
        questions=traced(count(mean.questions), mean.questions, "mean", **names, stat="questions"),
        unscored=traced(count(mean.unscored), mean.unscored, "mean", **names, stat="unscored")
        if mean.unscored
        else None,
    )
