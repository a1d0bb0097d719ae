"""Which charts a report has, and the figures that each one shows, also as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.advice.report import charts
from kilde.advice.report.case import Case
from kilde.advice.report.numbers import Number, count, plain, shown, traced
from kilde.evaluation.comparison import Mean
from kilde.evaluation.drill_result import ArmCost, Drill

_HOUR = 3600.0
# Where nothing is to be marked, so many rounds of changes a month are drawn: one every day.
_DAILY = 30.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its title, how it is read, and its figures as a table.

    ``rows`` begin with the arm's name; ``svg`` is markup of our own making.
    """

    id: str
    title: str
    about: str
    svg: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Number, ...]], ...]


def pictures(case: Case, prefix: str) -> tuple[Picture, ...]:
    """The charts that there are figures for; their ids begin with ``prefix``."""
    found = (
        _quality(case, f"{prefix}-quality"),
        _declining(case, f"{prefix}-declining"),
        _latency(case, f"{prefix}-latency"),
        _cost(case.drill, f"{prefix}-cost") if case.drill else None,
    )
    return tuple(picture for picture in found if picture)


def _quality(case: Case, name: str) -> Picture | None:
    means = _means(case, case.comparison.headline)
    rows = []
    for mean in means:
        bounds = case.bounds(mean)
        told = f"{case.value(mean)} ({bounds})" if bounds.text else str(case.value(mean))
        line = None if mean.low is None or mean.high is None else (mean.low, mean.high)
        mark = charts.Mark(mean.value or 0.0, trace=case.value(mean).of)
        rows.append(charts.Row(mean.arm, told, (mark,), line))
    about = "The share of the task done right by each arm; the line is the 95% interval."
    return _dots(
        name,
        "Quality",
        about,
        rows,
        charts.shares(),
        ("done right", "95% interval", "questions"),
        [(mean.arm, (case.value(mean), case.bounds(mean), _asked(mean))) for mean in means],
    )


def _declining(case: Case, name: str) -> Picture | None:
    declined = _means(case, "declined_rightly")
    answered = {mean.arm: mean for mean in _means(case, "answered")}
    rows, table = [], []
    for mean in declined:
        other = answered.get(mean.arm)
        marks = [charts.Mark(mean.value or 0.0, trace=case.value(mean).of)]
        told = str(case.value(mean))
        if other:
            marks.append(charts.Mark(other.value or 0.0, "open", case.value(other).of))
            told += f" · {case.value(other)}"
        values = [mark.value for mark in marks]
        line = (min(values), max(values)) if other else None
        rows.append(charts.Row(mean.arm, told, tuple(marks), line))
        also = (case.value(other), _asked(other)) if other else (Number(""), Number(""))
        table.append((mean.arm, (case.value(mean), _asked(mean), *also)))
    about = (
        "Filled: the share of questions without an answer that were declined. Hollow: the share "
        "of questions with an answer that were answered, rightly or not. Both belong to the right."
    )
    headings = ("declined what has no answer", "of", "answered what has one", "of")
    return _dots(name, "Knowing when to decline", about, rows, charts.shares(), headings, table)


def _latency(case: Case, name: str) -> Picture | None:
    means = _means(case, "seconds")
    rows = []
    for mean in means:
        value, end = mean.value or 0.0, mean.high_end or mean.value or 0.0
        marks = (
            charts.Mark(value, trace=case.value(mean).of),
            charts.Mark(end, "end", case.value(mean, "high_end").of),
        )
        told = f"{case.value(mean)} · {case.value(mean, 'high_end')}"
        rows.append(charts.Row(mean.arm, told, marks, (value, end)))
    largest = max((mean.high_end or mean.value or 0.0 for mean in means), default=0.0)
    return _dots(
        name,
        "Time of an answer",
        "The mark is the median; 95 of 100 answers came before the end of the line (p95).",
        rows,
        charts.axis(largest, lambda value: shown(value, "seconds")),
        ("median", "95th percentile", "answers"),
        [
            (mean.arm, (case.value(mean), case.value(mean, "high_end"), _asked(mean)))
            for mean in means
        ],
    )


def _cost(drill: Drill, name: str) -> Picture | None:
    """Computing time in a month: what the changes take, and what the answers take."""
    drilled = [one for one in drill.costs if not one.skipped and one.work]
    if not drilled:
        return None
    far = _DAILY
    if drill.break_even is not None and drill.break_even > 0:
        far = max(far, 2 * drill.break_even)
    across = charts.axis(far, count)

    def month(one: ArmCost, changes: float) -> float:
        return one.seconds * changes + one.answer_seconds * drill.questions_per_month

    lines = [
        charts.Line(
            one.arm,
            f"{shown(one.seconds, 'seconds')} a round",
            month(one, 0) / _HOUR,
            month(one, across.top) / _HOUR,
        )
        for one in drilled
    ]
    up = charts.axis(max(line.end for line in lines), lambda hours: shown(hours * _HOUR, "seconds"))
    crossing = None
    if drill.break_even is not None:
        even = traced(plain(drill.break_even), drill.break_even, "drill", stat="break_even")
        crossing = (drill.break_even, f"break-even: {even} a month", even.of)
    about = (
        "Computing time in a month, for the answers to "
        f"{count(drill.questions_per_month)} questions and for the work after each round of "
        "changes to the documents: looking up needs a sync, a tuned model another training."
    )
    below = "rounds of changes a month"
    svg = charts.lines(
        name, "Cost of change", about, lines, across, up, below=below, crossing=crossing
    )
    return Picture(
        name,
        "Cost of change",
        about,
        svg,
        ("work a round", "an answer", "new truth before", "after", "stale after"),
        tuple((one.arm, _costs(one)) for one in drilled),
    )


def _costs(one: ArmCost) -> tuple[Number, ...]:
    def share(when: str, kind: str) -> Number:
        value = (one.before if when == "before" else one.after).get(kind, 0.0)
        return traced(shown(value, "share"), value, "drill", arm=one.arm, stat=f"{when}.{kind}")

    def time(stat: str, value: float) -> Number:
        return traced(shown(value, "seconds"), value, "drill", arm=one.arm, stat=stat)

    return (
        time("seconds", one.seconds),
        time("answer_seconds", one.answer_seconds),
        share("before", "new"),
        share("after", "new"),
        share("after", "stale"),
    )


def _dots(
    name: str,
    title: str,
    about: str,
    rows: Sequence[charts.Row],
    scale: charts.Axis,
    headings: tuple[str, ...],
    table: Sequence[tuple[str, tuple[Number, ...]]],
) -> Picture | None:
    if not rows:
        return None
    summed = f"{about} {'; '.join(f'{row.arm}: {row.told}' for row in rows)}."
    svg = charts.dots(name, title, summed, rows, scale)
    return Picture(name, title, about, svg, headings, tuple(table))


def _means(case: Case, metric: str) -> list[Mean]:
    found = (case.comparison.mean(arm.arm, metric) for arm in case.arms)
    return [mean for mean in found if mean and mean.value is not None]


def _asked(mean: Mean) -> Number:
    names = {"metric": mean.metric, "arm": mean.arm, "stat": "questions"}
    return traced(count(mean.questions), mean.questions, "mean", **names)
