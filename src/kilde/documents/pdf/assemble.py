"""The pages of a PDF put together: paragraphs, headings, notes and tables in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from kilde.documents.contact_details import has_telephone_or_mail
from kilde.documents.content import Grid, GridCell, PageImage, PageStart, Part, Table
from kilde.documents.grid_headers import header_height
from kilde.documents.grids import tables_of
from kilde.documents.hyphenation import Hyphenation
from kilde.documents.markup import as_text
from kilde.documents.pdf.cells import PageTable
from kilde.documents.pdf.flow import Block
from kilde.documents.pdf.lines import Line
from kilde.documents.pdf.notes import Notes, note_of
from kilde.documents.pdf.paragraphs import Kind, Paragraph, ends_sentence, paragraphs_of
from kilde.documents.pdf.style import Style, style_key

_CAPTION = re.compile(r"(?i:tabel|tabell|tabelle|table|tafel|tab\.)\s*(?:\d+|[A-Z]\b|[IVX]+\b)")
_LONGEST_CAPTION = 250
_INDENT = 6.0
_SAME_SIZE = 0.5
_LINES_OF_POSTER = 3
_MOST = 0.7
_DIGIT = re.compile(r"\d")

Item = Paragraph | PageTable


@dataclass(slots=True)
class PageLayout:
    """A page as blocks in reading order, or as a picture. ``asides`` are lines of text beside the
    direction of reading."""

    blocks: Sequence[Block]
    outline: Mapping[str, int]
    asides: Sequence[str] = ()
    image: PageImage | None = None


class Assembler:
    """Turns the layouts of all pages into the parts of a text."""

    def __init__(self, pages: Sequence[PageLayout]) -> None:
        self._pages = pages
        self._style = Style.of(block for page in pages for block in page.blocks)
        self._hyphenation = Hyphenation(self._all_text())
        self._header: tuple[PageTable, Grid, int] | None = None

    def parts(self) -> list[Part]:
        """The parts, with the start of each page."""
        pages = [self._items(page) for page in self._pages]
        items = [item for page in pages for item in page]
        self._unmark_headings(items)
        self._style.rank(
            item.lines
            for item in items
            if isinstance(item, Paragraph)
            and item.kind is Kind.HEADING
            and (not item.level or self._style.is_set_apart(item.lines))
        )
        continued = [False, *(self._continues(before, page) for before, page in pairwise(pages))]
        parts: list[Part] = []
        for page, own, goes_on, following in zip(
            self._pages, pages, continued, [*continued[1:], False], strict=True
        ):
            parts.append(PageStart(continues=goes_on))
            if page.image is not None:
                parts.append(page.image)
                self._header = None
            else:
                parts += self._page_parts(own, unfinished=following)
                parts += [as_text(text) for text in page.asides]
        return parts

    def _unmark_headings(self, items: Sequence[Item]) -> None:
        """Make text of headings that head nothing: the last words of a document, a poster of
        large lines, and what says where somebody can be reached."""
        runs = groupby(
            items,
            lambda item: (
                style_key(item.lines[0])
                if isinstance(item, Paragraph) and item.kind is Kind.HEADING and not item.level
                else None
            ),
        )
        for key, run in ((key, list(run)) for key, run in runs):
            for item in run if key is not None else ():
                if isinstance(item, Paragraph) and (
                    len(run) >= _LINES_OF_POSTER
                    or item is items[-1]
                    or has_telephone_or_mail(self._text(item))
                ):
                    item.kind = Kind.TEXT

    def _all_text(self) -> Iterator[str]:
        for page in self._pages:
            for block in page.blocks:
                if isinstance(block, PageTable):
                    yield from (line.text for line in block.lines())
                else:
                    yield from (line.text for line in block)

    def _items(self, page: PageLayout) -> list[Item]:
        """The paragraphs and tables of a page; what goes on in the next column is put together."""
        items: list[Item] = []
        for block in page.blocks:
            if isinstance(block, PageTable):
                items.append(block)
                continue
            own = [p for p in paragraphs_of(block, self._style, page.outline) if p.lines]
            last = items[-1] if items else None
            if own and isinstance(last, Paragraph) and self._goes_on(last, own[0]):
                last.lines += own[0].lines
                last.breaks += [" ", *own[0].breaks]
                del own[0]
            items += own
        return items

    def _goes_on(self, last: Paragraph, first: Paragraph) -> bool:
        """Whether a paragraph is the rest of another one, above it in the next column or page."""
        return (
            last.kind in (Kind.TEXT, Kind.ITEM)
            and first.kind is Kind.TEXT
            and abs(last.lines[-1].size - first.lines[0].size) < _SAME_SIZE
            and not ends_sentence(last.lines[-1].text)
            and ((last.full and "\n" not in last.breaks) or first.lines[0].text[0].islower())
        )

    def _continues(self, before: Sequence[Item], page: Sequence[Item]) -> bool:
        """Whether the last paragraph of a page goes on; a word that is divided is made whole."""
        body = [i for i in before if not (isinstance(i, Paragraph) and i.kind is Kind.NOTE)]
        if not body or not page:
            return False
        last, first = body[-1], page[0]
        if not isinstance(last, Paragraph) or not isinstance(first, Paragraph):
            return False
        if not self._goes_on(last, first):
            return False
        line = first.lines[0]
        _, separator = self._hyphenation.between(last.lines[-1].text, line.text)
        if not separator and " " in line.text:
            ending, first.lines[0] = line.cut([1])
            last.lines.append(ending)
            last.breaks.append(" ")
        return True

    def _page_parts(self, items: Sequence[Item], *, unfinished: bool) -> list[Part]:
        notes = Notes(
            {
                note_of([line.text for line in item.lines]): self._text(item)[1:].strip()
                for item in items
                if isinstance(item, Paragraph) and item.kind is Kind.NOTE
            }
        )
        captions = dict(_captions(items))
        used = set(captions.values())
        parts: list[Part] = []
        unplaced: list[tuple[int, Paragraph, str]] = []
        run: list[Paragraph] = []
        between = 0
        for item in [*items, None]:
            if run and not (isinstance(item, Paragraph) and item.kind is Kind.ITEM):
                parts.append(self._list(run, notes))
                run = []
            if isinstance(item, PageTable):
                caption = captions.get(item)
                text = notes.left_out(self._text(caption)) if caption else ""
                parts += self._table(item, text, notes, near=between <= 1)
                between = 0
            elif item is not None and item not in used:
                between += 1
                if item.kind is Kind.ITEM:
                    run.append(item)
                elif item.kind is Kind.NOTE:
                    unplaced.append((len(parts), item, self._text(item)))
                elif item.kind is Kind.HEADING:
                    parts.append(self._heading(item, notes))
                else:
                    parts.append(as_text(notes.beside(self._text(item))))
        for place, note, text in reversed(unplaced):
            if note_of([line.text for line in note.lines]) not in notes.placed:
                place -= unfinished and place == len(parts)
                parts.insert(max(0, place), as_text(notes.left_out(text[1:].strip())))
        if between > 1:
            self._header = None
        return parts

    def _text(self, paragraph: Paragraph) -> str:
        return paragraph.text(self._hyphenation)

    def _heading(self, paragraph: Paragraph, notes: Notes) -> str:
        levels = self._style.levels
        deepest = max(levels.values(), default=0)
        level = levels.get(style_key(paragraph.lines[0])) or deepest + (paragraph.level or 1)
        text = " ".join(notes.left_out(self._text(paragraph)).split())
        return f"{'#' * min(level, 6)} {text}"

    def _list(self, run: Sequence[Paragraph], notes: Notes) -> str:
        """List items on lines of their own, deeper ones indented."""
        lefts: list[float] = []
        for left in sorted(paragraph.lines[0].left for paragraph in run):
            if not lefts or left - lefts[-1] > _INDENT:
                lefts.append(left)
        lines = []
        for paragraph in run:
            level = sum(left <= paragraph.lines[0].left for left in lefts) - 1
            indent = "  " * min(level, 3)
            # A lone asterisk is the sign of a note.
            note = paragraph.marker.startswith("*") and len(run) == 1
            sign = paragraph.marker if note else "- " if paragraph.marker else ""
            text = as_text(sign + notes.beside(self._text(paragraph)))
            lines.append(indent + text.replace("\n", f"\n{indent}"))
        return "\n".join(lines)

    def _table(
        self, table: PageTable, caption: str, notes: Notes, *, near: bool
    ) -> list[str | Table]:
        """The parts of a table. One without a header goes on under that of the table before it,
        if its columns stand at the same places and little is between them."""

        def text_of(lines: Sequence[Line]) -> str:
            ordered = sorted(lines, key=lambda line: (round(line.base), line.left))
            return notes.left_out(self._hyphenation.join([line.text for line in ordered]))

        grid = table.grid(text_of, caption)
        rows = [list(row) for row in grid.cells]
        if self._header is not None and near and table.has_columns_of(self._header[0]):
            _, first, height = self._header
            names = [[cell and cell.text for cell in row] for row in first.cells[:height]]
            repeated = [[cell and cell.text for cell in row] for row in rows[:height]] == names
            if (
                not repeated
                and not table.header_rows
                and not _names_columns(rows[0], first, height)
            ):
                grid = replace(
                    grid,
                    cells=[*first.cells[:height], *rows],
                    caption=caption or first.caption,
                    header_rows=height,
                )
                return tables_of(grid)
            if repeated:
                grid = replace(grid, caption=caption or first.caption, header_rows=height)
                return tables_of(grid)
        height = table.header_rows or header_height(rows)
        self._header = (table, grid, height) if height else None
        return tables_of(grid)


def _names_columns(row: Sequence[GridCell | None], before: Grid, height: int) -> bool:
    """Whether a row holds text where the table before it has numbers, so is a header of its own."""
    numeric = []
    for column, cell in enumerate(row):
        values = [one[column] for one in before.cells[height:] if one[column] is not None]
        numbers = sum(bool(_DIGIT.search(value.text)) for value in values if value)
        if cell is not None and values and numbers >= _MOST * len(values):
            numeric.append(cell)
    return bool(numeric) and not any(_DIGIT.search(cell.text) for cell in numeric)


def _captions(items: Sequence[Item]) -> Iterator[tuple[PageTable, Paragraph]]:
    """The tables with the paragraphs above or below them that are their captions."""
    places = [number for number, item in enumerate(items) if isinstance(item, PageTable)]
    taken: set[int] = set()
    captioned: set[int] = set()
    for step in (-1, 1):
        for place in places:
            other = items[place + step] if 0 <= place + step < len(items) else None
            table = items[place]
            if (
                isinstance(table, PageTable)
                and isinstance(other, Paragraph)
                and place not in captioned
                and id(other) not in taken
                and _CAPTION.match(other.lines[0].text)
                and sum(len(line.text) for line in other.lines) <= _LONGEST_CAPTION
            ):
                captioned.add(place)
                taken.add(id(other))
                yield table, other
