"""One found thing becomes its documents: bytes in, guarded; reader; clean text with exact offsets.

A file gives one document, a workbook one per sheet. Every error names the file and what to do, so
that a sync over a thousand files can go on and report the three that failed.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from kilde.documents.arrange import arrange
from kilde.documents.content import Content, Prose, Table
from kilde.documents.formats import format_of, format_of_page, supported
from kilde.documents.headings import headings
from kilde.documents.ocr import recognize
from kilde.documents.parse import parse, translated_errors
from kilde.documents.sources import Found
from kilde.documents.summary import table_summary
from kilde.documents.tables import table_text, value_names
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.language.detect import detect
from kilde.types import Document

MAX_BYTES = 100_000_000
"""Size of the largest file that is read. Parsing needs several times that in memory."""

MAX_CHARACTERS = 100_000_000
"""Length of the longest text that is read. A packed file of a few megabytes can hold more."""


def load(
    found: Found,
    *,
    allow_private: bool = False,
    ocr: bool = True,
    keep_alive: Callable[[], None] = lambda: None,
) -> list[Document]:
    """The documents of one found thing, at least one.

    ``Document.source`` is ``found.document_source``; so is the id, with ``#Sheet`` added when a
    workbook has several sheets. ``allow_private`` lets pages of the own network be fetched.
    ``ocr`` has scanned pages read where tesseract is installed, and ``keep_alive`` is called before
    each step of that, which takes seconds. Raises :class:`LoadError` for whatever cannot be read.
    """
    if found.source.kind == "sql":
        from kilde.documents import sql

        with sql.open_table(found.source, found.root, found.document_source) as table:
            return list(_documents([table], found, found.source.table or "query"))
    modified = None
    if found.source.kind == "url":
        from kilde.documents.web import fetch

        page = fetch(found.document_source, allow_private=allow_private)
        form = format_of_page(page.url, page.content_type)
        data = page.body
        if form is None:
            raise _unreadable(found.document_source, f"it is {page.content_type or 'of no type'}")
        stem = _stem(urlsplit(page.url).path) or urlsplit(page.url).hostname or ""
    else:
        path = found.path or found.root / found.document_source
        form = format_of(path.name)
        if form is None:
            raise _unreadable(found.document_source, f"{path.suffix or 'no suffix'} is no format")
        data, modified = _read(path, found.document_source)
        stem = _stem(path.name)
    contents = parse(data, found.document_source, form)
    with translated_errors(found.document_source):
        contents = recognize(contents, found.document_source, ocr=ocr, keep_alive=keep_alive)
    documents = _documents(contents, found, stem)
    return [replace(document, modified=modified) for document in documents]


def _read(path: Path, name: str) -> tuple[bytes, datetime | None]:
    """What a file holds, and when it was last changed."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadError(name, "it is no ordinary file", hint="Add a file or a folder.")
        if status.st_size > MAX_BYTES:
            raise LoadError(
                name,
                f"it has {status.st_size / 1e6:,.0f} MB, and {MAX_BYTES / 1e6:,.0f} MB is the most "
                "that is read",
                hint="Split it into smaller files, or take pictures out of it.",
            )
        return path.read_bytes(), _moment(status.st_mtime)
    except FileNotFoundError as error:
        raise LoadError(
            name, "it is gone", hint="Put it back, or sync again to forget it."
        ) from error
    except PermissionError as error:
        raise LoadError(
            name,
            "you may not read it",
            hint="Ask its owner for the right to read it, or leave it out.",
        ) from error
    except OSError as error:
        raise LoadError(
            name,
            f"it cannot be read ({error.strerror or error})",
            hint="Check the disk or the network drive it is on.",
        ) from error


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # some file systems keep any number
        return None


def _documents(contents: list[Content], found: Found, stem: str) -> Iterator[Document]:
    for content in contents:
        part = content.part if len(contents) > 1 else ""
        name = f"{found.document_source}#{part}" if part else found.document_source
        match content:
            case Prose():
                yield _prose_document(content, found, name, f"{stem} – {part}" if part else stem)
            case Table():
                yield _table_document(content, found, name, f"{stem} – {part}" if part else stem)


def _prose_document(content: Prose, found: Found, name: str, stem: str) -> Document:
    length = sum(len(part) for part in content.parts if isinstance(part, str))
    if length > MAX_CHARACTERS:
        raise LoadError(
            name,
            f"its text has {length / 1e6:,.0f} million characters, and "
            f"{MAX_CHARACTERS / 1e6:,.0f} million are the most that is read",
            hint="Split it into smaller files; if it is small and from a stranger, leave it out.",
        )
    layout = arrange(content.parts, name)
    text = layout.text
    if not text.strip():
        raise LoadError(
            name,
            "no text in it",
            hint="If it should have text, save it anew from the program that made it; a scan is "
            "read by OCR only where the text in it can be seen.",
        )
    first = headings(text)[:1] if content.markdown else []
    title = _one_line((first[0].text if first else "") or content.title or stem)
    return Document(
        id=name,
        text=text,
        title=title,
        source=found.document_source,
        collection=found.source.collection,
        language=detect(text),
        metadata={
            key: clean(value) if isinstance(value, str) else value
            for key, value in content.metadata.items()
        },
        pages=layout.pages,
        rows=layout.rows,
        markdown=content.markdown,
        origin=found.source.kind,
        recognized=layout.recognized,
        omitted=dict(content.omitted),
    )


def _table_document(table: Table, found: Found, name: str, stem: str) -> Document:
    text, rows = table_text(table, name)
    if not rows:
        raise LoadError(name, "no rows in it", hint="Check the query or the export it came from.")
    language = detect(text)
    title = _one_line(table.title or stem)
    return Document(
        id=name,
        text=text,
        title=title,
        source=found.document_source,
        collection=found.source.collection,
        language=language,
        rows=rows,
        summary=table_summary(title, value_names(table.columns), rows, language),
        markdown=False,
        origin=found.source.kind,
        omitted=dict(table.omitted),
    )


def _stem(name: str) -> str:
    return PurePosixPath(unquote(name)).stem.replace("-", " ").replace("_", " ").strip()


def _one_line(title: str) -> str:
    return " ".join(clean(title).split())


def _unreadable(name: str, reason: str) -> LoadError:
    return LoadError(
        name,
        f"{reason}, which Kilde does not read",
        hint=f"Convert it to one of: {supported()}",
    )
