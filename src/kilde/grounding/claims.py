"""An answer cut into claims: its sentences, with exact places."""

from __future__ import annotations

from kilde.language.sentences import sentences


def claim_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of the sentences of an answer, white space at their ends left out.

    >>> [("Ja. Vi har åbent."[a:b]) for a, b in claim_spans("Ja. Vi har åbent.", "da")]
    ['Ja.', 'Vi har åbent.']
    """
    spans = []
    for start, end in sentences(text, language):
        body = text[start:end]
        start += len(body) - len(body.lstrip())
        end -= len(body) - len(body.rstrip())
        if end > start:
            spans.append((start, end))
    return spans
