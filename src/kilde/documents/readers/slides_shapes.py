"""The shapes of a slide in the order in which they are read, as texts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from xml.etree.ElementTree import Element

from kilde.documents.content import Grid, GridCell, Part, Table
from kilde.documents.grids import placed, tables_of
from kilde.documents.markup import as_text
from kilde.documents.ooxml import attribute, child, children, descendants, local
from kilde.documents.readers.blocks import Heading, one_line
from kilde.documents.readers.slides_charts import chart_table, diagram_text
from kilde.documents.readers.slides_text import texts_of

_TITLES = ("title", "ctrTitle")
_MARGINS = ("sldNum", "dt", "ftr", "hdr")
# EMU (a quarter of an inch): shapes that begin within it stand side by side.
_SAME_HEIGHT = 228_600
_MAX_DEPTH = 50


@dataclass
class Layout:
    """The layout and the master of a slide, for the bullets that its placeholders inherit."""

    layout: Element | None = None
    master: Element | None = None

    def styles(self, kind: str, index: str) -> list[Element | None]:
        """The list styles of a placeholder, the nearest first."""
        key = "body" if kind in ("", "obj", "subTitle") else kind
        own = self._layout.get(f"#{index}") if index else self._layout.get(kind)
        body = child(self.master, "txStyles", "bodyStyle")
        return [own, self._master.get(key), body if key == "body" else None]

    @cached_property
    def _layout(self) -> dict[str, Element | None]:
        return _list_styles(self.layout)

    @cached_property
    def _master(self) -> dict[str, Element | None]:
        return _list_styles(self.master)


def _list_styles(root: Element | None) -> dict[str, Element | None]:
    styles: dict[str, Element | None] = {}
    for shape in children(child(root, "cSld", "spTree"), "sp"):
        placeholder = _placeholder(shape)
        if placeholder is not None:
            style = child(shape, "txBody", "lstStyle")
            styles.setdefault(attribute(placeholder, "type"), style)
            if index := attribute(placeholder, "idx"):
                styles.setdefault(f"#{index}", style)
    return styles


@dataclass
class SlideReader:
    """Reads one slide. ``related`` gives the root element of a part by its relationship id."""

    layout: Layout
    related: Callable[[str], Element | None]
    omitted: Counter[str]
    _pictures: list[str] = field(default_factory=list)

    def parts(self, slide: Element) -> list[Part]:
        """The title as a heading, then placeholders, then what else stands on the slide."""
        shapes = list(self._shapes(child(slide, "cSld", "spTree")))
        titles = [s for s in shapes if _kind(s) in _TITLES]
        bodies = [s for s in shapes if _kind(s) is not None and _kind(s) not in _TITLES]
        others = [s for s in shapes if _kind(s) is None]
        parts: list[Part] = []
        for shape in titles:
            texts = texts_of(child(shape, "txBody"), (), self.omitted)
            if title := " ".join(" ".join(texts).split()):
                parts.append(Heading(f"# {title}"))
        heads = len(parts)
        for shape in [*bodies, *in_reading_order(others)]:
            parts += self._shape(shape, 0)
        if len(parts) == heads and self._pictures:
            parts += [as_text(text) for text in self._pictures if text]
            self.omitted["pictures"] += sum(not text for text in self._pictures)
        return parts

    def _shapes(self, tree: Element | None) -> Iterator[Element]:
        """The shapes that are shown."""
        for element in tree if tree is not None else ():
            if local(element) == "AlternateContent":
                yield from self._shapes(next(iter(element), None))
                continue
            if local(element) not in ("sp", "grpSp", "graphicFrame", "pic", "cxnSp"):
                continue
            if attribute(_properties(element), "hidden") in ("1", "true"):
                self.omitted["hidden shapes"] += 1
            elif _kind(element) not in _MARGINS:
                yield element

    def _shape(self, shape: Element, depth: int) -> list[Part]:
        match local(shape):
            case "grpSp" if depth < _MAX_DEPTH:
                inner = in_reading_order(list(self._shapes(shape)))
                return [part for one in inner for part in self._shape(one, depth + 1)]
            case "sp" | "cxnSp":
                placeholder = _placeholder(shape)
                styles = (
                    self.layout.styles(
                        attribute(placeholder, "type"), attribute(placeholder, "idx")
                    )
                    if placeholder is not None
                    else ()
                )
                return list(texts_of(child(shape, "txBody"), styles, self.omitted))
            case "pic":
                self._pictures.append(" ".join(attribute(_properties(shape), "descr").split()))
            case "graphicFrame":
                return self._frame(child(shape, "graphic", "graphicData"))
            case _:
                pass
        return []

    def _frame(self, data: Element | None) -> list[Part]:
        for element in data if data is not None else ():
            match local(element):
                case "tbl":
                    return self._table(element)
                case "chart":
                    chart = self.related(attribute(element, "id"))
                    table = chart_table(chart) if chart is not None else None
                    if table is not None:
                        return [*([as_text(table.title)] if table.title else []), table]
                    self.omitted["charts"] += 1
                case "relIds":
                    diagram = self.related(attribute(element, "dm"))
                    text = diagram_text(diagram) if diagram is not None else ""
                    if text:
                        return [text]
                    self.omitted["diagrams"] += 1
                case "oleObj" | "AlternateContent":
                    self.omitted["embedded objects"] += 1
                case _:
                    pass
        return []

    def _table(self, table: Element) -> list[Part]:
        named = attribute(child(table, "tblPr"), "firstRow") in ("1", "true")
        rows: list[list[tuple[GridCell, int, int]]] = []
        for number, row in enumerate(children(table, "tr")):
            cells = [
                cell
                for cell in children(row, "tc")
                if "1" not in (cell.get("hMerge"), cell.get("vMerge"))
                and "true" not in (cell.get("hMerge"), cell.get("vMerge"))
            ]
            spans = [(_span(cell, "rowSpan"), _span(cell, "gridSpan")) for cell in cells]
            # With merged cells in the first row, the header may go on in the second.
            header = named and not number and all(span == (1, 1) for span in spans)
            texts = (one_line(texts_of(child(c, "txBody"), (), self.omitted)) for c in cells)
            rows.append(
                [
                    (GridCell(text, header=header), height, width)
                    for text, (height, width) in zip(texts, spans, strict=True)
                ]
            )
        return _neutral(tables_of(Grid(placed(rows))))


def in_reading_order(shapes: Sequence[Element]) -> list[Element]:
    """Shapes from top to bottom; those that begin at the same height from left to right."""
    places = sorted((_position(shape), number) for number, shape in enumerate(shapes))
    lines: list[list[tuple[int, int]]] = []
    top = 0
    for (y, x), number in places:
        if not lines or y - top > _SAME_HEIGHT:
            lines.append([])
            top = y
        lines[-1].append((x, number))
    return [shapes[number] for line in lines for _, number in sorted(line)]


def _neutral(parts: Sequence[str | Table]) -> list[Part]:
    return [as_text(part) if isinstance(part, str) else part for part in parts]


def _position(shape: Element) -> tuple[int, int]:
    own = child(shape, "xfrm", "off")
    if own is None:
        properties = child(shape, "grpSpPr" if local(shape) == "grpSp" else "spPr")
        own = child(properties, "xfrm", "off")
    values = (attribute(own, "y"), attribute(own, "x"))
    y, x = (int(v) if v.lstrip("-").isdigit() and len(v) < 12 else 0 for v in values)
    return y, x


def _properties(shape: Element) -> Element | None:
    """The element with a shape's name, its description and whether it is hidden."""
    return next((child(e, "cNvPr") for e in shape if local(e).startswith("nv")), None)


def _placeholder(shape: Element) -> Element | None:
    outer = next((e for e in shape if local(e).startswith("nv")), None)
    return child(outer, "nvPr", "ph")


def _kind(shape: Element) -> str | None:
    """The type of a placeholder, ``None`` for another shape."""
    placeholder = _placeholder(shape)
    return attribute(placeholder, "type") if placeholder is not None else None


def _span(cell: Element, name: str) -> int:
    text = cell.get(name, "1")
    return max(1, int(text)) if text.isdigit() and len(text) < 5 else 1


def notes_of(notes: Element | None, omitted: Counter[str]) -> list[str]:
    """The speaker's notes; the picture of the slide and the page's margins are left out."""
    texts: list[str] = []
    for shape in descendants(child(notes, "cSld", "spTree"), "sp"):
        if _kind(shape) == "body":
            texts += texts_of(child(shape, "txBody"), (), omitted)
    return texts
