"""OpenDocument text, RTF and EPUB, turned into Markdown by kreuzberg."""

from __future__ import annotations

from kilde.documents.content import Content, Prose
from kilde.documents.extract import check_archive, extract, title_of, unescape


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text as Markdown, headings and tables included."""
    if mime != "application/rtf":  # the others are zip archives
        check_archive(data, name)
    result = extract(data, name, mime, markdown=True)
    return [Prose([unescape(result.content)], title=title_of(result), markdown=True)]
