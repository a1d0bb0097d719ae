"""Claims that a passage says word for word: whole sentences only, for half of one may say less."""

from __future__ import annotations

import re

from kilde.grounding.facts import Facts
from kilde.grounding.sources import sources_of
from kilde.language.lines import is_label
from kilde.language.rows import one_line
from kilde.types import Passage

_MARKS = re.compile(r"(?:[-*+•–>#]+\s+|\d{1,3}[.)]\s+|[\"'“”»«(])+")


def verbatim(claim: Facts, passage: Passage, language: str) -> tuple[int, int] | None:
    """Where the passage says exactly this; of a row, told on one line, it is the whole row."""
    text = claim.text.strip()
    if not claim.tokens:
        return None
    if passage.kind == "row":
        return (0, len(passage.text.rstrip())) if _in_row(text, passage.text) else None
    at = passage.text.find(text)
    while at >= 0:
        if _whole_sentences(at, at + len(text), passage, language):
            return at, at + len(text)
        at = passage.text.find(text, at + 1)
    return None


def _in_row(text: str, row: str) -> bool:
    line = one_line(row)
    text = text.rstrip(";")
    at = line.find(text)
    if at < 0:
        return False
    before, after = line[:at].rstrip(), line[at + len(text) :].lstrip()
    starts = not before or before[-1] in ";.!?"
    ends = not after or after[0] == ";" or text[-1] in ".!?"
    return starts and ends and (": " in text or bool(before))


def _whole_sentences(start: int, end: int, passage: Passage, language: str) -> bool:
    sources = sources_of(passage.text, language, language, False)
    begins = any(
        source.start == start or _marks_only(passage.text[source.start : start])
        for source in sources
        if source.start <= start
    )
    return begins and any(
        source.end >= end and not any(map(str.isalnum, passage.text[end : source.end]))
        for source in sources
        if source.start < end
    )


def _marks_only(text: str) -> bool:
    return bool(_MARKS.fullmatch(text)) or is_label(text)
