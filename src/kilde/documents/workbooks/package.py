"""The archive of an Office Open XML file: its parts, and what they refer to."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from kilde.documents.workbooks.xml import Start, parse


class Relation(NamedTuple):
    """What a part of the archive refers to: the last word of the kind, and the other part."""

    kind: str
    target: str


class Package:
    """The parts of the archive by name; names are compared without regard to case."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {
            entry.filename.replace("\\", "/").lower(): entry.filename
            for entry in archive.infolist()
        }

    def parse(
        self,
        part: str,
        start: Start,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> bool:
        """Read a part as XML; ``False`` where there is no such part."""
        name = self._names.get(part.lower())
        if name is None:
            return False
        with self._archive.open(name) as stream:
            parse(stream, start, end, text)
        return True

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part refers to, by id; what lies outside of the archive is left out."""
        folder, name = posixpath.split(part)
        relations: dict[str, Relation] = {}

        def start(element: str, attributes: dict[str, str]) -> None:
            target = unquote(attributes.get("Target", "")).replace("\\", "/")
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                kind = attributes.get("Type", "").rpartition("/")[2]
                relations[attributes.get("Id", "")] = Relation(kind, path)

        self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return relations
