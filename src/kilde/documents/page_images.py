"""Pages of a PDF that are pictures of text: which ones they are, and the picture of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kilde.documents.content import PageImage

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_POINTS_PER_INCH = 72
_DPI = 300
# Pixels of a rendered page: an A3 page at 300 dpi. A larger page has a lower resolution.
_MAX_PIXELS = 17_500_000
# A scanner, or the program that made the PDF, may stamp its name onto a page. A page is a scan with
# a stamp where it has fewer characters of text than this, and an image that covers most of it.
_MAX_STAMP = 60
_MOST = 0.6
# Letters that were turned into outlines are as many paths or more; fewer are a drawing.
_MIN_PATHS = 20


def page_images(data: bytes, texts: Sequence[str]) -> dict[int, PageImage]:
    """The images of the pages of a PDF that are scans, by page index.

    ``texts`` are the texts of the pages as the PDF stores them. Blank pages are no scans.
    """
    short = [index for index, text in enumerate(texts) if len(text.strip()) < _MAX_STAMP]
    if not short:
        return {}
    from pypdfium2 import PdfDocument

    pdf = PdfDocument(data)
    return {
        index: PageImage(partial(_render, pdf, index), texts[index].strip())
        for index in short
        if index < len(pdf) and _is_picture(pdf, index, texts[index].strip())
    }


def _is_picture(pdf: PdfDocument, index: int, text: str) -> bool:
    from pypdfium2 import PdfiumError, raw

    try:
        page = pdf[index]
    except PdfiumError:  # a page that the file lists and does not have
        return False
    if not text:
        kinds = [one.type for one in islice(page.get_objects(max_depth=1), _MIN_PATHS)]
        return len(kinds) == _MIN_PATHS or not set(kinds) <= {raw.FPDF_PAGEOBJ_PATH}
    width, height = page.get_size()
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = image.get_bounds()
        if (right - left) * (top - bottom) >= _MOST * width * height:
            return True
    return False


def _render(pdf: PdfDocument, index: int) -> bytes:
    """A page as an 8-bit grey image in the PGM format."""
    page = pdf[index]
    width, height = page.get_size()
    scale = min(_DPI / _POINTS_PER_INCH, math.sqrt(_MAX_PIXELS / (width * height)))
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = (
        pixels[start : start + bitmap.width]
        for start in range(0, bitmap.stride * bitmap.height, bitmap.stride)
    )
    image = b"".join((b"P5 %d %d 255\n" % (bitmap.width, bitmap.height), *rows))
    bitmap.close()
    page.close()
    return image
