"""Tables of a Word file as grids; one that only arranges the page is read cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element

from kilde.documents.content import Grid, GridCell
from kilde.documents.grids import placed
from kilde.documents.word.arrange import cell_text, is_arranging
from kilde.documents.word.blocks import Block
from kilde.documents.word.package import W, switch, value
from kilde.documents.word.styles import integer

_LONGEST_SPAN = 1000
_WRAPPERS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo"))
_Placed = list[tuple[GridCell, int, int]]


def grids(table: Element, read: Callable[[Iterable[Element]], Iterator[Block]]) -> Iterator[Block]:
    """The grid of a table, or its cells' blocks where it holds headings or other tables."""
    rows: list[_Placed] = []
    contents: list[Block] = []
    open_cells: dict[int, tuple[int, int]] = {}  # column -> row and position of a merged cell
    header_rows = 0
    for row in _descendants(table, f"{W}tr"):
        properties = row.find(f"{W}trPr")
        if is_left_out(properties):
            continue
        if properties is not None and len(rows) == header_rows:
            header_rows += bool(switch(properties.find(f"{W}tblHeader")))
        line: _Placed = []
        column = _count(properties, "gridBefore")
        if column:
            line.append((GridCell(""), 1, column))
        still_open: dict[int, tuple[int, int]] = {}
        for element in _descendants(row, f"{W}tc"):
            cell = element.find(f"{W}tcPr")
            width = max(1, _count(cell, "gridSpan"))
            merge = None if cell is None else cell.find(f"{W}vMerge")
            if merge is not None and value(merge, "continue") != "restart" and column in open_cells:
                place = open_cells[column]
                first, height, span = rows[place[0]][place[1]]
                rows[place[0]][place[1]] = (first, height + 1, span)
                still_open[column] = place
            else:
                blocks = list(read(element))
                contents += blocks
                line.append((GridCell(cell_text(blocks)), 1, width))
                if merge is not None:
                    still_open[column] = (len(rows), len(line) - 1)
            column += width
        open_cells = still_open
        rows.append(line)
    single = sum(len(row) for row in rows) == 1
    if is_arranging(contents) or single:
        yield from contents
    elif rows:
        yield Grid(placed(rows), header_rows=header_rows or None)


def is_left_out(properties: Element | None) -> bool:
    """Whether a row is deleted or hidden."""
    if properties is None:
        return False
    return properties.find(f"{W}del") is not None or bool(switch(properties.find(f"{W}hidden")))


def _count(properties: Element | None, name: str) -> int:
    found = None if properties is None else properties.find(f"{W}{name}")
    return min(max(integer(value(found)) or 0, 0), _LONGEST_SPAN)


def _descendants(parent: Element, tag: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also inside content controls."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in _WRAPPERS:
            yield from _descendants(element, tag)
