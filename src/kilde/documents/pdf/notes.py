"""Footnotes of a page beside the sentences that refer to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kilde.documents.footnotes import mark, place, without_marks
from kilde.documents.markup import raised
from kilde.documents.pdf.lines import note_label
from kilde.language.detect import detect

_FIRST = ord(mark(0))
_MARK = re.compile("[\U000f0000-\U000ffffd]")
# A raised digit after these is a power and no label: m², 10³.
_POWER = re.compile(r"(?:(?:^|[\s\d/(·])[kcdmµ]?m|\d)$")


class Notes:
    """The notes of a page by the numbers of their labels."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._order = list(texts)
        self._texts = list(texts.values())
        self.placed: set[int] = set()

    def beside(self, text: str) -> str:
        """A paragraph with its notes in parentheses, each after the sentence that refers to it."""
        if not _MARK.search(text):
            return text
        marked = self._labelled(text, keep=True)
        if not _MARK.search(marked):
            return marked
        return place(marked, self._texts, detect(without_marks(marked)))

    def left_out(self, text: str) -> str:
        """A heading or a cell without the labels of notes."""
        return self._labelled(text, keep=False) if _MARK.search(text) else text

    def _labelled(self, text: str, *, keep: bool) -> str:
        """A text whose marks are those of notes of the page; other labels are raised signs."""

        def sign(match: re.Match[str]) -> str:
            number = ord(match[0]) - _FIRST
            power = _POWER.search(text[max(0, match.start() - 4) : match.start()])
            if number not in self._order or power:
                return raised(note_label(number))
            if not keep:
                return ""
            self.placed.add(number)
            return mark(self._order.index(number))

        return _MARK.sub(sign, text)


def note_of(lines: Sequence[str]) -> int:
    """The number of the label that a note begins with."""
    return ord(lines[0][0]) - _FIRST
