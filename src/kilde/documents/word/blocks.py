"""What the body of a Word file consists of: paragraphs with their numbers, and grids of cells."""

from __future__ import annotations

from dataclasses import dataclass

from kilde.documents.content import Grid
from kilde.documents.word.numbering import Label


@dataclass(slots=True)
class Paragraph:
    """A paragraph with its number; ``level`` is that of a heading, 0 of other text.

    ``depth`` is the level in its list, -1 outside of lists.
    """

    text: str
    label: Label
    level: int = 0
    depth: int = -1
    caption: bool = False

    @property
    def shown(self) -> str:
        """The text behind its number."""
        return (self.label.text + self.text).strip()


Block = Paragraph | Grid
