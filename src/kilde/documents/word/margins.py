"""Headers and footers: every text once, however many pages and sections show it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from kilde.documents.markup import as_text
from kilde.documents.word.arrange import plain_texts
from kilde.documents.word.body import Source, Story
from kilde.documents.word.package import R, W, switch


def margin_texts(
    source: Source, document: Element | None, settings: Element | None
) -> tuple[list[str], list[str]]:
    """The texts of the headers and of the footers that are shown on any page."""
    headers: dict[str, None] = {}
    footers: dict[str, None] = {}
    even = settings is not None and bool(switch(settings.find(f"{W}evenAndOddHeaders")))
    relationships = source.package.relationships(source.package.main)
    read: set[str] = set()
    for reference in _references(document, even):
        relationship = relationships.get(reference.get(f"{R}id", ""))
        root = source.package.xml(relationship.target) if relationship else None
        if relationship is None or root is None or relationship.target in read:
            continue
        read.add(relationship.target)
        texts = headers if reference.tag == f"{W}headerReference" else footers
        story = Story(source, relationship.target, pages=True)
        for text in plain_texts(story.blocks(root)):
            if any(character.isalnum() for character in text):
                texts.setdefault(as_text(text))
    return list(headers), [text for text in footers if text not in headers]


def _references(document: Element | None, even: bool) -> Iterator[Element]:
    for section in document.iter(f"{W}sectPr") if document is not None else ():
        title_page = bool(switch(section.find(f"{W}titlePg")))
        for element in section:
            if element.tag in (f"{W}headerReference", f"{W}footerReference"):
                kind = element.get(f"{W}type", "default")
                if {"first": title_page, "even": even}.get(kind, True):
                    yield element
