"""Footnotes beside the sentence they belong to, so that both are found and quoted together.

A reader puts :func:`mark` where the number of a note stands, and at the end replaces the marks with
the texts of the notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kilde.language.sentences import sentences

# A private plane of Unicode: what stands there in a text is a mark.
_FIRST = 0xF0000
_LAST = 0xFFFFD
_MARKS = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")

MAX_NOTES = _LAST - _FIRST
"""Number of notes of one document that can be marked."""


def mark(number: int) -> str:
    """The sign that stands for note ``number``, from 0 to ``MAX_NOTES``."""
    return chr(_FIRST + number)


def without_marks(text: str) -> str:
    """A text of the document without signs that would be taken for marks."""
    return _MARKS.sub("", text)


def place(text: str, notes: Sequence[str], language: str) -> str:
    """A paragraph with its notes in parentheses, each after the sentence that has its mark.

    A mark of a note that does not exist is taken out.
    """
    plain, marks = [], []
    length = end = 0
    for match in _MARKS.finditer(text):
        plain.append(text[end : match.start()])
        length += match.start() - end
        end = match.end()
        number = ord(match[0]) - _FIRST
        if number < len(notes) and notes[number]:
            marks.append((length, notes[number]))
    if not end:
        return text
    body = "".join([*plain, text[end:]])
    placed, start, pending = [], 0, list(reversed(marks))
    spans = sentences(body, language)
    for number, (_, stop) in enumerate(spans):
        last = number + 1 == len(spans)
        sentence = body[start:stop].rstrip()
        placed.append(sentence)
        while pending and (last or pending[-1][0] <= start + len(sentence)):
            placed.append(f" ({pending.pop()[1]})")
        placed.append(body[start + len(sentence) : stop])
        start = stop
    return "".join(placed)
