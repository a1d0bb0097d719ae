"""The parts of an Office Open XML file: XML in a zip archive, connected by relationships.

Document type declarations are refused, so no entity can expand; the size of the archive is checked
before (:func:`kilde.documents.extract.check_archive`).
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, XMLParser

from kilde.documents.extract import check_archive, damaged

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to by id: ``kind`` is the last word of its type (``"notesSlide"``)."""

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
        self.main = main[0] if main else ""

    def xml(self, part: str) -> Element | None:
        """The root element of a part, ``None`` where the file has no such part."""
        try:
            content = self._archive.read(part)
        except KeyError:
            return None
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError) as error:
            raise damaged(self._name, error) from error
        try:
            text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
            if "<!DOCTYPE" in text:
                raise ValueError("it declares XML entities")
            # A text, not bytes: the encoding that the XML declares is not followed.
            parser = XMLParser()  # noqa: S314
            parser.feed(text)
            root: Element = parser.close()
        except (ParseError, ValueError) as error:
            raise damaged(self._name, error) from error
        return root

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
                for element in root if root is not None else ():
                    if local(element) == "title":
                        return (element.text or "").strip()
        return ""


def local(element: Element) -> str:
    """The name of an element without its namespace, which differs in Strict Open XML."""
    return element.tag.rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant by that path of local names."""
    for name in path:
        if element is None:
            return None
        end = f"}}{name}"
        for inner in element:
            if inner.tag.endswith(end):
                element = inner
                break
        else:
            return None
    return element


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The children of that local name."""
    return (e for e in element if e.tag.endswith(f"}}{name}")) if element is not None else iter(())


def descendants(element: Element | None, name: str) -> Iterator[Element]:
    """The descendants of that local name, in document order."""
    end = f"}}{name}"
    return (e for e in element.iter() if e.tag.endswith(end)) if element is not None else iter(())


def attribute(element: Element | None, name: str) -> str:
    """An attribute by its local name, whatever its namespace; empty where there is none."""
    if element is None:
        return ""
    value = element.get(name)
    if value is not None:
        return value
    return next((v for key, v in element.items() if key.endswith(f"}}{name}")), "")
