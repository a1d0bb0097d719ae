"""The list of what a workspace reads from: ``sources.toml``, written by ``kilde add``.

It lies beside ``kilde.toml`` and not in the hidden state, so that a workspace copied without its
state can be built again with one ``kilde sync``.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from kilde.documents.sources import Source, document_name, normal_url
from kilde.errors import ConfigError, LoadError
from kilde.types import DEFAULT_COLLECTION

_HEAD = (
    "# What this workspace reads from. Written by kilde add and kilde remove;\n"
    "# after an edit by hand, run kilde sync.\n\n"
)
_KINDS = ("path", "url", "sql")
_KEYS = {"kind", "location", "collection", "table", "query"}
_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Listed:
    """The registered sources in order, and the documents that were removed by hand."""

    sources: tuple[Source, ...] = ()
    excluded: frozenset[str] = frozenset()

    def with_source(self, source: Source) -> Listed:
        """The list with a source added, or moved to the end with its new collection.

        Documents that were removed by hand and lie in the source come back with it.
        """
        others = tuple(other for other in self.sources if not same(other, source))
        back = {name for name in self.excluded if covers(source, name)}
        return Listed((*others, source), self.excluded - back)

    def without_source(self, source: Source) -> Listed:
        """The list without a source."""
        return replace(
            self, sources=tuple(other for other in self.sources if not same(other, source))
        )


class SourceList:
    """Reads and writes ``sources.toml``; a write is one atomic replacement of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Listed:
        """The list; empty where there is no file. Raises :class:`ConfigError` with all faults."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Listed()
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError([f"{self._path}: {error}"]) from error
        faults: list[str] = []
        sources = []
        for number, entry in enumerate(data.get("source", []), 1):
            here = f"{self._path}: source {number}"
            if entry.get("kind") not in _KINDS or not isinstance(entry.get("location"), str):
                faults.append(f"{here}: needs a kind ({', '.join(_KINDS)}) and a location")
            elif unknown := sorted(set(entry) - _KEYS):
                faults.append(f"{here}: unknown key {', '.join(unknown)}")
            else:
                sources.append(Source(**entry))
        if faults:
            raise ConfigError(faults)
        return Listed(tuple(sources), frozenset(data.get("excluded", [])))

    def save(self, listed: Listed) -> None:
        """Write the list."""
        import tomli_w

        entries = []
        for source in listed.sources:
            entry = {"kind": source.kind, "location": source.location}
            entry["collection"] = source.collection
            entry |= {"table": source.table} if source.table else {}
            entry |= {"query": source.query} if source.query else {}
            entries.append(entry)
        data = {"excluded": sorted(listed.excluded), "source": entries}
        part = self._path.with_suffix(".part")
        part.write_text(_HEAD + tomli_w.dumps(data, multiline_strings=True), encoding="utf-8")
        os.replace(part, self._path)  # noqa: PTH105  (atomic, also onto an existing file)


def registered(given: str | Path | Source, collection: str | None, root: Path) -> Source:
    """A source as it is kept: absolute or relative to the workspace, in one spelling.

    A relative path is taken from the current folder, or from the workspace where the current
    folder has no such thing.
    """
    wanted = collection or DEFAULT_COLLECTION
    if isinstance(given, Source):
        return replace(given, collection=collection or given.collection)
    text = str(given)
    if "://" in text and not Path(text).exists():
        return Source("url", normal_url(text), wanted)
    if not text.strip():
        raise LoadError("''", "this is no path", hint="Name a file, a folder, a glob or a URL.")
    path = Path(text).expanduser()
    fixed = Path(*_fixed_parts(path)) if _fixed_parts(path) else Path()
    here = Path.cwd() / fixed
    base = Path.cwd() if here.exists() or not (root / fixed).exists() else root
    whole = Path(os.path.normpath(base / path))
    return Source("path", document_name(whole, root) or ".", wanted)


def covers(source: Source, document_source: str) -> bool:
    """Whether a document of that source string can come from this source."""
    if source.kind == "url":
        return document_source == source.location
    if source.kind == "sql":
        return document_source.startswith(source.location + "#")
    fixed = "/".join(_fixed_parts(Path(source.location))).replace("//", "/")
    if fixed in ("", "."):
        return "://" not in document_source
    return document_source == fixed or document_source.startswith(fixed + "/")


def same(one: Source, other: Source) -> bool:
    """Whether two sources read the same thing, whatever the collection."""
    return replace(one, collection="") == replace(other, collection="")


def _fixed_parts(path: Path) -> list[str]:
    """The parts of a pattern before the first one with a wildcard."""
    parts: list[str] = []
    for part in path.parts:
        if _WILDCARDS & set(part) and not path.exists():
            break
        parts.append(part)
    return parts
