"""What charts are drawn with: lines, shapes and words in SVG, placed across in percent.

An arm has a shape beside its colour, which the page's style sheet gives it. Paths know no percent,
so a shape stands in a small picture of its own, which does.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

SHAPES: Mapping[str, str] = {
    "plain": "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0Z",
    "rag": "M-5 -5H5V5H-5Z",
    "tuned": "M0 -6.5L6.5 5H-6.5Z",
    "rag+tuned": "M0 -7.5L7.5 0L0 7.5L-7.5 0Z",
}
"""What marks an arm: a circle, a square, a triangle, a diamond; 11 to 15 px around 0,0."""

Trace = Mapping[str, str]
"""Attributes that say of which figure a mark is made."""


def marker(arm: str) -> str:
    """The shape of an arm alone, to stand beside its name; it says nothing to screen readers."""
    svg = ET.Element(
        "svg",
        {"class": "marker", "width": "16", "height": "16", "viewBox": "-8 -8 16 16"}
        | {"aria-hidden": "true"},
    )
    shape(svg, arm)
    return text_of(svg)


def chart(name: str, title: str, about: str, height: float, style: str = "chart") -> ET.Element:
    """An empty picture that screen readers announce by its title and description."""
    svg = ET.Element(
        "svg",
        {"class": style, "role": "img", "width": "100%", "height": f"{height:g}"}
        | {"aria-labelledby": f"{name}-title {name}-about"},
    )
    ET.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ET.SubElement(svg, "desc", {"id": f"{name}-about"}).text = about
    return svg


def shape(
    svg: ET.Element,
    arm: str,
    x: float = 0,
    y: float = 0,
    *,
    right: float = 0,
    kind: str = "full",
    trace: Trace | None = None,
) -> None:
    """The arm's shape at ``x`` percent and ``right`` px; a nested picture, for paths know no %."""
    place = ET.SubElement(svg, "svg", {"x": f"{x:.2f}%", "y": f"{y:g}", "overflow": "visible"})
    path = {"d": SHAPES[arm], "class": f"shape {kind} {style_of(arm)}"} | dict(trace or {})
    if right:
        path["transform"] = f"translate({right:g} 0)"
    ET.SubElement(place, "path", path)


def line(
    svg: ET.Element,
    style: str,
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    trace: Trace | None = None,
) -> None:
    """A line; across in percent, downward in px."""
    place = {"x1": f"{x1:.2f}%", "y1": f"{y1:g}", "x2": f"{x2:.2f}%", "y2": f"{y2:g}"}
    ET.SubElement(svg, "line", {"class": style} | place | dict(trace or {}))


def words(
    svg: ET.Element,
    style: str,
    x: float,
    y: float,
    told: str,
    anchor: str = "start",
    dx: str = "0",
) -> None:
    """A text at ``x`` percent and ``dx`` px; ``anchor`` is the end of it that stands there."""
    place = {"x": f"{x:.2f}%", "y": f"{y:g}", "dx": dx, "class": style, "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = told


def style_of(arm: str) -> str:
    """The class that gives an arm its colour."""
    return "arm-" + arm.replace("+", "-")


def text_of(svg: ET.Element) -> str:
    """A picture as markup."""
    return ET.tostring(svg, encoding="unicode")
