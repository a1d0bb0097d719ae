"""The functions of PDFium that are called for every word or drawing, by way of pypdfium2.

pypdfium2 checks the type of every argument at every call. Here pages and objects are plain
addresses, and results are written to buffers that are allocated once, which is three times as fast.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_float, c_int, c_uint, c_void_p
from typing import Any

import pypdfium2.raw as pdfium

Address = int


def _function(name: str, *arguments: Any, result: Any = c_int) -> Any:
    address = ctypes.cast(getattr(pdfium, name), c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


char_origin = _function("FPDFText_GetCharOrigin", c_void_p, c_int, c_void_p, c_void_p)
char_box = _function("FPDFText_GetLooseCharBox", c_void_p, c_int, c_void_p)
char_bounds = _function(
    "FPDFText_GetCharBox", c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p
)
char_matrix = _function("FPDFText_GetMatrix", c_void_p, c_int, c_void_p)
char_object = _function("FPDFText_GetTextObject", c_void_p, c_int, result=c_void_p)
char_is_generated = _function("FPDFText_IsGenerated", c_void_p, c_int)
char_code = _function("FPDFText_GetUnicode", c_void_p, c_int, result=c_uint)

text_size = _function("FPDFTextObj_GetFontSize", c_void_p, c_void_p)
text_font = _function("FPDFTextObj_GetFont", c_void_p, result=c_void_p)
text_mode = _function("FPDFTextObj_GetTextRenderMode", c_void_p)
font_name = _function(
    "FPDFFont_GetBaseFontName", c_void_p, c_void_p, ctypes.c_size_t, result=ctypes.c_size_t
)
font_weight = _function("FPDFFont_GetWeight", c_void_p)
fill_color = _function("FPDFPageObj_GetFillColor", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)

count_objects = _function("FPDFPage_CountObjects", c_void_p)
page_object = _function("FPDFPage_GetObject", c_void_p, c_int, result=c_void_p)
count_form_objects = _function("FPDFFormObj_CountObjects", c_void_p)
form_object = _function("FPDFFormObj_GetObject", c_void_p, ctypes.c_ulong, result=c_void_p)
object_type = _function("FPDFPageObj_GetType", c_void_p)
object_bounds = _function("FPDFPageObj_GetBounds", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
object_matrix = _function("FPDFPageObj_GetMatrix", c_void_p, c_void_p)
count_marks = _function("FPDFPageObj_CountMarks", c_void_p)
object_mark = _function("FPDFPageObj_GetMark", c_void_p, ctypes.c_ulong, result=c_void_p)
mark_name = _function("FPDFPageObjMark_GetName", c_void_p, c_void_p, ctypes.c_ulong, c_void_p)
mark_text = _function(
    "FPDFPageObjMark_GetParamStringValue",
    c_void_p, ctypes.c_char_p, c_void_p, ctypes.c_ulong, c_void_p,
)  # fmt: skip
set_active = _function("FPDFPageObj_SetIsActive", c_void_p, c_int)
is_transparent = _function("FPDFPageObj_HasTransparency", c_void_p)
draw_mode = _function("FPDFPath_GetDrawMode", c_void_p, c_void_p, c_void_p)
count_segments = _function("FPDFPath_CountSegments", c_void_p)
path_segment = _function("FPDFPath_GetPathSegment", c_void_p, c_int, result=c_void_p)
segment_point = _function("FPDFPathSegment_GetPoint", c_void_p, c_void_p, c_void_p)
segment_type = _function("FPDFPathSegment_GetType", c_void_p)


class Buffer:
    """Numbers that a function of PDFium writes; ``at[n]`` is the address of the n-th."""

    def __init__(self, count: int, kind: type[c_double | c_float | c_int | c_uint]) -> None:
        self.values = (kind * count)()
        start = ctypes.addressof(self.values)
        self.at = [start + n * ctypes.sizeof(kind) for n in range(count)]


def address_of(handle: Any) -> Address:
    """The address of a page, a text page or an object of pypdfium2."""
    return ctypes.cast(handle, c_void_p).value or 0
