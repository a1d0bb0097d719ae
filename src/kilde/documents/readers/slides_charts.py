"""Charts and diagrams on a slide: the numbers and texts that they show, from their cached data."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from kilde.documents.content import Table
from kilde.documents.ooxml import attribute, child, children, descendants
from kilde.documents.readers.blocks import Items
from kilde.documents.tables import column_names

_MAX_POINTS = 10_000
# Languages that write a point before the decimals.
_POINT = ("en", "zh", "ja", "ko", "he", "th")


def chart_table(chart: Element) -> Table | None:
    """The series of a chart as columns, a row for each category; ``None`` without cached data."""
    comma = _has_comma(attribute(child(chart, "lang"), "val"))
    series = list(descendants(child(chart, "chart", "plotArea"), "ser"))
    if not series:
        return None
    names, columns = [], []
    categories: dict[int, str] = {}
    for number, one in enumerate(series, 1):
        title = " ".join(_points(child(one, "tx"), comma=comma).values())
        names.append(title or f"{number}")
        axis = child(one, "cat") if child(one, "cat") is not None else child(one, "xVal")
        for place, text in _points(axis, comma=comma).items():
            categories.setdefault(place, text)
        values = child(one, "val") if child(one, "val") is not None else child(one, "yVal")
        columns.append(_points(values, comma=comma))
    places = sorted(set(categories).union(*columns))
    if not places or not any(columns):
        return None
    rows = [[categories.get(place), *(column.get(place) for column in columns)] for place in places]
    caption = " ".join(
        "".join(t.text or "" for t in descendants(paragraph, "t"))
        for paragraph in descendants(child(chart, "chart", "title"), "p")
    )
    return Table(["", *column_names(names)], rows, title=" ".join(caption.split()))


def _points(source: Element | None, *, comma: bool) -> dict[int, str]:
    """The cached texts or numbers, by index; the levels of a category are joined."""
    points: dict[int, str] = {}
    if source is None:
        return points
    levels = list(descendants(source, "lvl"))
    for cache in reversed(levels) if levels else [source]:
        code = next((e.text or "" for e in descendants(cache, "formatCode")), "")
        numeric = next(descendants(cache, "numCache"), None) is not None
        for point in descendants(cache, "pt"):
            place, text = attribute(point, "idx"), child(point, "v")
            if text is None or not text.text or not place.isdigit() or int(place) > _MAX_POINTS:
                continue
            shown = _number(text.text, attribute(point, "formatCode") or code, comma=comma)
            shown = shown if numeric else text.text.strip()
            points[int(place)] = " ".join(filter(None, (points.get(int(place), ""), shown)))
    literal = child(source, "v")
    if literal is not None and literal.text:
        points[0] = literal.text.strip()
    return points


def _number(text: str, code: str, *, comma: bool) -> str:
    """A number as the chart's number format shows it: percent, decimals, the decimal sign."""
    try:
        value = float(text)
    except ValueError:
        return text
    percent = "%" in code
    value = value * 100 if percent else value
    decimals = re.search(r"0\.(0+)", code)
    if decimals:
        shown = f"{value:.{len(decimals[1])}f}"
    elif re.search(r"0", code) and code != "General":
        shown = f"{value:.0f}"
    else:
        shown = f"{value:.12g}"
    shown = shown.replace(".", ",") if comma else shown
    return f"{shown} %" if percent else shown


def _has_comma(language: str) -> bool:
    return bool(language) and not language.lower().startswith(_POINT)


def diagram_text(data: Element) -> str:
    """The texts of a diagram (SmartArt) as a list, indented by their depth."""
    texts: dict[str, str] = {}
    for point in children(child(data, "ptLst"), "pt"):
        if attribute(point, "type") in ("", "node", "asst", "doc"):
            paragraphs = (
                "".join(t.text or "" for t in descendants(p, "t")) for p in descendants(point, "p")
            )
            texts[attribute(point, "modelId")] = " ".join(" ".join(paragraphs).split())
    below: dict[str, list[tuple[int, str]]] = {}
    placed: set[str] = set()
    for connection in children(child(data, "cxnLst"), "cxn"):
        if attribute(connection, "type") in ("", "parOf"):
            source, target = attribute(connection, "srcId"), attribute(connection, "destId")
            order = attribute(connection, "srcOrd")
            below.setdefault(source, []).append((int(order) if order.isdigit() else 0, target))
            placed.add(target)
    lines: list[str] = []
    open_nodes = [(node, 0) for node in reversed(texts) if node not in placed]
    shown: set[str] = set()
    while open_nodes:
        node, depth = open_nodes.pop()
        if node in shown:
            continue
        shown.add(node)
        if text := texts.get(node):
            lines.append(f"{'  ' * depth}- {text}")
        deeper = depth + bool(text)
        open_nodes += [(target, deeper) for _, target in sorted(below.get(node, ()), reverse=True)]
    return Items("\n".join(lines))
