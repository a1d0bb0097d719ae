"""The files of the agents, ``agents/NAME.toml``, and how one is found by what a person types.

An agent's key is the name of its file in NFC. macOS and files unpacked from archives may write å as
two characters; on the keyboard it is one.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from kilde.agents.definition import load_definition
from kilde.errors import ConfigError, NotFound


def composed(name: str) -> str:
    """A name in NFC."""
    return unicodedata.normalize("NFC", name)


class AgentFiles:
    """The agent files in a folder, read anew at every call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def by_key(self) -> dict[str, Path]:
        """All files by the key of their agent, in the order of the keys.

        Of several files with one key (see :meth:`faults`) the first is taken; a file whose name
        is not text (see :meth:`unnamed`) is left out.
        """
        paths = sorted(filter(_is_text, self._folder.glob("*.toml")), reverse=True)
        files = {composed(path.stem): path for path in paths}
        return {key: files[key] for key in sorted(files)}

    def unnamed(self) -> dict[str, tuple[str, ...]]:
        """The faults of files whose names are not valid UTF-8, by the name with escapes."""
        paths = (path for path in sorted(self._folder.glob("*.toml")) if not _is_text(path))
        return {
            _escaped(path.stem): (
                f"{_escaped(str(path))}: the name of the file is not UTF-8, so that no agent can "
                "have it; rename the file",
            )
            for path in paths
        }

    def path(self, name: str) -> Path:
        """The file of an agent, by its key or by the name that the file gives the agent.

        Raises :class:`NotFound`, and :class:`ConfigError` where several files could be meant.
        """
        files, name = self.by_key(), composed(name)
        if name in files:
            if faults := self.faults(name):
                raise ConfigError(faults)
            return files[name]
        named = [path for path in files.values() if _name_in(path) == name]
        if len(named) == 1:
            return named[0]
        if named:
            raise ConfigError(
                (f"{path}: another agent is named {name!r} as well" for path in named),
                hint="Give each its own name, or use the name of the file.",
            )
        raise NotFound("agent", name, files, hint=f"Agents are files in {self._folder}.")

    def faults(self, key: str) -> tuple[str, ...]:
        """What keeps a key from meaning one file; empty where nothing does."""
        same = sorted(path for path in self._folder.glob("*.toml") if composed(path.stem) == key)
        if len(same) < 2:
            return ()
        names = " and ".join(ascii(path.name) for path in same)
        return (
            f"{self._folder}: the names {names} differ only in how their letters are encoded; "
            "rename or delete one of the files",
        )


def _is_text(path: Path) -> bool:
    try:
        path.name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 come as surrogates
        return False
    return True


def _escaped(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _name_in(path: Path) -> str:
    try:
        return composed(load_definition(path).name)
    except ConfigError:
        return ""  # another agent's file; its own faults are told when it is asked for
