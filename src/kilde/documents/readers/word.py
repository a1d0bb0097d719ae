"""Word files: their text as Word shows it, tables as rows, what is hidden or deleted left out.

No library reads automatic numbers, hidden text and non-breaking hyphens right (decision 19), so the
XML is read here; :mod:`kilde.documents.word` knows it.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from kilde.documents.content import Content, Prose
from kilde.documents.extract import given_title
from kilde.documents.word.arrange import parts_of, with_captions, with_notes
from kilde.documents.word.body import Source, Story
from kilde.documents.word.inline import Collected
from kilde.documents.word.margins import margin_texts
from kilde.documents.word.notes import note_texts
from kilde.documents.word.numbering import Numbering
from kilde.documents.word.package import Package, W
from kilde.documents.word.styles import Styles
from kilde.errors import LoadError


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text with its headings, lists and tables; headers come first and footers last."""
    try:
        return [_prose(Package(data, name))]
    except RecursionError as error:
        raise LoadError(
            name,
            "its tables or text boxes are nested too deeply",
            hint="Copy its text into a new document, and add that.",
        ) from error


def _prose(package: Package) -> Prose:
    related = {link.kind: link.target for link in package.relationships(package.main).values()}

    def part(kind: str) -> Element | None:
        return package.xml(related[kind]) if kind in related else None

    styles = Styles(package.styles(related.get("styles", "")))
    collected = Collected()
    source = Source(package, styles, Numbering(part("numbering"), styles), collected)
    document = package.xml(package.main)
    body = document.find(f"{W}body") if document is not None else None
    blocks = list(Story(source, package.main).blocks(body if body is not None else ()))
    headers, footers = margin_texts(source, document, part("settings"))
    notes = note_texts(source, related)
    parts = parts_of(with_captions(with_notes(blocks, notes)))
    comments = part("comments")
    if comments is not None:
        collected.omitted["comments"] += len(comments.findall(f"{W}comment"))
    return Prose(
        [*headers, *parts, *footers],
        title=given_title(package.title()),
        markdown=True,
        omitted={what: count for what, count in collected.omitted.items() if count},
    )
