"""Evidence made by hand."""

from __future__ import annotations

from kilde.types import DocumentRef, Hit, Passage, PassageKind


def evidence(
    text: str,
    language: str,
    *,
    title: str = "",
    heading: str = "",
    kind: PassageKind = "text",
    document: str = "d",
    start: int = 0,
) -> Hit:
    """A hit with one passage that begins at ``start`` of its document."""
    passage = Passage(
        id=f"{document}-{start}",
        document_id=document,
        ordinal=0,
        kind=kind,
        text=text,
        start=start,
        end=start + len(text),
        heading_path=heading,
        language=language,
    )
    return Hit(passage, DocumentRef(document, title, "", "c", language, ""), 1.0)
