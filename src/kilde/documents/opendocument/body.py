"""Paragraphs, lists and tables of an OpenDocument text, in reading order."""

from __future__ import annotations

import re
from collections import Counter as Counts
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kilde.documents.content import Grid, GridCell
from kilde.documents.footnotes import MAX_NOTES, mark, without_marks
from kilde.documents.grids import placed
from kilde.documents.opendocument.styles import (
    DRAW,
    OFFICE,
    STYLE,
    TABLE,
    TEXT,
    Counter,
    Style,
    Styles,
)
from kilde.documents.word.arrange import cell_text, is_arranging
from kilde.documents.word.blocks import Block, Paragraph
from kilde.documents.word.fields import PAGE, without_page_numbers
from kilde.documents.word.numbering import Label
from kilde.documents.word.symbols import in_font, raised

_SPACE = re.compile(r"[ \t\r\n]+")
_BLANKS = re.compile(r"[ \t]+")
_LONGEST_REPEAT = 1000
_SKIPPED = frozenset(
    f"{TEXT}{name}"
    for name in (
        *("tracked-changes", "table-of-content", "illustration-index", "table-index"),
        *("object-index", "user-index", "alphabetical-index", "sequence-decls", "variable-decls"),
        *("user-field-decls", "dde-connection-decls", "ruby-text", "alphabetical-index-mark"),
    )
)
_HIDING = frozenset(f"{TEXT}{name}" for name in ("hidden-text", "conditional-text"))
_CAPTIONS = frozenset({"Caption", "Table", "Illustration", "Figure", "Drawing"})


@dataclass(slots=True)
class _List:
    counter: Counter
    style: str
    depth: int = 1


@dataclass(slots=True)
class Story:
    """The blocks of one part. ``pages`` is set for headers and footers."""

    styles: Styles
    omitted: Counts[str]
    notes: list[Element]
    headings: Counter
    pages: bool = False
    _counters: dict[str, Counter] = field(default_factory=dict)
    _boxes: list[Element] = field(default_factory=list)
    _counted: str = ""

    def blocks(
        self, parent: Iterable[Element], items: _List | None = None, label: Label | None = None
    ) -> Iterator[Block]:
        """The paragraphs and tables below an element; ``label`` is that of its first paragraph."""
        for element in parent:
            tag = element.tag
            if tag in (f"{TEXT}p", f"{TEXT}h"):
                yield from self._paragraph(element, items, label)
                label = None
            elif tag == f"{TEXT}list":
                yield from self._list(element, items)
            elif tag == f"{TABLE}table":
                yield from self._table(element)
            elif tag == f"{TEXT}section" and _is_hidden(element):
                self.omitted["hidden passages"] += 1
            elif tag not in _SKIPPED and not tag.startswith(OFFICE):
                if tag.startswith(DRAW):
                    self._drawing(element)
                    yield from self._boxed()
                else:
                    yield from self.blocks(element, items)

    def _list(self, element: Element, above: _List | None) -> Iterator[Block]:
        name = element.get(f"{TEXT}style-name") or (above.style if above else "")
        if above is not None:
            items = _List(above.counter, name, above.depth + 1)
            if self.styles.levels(name) and name != above.style:
                items.counter = Counter(self.styles.levels(name), dict(above.counter.counts))
        else:
            continued = element.get(f"{TEXT}continue-list", "")
            counter = self._counters.get(continued)
            if counter is None and element.get(f"{TEXT}continue-numbering") == "true":
                counter = self._counters.get(f"style {name}")
            items = _List(counter or Counter(self.styles.levels(name)), name)
            self._counters[f"style {name}"] = items.counter
        identity = element.get("{http://www.w3.org/XML/1998/namespace}id", "")
        if identity:
            self._counters[identity] = items.counter
        for item in element:
            label = Label("")
            if item.tag == f"{TEXT}list-item" and _begins_with_text(item):
                start = item.get(f"{TEXT}start-value", "")
                label = items.counter.label(items.depth, int(start) if start.isdigit() else None)
                if not items.counter.levels:
                    label = Label("- ", bullet=True)
            yield from self.blocks(item, items, label)

    def _paragraph(
        self, element: Element, items: _List | None, label: Label | None
    ) -> Iterator[Block]:
        style = self.styles.get(element.get(f"{TEXT}style-name", ""), "paragraph")
        pieces: list[str] = []
        self._counted = ""
        self._inline(element, style, pieces)
        text = without_page_numbers("".join(pieces))
        lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
        level = 1 if "Title" in style.lineage else 0
        if element.tag == f"{TEXT}h":
            outline = element.get(f"{TEXT}outline-level", "1")
            level = int(outline) if outline.isdigit() else 1
            if not label and element.get(f"{TEXT}is-list-header") != "true":
                label = self.headings.label(level)
        caption = not _CAPTIONS.isdisjoint(style.lineage) or (
            element.find(f".//{TEXT}sequence") is not None
        )
        depth = items.depth - 1 if items else -1
        yield Paragraph("\n".join(lines).strip(), label or Label(""), level, depth, caption)
        yield from self._boxed()

    def _boxed(self) -> Iterator[Block]:
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            yield from self.blocks(box)

    def _inline(self, element: Element, style: Style, pieces: list[str]) -> None:
        self._text(element.text, style, pieces)
        for child in element:
            self._child(child, style, pieces)
            self._text(child.tail, style, pieces)

    def _child(self, child: Element, style: Style, pieces: list[str]) -> None:
        tag = child.tag
        if tag == f"{TEXT}span":
            self._inline(child, _combined(style, self._style_of(child)), pieces)
        elif tag == f"{TEXT}s":
            pieces.append(" ")
        elif tag == f"{TEXT}tab":
            pieces.append("\t")
        elif tag == f"{TEXT}line-break":
            pieces.append("\n")
        elif tag == f"{TEXT}note":
            if not style.hidden and not style.struck and len(self.notes) < MAX_NOTES:
                pieces.append(mark(len(self.notes)))
                self.notes.append(child)
        elif tag == f"{OFFICE}annotation":
            self.omitted["comments"] += 1
        elif tag in (f"{TEXT}page-number", f"{TEXT}page-count") and self.pages:
            pieces.append(PAGE)
        elif tag in _HIDING and _is_hidden(child):
            self.omitted["hidden passages"] += 1
        elif tag.startswith(DRAW) and tag != f"{DRAW}a":
            if not style.hidden:
                self._drawing(child)
        elif tag not in _SKIPPED and tag != f"{OFFICE}annotation-end":
            self._inline(child, style, pieces)

    def _style_of(self, span: Element) -> Style:
        return self.styles.get(span.get(f"{TEXT}style-name", ""))

    def _text(self, text: str | None, style: Style, pieces: list[str]) -> None:
        if not text:
            return
        reason = "hidden passages" if style.hidden else "crossed-out passages"
        if style.hidden or style.struck:
            if text.strip() and self._counted != reason:
                self.omitted[reason] += 1
                self._counted = reason
            return
        shown = _SPACE.sub(" ", without_marks(in_font(text, style.font)))
        shown = shown.replace("\u2011", "-")
        self._counted = "" if shown.strip() else self._counted
        pieces.append(raised(shown) if style.superscript else shown)

    def _drawing(self, element: Element) -> None:
        """What is drawn: a box of text is read, anything else counted."""
        if any(part.tag in (f"{TEXT}p", f"{TEXT}h") for part in element.iter()):
            if element.tag in (f"{DRAW}g", f"{DRAW}frame"):
                for child in element:
                    self._drawing(child)
            else:
                self._boxes.append(element)
        elif element.find(f"{DRAW}object") is not None:
            self.omitted["embedded objects"] += 1
        elif element.find(f"{DRAW}image") is not None:
            self.omitted["pictures"] += 1

    def _table(self, table: Element) -> Iterator[Block]:
        rows: list[list[tuple[GridCell, int, int]]] = []
        contents: list[Block] = []
        header_rows = 0
        for row, header in _rows(table, header=False):
            if row.get(f"{TABLE}visibility") in ("collapse", "filter"):
                self.omitted["hidden rows"] += 1
                continue
            line: list[tuple[GridCell, int, int]] = []
            for cell in row:
                if cell.tag != f"{TABLE}table-cell":
                    continue
                blocks = list(self.blocks(cell))
                contents += blocks
                down = _number(cell, "number-rows-spanned")
                across = _number(cell, "number-columns-spanned")
                for _ in range(_number(cell, "number-columns-repeated")):
                    line.append((GridCell(cell_text(blocks)), down, across))
            rows.append(line)
            header_rows += header
        if is_arranging(contents) or sum(map(len, rows)) == 1:
            yield from contents
        elif rows:
            yield Grid(placed(rows), header_rows=header_rows or None)


def _combined(outer: Style, inner: Style) -> Style:
    return Style(
        hidden=outer.hidden or inner.hidden,
        struck=outer.struck or inner.struck,
        superscript=outer.superscript or inner.superscript,
        font=inner.font or outer.font,
    )


def _rows(parent: Element, *, header: bool) -> Iterator[tuple[Element, bool]]:
    for element in parent:
        if element.tag == f"{TABLE}table-row":
            yield element, header
        elif element.tag == f"{TABLE}table-header-rows":
            yield from _rows(element, header=True)
        elif element.tag in (f"{TABLE}table-rows", f"{TABLE}table-row-group"):
            yield from _rows(element, header=header)


def _number(element: Element, name: str) -> int:
    text = element.get(f"{TABLE}{name}", "1")
    return min(max(int(text), 1), _LONGEST_REPEAT) if text.isdigit() and len(text) < 9 else 1


def _is_hidden(element: Element) -> bool:
    return element.get(f"{TEXT}is-hidden") == "true" or element.get(f"{TEXT}display") == "none"


def _begins_with_text(item: Element) -> bool:
    first = next(iter(item), None)
    return first is not None and first.tag != f"{TEXT}list"


def shown_margins(root: Element | None, used: set[str]) -> Iterator[tuple[bool, Element]]:
    """The headers (``True``) and footers of the pages that the text uses."""
    pages = list(root.iter(f"{STYLE}master-page")) if root is not None else []
    names = {page.get(f"{STYLE}name", "") for page in pages[:1]} | used
    names |= {
        page.get(f"{STYLE}next-style-name", "")
        for page in pages
        if page.get(f"{STYLE}name") in names
    }
    for page in pages:
        if page.get(f"{STYLE}name", "") not in names:
            continue
        for margin in page:
            kind = margin.tag.removeprefix(STYLE)
            if kind.startswith(("header", "footer")) and margin.get(f"{STYLE}display") != "false":
                yield kind.startswith("header"), margin
