"""The parts of an Office Open XML file: XML in a zip archive, connected by relationships."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kilde.documents.xml_archive import XmlArchive


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to by id: ``kind`` is the last word of its type (``"notesSlide"``)."""

    kind: str
    target: str


class Package(XmlArchive):
    """The parts of one file with their relationships."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        main = [r.target for r in self.relationships("").values() if r.kind == "officeDocument"]
        self.main = main[0] if main else ""

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
