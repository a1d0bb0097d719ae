"""PDF, read from the words and rules that PDFium finds on its pages."""

from __future__ import annotations

from kilde.documents.content import Content
from kilde.documents.pdf.document import read_document


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text with its headings, lists and tables. A page that is a scan is handed over as an
    image."""
    return [read_document(data, name)]
