"""Charts as inline SVG that need no script, no colour and no wide screen to be read.

Across, everything is placed in percent, so that a chart takes the width it is given and its words
keep their size. An arm has a shape and a dash pattern beside its colour, which the page's style
sheet gives it, once for light and once for dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree as ET

from kilde.advice.report import drawing

# Space at both ends of the plot, in percent, so that marks at the ends are whole.
_EDGE = 2.5
_ROW, _AXIS = 56, 26
_PLOT, _LEGEND = 220, 24
# Left of the lines' plot, so many px are for the labels of its upward axis (page.css: .lines).
_GUTTER = 56


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on a row at ``value``, in the unit of the axis."""

    value: float
    kind: Literal["full", "open", "end"] = "full"
    trace: drawing.Trace = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """What one arm shows: marks, a line between two values, and the same in words (``told``)."""

    arm: str
    told: str
    marks: tuple[Mark, ...] = ()
    line: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line: ``start`` at 0, ``end`` at the end of the axis across."""

    arm: str
    told: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Axis:
    """From 0 to ``top``, with a label at each tick."""

    top: float
    ticks: tuple[float, ...]
    label: Callable[[float], str]

    def at(self, value: float) -> float:
        """Where a value stands, in percent of the width."""
        share = min(max(value / self.top, 0.0), 1.0) if self.top else 0.0
        return _EDGE + (100 - 2 * _EDGE) * share


def axis(largest: float, label: Callable[[float], str]) -> Axis:
    """An axis that holds ``largest``, with three to six ticks at round numbers.

    >>> axis(7.3, str).ticks
    (0.0, 2.0, 4.0, 6.0, 8.0)
    """
    largest = largest or 1.0
    power = 10.0 ** math.floor(math.log10(largest / 4))
    step = next(power * by for by in (1, 2, 2.5, 5, 10) if power * by * 5 >= largest)
    count = math.ceil(largest / step - 1e-9)
    return Axis(count * step, tuple(step * tick for tick in range(count + 1)), label)


def shares() -> Axis:
    """An axis of shares, from none to all."""
    return Axis(1.0, (0.0, 0.25, 0.5, 0.75, 1.0), lambda value: f"{value:.0%}")


def dots(name: str, title: str, about: str, rows: Sequence[Row], scale: Axis) -> str:
    """A row for each arm, with its marks on a common axis.

    ``name`` is unique on the page; ``about`` says the whole chart in words.
    """
    bottom = len(rows) * _ROW
    svg = drawing.chart(name, title, about, bottom + _AXIS)
    for tick in scale.ticks:
        drawing.line(svg, "grid", scale.at(tick), 4, scale.at(tick), bottom)
        _tick(svg, scale, tick, bottom + 18)
    for number, row in enumerate(rows):
        top = number * _ROW
        _named(svg, row.arm, row.told, top + 16)
        y = top + 38
        drawing.line(svg, "track", _EDGE, y, 100 - _EDGE, y)
        if row.line:
            drawing.line(
                svg,
                f"reach {drawing.style_of(row.arm)}",
                scale.at(row.line[0]),
                y,
                scale.at(row.line[1]),
                y,
            )
        # The full mark last, for it must not be covered.
        for mark in sorted(row.marks, key=lambda one: one.kind == "full"):
            _mark(svg, row.arm, mark, scale.at(mark.value), y)
    return drawing.text_of(svg)


def lines(
    name: str,
    title: str,
    about: str,
    found: Sequence[Line],
    across: Axis,
    up: Axis,
    *,
    below: str,
    crossing: tuple[float, str, drawing.Trace] | None = None,
) -> str:
    """Straight lines from the left to the right end; ``crossing`` marks and names a place.

    ``below`` says what the axis across counts.
    """
    first = len(found) * _LEGEND + 34
    bottom = first + _PLOT
    svg = drawing.chart(name, title, about, bottom + 2 * _AXIS, "chart lines")

    def high(value: float) -> float:
        return bottom - _PLOT * min(value / up.top, 1.0)

    for number, line in enumerate(found):
        _named(svg, line.arm, line.told, number * _LEGEND + 16, left=_GUTTER)
    for tick in up.ticks:
        drawing.line(svg, "grid", 0, high(tick), 100, high(tick))
        drawing.words(svg, "tick", 0, high(tick) + 4, up.label(tick), "end", dx="-8")
    for tick in across.ticks:
        _tick(svg, across, tick, bottom + 18)
    drawing.words(svg, "tick", 100, bottom + 40, below, "end")
    if crossing:
        at = across.at(crossing[0])
        drawing.line(svg, "crossing", at, first - 6, at, bottom, crossing[2])
        drawing.words(svg, "crossing", at, first - 12, crossing[1], "start" if at < 50 else "end")
    for line in found:
        start, end = high(line.start), high(line.end)
        left, right = across.at(0), across.at(across.top)
        drawing.line(svg, f"course {drawing.style_of(line.arm)}", left, start, right, end)
        for share in (0.0, 0.5, 1.0):
            drawing.shape(
                svg, line.arm, left + (right - left) * share, start + (end - start) * share
            )
    return drawing.text_of(svg)


def _named(svg: ET.Element, arm: str, told: str, y: float, *, left: float = 0) -> None:
    """An arm's shape and name, ``left`` px before the plot, and what it shows at the right end."""
    drawing.shape(svg, arm, 0, y - 5, right=9 - left)
    name = ET.SubElement(svg, "text", {"x": f"{24 - left:g}", "y": f"{y:g}", "class": "arm"})
    name.text = arm
    drawing.words(svg, "told", 100, y, told, "end")


def _mark(svg: ET.Element, arm: str, mark: Mark, x: float, y: float) -> None:
    if mark.kind == "end":
        drawing.line(svg, f"end {drawing.style_of(arm)}", x, y - 7, x, y + 7, mark.trace)
    else:
        drawing.shape(svg, arm, x, y, kind=mark.kind, trace=mark.trace)


def _tick(svg: ET.Element, scale: Axis, tick: float, y: float) -> None:
    at = scale.at(tick)
    drawing.words(
        svg,
        "tick",
        at if 10 < at < 90 else round(at / 100) * 100,
        y,
        scale.label(tick),
        _anchor(at),
    )


def _anchor(at: float) -> str:
    return "start" if at < 10 else "end" if at > 90 else "middle"
