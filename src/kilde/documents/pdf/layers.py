"""Layers of a page that are switched off (optional content): nobody sees what is in them.

PDFium gives their text like any other and does not say which layers are on. It does not draw those
that are off, so a layer is off if the page looks the same without it.
"""

from __future__ import annotations

import ctypes
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from kilde.documents.pdf import bindings as call
from kilde.documents.pdf.bindings import Address

MAX_LAYERS = 200
"""Number of layers of a page that are looked at; with more, all of it is read."""

_MAX_OBJECTS = 100_000
_MAX_MARKS = 8
_MAX_DEPTH = 4
_LONGEST_SIDE = 1000
# A form object that is in a layer as a whole; its dictionary is never compressed.
_LAYERED_FORM = re.compile(rb"/OC\s*(?:\d+\s+\d+\s+R|<<)")
_INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
_OPTIONAL = "OC".encode("utf-16-le")

Layer = str | Address


def has_layered_forms(data: bytes) -> bool:
    """Whether a file may hold form objects that are in a layer."""
    return _LAYERED_FORM.search(data) is not None


def hidden_objects(page: PdfPage, *, forms: bool) -> frozenset[Address]:
    """The addresses of the objects of a page that are in a layer which is off.

    ``forms`` is whether form objects without a mark may be in one (:func:`has_layered_forms`).
    """
    layers = _layers(call.address_of(page.raw), forms=forms)
    if not layers or len(layers) > MAX_LAYERS:
        return frozenset()
    shown = _picture(page)
    return frozenset().union(
        *(objects for objects in layers.values() if _picture_without(page, objects) == shown)
    )


def _layers(page: Address, *, forms: bool) -> Mapping[Layer, list[Address]]:
    """The objects by the layers that they are in; one that has no name is told by its mark."""
    layers: dict[Layer, list[Address]] = defaultdict(list)
    for address, kind in _objects(page):
        if kind == pdfium.FPDF_PAGEOBJ_TEXT and call.text_mode(address) == _INVISIBLE:
            continue  # the text layer of a scan, which changes no picture
        layer = _layer(address)
        if layer is None and forms and kind == pdfium.FPDF_PAGEOBJ_FORM:
            layer = address
        if layer is not None:
            layers[layer].append(address)
    return layers


def _objects(page: Address) -> Iterator[tuple[Address, int]]:
    """The objects of a page with their types, those inside of form objects as well."""
    stack = [(call.page_object, page, call.count_objects(page), 0)]
    room = _MAX_OBJECTS
    while stack:
        getter, parent, count, depth = stack.pop()
        for index in range(min(count, room)):
            address = getter(parent, index)
            if not address:
                continue
            kind = call.object_type(address)
            yield address, kind
            if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                inner = call.count_form_objects(address)
                stack.append((call.form_object, address, inner, depth + 1))
        room -= min(count, room)


def _layer(address: Address) -> Layer | None:
    """The layer of an object by its mark, ``None`` where it is in none."""
    buffer = ctypes.create_string_buffer(512)
    start = ctypes.addressof(buffer)
    length = ctypes.c_ulong()
    length_at = ctypes.addressof(length)
    for index in range(min(call.count_marks(address), _MAX_MARKS)):
        mark = call.object_mark(address, index)
        if not mark or not call.mark_name(mark, start, 512, length_at):
            continue
        if buffer.raw[: length.value - 2] != _OPTIONAL:
            continue
        if call.mark_text(mark, b"Name", start, 512, length_at):
            return buffer.raw[: length.value - 2].decode("utf-16-le", "replace")
        return int(mark)
    return None


def _picture_without(page: PdfPage, objects: list[Address]) -> bytes:
    for address in objects:
        call.set_active(address, False)
    try:
        return _picture(page)
    finally:
        for address in objects:
            call.set_active(address, True)


def _picture(page: PdfPage) -> bytes:
    scale = min(1.0, _LONGEST_SIDE / max(1.0, *page.get_size()))
    return bytes(page.render(scale=scale, grayscale=True).buffer)
