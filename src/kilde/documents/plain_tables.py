"""Tables in plain text: lines with tabs, with vertical bars, or with blanks that align columns.

Addresses beside each other and justified text are aligned too, so lines are a table only where the
first names columns and values, or words that tables are headed with, show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from kilde.documents.grid_rows import names_column
from kilde.documents.text_tables import Row, TextTable, stands_above_values, text_tables

_FEWEST_LINES = 3
_MOST_LINES = 5_000
_LONGEST_LINE = 500
_LONGEST_NAME = 2  # words
_WIDE = re.compile(r"(?<=\S)(?: {2,})(?=\S)")
_BLANKS = re.compile(r" {2,}")
_RULE = re.compile(r"[\s|+:=_-]+")


def parts_of_text(text: str) -> list[str | TextTable]:
    """The text, with its tables in their places; ``text`` is cleaned."""
    parts: list[str | TextTable] = []
    lines: list[str] = []
    for kind, group in groupby(text.split("\n"), _kind):
        run = list(group)
        table = _table(kind, run)
        if table is None:
            lines += run
        else:
            parts += ["\n".join(lines)] if lines else []
            parts.append(table)
            lines = []
    return [*parts, *(["\n".join(lines)] if lines else [])]


def _kind(line: str) -> str:
    """How the cells of a line are set apart, ``""`` where it has one at most, or is a quotation."""
    if line.startswith(">"):
        return ""
    tabs = line.count("\t")
    if tabs and line.strip("\t "):
        return f"{tabs} tabs"
    if line.lstrip().startswith(("|", "+-", "+=")):
        return "bars"
    return "blanks" if _WIDE.search(line) or (len(line) > 2 and _RULE.fullmatch(line)) else ""


def _table(kind: str, lines: Sequence[str]) -> TextTable | None:
    if not kind or len(lines) > _MOST_LINES or max(map(len, lines)) > _LONGEST_LINE:
        return None
    if kind == "bars":
        cells = [line.strip().strip("|").split("|") for line in lines if not _RULE.fullmatch(line)]
    elif kind == "blanks":
        cells = list(_aligned([line for line in lines if not _RULE.fullmatch(line)]))
    else:
        cells = [line.split("\t") for line in lines]
    rows: list[Row] = [[cell.strip() for cell in row] for row in cells]
    if len(rows) < _FEWEST_LINES or len({len(row) for row in rows}) > 1 or not all(map(any, rows)):
        return None
    tables = text_tables(rows)
    if len(tables) != 1 or tables[0].titles or not tables[0].rows:
        return None
    columns = tables[0].columns
    named = sum(len(name.split()) <= _LONGEST_NAME and names_column(name) for name in columns)
    if not any(columns) or not (2 * named > len(columns) or stands_above_values(rows)):
        return None
    return tables[0]


def _aligned(lines: Sequence[str]) -> Iterator[Row]:
    """The cells of lines, cut where all lines are blank; nothing where a cell crosses a cut."""
    width = max(map(len, lines), default=0)
    gaps = [(0, width)]
    for line in lines:
        runs = [run.span() for run in _BLANKS.finditer(line.ljust(width + 2))]
        gaps = [
            (max(start, first), min(end, last))
            for start, end in gaps
            for first, last in runs
            if min(end, last) - max(start, first) > 1
        ]
        if not gaps:
            return
    cuts = [start for start, _ in gaps if start]
    rows = [[line[a:b] for a, b in zip([0, *cuts], [*cuts, width], strict=True)] for line in lines]
    if cuts and not any(_WIDE.search(cell) for row in rows for cell in row):
        yield from rows
