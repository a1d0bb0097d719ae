"""Blocks of text under construction: paragraphs, list items and what a region of a page holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kilde.documents.contact_details import has_contact_details
from kilde.documents.content import Part, Table
from kilde.documents.markup import as_code, as_text
from kilde.documents.tables import table_text

_SPACE = re.compile(r"[ \t\r\f\v\u00a0]+")
_AROUND_BREAK = re.compile(r" *\n *")
_MARKER = re.compile(r"^\s*(?:- |\w{1,8}\. )")
_LONGEST_LABEL = 80


class Heading(str):
    """A heading, with its ``#``."""

    __slots__ = ()


class Items(str):
    """The lines of a list."""

    __slots__ = ()


@dataclass
class Level:
    """A list that is open; without ``marked`` its items are paragraphs."""

    marked: bool
    ordered: bool = False
    kind: str = "1"
    number: int = 1
    step: int = 1
    width: int = 0


@dataclass
class Frame:
    """A part of a page that is collected on its own: the body, a cell, a footer."""

    parts: list[Part] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    marker: str = ""
    in_links: int = 0
    links: set[int] = field(default_factory=set)

    def flush(self) -> None:
        """End the paragraph that is open."""
        if not self.inline:
            return
        raw = "".join(self.inline)
        self.inline.clear()
        text = _AROUND_BREAK.sub("\n", _SPACE.sub(" ", raw)).strip()
        if text:
            linked = self.in_links * 2 > len(text)
            self.add(as_text(text), linked=linked)
        self.in_links = 0

    def add(self, text: str, *, linked: bool = False) -> None:
        """A paragraph, or a line of the list that is open."""
        if not any(level.marked for level in self.levels):
            if linked:
                self.links.add(len(self.parts))
            self.parts.append(text)
            return
        indent = " " * sum(level.width for level in self.levels)
        first = indent[: len(indent) - len(self.marker)] + self.marker if self.marker else indent
        self.marker = ""
        for number, line in enumerate(text.split("\n")):
            self.lines.append((indent if number else first) + line)

    def add_code(self, text: str) -> None:
        """Preformatted text."""
        if code := as_code(text):
            self.add(code)

    def end_list(self) -> None:
        """Close the innermost list; with the outermost one its lines become a part."""
        self.flush()
        if self.levels:
            self.levels.pop()
        if self.lines and not any(level.marked for level in self.levels):
            self.parts.append(Items("\n".join(self.lines)))
            self.lines.clear()
        self.marker = ""


def one_line(parts: Sequence[Part]) -> str:
    """What stands in a cell, as one line: its paragraphs, list items and tables."""
    texts = []
    for part in parts:
        match part:
            case Heading():
                texts.append(part.lstrip("# "))
            case Items():
                items = (_MARKER.sub("", line).strip() for line in part.split("\n"))
                texts.append("; ".join(items))
            case str():
                texts.append(part.strip())
            case Table():
                rows = table_text(part)[0].split("\n\n")
                texts.append("; ".join(", ".join(row.split("\n")) for row in rows if row.strip()))
    return " ".join(text for text in texts if text)


def useful_lines(frame: Frame) -> list[str]:
    """The lines of a header or footer that say how, where and when somebody can be reached.

    A short label above such a line goes with it; links and advertising are left out.
    """
    lines: list[str] = []
    label = ""
    for number, part in enumerate(frame.parts):
        candidates = part.split("\n") if isinstance(part, Items) else [one_line([part])]
        for candidate in candidates:
            text = candidate.strip() if not isinstance(part, Items) else _MARKER.sub("", candidate)
            if has_contact_details(text):
                lines += [line for line in (label, text) if line]
                label = ""
            elif number in frame.links or len(text) > _LONGEST_LABEL or isinstance(part, Items):
                label = ""
            else:
                label = text
    return list(dict.fromkeys(lines))
