"""A table of a page: the lines of its cells, before it is known which of them name the columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kilde.documents.content import Grid, GridCell
from kilde.documents.pdf.geometry import Box
from kilde.documents.pdf.lines import Line

_MAX_HEADER = 3

LineCell = list[Line]
"""The lines of a cell from the top; the same list in every place that a merged cell covers."""


@dataclass(slots=True, eq=False)
class PageTable:
    """A table with its place. ``edges`` are the left edges of its columns and its right edge.

    ``cells`` has a list of lines for each place, ``None`` where a place is blank.
    """

    cells: list[list[LineCell | None]]
    box: Box
    edges: Sequence[float]
    caption: str = ""
    header_rows: int = 0
    continued: bool = field(default=False)

    def grid(self, text_of: Callable[[Sequence[Line]], str], header: PageTable | None) -> Grid:
        """The table with the text of its cells.

        ``header``: the table before it on the page before, whose header it goes on under.
        """
        rows = self.cells
        height = self.header_rows
        if header is not None:
            height = max(1, header.header_rows)
            rows = [*header.cells[:height], *rows]
        made: dict[int, GridCell] = {}
        for number, row in enumerate(rows):
            for lines in row:
                if lines and id(lines) not in made:
                    made[id(lines)] = GridCell(text_of(lines), header=number < height)
        grid = [[made.get(id(lines)) if lines else None for lines in row] for row in rows]
        stated = height if header is not None else None
        return Grid(grid, caption=self.caption, header_rows=stated)


def bold_rows(cells: Sequence[Sequence[LineCell | None]]) -> int:
    """The number of rows at the top of a table that are bold, where those below are not."""
    count = 0
    while count < len(cells) and _is_bold(cells[count]):
        count += 1
    return count if 0 < count <= min(_MAX_HEADER, len(cells) - 1) else 0


def _is_bold(row: Sequence[LineCell | None]) -> bool:
    filled = [line for lines in row if lines for line in lines]
    return bool(filled) and all(line.bold for line in filled)
