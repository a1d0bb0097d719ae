"""The summary of a document, made of its own sentences: those that say most of what it is about.

A sentence counts by how much of the document's recurring vocabulary it holds, and the first ones
count a little more, because documents of organisations say first what they are for. It is the
frequency method of Luhn (1958), with the title's words weighted up.
"""

from __future__ import annotations

from collections import Counter

from kilde.language.analysis import analyzer
from kilde.language.sentences import sentences
from kilde.types import Document

# About two sentences: it stands ahead of the passages in every prompt and must leave them room.
_SENTENCES = 2
_MAX_CHARACTERS = 400
# Long documents are judged by their beginning: the work stays linear and small.
_LOOKED_AT = 20_000
_TITLE_WEIGHT = 2.0
_LEAD_BONUS = 0.25


def summarise(document: Document) -> str:
    """Up to two sentences of the document, in their order, at most 400 characters.

    Never empty for a document with text: where no sentence stands out, its beginning is taken.
    """
    text = document.text[:_LOOKED_AT]
    analyse = analyzer(document.language)
    spans = [
        (start, end)
        for start, end in sentences(text, document.language)
        if not text[start:end].lstrip().startswith("#")
    ]
    found = [Counter(analyse.terms(text[start:end])) for start, end in spans]
    frequency = Counter(term for counts in found for term in counts)
    title = set(analyse.terms(document.title))
    scored = []
    for place, ((start, end), counts) in enumerate(zip(spans, found, strict=True)):
        length = sum(counts.values())
        if length < 4 or end - start > _MAX_CHARACTERS:
            continue
        weight = sum(frequency[term] * (_TITLE_WEIGHT if term in title else 1.0) for term in counts)
        lead = 1.0 + _LEAD_BONUS / (1 + place)
        scored.append((lead * weight / (length + 8), start, end))
    chosen: list[tuple[int, int]] = []
    room = _MAX_CHARACTERS
    for _, start, end in sorted(scored, reverse=True):
        if len(chosen) < _SENTENCES and end - start <= room:
            chosen.append((start, end))
            room -= end - start
    if not chosen:
        return " ".join(text.split())[:_MAX_CHARACTERS]
    return " ".join(" ".join(text[start:end].split()) for start, end in sorted(chosen))
