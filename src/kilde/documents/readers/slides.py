"""PowerPoint: each slide is a page, its title a heading, its speaker notes at the end.

kreuzberg gives headings in Markdown only and speaker notes in plain text only, so both are read.
It escapes what looks like mark-up, so the marks between slides are private-use characters.
"""

from __future__ import annotations

import re

from kilde.documents.content import Content, PageStart, Prose
from kilde.documents.extract import check_archive, extract, title_of, unescape

_MARK = "\ue000{page_num}\ue001"
_BETWEEN = re.compile("\ue000\\d+\ue001\\s*")
_NOTES = "\n\nNotes:\n\n"


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """One page per slide."""
    from kreuzberg import PageConfig

    check_archive(data, name)
    marks = PageConfig(insert_page_markers=True, marker_format=f"\n\n{_MARK}\n\n")
    result = extract(data, name, mime, markdown=True, pages=marks)
    plain = extract(data, name, mime, markdown=False, pages=marks)
    slides = _BETWEEN.split(unescape(result.content))[1:]
    notes = [slide.partition(_NOTES)[2].strip() for slide in _BETWEEN.split(plain.content)[1:]]
    if len(notes) == len(slides):
        slides = [
            f"{slide.strip()}\n\n{note}" if note else slide
            for slide, note in zip(slides, notes, strict=True)
        ]
    parts = [part for slide in slides for part in (PageStart(), slide)]
    return [Prose(parts, title=title_of(result), markdown=True)]
