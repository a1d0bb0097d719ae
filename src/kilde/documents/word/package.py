"""The parts of a Word file: XML in a zip archive, connected by relationships.

Document type declarations are refused, so no entity can expand; the size of the archive is checked
before (:func:`kilde.documents.extract.check_archive`).
"""

from __future__ import annotations

import codecs
import posixpath
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring

from kilde.documents.extract import check_archive, damaged
from kilde.errors import LoadError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DC = "{http://purl.org/dc/elements/1.1/}"
# "Strict Open XML" is the same format under other names.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R),
)


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to by id: ``kind`` is the last word of its type (``"footnotes"``)."""

    kind: str
    target: str


class Package:
    """The parts of one file, each parsed when it is asked for.

    Raises :class:`LoadError` for a file that is locked, damaged or larger than allowed.
    """

    def __init__(self, data: bytes, name: str) -> None:
        check_archive(data, name)
        self._name = name
        self._archive = zipfile.ZipFile(BytesIO(data))
        main = [r.target for r in self.relationships("").values() if r.kind == "officeDocument"]
        self.main = main[0] if main else "word/document.xml"

    def styles(self, part: str) -> Element | None:
        """The root element of the part with the styles, without those of tables.

        These are nine tenths of what Word writes there, and say nothing about text.
        """
        return self.xml(part, _without_table_styles)

    def xml(self, part: str, shorten: Callable[[bytes], bytes] | None = None) -> Element | None:
        """The root element of a part, ``None`` where the file has no such part."""
        try:
            content = self._archive.read(part)
        except KeyError:
            return None
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError) as error:
            raise damaged(self._name, error) from error
        content = _utf8(content)
        if b"<!DOCTYPE" in content:
            raise LoadError(
                self._name,
                "it declares XML entities, which no Word file does",
                hint="If it came from a stranger, do not open it.",
            )
        for strict, transitional in _STRICT:
            content = content.replace(strict, transitional[1:-1].encode())
        if shorten is not None:
            content = shorten(content)
        try:
            # Without a document type there are no entities to expand.
            return fromstring(content, XMLParser(encoding="utf-8"))  # noqa: S314
        except (ParseError, ValueError) as error:
            raise damaged(self._name, error) from error

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


def _utf8(content: bytes) -> bytes:
    """XML in one encoding, whatever it declares, so that nothing in it can be overlooked."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8")
    return content


def _without_table_styles(content: bytes) -> bytes:
    end = b"</w:style>"
    kept = []
    for piece in content.split(end):
        start = piece.rfind(b"<w:style ")
        opening = piece[start : piece.find(b">", start)] if start >= 0 else b""
        kept.append(piece[:start] if b'w:type="table"' in opening else piece + end)
    return b"".join(kept).removesuffix(end)
