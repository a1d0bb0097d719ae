"""What a reader process is asked and what it replies: one frame of JSON each way.

JSON and not pickle: a hostile file that takes over the reader must not be able to make the process
that asked it run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from kilde.documents.sources import Found, Source
from kilde.errors import LoadError
from kilde.types import Document, Row, Scalar

_HEADER_BYTES = 8


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Send one frame: its length in 8 bytes, big-endian, then the payload."""
    stream.write(len(payload).to_bytes(_HEADER_BYTES, "big"))
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO, max_bytes: int) -> bytes | None:
    """The next frame; ``None`` where the other side has gone.

    Raises ``ValueError`` for a frame of more than ``max_bytes``, which is not read.
    """
    header = stream.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    size = int.from_bytes(header, "big")
    if size > max_bytes:
        raise ValueError(f"a frame of {size:,} bytes, and {max_bytes:,} are allowed")
    payload = stream.read(size)
    return payload if len(payload) == size else None


def encode_request(found: Found, *, allow_private: bool, ocr: bool) -> bytes:
    """The request to load one file or page."""
    return _dumps(
        {
            "document_source": found.document_source,
            "source": asdict(found.source),
            "root": str(found.root),
            "path": None if found.path is None else str(found.path),
            "allow_private": allow_private,
            "ocr": ocr,
        }
    )


def decode_request(payload: bytes) -> tuple[Found, dict[str, bool]]:
    """What to load, and the options of :func:`kilde.documents.load.load`."""
    request = json.loads(payload)
    found = Found(
        request["document_source"],
        Source(**request["source"]),
        Path(request["root"]),
        None if request["path"] is None else Path(request["path"]),
    )
    return found, {"allow_private": request["allow_private"], "ocr": request["ocr"]}


STILL_READING = b"{}"
"""Sent before a reply, whenever a step begins that takes long: the time limit starts anew."""


def encode_documents(documents: Sequence[Document], *, last: bool) -> bytes:
    """The reply with documents; after a ``last`` reply the process takes no more requests."""
    return _dumps({"documents": [_document(document) for document in documents], "last": last})


def encode_error(error: LoadError, *, last: bool) -> bytes:
    """The reply for what cannot be loaded."""
    return _dumps({"error": [error.source, error.reason, error.hint], "last": last})


def decode_reply(payload: bytes) -> tuple[list[Document] | LoadError, bool]:
    """The documents or the error, and whether it was the last reply. Raises ``ValueError``."""
    try:
        reply = json.loads(payload, object_hook=_untagged)
        if "error" in reply:
            source, reason, hint = reply["error"]
            return LoadError(source, reason, hint=hint), reply["last"]
        return [_read_document(fields) for fields in reply["documents"]], reply["last"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a reply ({error})") from error


def _document(document: Document) -> dict[str, Any]:
    # The rows of a table have the same columns, or the first few of them: named once a table.
    tables: list[dict[str, Any]] = []
    columns: list[str] = []
    for row in document.rows:
        names = list(row.values)
        if not tables or tables[-1]["caption"] != row.caption or names != columns[: len(names)]:
            columns = names
            tables.append({"columns": columns, "caption": row.caption, "rows": []})
        tables[-1]["rows"].append(
            [row.start, row.end, [_tagged(value) for value in row.values.values()]]
        )
    return {
        "id": document.id,
        "text": document.text,
        "title": document.title,
        "source": document.source,
        "collection": document.collection,
        "language": document.language,
        "metadata": [[key, _tagged(value)] for key, value in document.metadata.items()],
        "pages": document.pages,
        "tables": tables,
        "summary": document.summary,
        "markdown": document.markdown,
        "origin": document.origin,
        "recognized": document.recognized,
        "omitted": [[kind, count] for kind, count in document.omitted.items()],
        "modified": document.modified.isoformat() if document.modified else "",
    }


def _read_document(fields: Mapping[str, Any]) -> Document:
    return Document(
        id=fields["id"],
        text=fields["text"],
        title=fields["title"],
        source=fields["source"],
        collection=fields["collection"],
        language=fields["language"],
        metadata=dict(fields["metadata"]),
        pages=tuple(fields["pages"]),
        rows=tuple(
            Row(start, end, dict(zip(table["columns"], values, strict=False)), table["caption"])
            for table in fields["tables"]
            for start, end, values in table["rows"]
        ),
        summary=fields["summary"],
        markdown=fields["markdown"],
        origin=fields["origin"],
        recognized=tuple(fields["recognized"]),
        omitted=dict(fields["omitted"]),
        modified=datetime.fromisoformat(fields["modified"]) if fields["modified"] else None,
    )


def _dumps(value: object) -> bytes:
    # A path may hold bytes that are no UTF-8, which Python keeps as lone surrogates.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _tagged(value: Scalar) -> object:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def _untagged(value: dict[str, Any]) -> object:
    # No other object of a reply has one key alone.
    if value.keys() == {"datetime"}:
        return datetime.fromisoformat(value["datetime"])
    if value.keys() == {"date"}:
        return date.fromisoformat(value["date"])
    return value
