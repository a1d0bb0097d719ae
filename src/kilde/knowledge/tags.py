"""Tags: states of the table that are kept for good, whatever is stopped, moved or cleaned up.

A tag is one small file of ours, written last, so that a tag is there whole or not at all. A branch
of the table makes the clean-up of the storage library spare the tagged version, from which the
state is read. A branch holds the absolute path of its table, and its files are not written in one
step: where its process was stopped or the workspace has moved, the branch is made again before
anything is cleaned up.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kilde import durable
from kilde.knowledge.schema import TABLE

_BRANCH = "tag-"
# The storage library names the record of a version so that the newest comes first.
_LAST_VERSION = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged version of the table; ``folder`` is where the store lay when it was tagged."""

    version: int
    folder: str


class Tags:
    """The tags of the table in a folder. Whoever writes holds the lock of the store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = folder / "tags"
        table = folder / f"{TABLE}.lance"
        self._manifests = table / "_versions"
        self._references = table / "_refs" / "branches"
        self._trees = table / "tree"

    def versions(self) -> dict[str, int]:
        """The tags that can be read, and the versions of the table that they name."""
        readable = ((name, self._read(name)) for name in self._names())
        return {name: tag.version for name, tag in readable if tag is not None}

    def exists(self, name: str) -> bool:
        """Whether a tag was made, be its file damaged or not; one that was cut off was not."""
        return name in self._names()

    def create(self, table: Any, name: str, version: int) -> None:
        """Tag a version of the table; a kill at any moment leaves what :meth:`heal` mends."""
        self._drop_branch(name)
        table.branches.create(_BRANCH + name, from_version=version)
        self._notes.mkdir(exist_ok=True)
        note = json.dumps(asdict(Tag(version, self._here)))
        durable.write(self._notes / f"{name}.json", note + "\n")

    def faults(self) -> dict[str, str]:
        """What stopped writers, moving or a damaged disk did to tags, in words, by tag."""
        found = {name: self._fault(name) for name in sorted({*self._names(), *self._branches()})}
        return {name: fault for name, fault in found.items() if fault}

    def heal(self, table: Any) -> None:
        """Make again the branches that are missing, and delete what no tag needs.

        What cannot be made again stays as it is, and is named by :meth:`faults`.
        """
        durable.sweep(self._notes)
        for path in self._references.glob("*.json.tmp*"):
            path.unlink(missing_ok=True)
        for name in sorted({*self._names(), *self._branches()}):
            tag = self._read(name)
            version = tag.version if tag else self._branch_version(name)
            if version is None:
                if name not in self._names():
                    self._drop_branch(name)
            elif self._has(version) and not self._protected(name, tag):
                self.create(table, name, version)

    def set_aside(self, name: str, aside: Path) -> None:
        """Move a tag away whose state is lost."""
        aside.mkdir(exist_ok=True)
        (self._notes / f"{name}.json").rename(aside / f"tag-{name}.json")
        self._drop_branch(name)

    def _read(self, name: str) -> Tag | None:
        try:
            tag = Tag(**json.loads((self._notes / f"{name}.json").read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return tag if isinstance(tag.version, int) else None

    def _fault(self, name: str) -> str:
        """What is wrong with a tag; empty where it is whole."""
        tag = self._read(name)
        if tag is None:
            damaged = name in self._names()
            return "its file is damaged" if damaged else "its process was stopped on the way"
        if not self._has(tag.version):
            return "its state is lost"
        # A workspace that has moved loses nothing, for its branches are made again in time.
        moved = tag.folder != self._here
        return "" if moved or self._protected(name, tag) else "nothing protects its state"

    def _protected(self, name: str, tag: Tag | None) -> bool:
        """Whether the clean-up in this folder spares the state of a tag."""
        return tag is not None and tag == Tag(self._branch_version(name) or 0, self._here)

    def _branch_version(self, name: str) -> int | None:
        """The version that a whole branch keeps; None for one that is damaged or not there."""
        try:
            reference = json.loads((self._references / f"{_BRANCH}{name}.json").read_bytes())
            version = int(reference["parentVersion"])
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None
        manifest = self._trees / f"{_BRANCH}{name}" / "_versions" / _manifest_name(version)
        return version if manifest.is_file() and manifest.stat().st_size else None

    def _drop_branch(self, name: str) -> None:
        (self._references / f"{_BRANCH}{name}.json").unlink(missing_ok=True)
        tree = self._trees / f"{_BRANCH}{name}"
        if tree.exists():
            shutil.rmtree(tree)

    def _names(self) -> set[str]:
        return {path.stem for path in self._notes.glob("*.json")}

    def _branches(self) -> set[str]:
        """The names of all branches, also of those that are half there."""
        references = {path.stem for path in self._references.glob(f"{_BRANCH}*.json")}
        trees = {path.name for path in self._trees.glob(f"{_BRANCH}*")}
        return {name.removeprefix(_BRANCH) for name in references | trees}

    def _has(self, version: int) -> bool:
        return (self._manifests / _manifest_name(version)).is_file()

    @property
    def _here(self) -> str:
        return str(self._folder.resolve())


def _manifest_name(version: int) -> str:
    return f"{_LAST_VERSION - version:020}.manifest"
