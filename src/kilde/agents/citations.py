"""The citations of an answer: those of its claims, each stretch of a document once."""

from __future__ import annotations

from collections.abc import Sequence

from kilde.types import Citation, Claim


def cited(claims: Sequence[Claim]) -> tuple[Citation, ...]:
    """The claims' citations in order of appearance, without those that lie inside another."""
    found: list[Citation] = []
    for claim in claims:
        for citation in claim.citations:
            if any(_holds(other, citation) for other in found):
                continue
            found = [other for other in found if not _holds(citation, other)]
            found.append(citation)
    return tuple(found)


def _holds(outer: Citation, inner: Citation) -> bool:
    return (
        outer.document.id == inner.document.id
        and outer.start <= inner.start
        and inner.end <= outer.end
    )
