"""OpenDocument texts: as LibreOffice shows them, tables as rows, what is hidden left out."""

from __future__ import annotations

from collections import Counter as Counts
from xml.etree.ElementTree import Element

from kilde.documents.content import Content, Prose
from kilde.documents.extract import given_title
from kilde.documents.markup import as_text
from kilde.documents.opendocument.body import Story, shown_margins
from kilde.documents.opendocument.styles import OFFICE, TEXT, Counter, Styles
from kilde.documents.word.arrange import parts_of, plain_texts, with_captions, with_notes
from kilde.documents.xml_archive import XmlArchive
from kilde.errors import LoadError

_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text with its headings, lists and tables; headers come first and footers last."""
    try:
        return [_prose(XmlArchive(data, name))]
    except RecursionError as error:
        raise LoadError(
            name,
            "its tables or lists are nested too deeply",
            hint="Copy its text into a new document, and add that.",
        ) from error


def _prose(archive: XmlArchive) -> Prose:
    content, others, meta = map(archive.xml, ("content.xml", "styles.xml", "meta.xml"))
    styles = Styles(others, content)
    omitted: Counts[str] = Counts()
    notes: list[Element] = []
    headings = Counter(styles.outline)
    text = content.find(f"{OFFICE}body/{OFFICE}text") if content is not None else None
    story = Story(styles, omitted, notes, headings)
    blocks = list(story.blocks(text if text is not None else ()))
    note_texts = [
        " ".join(" ".join(plain_texts(story.blocks(note.findall(f"{TEXT}note-body")))).split())
        for note in list(notes)
    ]
    margins: dict[bool, dict[str, None]] = {True: {}, False: {}}
    for header, element in shown_margins(others, styles.pages):
        margin = Story(styles, omitted, [], Counter({}), pages=True)
        for line in plain_texts(margin.blocks(element)):
            if any(character.isalnum() for character in line):
                margins[header].setdefault(as_text(line))
    parts = parts_of(with_captions(with_notes(blocks, note_texts)))
    title = meta.find(f".//{_TITLE}") if meta is not None else None
    return Prose(
        [*margins[True], *parts, *(line for line in margins[False] if line not in margins[True])],
        title=given_title(title.text or "") if title is not None else "",
        markdown=True,
        omitted=dict(omitted),
    )
