"""Plain text: taken as it stands, no mark-up looked for."""

from __future__ import annotations

from kilde.documents.content import Content, Prose
from kilde.documents.text import decode


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text of a ``.txt``, ``.log`` or ``.rst`` file."""
    return [Prose([decode(data, name)])]
