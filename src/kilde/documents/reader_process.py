"""The process that reads files: requests come in on stdin, documents go out on stdout.

Files come from anywhere, and the libraries that parse them may crash, hang or ask for more memory
than there is. Here that costs one process, which the pool replaces. Started by
:mod:`kilde.documents.reader_pool`, which passes the limits on.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from kilde.documents.extract import damaged
from kilde.documents.load import load
from kilde.documents.reader_messages import (
    STILL_READING,
    decode_request,
    encode_documents,
    encode_error,
    read_frame,
    write_frame,
)
from kilde.documents.sources import Found
from kilde.errors import LoadError

READY = b"kilde-reader-ready\n"
"""What a reader writes before its first reply."""

MAX_REQUEST_BYTES = 1_000_000
_KEEP_MEMORY = 500_000_000
"""A process that still holds more than this many bytes after its reply ends, which frees them."""


def main(max_seconds: float, max_memory: int) -> None:
    """Serve requests until stdin is closed, which happens when the parent ends, however it ends."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between two replies
    _restrict(max_memory)
    # A table is millions of objects in no cycles, through which the collector would go time and
    # again: a quarter of the time that a large workbook takes.
    gc.set_threshold(100_000, 20, 20)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    replies.write(READY)
    replies.flush()
    while (payload := read_frame(requests, MAX_REQUEST_BYTES)) is not None:
        _bound_time(max_seconds)
        found, options = decode_request(payload)

        def keep_alive() -> None:
            _bound_time(max_seconds)
            write_frame(replies, STILL_READING)

        reply, last = _reply(found, options, max_memory, keep_alive)
        _bound_time(0)
        write_frame(replies, reply)
        if last:
            return


def _reply(
    found: Found, options: Mapping[str, bool], max_memory: int, keep_alive: Callable[[], None]
) -> tuple[bytes, bool]:
    try:
        documents = load(found, **options, keep_alive=keep_alive)
        last = _memory() > _KEEP_MEMORY
        return encode_documents(documents, last=last), last
    except LoadError as error:
        return encode_error(error, last=False), False
    except MemoryError:
        return encode_error(needs_memory(found.document_source, max_memory), last=True), True
    except Exception as error:  # noqa: BLE001  (whatever it is, it is about this one file)
        return encode_error(damaged(found.document_source, error), last=True), True
    except BaseException as error:  # noqa: BLE001  (a panic in Rust is no Exception)
        how = f"{type(error).__name__}: {error}"
        return encode_error(crashed(found.document_source, how), last=True), True


def crashed(name: str, how: str) -> LoadError:
    """The error for a file at which its parser ended instead of refusing it."""
    first = (how.splitlines() or [""])[0][:160]
    return LoadError(
        name,
        f"it crashed its reader ({first})",
        hint="Open it in the program that made it, save it anew, and add it again.",
    )


def needs_memory(name: str, max_memory: int) -> LoadError:
    """The error for a file that cannot be read within ``max_memory`` bytes."""
    return LoadError(
        name,
        f"reading it needs more than {max_memory / 1e9:.1f} GB of memory",
        hint="Split it into smaller files; if it is a small file from a stranger, leave it out.",
    )


def _restrict(max_memory: int) -> None:
    """Limits that hold whatever native code does, where the system has them (not on Windows)."""
    with suppress(OSError):
        # If the system runs out of memory, this process goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    if sys.platform == "win32":
        return
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    limits = {
        resource.RLIMIT_DATA: max_memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 100_000_000,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        with suppress(OSError, ValueError):
            lower = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (lower, hard))


def _end_with_parent(parent: int) -> None:
    """End in the middle of a file when the process that asked for it has ended."""
    while os.getppid() == parent:
        time.sleep(1)
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)  # with the program that it runs, if any
    os._exit(1)


def _bound_time(seconds: float) -> None:
    """End this process after so many seconds, also when the parent is gone; 0 lifts the limit."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)  # nothing handles SIGALRM, so it kills


def _memory() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)
