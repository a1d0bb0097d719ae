"""PDFs for the tests, drawn line by line, and what is read from them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from reportlab.pdfgen import canvas  # type: ignore[import-untyped]

from kilde.documents.arrange import arrange
from kilde.documents.content import Cell, Prose, Table
from kilde.documents.readers import pdf

A4 = (595, 842)

Canvas = Any


def make(*pages: Callable[[Canvas], None], **options: Any) -> bytes:
    """A PDF whose pages are drawn by these functions."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, pagesize=A4, **options)
    for page in pages:
        page(drawing)
        drawing.showPage()
    drawing.save()
    return buffer.getvalue()


def built(*flowables: Any, **options: Any) -> bytes:
    """A PDF that reportlab lays out."""
    from reportlab.platypus import SimpleDocTemplate  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4, **options).build(list(flowables))
    return buffer.getvalue()


def assembled(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1, the first of which is the catalog."""
    data = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(data))
    return data + xref + trailer


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    """A stream for :func:`assembled`."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(content), content)


def write(
    drawing: Canvas,
    text: str,
    x: float = 72,
    y: float = 760,
    *,
    size: float = 10,
    bold: bool = False,
    step: float = 13,
) -> float:
    """Lines of text from a place downward; returns where the next line would stand."""
    drawing.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    for line in text.split("\n"):
        drawing.drawString(x, y, line)
        y -= step
    return y


def write_rows(
    drawing: Canvas,
    rows: Sequence[Sequence[str]],
    columns: Sequence[float],
    y: float = 760,
    *,
    step: float = 16,
    right: Sequence[int] = (),
    bold: bool = False,
) -> float:
    """Cells at the places of columns; those in ``right`` end there."""
    drawing.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
    for row in rows:
        for number, (x, cell) in enumerate(zip(columns, row, strict=True)):
            (drawing.drawRightString if number in right else drawing.drawString)(x, y, cell)
        y -= step
    return y


def prose(data: bytes) -> Prose:
    """What the reader makes of a PDF."""
    (content,) = pdf.read(data, "a.pdf", "application/pdf")
    assert isinstance(content, Prose)
    return content


def text(data: bytes) -> str:
    """The text of a PDF, without blank lines around it."""
    return arrange(prose(data).parts, "a.pdf").text.strip()


def tables(data: bytes) -> list[list[list[str]]]:
    """The tables of a PDF: the names of their columns, then their rows."""
    return [
        [list(part.columns), *([_shown(cell) for cell in row] for row in part.rows)]
        for part in prose(data).parts
        if isinstance(part, Table)
    ]


def _shown(cell: object) -> str:
    return cell.text if isinstance(cell, Cell) else str(cell or "")
