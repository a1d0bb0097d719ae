"""PDF: plain text page by page.

Plain, because kreuzberg's Markdown takes evenly spaced lines for tables and tears sentences
apart, and because its per-page text is what page numbers in citations can be trusted on.
"""

from __future__ import annotations

from kilde.documents.content import Content, PageStart, Prose
from kilde.documents.extract import extract, title_of
from kilde.errors import LoadError


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text of each page; raises :class:`LoadError` when no page has any (a scan)."""
    from kreuzberg import PageConfig

    result = extract(data, name, mime, markdown=False, pages=PageConfig(extract_pages=True))
    pages = [page["content"] for page in result.pages or []]
    if not any(page.strip() for page in pages):
        raise LoadError(
            name,
            "no text in it; it is probably a scan, that is, pictures of pages",
            hint="Run text recognition (OCR) over it first, for example: ocrmypdf in.pdf out.pdf",
        )
    parts = [part for page in pages for part in (PageStart(), page.strip())]
    return [Prose(parts, title=title_of(result))]
