"""Plain text: taken as it stands, no mark-up looked for; what is set as a table is read as one."""

from __future__ import annotations

from dataclasses import replace

from kilde.documents.content import Content, Part, Prose
from kilde.documents.plain_tables import parts_of_text
from kilde.documents.readers import delimited
from kilde.documents.text import decode
from kilde.language.clean import clean

_PLAIN = "text/plain"


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text of a ``.txt``, ``.log`` or ``.rst`` file."""
    text = decode(data, name)
    if mime != _PLAIN:
        return [Prose([text])]
    if _is_table(text):
        return delimited.read(text.encode(), name, "text/tab-separated-values")
    return [Prose(text_parts(text))]


def text_parts(text: str) -> list[Part]:
    """The text, with its tables in their places; their rows can be read more than once."""
    parts: list[Part] = []
    for part in parts_of_text(clean(text)):
        if isinstance(part, str):
            parts.append(part)
        else:
            table = delimited.table_of(part, semicolons=False)
            parts.append(replace(table, rows=list(table.rows)))
    return parts


def _is_table(text: str) -> bool:
    """Whether all lines have the same number of tabs, and the first names columns."""
    lines = [line for line in clean(text).split("\n") if line.strip()]
    tabs = {line.count("\t") for line in lines}
    return len(tabs) == 1 and tabs != {0} and delimited.has_header(lines, "\t")
