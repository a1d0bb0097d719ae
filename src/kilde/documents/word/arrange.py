"""From the blocks of a Word file to the parts of a text: headings, lists, captions and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kilde.documents.content import Grid, GridCell, Part, Table
from kilde.documents.footnotes import place, without_marks
from kilde.documents.grids import tables_of
from kilde.documents.markup import as_text
from kilde.documents.word.blocks import Block, Paragraph
from kilde.language.detect import detect

_DEEPEST = 6
# "§ 3" or "Chapter 2" above clauses names them; "3." above "a)" is the first line of a list.
_NAMED = re.compile(r"§|[^\W\d_]{2,}")
_LONGEST_NAME = 80


def parts_of(blocks: Iterable[Block]) -> list[Part]:
    """The parts of the text. Items of a list are lines of one part, with what introduces them."""
    parts: list[Part] = []
    above = 0  # level of the last heading that has a style
    before: Paragraph | None = None
    shown = [block for block in blocks if isinstance(block, Grid) or block.text]
    for number, block in enumerate(shown):
        if isinstance(block, Grid):
            parts += tables_of(block)
            before = None
            continue
        following = shown[number + 1] if number + 1 < len(shown) else None
        level = block.level
        if level:
            above = level
        elif _names_clauses(block, following):
            level = above + 1 + block.depth
        if level:
            label = "" if block.label.bullet else block.label.text
            line = " ".join((label + block.text).split())
            parts.append(f"{'#' * min(level, _DEEPEST)} {line}")
            before = None
            continue
        text = block.label.text + as_text(block.text).lstrip("\n")
        if before is not None and _continues(before, block):
            parts[-1] = f"{parts[-1]}\n{text}"
        else:
            parts.append(text)
        before = block
    return parts


def plain_texts(blocks: Iterable[Block]) -> Iterator[str]:
    """The blocks as texts without headings and tables."""
    for block in blocks:
        if isinstance(block, Grid):
            parts = tables_of(replace(block, layout=True))
            yield from (part for part in parts if isinstance(part, str))
        elif block.text:
            yield block.shown


def cell_text(blocks: Iterable[Block]) -> str:
    """The text of a cell; a small table inside it, a row on each line."""
    texts: list[str] = []
    for block in blocks:
        if isinstance(block, Grid):
            parts = tables_of(replace(block, layout=True))
            texts += [part for part in parts if isinstance(part, str)]
        else:
            texts.append(block.shown)
    return "\n".join(text for text in texts if text)


def is_arranging(contents: Iterable[Block]) -> bool:
    """Whether a table with these blocks in its cells arranges a page: it holds headings or tables
    that have rows of their own."""
    return any(
        any(isinstance(part, Table) for part in tables_of(block))
        if isinstance(block, Grid)
        else block.level > 0 and bool(block.text)
        for block in contents
    )


def with_captions(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with each table's caption, above or below it, as part of the table."""
    remaining = [block for block in blocks if isinstance(block, Grid) or block.text]
    result: list[Block] = []
    for number, block in enumerate(remaining):
        before = result[-1] if result else None
        following = remaining[number + 1] if number + 1 < len(remaining) else None
        if isinstance(block, Grid) and isinstance(before, Paragraph) and before.caption:
            result[-1] = replace(block, caption=before.shown)
        elif (
            isinstance(block, Paragraph)
            and block.caption
            and isinstance(before, Grid)
            and not before.caption
            and not isinstance(following, Grid)
        ):
            result[-1] = replace(before, caption=block.shown)
        else:
            result.append(block)
    return result


def with_notes(blocks: Sequence[Block], notes: Sequence[str]) -> Sequence[Block]:
    """The blocks with each note after the sentence that has its mark."""
    if not notes:
        return blocks
    texts = (block.text for block in blocks if isinstance(block, Paragraph))
    language = detect(without_marks("\n\n".join(texts)))
    cells: dict[int, GridCell] = {}

    def placed(cell: GridCell | None) -> GridCell | None:
        if cell is None:
            return None
        if id(cell) not in cells:  # a merged cell stays one object
            cells[id(cell)] = replace(cell, text=place(cell.text, notes, language))
        return cells[id(cell)]

    return [
        replace(block, cells=[[placed(cell) for cell in row] for row in block.cells])
        if isinstance(block, Grid)
        else replace(block, text=place(block.text, notes, language))
        for block in blocks
    ]


def _names_clauses(block: Paragraph, following: Block | None) -> bool:
    return (
        block.depth >= 0
        and isinstance(following, Paragraph)
        and following.depth > block.depth
        and not following.level
        and bool(_NAMED.search(block.label.text))
        and len(block.text) <= _LONGEST_NAME
        and not block.text.endswith((".", ":", ";", ",", "?", "!"))
    )


def _continues(before: Paragraph, block: Paragraph) -> bool:
    """Whether an item of a list goes on in the part before it."""
    if block.depth < 0 or _NAMED.search(block.label.text):
        return False
    return before.text.endswith(":") or (before.depth >= 0 and not _NAMED.search(before.label.text))
