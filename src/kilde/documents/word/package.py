"""The parts of a Word file: XML in a zip archive, connected by relationships."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kilde.documents.xml_archive import XmlArchive

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DC = "{http://purl.org/dc/elements/1.1/}"
# "Strict Open XML" is the same format under other names.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
)


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to by id: ``kind`` is the last word of its type (``"footnotes"``)."""

    kind: str
    target: str


class Package(XmlArchive):
    """The parts of one file with their relationships."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        main = [r.target for r in self.relationships("").values() if r.kind == "officeDocument"]
        self.main = main[0] if main else "word/document.xml"

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

    def relationships(self, part: str) -> dict[str, Relationship]:
        """What a part refers to, by id; links to other files are left out."""
        folder, file = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for element in root if root is not None else ():
            if element.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", "")))
                kind = element.get("Type", "").rpartition("/")[2]
                found[element.get("Id", "")] = Relationship(kind, target.lstrip("/"))
        return found

    def title(self) -> str:
        """The title in the file's properties, empty where there is none."""
        for relationship in self.relationships("").values():
            if relationship.kind == "core-properties":
                root = self.xml(relationship.target)
                return (root.findtext(f"{_DC}title") or "").strip() if root is not None else ""
        return ""


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
