"""How a document is set: the size of its text, the distance of its lines, and its headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from kilde.documents.pdf.cells import PageTable
from kilde.documents.pdf.flow import Block
from kilde.documents.pdf.lines import Line

_USUAL_LEADING = 1.2
_OF_TABLES = 4
_LARGER = 1.12
_SMALLER = 0.95
_MAX_LINES = 3
_LONGEST = 160
_LONGEST_BOLD = 120
_MAX_LEVEL = 6
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE_ENDS = (".", ",", ";", "…")

StyleKey = tuple[float, bool]


@dataclass(slots=True)
class Style:
    """``size`` and ``bold`` of most of the text, and ``leading``, the distance of its baselines in
    font sizes. ``levels`` has the styles of headings, from the largest."""

    size: float = 10.0
    bold: bool = False
    leading: float = _USUAL_LEADING
    levels: dict[StyleKey, int] = field(default_factory=dict)

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> Style:
        """The style of the running text in these blocks; of their tables, where there is little."""
        sizes: Counter[float] = Counter()
        bold = 0
        gaps: list[float] = []
        for block in blocks:
            if isinstance(block, PageTable):
                for line in block.lines():
                    sizes[_rounded(line.size)] += len(line.text) // _OF_TABLES
                continue
            for line in block:
                sizes[_rounded(line.size)] += len(line.text)
                bold += len(line.text) * (1 if line.bold else -1)
            for above, line in pairwise(block):
                gap = (line.base - above.base) / line.size
                # A line that begins small goes on with a paragraph.
                if line.text[:1].islower() and abs(above.size - line.size) < 0.2 and 0.8 < gap < 3:
                    gaps.append(gap)
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        return cls(size, bold > 0, median(gaps) if len(gaps) > 1 else _USUAL_LEADING)

    def is_larger(self, line: Line) -> bool:
        """Whether a line is set larger than the text."""
        return line.size >= _LARGER * self.size

    def is_smaller(self, line: Line) -> bool:
        """Whether a line is set smaller than the text."""
        return line.size <= _SMALLER * self.size

    def is_set_apart(self, lines: Sequence[Line]) -> bool:
        """Whether lines are larger than the text, or bold where it is not."""
        return self.is_larger(lines[0]) or (not self.bold and all(line.bold for line in lines))

    def is_heading(self, lines: Sequence[Line], text: str) -> bool:
        """Whether a paragraph of one style is a heading."""
        first = lines[0]
        if not _LETTER.search(text) or len(lines) > _MAX_LINES or len(text) > _LONGEST:
            return False
        if self.is_larger(first):
            return not (text.endswith(_SENTENCE_ENDS) and len(text) > _LONGEST // 2)
        return (
            not self.bold
            and not self.is_smaller(first)
            and all(line.bold for line in lines)
            and len(text) <= _LONGEST_BOLD
            and not text.endswith(_SENTENCE_ENDS)
        )

    def rank(self, headings: Iterable[Sequence[Line]]) -> None:
        """Set the levels of headings, by size and weight."""
        styles = {style_key(lines[0]) for lines in headings}
        for level, key in enumerate(sorted(styles, reverse=True), 1):
            self.levels[key] = min(level, _MAX_LEVEL)


def style_key(line: Line) -> StyleKey:
    """What headings of one level have in common."""
    return _rounded(line.size), line.bold


def _rounded(size: float) -> float:
    return round(size * 2) / 2
