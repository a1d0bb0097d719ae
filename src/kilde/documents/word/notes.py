"""Texts of footnotes and endnotes, in the order of their marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

from kilde.documents.word.arrange import plain_texts
from kilde.documents.word.body import Source, Story
from kilde.documents.word.package import W


def note_texts(source: Source, parts: Mapping[str, str]) -> list[str]:
    """The text of each note that was marked; ``parts`` are the parts of the file by kind."""
    marked = list(source.collected.notes)
    elements = {kind: _notes(source, parts.get(kind, "")) for kind in {kind for kind, _ in marked}}
    texts = []
    for kind, key in marked:
        note: Iterable[Element] = elements[kind].get(key, ())
        story = Story(source, parts.get(kind, ""))
        texts.append(" ".join(" ".join(plain_texts(story.blocks(note))).split()))
    return texts


def _notes(source: Source, part: str) -> dict[str, Element]:
    root = source.package.xml(part) if part else None
    return {note.get(f"{W}id", ""): note for note in root} if root is not None else {}
