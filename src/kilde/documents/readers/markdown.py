"""Markdown: the text as it is shown, its headings and lists kept and all other mark-up gone.

Simple ``key: value`` lines of the front matter become the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from kilde.documents.content import Content, Part, Prose
from kilde.documents.footnotes import place, without_marks
from kilde.documents.readers.markdown_blocks import Blocks
from kilde.documents.text import decode
from kilde.language.clean import clean
from kilde.language.detect import detect
from kilde.types import Scalar

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z][\w -]*):[ \t]+(.+)$", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)")
# Beyond this depth of lists and quotations, text is left out by the parser.
_MAX_NESTING = 60


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text without front matter, its footnotes beside their sentences."""
    text = clean(decode(data, name))
    front = _FRONT.match(text)
    fields: dict[str, Scalar] = {}
    if front:
        text = text[front.end() :]
        fields = {key: value.strip().strip("\"'") for key, value in _FIELD.findall(front[1])}
    definitions: dict[str, str] = {}
    if "[^" in text:
        text, definitions = _without_definitions(without_marks(text))
    numbers = {label: number for number, label in enumerate(definitions)}
    blocks = Blocks(numbers)
    parts = blocks.read(_parser().parse(text))
    if definitions:
        parts = _with_notes(parts, list(definitions.values()))
    return [
        Prose(
            parts,
            title=str(fields.get("title", "")),
            markdown=True,
            metadata=fields,
            omitted=dict(blocks.omitted),
        )
    ]


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    return parser.enable(["table", "strikethrough"])


def _without_definitions(text: str) -> tuple[str, dict[str, str]]:
    """The text without the definitions of its footnotes, and these by label.

    A definition goes on over lines that are indented, and over others up to a blank line.
    """
    kept: list[str] = []
    definitions: dict[str, list[str]] = {}
    fence = label = ""
    blank = False
    for line in text.split("\n"):
        marks = _FENCE.match(line)
        if marks and not fence:
            fence = marks[1]
        elif marks and line.strip().strip(fence[0]) == "" and len(marks[1]) >= len(fence):
            fence = ""
        elif not fence and (match := _NOTE.match(line)) and match[1] not in definitions:
            label, blank = match[1], False
            definitions[label] = [match[2]]
            continue
        if label and not fence:
            if not line.strip():
                blank = True
                continue
            if line.startswith(("    ", "\t")) or not (blank or marks):
                definitions[label].append(line.strip())
                continue
        if label:
            kept.append("")
            label = ""
        kept.append(line)
    return "\n".join(kept), {name: " ".join(lines) for name, lines in definitions.items()}


def _with_notes(parts: Sequence[Part], notes: Sequence[str]) -> list[Part]:
    texts = []
    for note in notes:
        shown = Blocks({}).read(_parser().parse(note))
        texts.append(" ".join(" ".join(part.split()) for part in shown if isinstance(part, str)))
    language = detect("\n\n".join(part for part in parts if isinstance(part, str)))
    return [place(part, texts, language) if isinstance(part, str) else part for part in parts]
