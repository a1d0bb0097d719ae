"""The one table: a document is its passages in order, and every row can say what it came from.

The document's own fields are repeated on its passages (columnar storage makes that nearly free),
so that one commit on one table replaces a document, and a passage needs no second look-up to be
shown with its title.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kilde.types import Document, DocumentRef, Passage, Row, Scalar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

TABLE = "passages"
# The key of a list with the values of a passage that was read by OCR; no value itself is a list.
_RECOGNIZED = "$recognized"
# Raised when the columns change in a way that an older Kilde cannot read.
FORMAT = 1

# All columns a hit or a document is made from, without the two that only the search itself reads.
READ_COLUMNS = (
    "id document_id ordinal kind text start end page heading_path language row_values title source "
    "collection content_hash document_language metadata markdown layout passage_hash"
).split()
# What a hit shows; every column costs time.
HIT_COLUMNS = [
    name for name in READ_COLUMNS if name not in {"metadata", "markdown", "passage_hash", "layout"}
]


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage ready to be stored.

    ``terms`` is its analysed text, joined by blanks; ``passage_hash`` recognises an unchanged
    passage; ``vector`` is None for a passage in a language that the embedder does not know.
    """

    passage: Passage
    document: Document
    terms: str
    passage_hash: str
    embedding_text: str
    vector: npt.NDArray[np.float32] | None


def schema(dimensions: int) -> pa.Schema:
    """The columns of the table, for vectors of that many dimensions."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("ordinal", pa.int32()),
            pa.field("kind", pa.string()),
            pa.field("text", pa.string()),
            pa.field("start", pa.int64()),
            pa.field("end", pa.int64()),
            pa.field("page", pa.int32()),
            pa.field("heading_path", pa.string()),
            pa.field("language", pa.string()),
            pa.field("row_values", pa.string()),
            pa.field("terms", pa.string()),
            pa.field("vector", pa.list_(pa.float32(), dimensions)),
            pa.field("passage_hash", pa.string()),
            pa.field("embedder", pa.string()),
            pa.field("recipe", pa.string()),
            pa.field("format", pa.int32()),
            pa.field("title", pa.string()),
            pa.field("source", pa.string()),
            pa.field("collection", pa.string()),
            pa.field("content_hash", pa.string()),
            pa.field("document_language", pa.string()),
            pa.field("metadata", pa.string()),
            pa.field("markdown", pa.bool_()),
            pa.field("layout", pa.string()),
            pa.field("added_at", pa.timestamp("us", tz="UTC")),
        ]
    )


def to_arrow(
    rows: Sequence[StoredPassage], *, dimensions: int, embedder: str, recipe: str, at: datetime
) -> pa.Table:
    """Rows of the table for passages; ``embedder`` and ``recipe`` say how they were made."""
    import pyarrow as pa

    # Once per document: hashing a table of 30,000 rows for each of its rows takes minutes.
    own = {id(row.document): row.document for row in rows}
    hashes = {key: document.content_hash for key, document in own.items()}
    metadata = {key: dump_values(document.metadata) for key, document in own.items()}
    passages = [row.passage for row in rows]
    documents = [row.document for row in rows]
    columns: dict[str, list[Any]] = {
        "id": [p.id for p in passages],
        "document_id": [p.document_id for p in passages],
        "ordinal": [p.ordinal for p in passages],
        "kind": [p.kind for p in passages],
        "text": [p.text for p in passages],
        "start": [p.start for p in passages],
        "end": [p.end for p in passages],
        "page": [p.page for p in passages],
        "heading_path": [p.heading_path for p in passages],
        "language": [p.language for p in passages],
        "row_values": [_row_values(p) for p in passages],
        "terms": [row.terms for row in rows],
        "vector": [row.vector for row in rows],
        "passage_hash": [row.passage_hash for row in rows],
        "embedder": [embedder] * len(rows),
        "recipe": [recipe] * len(rows),
        "format": [FORMAT] * len(rows),
        "title": [d.title for d in documents],
        "source": [d.source for d in documents],
        "collection": [d.collection for d in documents],
        "content_hash": [hashes[id(d)] for d in documents],
        "document_language": [d.language for d in documents],
        "metadata": [metadata[id(d)] for d in documents],
        "markdown": [d.markdown for d in documents],
        "layout": [_dump_layout(r.document) if r.passage.kind == "summary" else "" for r in rows],
        "added_at": [at] * len(rows),
    }
    return pa.table(columns, schema=schema(dimensions))


def to_passage(row: Mapping[str, Any]) -> Passage:
    """The passage of a stored row."""
    return Passage(
        id=row["id"],
        document_id=row["document_id"],
        ordinal=row["ordinal"],
        kind=row["kind"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        page=row["page"],
        heading_path=row["heading_path"],
        language=row["language"],
        metadata=load_values(row["row_values"]),
        recognized=_is_recognized(json.loads(row["row_values"] or "{}")),
    )


def _row_values(passage: Passage) -> str:
    """The values of a row, none for running text; wrapped where they were read by OCR."""
    values = dump_values(passage.metadata)
    return f'{{"{_RECOGNIZED}": [{values or "{}"}]}}' if passage.recognized else values


def _is_recognized(stored: Mapping[str, Any]) -> bool:
    return isinstance(stored.get(_RECOGNIZED), list)


def to_ref(row: Mapping[str, Any]) -> DocumentRef:
    """The document that a stored row belongs to, as it is shown beside a passage."""
    return DocumentRef(
        id=row["document_id"],
        title=row["title"],
        source=row["source"],
        collection=row["collection"],
        language=row["document_language"],
        content_hash=row["content_hash"],
    )


def to_document(rows: Sequence[Mapping[str, Any]]) -> Document:
    """A document put together again from all of its rows (at least one, in any order)."""
    ordered = sorted(rows, key=lambda row: row["ordinal"])
    body = [row for row in ordered if row["kind"] != "summary"]
    summaries = [row for row in ordered if row["kind"] == "summary"]
    first = body[0]
    layout = json.loads(summaries[0]["layout"]) if summaries else {}
    table_rows = [row for row in body if row["kind"] == "row"]
    captions = [
        caption
        for caption, count in layout.get("captions", [["", len(table_rows)]])
        for _ in range(count)
    ]
    return Document(
        id=first["document_id"],
        text="".join(row["text"] for row in body),
        title=first["title"],
        source=first["source"],
        collection=first["collection"],
        language=first["document_language"],
        metadata=load_values(first["metadata"]),
        pages=tuple(layout.get("pages", ())),
        rows=tuple(
            Row(row["start"], row["end"], load_values(row["row_values"]), caption)
            for row, caption in zip(table_rows, captions, strict=True)
        ),
        summary=summaries[0]["text"] if layout.get("own_summary") else "",
        markdown=first["markdown"],
        origin=layout.get("origin", "memory"),
        recognized=tuple(layout.get("recognized", ())),
        omitted=layout.get("omitted", {}),
        modified=modified_of(layout),
    )


def modified_of(layout: Mapping[str, Any]) -> datetime | None:
    """When the file of a document was last changed, by its stored layout."""
    return datetime.fromisoformat(layout["modified"]) if "modified" in layout else None


def _dump_layout(document: Document) -> str:
    """What the passages do not say: where pages begin, whose words the summary is, where the
    document came from, how many rows stand under which caption, and how it was read."""
    layout: dict[str, Any] = {
        "pages": document.pages,
        "own_summary": bool(document.summary),
        "origin": document.origin,
    }
    captions = [
        (caption, sum(1 for _ in rows))
        for caption, rows in groupby(document.rows, key=lambda row: row.caption)
    ]
    if any(caption for caption, _ in captions):
        layout["captions"] = captions
    if document.recognized:
        layout["recognized"] = document.recognized
    if document.omitted:
        layout["omitted"] = dict(document.omitted)
    if document.modified:
        layout["modified"] = document.modified.isoformat()
    return json.dumps(layout)


def dump_values(values: Mapping[str, Scalar]) -> str:
    """Typed values as JSON; dates keep their type."""

    def tagged(value: Any) -> Any:
        if isinstance(value, datetime):
            return {"datetime": value.isoformat()}
        if isinstance(value, date):
            return {"date": value.isoformat()}
        raise TypeError(f"a value of type {type(value).__name__} cannot be stored")

    # Escaped, so that even half a character in a file's properties can be stored.
    return json.dumps(dict(values), default=tagged) if values else ""


def load_values(text: str | None) -> dict[str, Scalar]:
    """The inverse of :func:`dump_values`."""
    if not text:
        return {}

    def untagged(value: Any) -> Scalar:
        if isinstance(value, dict):
            kind, iso = next(iter(value.items()))
            return date.fromisoformat(iso) if kind == "date" else datetime.fromisoformat(iso)
        scalar: Scalar = value
        return scalar

    stored = json.loads(text)
    values = stored[_RECOGNIZED][0] if _is_recognized(stored) else stored
    return {key: untagged(value) for key, value in values.items()}
