"""The parts of running text put together: one text with exact offsets of its pages and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.documents.content import PageImage, PageStart, Part, Table
from kilde.documents.tables import table_text
from kilde.language.clean import clean
from kilde.types import Row


@dataclass(frozen=True, slots=True)
class Arranged:
    """A text, the offsets at which its pages start, the rows of its tables, and the pages (from 1)
    that were read by OCR."""

    text: str
    pages: tuple[int, ...]
    rows: tuple[Row, ...]
    recognized: tuple[int, ...]


def arrange(parts: Sequence[Part], name: str) -> Arranged:
    """Join the parts with a blank line between them, or a blank where a paragraph goes on.

    An image is no text: what OCR read stands in its place (:mod:`kilde.documents.ocr`).
    Raises :class:`LoadError`, with ``name`` as the source, for a table that goes over a limit.
    """
    texts: list[str] = []
    pages: list[int] = []
    rows: list[Row] = []
    recognized: list[int] = []
    length = 0
    continues = False
    for part in parts:
        if isinstance(part, PageStart):
            if part.continues and texts and texts[-1].endswith("\n\n") and not continues:
                texts[-1] = texts[-1].removesuffix("\n\n") + " "
                length -= 1
                continues = True
            pages.append(length)
            if part.recognized:
                recognized.append(len(pages))
        elif isinstance(part, Table):
            text, its_rows = table_text(part, name, start=length, caption=clean(part.title))
            texts.append(text)
            rows += its_rows
            length += len(text)
        elif not isinstance(part, PageImage) and (text := clean(part).strip("\n")):
            if not text.strip():
                continue
            texts.append(text + "\n\n")
            length += len(text) + 2
            continues = False
    text = "".join(texts)
    if not rows and not pages:
        text = text.strip("\n")
    return Arranged(text, tuple(pages), tuple(rows), tuple(recognized))
