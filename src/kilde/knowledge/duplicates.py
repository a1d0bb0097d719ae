"""Equal passages count once: which ones are equal, and which documents hold them.

Passages are equal where their words are; white space does not matter, nor do the titles of the
documents. Rows must also stand under the same headings, for "Price: 50" says nothing without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kilde.knowledge.schema import to_ref
from kilde.types import DocumentRef


def passage_key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What is the same for the stored rows of equal passages."""
    headings = row["heading_path"] if row["kind"] == "row" else ""
    return row["kind"], headings, " ".join(row["text"].split())


def grouped(rows: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Stored rows with their equals, in the order of the first of each group."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(passage_key(row), []).append(row)
    return list(groups.values())


def other_documents(group: Sequence[Mapping[str, Any]]) -> tuple[DocumentRef, ...]:
    """The documents of a group of equal passages but for the first one, each once, by id."""
    found = {row["document_id"]: to_ref(row) for row in group}
    del found[group[0]["document_id"]]
    return tuple(found[name] for name in sorted(found))
