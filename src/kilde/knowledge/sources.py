"""The list of what a workspace reads from: ``sources.toml``, written by ``kilde add``.

It lies beside ``kilde.toml`` and not in the hidden state, so that a workspace copied without its
state can be built again with one ``kilde sync``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from kilde.documents.sources import (
    Found,
    Source,
    document_name,
    expand,
    local_path,
    normal_url,
    redacted,
)
from kilde.errors import ConfigError, LoadError
from kilde.types import DEFAULT_COLLECTION, collection_name

_HEAD = (
    "# What this workspace reads from. Written by kilde add and kilde remove;\n"
    "# after an edit by hand, run kilde sync.\n\n"
)
_KINDS = ("path", "url", "sql")
_KEYS = {"kind", "location", "collection", "table", "query"}
_TOP = {"source", "excluded"}
_ENTRY = re.compile(r"\s*\[\[\s*[\"']?source[\"']?\s*\]\]")
_WILDCARDS = frozenset("*?[")
# What a table is called whose database is named by an environment variable.
_ENVIRONMENT = re.compile(r"env:\w+#")


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
        back = {
            name
            for name in self.excluded
            # A part of a workbook is called "prices.xlsx#Sheet".
            if covers(source, name) or covers(source, name.rpartition("#")[0])
        }
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

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._path.exists()

    def load(self) -> Listed:
        """The list; empty where there is no file. Raises :class:`ConfigError` with all faults."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return Listed()
        except OSError as error:
            raise ConfigError([f"{self._path}: cannot be read ({error.strerror})"]) from error
        try:
            text = data.decode("utf-8")
            table = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError([f"{self._path}: {error}"]) from error
        faults = [f"{self._path}: unknown key {key}" for key in sorted(set(table) - _TOP)]
        excluded = table.get("excluded", [])
        if not (isinstance(excluded, list) and all(isinstance(name, str) for name in excluded)):
            faults.append(f"{self._path}: excluded must be a list of names")
        entries = table.get("source", [])
        if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
            entries = []
            faults.append(f"{self._path}: write each source under a line [[source]]")
        lines = [n for n, line in enumerate(text.splitlines(), 1) if _ENTRY.match(line)]
        sources = []
        for number, entry in enumerate(entries, 1):
            # Entries can be written without [[source]]; then only their number is known.
            line = f" line {lines[number - 1]}:" if len(lines) == len(entries) else ""
            found = [f"{self._path}:{line} source {number}: {fault}" for fault in _faults(entry)]
            faults += found
            if not found:
                source = Source(**entry)
                sources.append(replace(source, collection=collection_name(source.collection)))
        if faults:
            raise ConfigError(faults)
        return Listed(tuple(sources), frozenset(excluded))

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
        text = _HEAD + tomli_w.dumps(data, multiline_strings=True)
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name without the text
        os.replace(part, self._path)  # noqa: PTH105  (atomic, also onto an existing file)


def registered(given: str | Path | Source, collection: str | None, root: Path) -> Source:
    """A source as it is kept: absolute or relative to the workspace, in one spelling.

    A relative path is taken from the current folder, or from the workspace where the current
    folder has no such thing.
    """
    wanted = given.collection if isinstance(given, Source) else DEFAULT_COLLECTION
    wanted = wanted if collection is None else collection
    try:
        wanted = collection_name(wanted)
    except ValueError as error:
        name = given.location if isinstance(given, Source) else str(given)
        hint = "Choose another name for the collection."
        raise LoadError(redacted(name), str(error), hint=hint) from error
    if isinstance(given, Source):
        source = replace(given, collection=wanted)
        if source.kind == "sql":
            from kilde.documents import sql

            sql.check(source)
        elif source.kind == "path":
            folder = root / local_path(source.location)
            if os.path.isdir(folder):  # noqa: PTH112  (no error where nobody may look)
                source = replace(source, location=document_name(folder, root))
        return source
    text = os.fsdecode(given)
    if "://" in text and not Path(text).exists():
        return Source("url", normal_url(text), wanted)
    if not text.strip():
        raise LoadError("''", "this is no path", hint="Name a file, a folder, a glob or a URL.")
    path = local_path(text)
    fixed = Path(*_fixed_parts(path)) if _fixed_parts(path) else Path()
    try:
        here = (Path.cwd() / fixed).exists()
        base = Path.cwd() if here or not (root / fixed).exists() else root
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LoadError(text[:100], f"this is no path ({reason})", hint="Check it.") from error
    whole = Path(os.path.normpath(base / path))
    return Source("path", document_name(whole, root) or ".", wanted)


def refuse_everything(source: Source, root: Path) -> None:
    """Raise :class:`LoadError` for the root of the file system, the home folder and those above
    it: nobody means all that is in them, and every later sync would read it."""
    if source.kind != "path":
        return
    folder = Path(os.path.abspath(root / Path(*_fixed_parts(local_path(source.location)))))  # noqa: PTH100
    home = Path(os.path.abspath(local_path("~")))  # noqa: PTH100
    # The home folder may be reached by a link, and so may the folder that is named.
    places = {folder, Path(os.path.realpath(folder))}
    homes = {home, Path(os.path.realpath(home))}
    above = {Path(folder.anchor)}.union(*(place.parents for place in homes))
    if places & (homes | above):
        raise LoadError(
            source.location,
            f"{folder} is {'your home folder' if places & homes else 'above your documents'}, "
            "and everything in it would be indexed",
            hint="Name the folders that hold documents, or add it with --force (force=True).",
        )


def covers(source: Source, document_source: str) -> bool:
    """Whether a document of that source string can come from this source."""
    if source.kind != "path":
        try:
            return any(
                document_source == found.document_source
                for found in expand(source, Path())
                if isinstance(found, Found)
            )
        except LoadError:  # written by hand, and no address
            return False
    if not document_source or "://" in document_source or _ENVIRONMENT.match(document_source):
        return False
    location = source.location.rstrip("/")
    if location in ("", "."):
        return not document_source.startswith("/")
    if document_source == location or document_source.startswith(location + "/"):
        return True
    if not _WILDCARDS & set(location):
        return False
    return _matches(document_source.split("/"), location.split("/"))


def _matches(name: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a name matches a glob part by part; ``**`` stands for any number of folders."""
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_matches(name[skip:], pattern[1:]) for skip in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])


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


def _faults(entry: dict[str, object]) -> list[str]:
    faults = []
    if entry.get("kind") not in _KINDS or not isinstance(entry.get("location"), str):
        faults.append(f"needs a kind ({', '.join(_KINDS)}) and a location")
    if unknown := sorted(set(entry) - _KEYS):
        faults.append(f"unknown key {', '.join(unknown)}")
    for key in sorted(_KEYS & set(entry) - {"kind", "location"}):
        if not isinstance(entry[key], str):
            faults.append(f"{key} must be a text")
    collection = entry.get("collection")
    if isinstance(collection, str):
        try:
            collection_name(collection)
        except ValueError as error:
            faults.append(str(error))
    return faults
