"""Which formats can be read, and by which reader: a table (``formats.toml``), looked up here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table; ``reader`` is the name of a module in ``kilde.documents.readers``."""

    suffix: str
    reader: str
    mime: str


@cache
def formats() -> dict[str, Format]:
    """All formats by suffix, as ``{".pdf": Format(".pdf", "pdf", "application/pdf"), …}``."""
    table = tomllib.loads((files("kilde.documents") / "formats.toml").read_text("utf-8"))
    return {
        suffix: Format(suffix, reader, mime)
        for reader, rows in table.items()
        for suffix, mime in rows.items()
    }


def format_of(name: str) -> Format | None:
    """The format of a file by its name, ``None`` when it is not one that can be read.

    >>> format_of("minutes/2024.PDF").reader
    'pdf'
    """
    return formats().get(PurePath(name).suffix.lower())


def format_of_page(url: str, content_type: str) -> Format | None:
    """The format of a web page: by its content type, or by its address where that says little.

    Servers send Markdown and CSV files as ``text/plain`` and unknown ones as
    ``application/octet-stream``; there the address knows better.
    """
    by_name = format_of(urlsplit(url).path)
    mime = content_type.partition(";")[0].strip().lower()
    if mime in ("", "application/octet-stream", "text/plain") and by_name is not None:
        return by_name
    return next((row for row in formats().values() if row.mime == mime), None)


def supported() -> str:
    """The suffixes that can be read, for messages: ``".csv .docx … .xlsx"``."""
    return " ".join(sorted(formats()))
