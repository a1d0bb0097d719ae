"""What is drawn on a page beside its text: the rules of tables, filled areas and images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from ctypes import c_float, c_int, c_uint
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium

from kilde.documents.pdf import bindings as call
from kilde.documents.pdf.bindings import Address, Buffer
from kilde.documents.pdf.geometry import Box, Fill, Rule

MAX_OBJECTS = 100_000
"""Number of objects of a page that are looked at."""

MAX_RULES = 20_000
"""Number of drawn lines of a page that are looked at."""

_MAX_SEGMENTS = 4_000
_MAX_DEPTH = 4
# A rectangle of less is a line, whose place is its middle.
_THIN = 4.0
_STRAIGHT = 0.5
_WHITE = 245
# The least and the greatest width of a shape that may stand before a list item.
_DOT = (1.5, 9.0)

Matrix = tuple[float, float, float, float, float, float]
Transform = Callable[[float, float], tuple[float, float]]
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class Drawings:
    """The drawings of a page, in the coordinates of PDF, whose ``y`` grows upward.

    ``dots`` are small shapes, such as the signs of list items; ``order`` has the addresses of the
    text objects, ``unseen`` of those that are in a hidden layer or a part of something transparent.
    """

    horizontal: list[Rule] = field(default_factory=list)
    vertical: list[Rule] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    dots: list[Box] = field(default_factory=list)
    order: dict[Address, int] = field(default_factory=dict)
    unseen: set[Address] = field(default_factory=set)

    def add_line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line, if it is horizontal or vertical."""
        if len(self.horizontal) + len(self.vertical) >= MAX_RULES:
            return
        if abs(y2 - y1) <= _STRAIGHT < abs(x2 - x1):
            self.horizontal.append(Rule((y1 + y2) / 2, min(x1, x2), max(x1, x2)))
        elif abs(x2 - x1) <= _STRAIGHT < abs(y2 - y1):
            self.vertical.append(Rule((x1 + x2) / 2, min(y1, y2), max(y1, y2)))


def drawings(page: Address, hidden: Collection[Address] = ()) -> Drawings:
    """The drawings of a page but for the objects that are ``hidden``."""
    found = Drawings()
    bounds = Buffer(4, c_float)
    modes = Buffer(2, c_int)
    color = Buffer(4, c_uint)
    for order, (address, kind, matrix, unseen) in enumerate(_objects(page, hidden)):
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            found.order[address] = order
            if unseen:
                found.unseen.add(address)
        elif unseen:
            continue
        elif kind in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            if not call.object_bounds(address, *bounds.at):
                continue
            left, bottom, right, top = bounds.values
            box = _transformed(matrix, Box(left, bottom, right, top))
            if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                found.fills.append(Fill(box, order, white=False, opaque=False, image=True))
            elif call.draw_mode(address, *modes.at):
                filled, stroked = modes.values
                if _is_dot(box):
                    found.dots.append(box)
                    continue
                _add_path(found, address, matrix, box, filled=bool(filled), stroked=bool(stroked))
                if filled and box.right - box.left >= _THIN <= box.bottom - box.top:
                    call.fill_color(address, *color.at)
                    *rgb, alpha = color.values
                    opaque = alpha == 255 and not call.is_transparent(address)
                    white = min(rgb) >= _WHITE
                    found.fills.append(Fill(box, order, white, opaque, image=False))
    return found


def _objects(
    page: Address, hidden: Collection[Address]
) -> Iterator[tuple[Address, int, Matrix, bool]]:
    """The objects of a page from the back to the front, those inside of others as well, and
    whether they are hidden or a part of something transparent."""
    count = call.count_objects(page)
    room = MAX_OBJECTS
    stack = [(call.page_object, page, 0, min(count, MAX_OBJECTS), _IDENTITY, False)]
    buffer = Buffer(6, c_float)
    color = Buffer(4, c_uint)
    while stack and room:
        getter, parent, index, end, matrix, unseen = stack.pop()
        while index < end and room:
            address = getter(parent, index)
            index += 1
            room -= 1
            if not address:
                continue
            kind = call.object_type(address)
            if kind == pdfium.FPDF_PAGEOBJ_FORM:
                if len(stack) < _MAX_DEPTH and call.object_matrix(address, buffer.at[0]):
                    stack.append((getter, parent, index, end, matrix, unseen))
                    inner = _product(tuple(buffer.values), matrix)
                    clear = bool(call.fill_color(address, *color.at)) and color.values[3] == 0
                    count = call.count_form_objects(address)
                    unseen = unseen or clear or address in hidden
                    stack.append((call.form_object, address, 0, count, inner, unseen))
                    break
            else:
                yield address, kind, matrix, unseen or address in hidden


def _is_dot(box: Box) -> bool:
    width, height = box.right - box.left, box.bottom - box.top
    return _DOT[0] <= width <= _DOT[1] and 0.6 * width <= height <= 1.7 * width


def _add_path(
    found: Drawings, address: Address, matrix: Matrix, box: Box, *, filled: bool, stroked: bool
) -> None:
    width, height = box.right - box.left, box.bottom - box.top
    count = call.count_segments(address)
    if count <= 5 and (filled or stroked) and (width < _THIN or height < _THIN):
        if width >= height:
            middle = (box.top + box.bottom) / 2
            found.add_line(box.left, middle, box.right, middle)
        else:
            middle = (box.left + box.right) / 2
            found.add_line(middle, box.top, middle, box.bottom)
    elif stroked and count <= _MAX_SEGMENTS:
        _add_segments(found, address, matrix, count)


def _add_segments(found: Drawings, address: Address, matrix: Matrix, count: int) -> None:
    """The straight lines of a path that has several."""
    buffer = Buffer(6, c_float)
    if not call.object_matrix(address, buffer.at[0]):
        return
    whole = _product(tuple(buffer.values), matrix)
    point = Buffer(2, c_float)
    start = last = (0.0, 0.0)
    for index in range(count):
        segment = call.path_segment(address, index)
        if not segment or not call.segment_point(segment, *point.at):
            continue
        here = _moved(whole, *point.values)
        kind = call.segment_type(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            found.add_line(*last, *here)
        last = here
    if count in (4, 5):  # a rectangle may be closed without its last line
        found.add_line(*last, *start)


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _transformed(matrix: Matrix, box: Box) -> Box:
    """A box (``top`` here is its lower edge) after a transformation."""
    if matrix == _IDENTITY:
        return box
    x1, y1 = _moved(matrix, box.left, box.top)
    x2, y2 = _moved(matrix, box.right, box.bottom)
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def _product(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j,
        c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def turned(found: Drawings, page: Box, quarter: int) -> Drawings:
    """The drawings in the coordinates of the page as it is read in a direction."""
    place = transform(page, quarter)
    result = Drawings(order=found.order, unseen=found.unseen)
    for level, start, end in found.horizontal:
        result.add_line(*place(start, level), *place(end, level))
    for level, start, end in found.vertical:
        result.add_line(*place(level, start), *place(level, end))
    result.dots = [_turned_box(box, place) for box in found.dots]
    result.fills = [fill._replace(box=_turned_box(fill.box, place)) for fill in found.fills]
    return result


def _turned_box(box: Box, place: Transform) -> Box:
    x1, y1 = place(box.left, box.top)
    x2, y2 = place(box.right, box.bottom)
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def transform(page: Box, quarter: int) -> Transform:
    """From the coordinates of the PDF to those of the page read in a direction."""
    left, low, right, high = page
    return (
        lambda x, y: (x - left, high - y),
        lambda x, y: (y - low, x - left),
        lambda x, y: (right - x, y - low),
        lambda x, y: (high - y, right - x),
    )[quarter]
