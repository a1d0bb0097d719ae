"""A file of JSON lines that only grows: a kill costs at most the line that was being written."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kilde import durable
from kilde.errors import StoreError


class Lines:
    """The lines of a file, which need not be there. Only one process may write at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[dict[str, Any]]:
        """The lines in order, without a last one that was cut off.

        Raises :class:`StoreError` for another one that cannot be read.
        """
        if not self.path.is_file():
            return
        with self.path.open("rb") as stream:
            following, number = stream.readline(), 0
            while line := following:
                following, number = stream.readline(), number + 1
                try:
                    yield _parsed(line)
                except ValueError as error:
                    if following:
                        raise self.damaged(number, error) from error

    @contextmanager
    def appending(self) -> Iterator[Callable[[str], None]]:
        """Write lines at the end, each a JSON object as text; it is in the file when the call ends.

        Raises :class:`StoreError` where it cannot be.
        """
        try:
            self._mend()
            # Without a buffer: what a full disk refuses is not tried again on closing.
            stream = self.path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error

        def append(text: str) -> None:
            line = text.encode() + b"\n"
            try:
                if stream.write(line) != len(line):
                    raise OSError(errno.ENOSPC, "the disk is full")
            except OSError as error:
                raise self._unwritable(error) from error

        with stream:
            yield append
        durable.flush(self.path)

    def damaged(self, number: int, error: Exception) -> StoreError:
        """What to say of a line, counted from 1, that is not what it should be."""
        return StoreError(
            f"{self.path}, line {number} cannot be read: {error}.",
            hint=f"Delete the folder {self.path.parent}, and compare again: all is asked anew.",
        )

    def _mend(self) -> None:
        """Take away a last line that was cut off, so that the next one begins on its own."""
        if not self.path.is_file():
            return
        last, end = b"", 0
        with self.path.open("r+b") as stream:
            for last in stream:
                end += len(last)
            try:
                if last:
                    _parsed(last)
            except ValueError:
                stream.truncate(end - len(last))

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self.path}: answers cannot be kept ({error.strerror or error}).",
            hint="Make room on the disk, and make the folder writable.",
        )


def _parsed(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("it has no end")
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found
