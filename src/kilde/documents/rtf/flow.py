"""The paragraphs and tables of one part of an RTF file: its body, a note, a header or a box."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kilde.documents.content import Grid, GridCell
from kilde.documents.grids import placed
from kilde.documents.word.arrange import cell_text
from kilde.documents.word.blocks import Block, Paragraph
from kilde.documents.word.fields import without_page_numbers
from kilde.documents.word.numbering import Label

_BLANKS = re.compile(r"[ \t]+")


@dataclass(slots=True)
class CellPlan:
    """Where a cell ends, and whether it goes on with the one above or to its left."""

    edge: int
    below: bool = False
    beside: bool = False


@dataclass(slots=True)
class _Row:
    texts: list[str]
    plans: list[CellPlan]
    header: bool


@dataclass(slots=True)
class Flow:
    """Collects the blocks of one part, in order."""

    blocks: list[Block] = field(default_factory=list)
    boxes: list[Block] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _label: list[str] = field(default_factory=list)
    _cell: list[Block] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Text of the paragraph."""
        self._pieces.append(text)

    def add_label(self, text: str) -> None:
        """A piece of the number that the paragraph shows."""
        self._label.append(text)

    def end_paragraph(
        self, *, in_table: bool, level: int = 0, depth: int = 0, caption: bool = False
    ) -> None:
        """The paragraph is complete."""
        text = _joined(self._pieces)
        label = _BLANKS.sub(" ", _joined(self._label)).strip()
        bullet = bool(label) and not any(character.isalnum() for character in label)
        number = Label("- " if bullet else f"{label} " if label else "", bullet)
        lines = (_BLANKS.sub(" ", line).strip() for line in without_page_numbers(text).split("\n"))
        block = Paragraph("\n".join(lines).strip(), number, level, depth if label else -1, caption)
        self._pieces, self._label = [], []
        if in_table:
            self._cell.append(block)
        else:
            self.end_table()
            self.blocks.append(block)
            self.blocks += self.boxes
            self.boxes = []

    def discard_paragraph(self) -> None:
        """The paragraph is no text, but a line of a table of contents."""
        self._pieces, self._label = [], []

    def end_cell(self) -> None:
        """The cell is complete."""
        self.end_paragraph(in_table=True)
        self._cells.append(cell_text([*self._cell, *self.boxes]))
        self._cell, self.boxes = [], []

    def end_row(self, plans: list[CellPlan], *, header: bool) -> None:
        """The row is complete."""
        self._rows.append(_Row(self._cells, plans, header))
        self._cells = []

    def end_table(self) -> None:
        """What follows is no row."""
        if self._cell or self._cells:  # a row without end
            self._cells.append(cell_text(self._cell))
            self._rows.append(_Row(self._cells, [], header=False))
            self._cell, self._cells = [], []
        rows, self._rows = self._rows, []
        if sum(len(row.texts) for row in rows) == 1:
            self.blocks.append(Paragraph(rows[0].texts[0], Label("")))
        elif rows:
            header_rows = next((i for i, row in enumerate(rows) if not row.header), len(rows))
            self.blocks.append(Grid(_grid(rows), header_rows=header_rows or None))

    def finish(self) -> list[Block]:
        """All blocks, the last paragraph included."""
        if self._pieces or self._label or self.boxes:
            self.end_paragraph(in_table=False)
        self.end_table()
        return self.blocks


def _grid(rows: list[_Row]) -> list[list[GridCell | None]]:
    """The cells in their places: columns are told by the edges of all rows."""
    edges = sorted({plan.edge for row in rows for plan in row.plans})
    columns = {edge: number + 1 for number, edge in enumerate(edges)}
    lines: list[list[tuple[GridCell, int, int]]] = []
    above: dict[int, tuple[int, int]] = {}  # left column -> row and position of a cell
    for number, row in enumerate(rows):
        line: list[tuple[GridCell, int, int]] = []
        here: dict[int, tuple[int, int]] = {}
        left = 0
        for position, text in enumerate(row.texts):
            plan = row.plans[position] if position < len(row.plans) else CellPlan(0)
            right = max(columns.get(plan.edge, left + 1), left + 1)
            if plan.below and left in above:
                place = above[left]
                cell, height, width = lines[place[0]][place[1]]
                lines[place[0]][place[1]] = (cell, height + 1, width)
                here[left] = place
            elif plan.beside and line:
                cell, height, width = line[-1]
                line[-1] = (cell, height, width + right - left)
            else:
                here[left] = (number, len(line))
                line.append((GridCell(text), 1, right - left))
            left = right
        lines.append(line)
        above = here
    return placed(lines)


def _joined(pieces: list[str]) -> str:
    """The text, with the halves of characters beyond the basic plane put together."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
