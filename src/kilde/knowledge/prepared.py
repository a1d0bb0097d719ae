"""Documents made in memory are checked before anything is done with them.

What cannot be stored is named in the report, and the others are stored all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kilde.knowledge.schema import dump_values
from kilde.language.detect import detect
from kilde.types import UNKNOWN_LANGUAGE, Document, Failure, collection_name


def prepared(documents: Iterable[Document], failed: list[Failure]) -> Iterator[Document]:
    """The documents that can be stored, with their language told; the others go to ``failed``."""
    for document in documents:
        if fault := _fault(document):
            failed.append(Failure(document.id or "''", *fault))
            continue
        if document.language == UNKNOWN_LANGUAGE:
            document = replace(document, language=detect(document.text))
        # One that was read elsewhere, and is handed over here, has no source here to go with.
        yield replace(document, collection=collection_name(document.collection), origin="memory")


def _fault(document: Document) -> tuple[str, str] | None:
    """What is wrong and what to do; None where nothing is."""
    if not document.id.strip() or not document.text.strip():
        return "it has no id or no text", "Give every document an id and some text."
    try:
        collection_name(document.collection)
    except ValueError as error:
        return str(error), "Choose another name for the collection."
    texts = (
        document.id,
        document.text,
        document.title,
        document.source,
        document.language,
        document.summary,
    )
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return "its text is no valid Unicode", "Decode it with errors='replace'."
    if "\x00" in document.id:
        return "its id holds a zero character", "Choose another name."
    try:
        for values in (document.metadata, *(row.values for row in document.rows)):
            dump_values(values)
    except (TypeError, ValueError) as error:
        return str(error), "Use texts, numbers, truth values, dates, or None as values."
    place = 0
    for row in document.rows:
        if not place <= row.start < row.end <= len(document.text):
            return (
                f"its row at characters {row.start} to {row.end} is out of place",
                "Give rows within the text, in order and without overlap.",
            )
        place = row.end
    pages = document.pages
    if pages and (pages[0] != 0 or list(pages) != sorted(pages) or pages[-1] > len(document.text)):
        return "its pages are not in order", "Give the offsets at which pages begin, from 0 on."
    return None
