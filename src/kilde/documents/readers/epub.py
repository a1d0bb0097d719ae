"""E-books: their chapters in reading order, each read as a web page."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote

from kilde.documents.content import Content, Part, Prose
from kilde.documents.extract import damaged, given_title
from kilde.documents.readers import html
from kilde.documents.xml_archive import XmlArchive

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_PACKAGE = "{http://www.idpf.org/2007/opf}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_PAGES = ("application/xhtml+xml", "text/html")


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The chapters as one text; the table of contents is left out."""
    archive = XmlArchive(data, name)
    container = archive.xml("META-INF/container.xml")
    root = container.find(f".//{_CONTAINER}rootfile") if container is not None else None
    path = root.get("full-path", "") if root is not None else ""
    package = archive.xml(path)
    if package is None:
        raise damaged(name, ValueError("the list of its chapters is missing"))
    title = package.find(f".//{_TITLE}")
    manifest = {item.get("id", ""): item for item in package.iter(f"{_PACKAGE}item")}
    parts: list[Part] = []
    omitted: Counter[str] = Counter()
    for reference in package.iter(f"{_PACKAGE}itemref"):
        item = manifest.get(reference.get("idref", ""))
        if item is None or "nav" in item.get("properties", "").split():
            continue
        if item.get("media-type") not in _PAGES:
            continue
        chapter = posixpath.normpath(
            posixpath.join(posixpath.dirname(path), unquote(item.get("href", "")))
        )
        content = archive.file(chapter)
        for page in _pages(content, chapter):
            parts += page.parts
            omitted.update(page.omitted)
    return [
        Prose(
            parts,
            title=given_title((title.text or "") if title is not None else ""),
            markdown=True,
            omitted=dict(omitted),
        )
    ]


def _pages(content: bytes | None, name: str) -> Iterator[Prose]:
    if content:
        for page in html.read(content, name, "application/xhtml+xml"):
            if isinstance(page, Prose):
                yield page
