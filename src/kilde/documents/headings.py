"""Headings of a Markdown text with their offsets, as CommonMark sees them.

A ``#`` inside a code fence or a quotation is not a heading; a line underlined with ``===`` is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Parsing is for texts that may have a heading; most plain ones are done with here.
_MAYBE = re.compile(r"^ {0,3}(?:#|=+[ \t]*$|-+[ \t]*$)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n?|\n")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])|(?<!\w)[*_]+|[*_]+(?!\w)|[*`]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: ``text[start:end]`` are its lines, ``level`` is 1..6, ``text`` without marks."""

    start: int
    end: int
    level: int
    text: str


def headings(text: str) -> list[Heading]:
    """The headings of the document itself, in order; those in lists and quotations are left out."""
    if not _MAYBE.search(text):
        return []
    starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
    tokens = _parser().parse(text)
    found = []
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            first, last = opening.map
            end = starts[min(last, len(starts) - 1)]
            level = int(opening.tag.removeprefix("h"))
            found.append(Heading(starts[first], end, level, _plain(content.content)))
    return found


def _plain(heading: str) -> str:
    return " ".join(_MARKS.sub(r"\1", _LINK.sub(r"\1", heading)).split())


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])  # what is inside a line does not matter
    return parser
