"""Markdown: the text as it stands, with its front matter taken off into the metadata."""

from __future__ import annotations

import re

from kilde.documents.content import Content, Prose
from kilde.documents.text import decode
from kilde.language.clean import clean
from kilde.types import Scalar

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z][\w -]*):[ \t]+(.+)$", re.MULTILINE)


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text without front matter, whose simple ``key: value`` lines become the metadata."""
    text = clean(decode(data, name))
    front = _FRONT.match(text)
    fields: dict[str, Scalar] = {}
    if front:
        text = text[front.end() :]
        fields = {key: value.strip().strip("\"'") for key, value in _FIELD.findall(front[1])}
    return [Prose([text], title=str(fields.get("title", "")), markdown=True, metadata=fields)]
