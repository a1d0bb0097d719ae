"""PDF: plain text page by page.

Plain, because kreuzberg's Markdown takes evenly spaced lines for tables and tears sentences
apart, and because its per-page text is what page numbers in citations can be trusted on.
"""

from __future__ import annotations

from kilde.documents.content import Content, PageStart, Part, Prose
from kilde.documents.extract import extract_pages, title_of
from kilde.documents.page_images import page_images


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text of each page, or its image where it is a scan."""
    result = extract_pages(data, name, mime)
    pages = [page["content"].strip() for page in result.pages or []]
    images = page_images(data, pages)
    parts: list[Part] = []
    for index, text in enumerate(pages):
        parts += [PageStart(), images.get(index, text)]
    return [Prose(parts, title=title_of(result))]
