"""Files that are whole or not there, also when the power goes: written aside, flushed, renamed."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

# How the name of a file begins that is not whole yet.
ASIDE = ".writing-"


def write(path: Path, text: str) -> None:
    """Put a text into a file; a kill at any moment leaves the old file or the new one."""
    aside = path.with_name(f"{ASIDE}{uuid.uuid4().hex}")
    try:
        with aside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def move(folder: Path, target: Path) -> None:
    """Let a folder of files appear at another place, whole; the target may not be there yet."""
    for path in (*folder.iterdir(), folder):
        flush(path)
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # It lies on another disk, so it is copied; and it stays until the copy is there.
        aside = target.with_name(f"{ASIDE}{uuid.uuid4().hex}")
        shutil.copytree(folder, aside)
        for path in (*aside.iterdir(), aside):
            flush(path)
        aside.rename(target)
        shutil.rmtree(folder, ignore_errors=True)
    flush(target.parent)


def swap(folder: Path, target: Path) -> None:
    """Let a folder take the place of another one, if there is one; :func:`standing` finds it.

    A kill at any moment leaves the old one or the new one. Where it fails, the old one stays.
    """
    for path in (*folder.iterdir(), folder):
        flush(path)
    old = _old(target)
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    try:
        folder.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    flush(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def standing(target: Path) -> Path:
    """Where a folder lies that is swapped for others: at its place, or beside it after a kill."""
    old = _old(target)
    return old if old.is_dir() and not target.exists() else target


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def sweep(folder: Path) -> None:
    """Delete what killed writers left in a folder; nobody may be writing there."""
    for path in folder.glob(f"{ASIDE}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    if path.is_dir():
        with suppress(OSError):  # Windows opens no folders, and keeps its lists by itself
            _flush(path)
    else:
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
