"""What each commit did, in words: one line per commit beside the table.

The table itself knows its versions and their times; this log only says why they exist. A line that
was cut off by a crash is passed over: its version is then listed by its tag, or not at all.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit: when it was made and what it did."""

    at: datetime
    action: str


class History:
    """The log of commits in one JSON-lines file, appended under the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, version: int, action: str) -> None:
        """Append the commit that made ``version``."""
        at = datetime.now(UTC).isoformat()
        line = json.dumps({"version": version, "at": at, "action": action}, ensure_ascii=False)
        with self._path.open("a+b") as log:
            # A crash may have left half a line; it must not swallow this one.
            if log.seek(0, os.SEEK_END):
                log.seek(-1, os.SEEK_END)
                if log.read(1) != b"\n":
                    line = "\n" + line
            log.write(line.encode() + b"\n")

    def entries(self) -> dict[int, Entry]:
        """All recorded commits by version."""
        if not self._path.exists():
            return {}
        found = {}
        for line in self._path.read_bytes().splitlines():
            try:
                record = json.loads(line)
                moment = datetime.fromisoformat(record["at"])
                found[int(record["version"])] = Entry(moment, str(record["action"]))
            except (ValueError, KeyError, TypeError):
                continue  # half a line, see the docstring of the module
        return found
