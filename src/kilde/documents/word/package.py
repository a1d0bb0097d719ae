"""The parts of a Word file, and the properties of its elements."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from kilde.documents import ooxml

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# "Strict Open XML" is the same format under other names.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
)


class Package(ooxml.Package):
    """The parts of a Word file, Strict Open XML in the names of the usual kind."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        self.main = self.main or "word/document.xml"

    def styles(self, part: str) -> Element | None:
        """The root element of the part with the styles, without those of tables.

        These are nine tenths of what Word writes there, and say nothing about text.
        """
        return self.xml(part, _without_table_styles)

    def xml(self, part: str, shorten: Callable[[bytes], bytes] | None = None) -> Element | None:
        """The root element of a part, ``None`` where the file has no such part."""

        def prepared(content: bytes) -> bytes:
            for strict, transitional in _STRICT:
                content = content.replace(strict, transitional)
            return content if shorten is None else shorten(content)

        return super().xml(part, prepared)


def value(element: Element | None, default: str = "") -> str:
    """The ``w:val`` of an element."""
    return default if element is None else element.get(f"{W}val", default)


def switch(element: Element | None) -> bool | None:
    """A property that is on or off, ``None`` where it is not set."""
    return None if element is None else value(element, "true") not in ("0", "false", "off", "none")


def _without_table_styles(content: bytes) -> bytes:
    end = b"</w:style>"
    kept = []
    for piece in content.split(end):
        start = piece.rfind(b"<w:style ")
        opening = piece[start : piece.find(b">", start)] if start >= 0 else b""
        kept.append(piece[:start] if b'w:type="table"' in opening else piece + end)
    return b"".join(kept).removesuffix(end)
