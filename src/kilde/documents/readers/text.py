"""Plain text: taken as it stands, no mark-up looked for; a table with tabs is read as one."""

from __future__ import annotations

from kilde.documents.content import Content, Prose
from kilde.documents.readers import delimited
from kilde.documents.text import decode
from kilde.language.clean import clean

_PLAIN = "text/plain"


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text of a ``.txt``, ``.log`` or ``.rst`` file."""
    text = decode(data, name)
    if mime == _PLAIN and _is_table(text):
        return delimited.read(text.encode(), name, "text/tab-separated-values")
    return [Prose([text])]


def _is_table(text: str) -> bool:
    """Whether all lines have the same number of tabs, and the first names columns."""
    lines = [line for line in clean(text).split("\n") if line.strip()]
    tabs = {line.count("\t") for line in lines}
    return len(tabs) == 1 and tabs != {0} and delimited.has_header(lines, "\t")
