"""A table of a page: the lines of its cells, before it is known which of them name the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kilde.documents.content import Grid, GridCell
from kilde.documents.pdf.geometry import Box
from kilde.documents.pdf.lines import Line

_MAX_HEADER = 3
# In points.
_SAME_EDGE = 6.0

LineCell = list[Line]
"""The lines of a cell from the top; the same list in every place that a merged cell covers."""


@dataclass(slots=True, eq=False)
class PageTable:
    """A table with its place. ``columns`` are the left and the right edges of its columns.

    ``cells`` has a list of lines for each place, ``None`` where a place is blank. ``header_rows``
    are the bold ones at the top, 0 where those below are bold too.
    """

    cells: list[list[LineCell | None]]
    box: Box
    columns: Sequence[tuple[float, float]]
    header_rows: int = 0

    def lines(self) -> Iterator[Line]:
        """The lines of its cells, those of a merged cell once."""
        cells = {id(cell): cell for row in self.cells for cell in row if cell}
        return (line for cell in cells.values() for line in cell)

    def grid(self, text_of: Callable[[Sequence[Line]], str], caption: str) -> Grid:
        """The table with the text of its cells."""
        made: dict[int, GridCell] = {}
        for number, row in enumerate(self.cells):
            for lines in row:
                if lines and id(lines) not in made:
                    made[id(lines)] = GridCell(text_of(lines), header=number < self.header_rows)
        cells = [[made[id(lines)] if lines else None for lines in row] for row in self.cells]
        return Grid(cells, caption)

    def has_columns_of(self, other: PageTable) -> bool:
        """Whether the columns of another table stand at the same places."""
        return len(self.columns) == len(other.columns) and all(
            abs(own[0] - its[0]) < _SAME_EDGE or abs(own[1] - its[1]) < _SAME_EDGE
            for own, its in zip(self.columns, other.columns, strict=True)
        )


def bold_rows(cells: Sequence[Sequence[LineCell | None]]) -> int:
    """The number of rows at the top of a table that are bold, where those below are not."""
    count = 0
    while count < len(cells) and _is_bold(cells[count]):
        # Below the names of the columns a lone bold cell is the heading of the rows under it.
        if count and len({id(cell) for cell in cells[count] if cell}) == 1 < len(cells[count]):
            break
        count += 1
    return count if 0 < count <= min(_MAX_HEADER, len(cells) - 1) else 0


def _is_bold(row: Sequence[LineCell | None]) -> bool:
    filled = [line for lines in row if lines for line in lines]
    return bool(filled) and all(line.bold for line in filled)


def is_number(text: str) -> bool:
    """Whether a text is a number, perhaps with a unit."""
    digits = sum(map(str.isdigit, text))
    return digits > 0 and digits * 2 >= sum(map(str.isalpha, text))
