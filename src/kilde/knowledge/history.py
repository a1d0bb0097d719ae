"""What each commit did, in words: a log of the commits beside the table.

The table itself knows its versions and their times; this log says why they exist. A commit is
written down before it is made, so none is ever missing here, whenever the power fails; what it
held is added afterwards. A line that was cut off by a crash is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit: when it was made, what it did, and how much the table held afterwards.

    The counts are None where the process was stopped between its commit and counting.
    """

    at: datetime
    action: str
    documents: int | None = None
    passages: int | None = None


class History:
    """The log of commits in one JSON-lines file, appended under the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], dict[int, Entry]] | None = None

    @contextmanager
    def intending(self, version: int, action: str) -> Iterator[None]:
        """Write down the commit that is about to make ``version``; take it back if it fails."""
        before = self._path.stat().st_size if self._path.exists() else 0
        try:
            self._append(
                {"version": version, "at": datetime.now(UTC).isoformat(), "action": action}
            )
            yield
        except Exception:
            if self._path.exists():
                os.truncate(self._path, before)
            raise

    def counted(self, version: int, documents: int, passages: int) -> None:
        """Add what the table held after the commit that made ``version``."""
        self._append({"version": version, "documents": documents, "passages": passages})

    def entries(self) -> dict[int, Entry]:
        """All recorded commits by version."""
        found: dict[int, Entry] = {}
        if not self._path.exists():
            return found
        status = self._path.stat()
        state = status.st_size, status.st_mtime_ns
        if self._read is not None and self._read[0] == state:
            return self._read[1]
        for line in self._path.read_bytes().splitlines():
            try:
                record: dict[str, Any] = json.loads(line)
                version = int(record["version"])
                if "at" in record:
                    moment = datetime.fromisoformat(record["at"])
                    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                    found[version] = Entry(moment, str(record["action"]))
                elif version in found:
                    counts = int(record["documents"]), int(record["passages"])
                    found[version] = Entry(found[version].at, found[version].action, *counts)
            except (ValueError, KeyError, TypeError):
                continue  # half a line, see the docstring of the module
        self._read = state, found
        return found

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False)
        with self._path.open("a+b") as log:
            # A crash may have left half a line; it must not swallow this one.
            if log.seek(0, os.SEEK_END):
                log.seek(-1, os.SEEK_END)
                if log.read(1) != b"\n":
                    line = "\n" + line
            log.write(line.encode("utf-8", "replace") + b"\n")
