"""Real small disks for tests: one that fills up, and one that turns read-only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A disk in memory, of a few megabytes, that is mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def full(self, free: int) -> Iterator[None]:
        """Leave so many bytes free, rounded down to whole pages."""
        filler = self.folder / "filler"
        status = os.statvfs(self.folder)
        with filler.open("wb") as file:
            file.write(bytes(max(0, status.f_bavail * status.f_frsize - free)))
        try:
            yield
        finally:
            filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written, not even by root."""
        _mount("-o", "remount,ro", str(self.folder))
        try:
            yield
        finally:
            _mount("-o", "remount,rw", str(self.folder))


@contextmanager
def mounted(folder: Path, *, megabytes: int = 24) -> Iterator[Disk]:
    """A new disk; skips the test where nobody may mount one."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a disk")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "kilde-test", str(folder))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no disk may be mounted here: {error.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        # Lazily: what a test left open must not keep it there.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)
