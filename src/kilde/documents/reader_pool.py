"""A few warm processes that read files, with limits of time, memory and output.

A parser that panics, aborts, hangs or swells ends its process and no more: the file is reported
with the reason, and the next one is read by a new process. Processes are shared by everything in
this one, start at the first file and end when this process does.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kilde.documents.load import load
from kilde.documents.ocr import MAX_STEPS
from kilde.documents.reader_messages import (
    STILL_READING,
    decode_reply,
    encode_request,
    read_frame,
    write_frame,
)
from kilde.documents.reader_process import READY, crashed, needs_memory
from kilde.documents.sources import Found
from kilde.errors import LoadError
from kilde.types import Document

# Seconds between two looks at the memory and the time of the processes that are at work.
_WATCH_SECONDS = 0.2
# Read ahead of what is being indexed: so many files, and no further file while so much text waits.
_AHEAD_FILES = 16
_AHEAD_CHARACTERS = 20_000_000
_OUT_OF_MEMORY = ("memory allocation", "out of memory", "bad_alloc", "MemoryError")


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: ``seconds``, bytes of ``memory``, bytes of ``output``.

    Where pages are read by OCR, the seconds count for each page anew.
    """

    seconds: float = 120.0
    memory: int = 4_000_000_000
    output: int = 1_500_000_000


class ReaderPool:
    """At most ``size`` idle reader processes; one is started when a file finds none idle."""

    def __init__(self, size: int, limits: Limits) -> None:
        self._size = size
        self._limits = limits
        self._idle: deque[_Reader] = deque()
        self._busy: set[_Reader] = set()
        self._changed = threading.Lock()
        self._watching = False

    def load(
        self, found: Found, *, allow_private: bool = False, ocr: bool = True
    ) -> list[Document]:
        """The documents of a file or page, read in another process.

        Raises :class:`LoadError` for whatever cannot be read within the limits.
        """
        return self._load(
            encode_request(found, allow_private=allow_private, ocr=ocr), found, _Run()
        )

    def load_all(
        self, things: Iterable[Found], *, allow_private: bool = False, ocr: bool = True
    ) -> Iterator[tuple[Found, list[Document] | LoadError]]:
        """The documents of everything given, in order, or why it cannot be read.

        Files and pages are read ahead while the caller works. Databases are read in this process:
        they are the owner's, and may take as long as they need.
        """
        run = _Run()

        def result(place: int, found: Found) -> list[Document] | LoadError:
            run.wait_for_room(place)
            try:
                if found.source.kind == "sql":
                    documents: list[Document] | LoadError = load(found)
                else:
                    request = encode_request(found, allow_private=allow_private, ocr=ocr)
                    documents = self._load(request, found, run)
            except LoadError as error:
                documents = error
            run.hold(documents)
            return documents

        waiting: deque[tuple[Found, Future[list[Document] | LoadError]]] = deque()
        executor = ThreadPoolExecutor(self._size, thread_name_prefix="kilde-read")
        try:
            for place, found in enumerate(things):
                if len(waiting) >= _AHEAD_FILES:
                    yield run.handed_over(*waiting.popleft())
                waiting.append((found, executor.submit(result, place, found)))
            while waiting:
                yield run.handed_over(*waiting.popleft())
        finally:
            # Where the caller stops early (Ctrl-C), nothing is waited for.
            executor.shutdown(wait=False, cancel_futures=True)
            run.stop()

    def _load(self, request: bytes, found: Found, run: _Run) -> list[Document]:
        while True:
            reader = self._take(found.document_source)
            used = reader.replies > 0
            try:
                with run.using(reader):
                    return reader.ask(request, found.document_source)
            except _ReaderDied as died:
                # What an earlier file left behind may have crashed it: asked again, of a new one.
                if not used or died.timed_out or run.stopped:
                    raise died.error from None
            finally:
                self._give_back(reader)

    def close(self) -> None:
        """End the idle processes; new ones are started when they are needed."""
        with self._changed:
            readers, self._idle = list(self._idle), deque()
        for reader in readers:
            reader.end()

    def _take(self, name: str) -> _Reader:
        with self._changed:
            reader = self._idle.pop() if self._idle else None
        if reader is None or not reader.alive:
            reader = _Reader(self._limits, name)
        reader.start_time()
        with self._changed:
            self._busy.add(reader)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="kilde-watch", daemon=True).start()
        return reader

    def _give_back(self, reader: _Reader) -> None:
        with self._changed:
            self._busy.discard(reader)
            keep = reader.alive and not reader.last and len(self._idle) < self._size
            if keep:
                self._idle.append(reader)
        if not keep:
            reader.end()

    def _watch(self) -> None:
        """End readers that go over a limit, for as long as any is at work."""
        while True:
            time.sleep(_WATCH_SECONDS)
            with self._changed:
                if not self._busy:
                    self._watching = False
                    return
                for reader in self._busy:
                    reader.check()


class _Run:
    """What one caller has read ahead: the readers at work for it, and how much text waits."""

    def __init__(self) -> None:
        self.stopped = False
        self._readers: set[_Reader] = set()
        self._held = 0
        self._next = 0
        self._changed = threading.Condition()

    def wait_for_room(self, place: int) -> None:
        """Wait until little text waits to be handed over, or the caller waits for this file."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopped or place == self._next or self._held < _AHEAD_CHARACTERS
            )

    def hold(self, result: list[Document] | LoadError) -> None:
        """Count what has been read."""
        with self._changed:
            self._held += _characters(result)

    def handed_over(
        self, found: Found, future: Future[list[Document] | LoadError]
    ) -> tuple[Found, list[Document] | LoadError]:
        """What was read first, once it is there."""
        result = future.result()
        with self._changed:
            self._held -= _characters(result)
            self._next += 1
            self._changed.notify_all()
        return found, result

    @contextmanager
    def using(self, reader: _Reader) -> Iterator[None]:
        """Name the reader that is at work, so that stopping ends it."""
        with self._changed:
            self._readers.add(reader)
            if self.stopped:
                reader.kill()
        try:
            yield
        finally:
            with self._changed:
                self._readers.discard(reader)

    def stop(self) -> None:
        """End the readers that are at work, and start no more."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()
            for reader in self._readers:
                reader.kill()


def _characters(result: list[Document] | LoadError) -> int:
    return 0 if isinstance(result, LoadError) else sum(len(one.text) for one in result)


class _Reader:
    """One reader process."""

    def __init__(self, limits: Limits, name: str) -> None:
        self._limits = limits
        self._exceeded = ""
        self._ready = False
        self.replies = 0
        self.last = False
        self.deadline = 0.0
        # Its own limit is the later one: this process knows better what to say.
        arguments = [str(limits.seconds + 5), str(limits.memory)]
        try:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
            self._process = subprocess.Popen(  # noqa: S603  (this very Python)
                [sys.executable or "python3", "-I", "-c", _START, *arguments, *_search_path()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                # A group of its own, so that it is ended with the program that it runs.
                process_group=None if sys.platform == "win32" else 0,
            )
        except OSError as error:
            raise LoadError(
                name,
                f"the process that reads files cannot be started ({error.strerror or error})",
                hint="Check that files can be written to the folder for temporary files (TMPDIR), "
                "and close other programs.",
            ) from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._replies: BinaryIO = self._process.stdout  # type: ignore[assignment]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: bytes, name: str) -> list[Document]:
        """The documents. Raises :class:`LoadError`, or :class:`_ReaderDied`."""
        try:
            if not self._ready:
                # What a program prints at its start is no reply.
                while (line := self._replies.readline()) and line != READY:
                    pass
                self._ready = True
            write_frame(self._requests, request)
            for _ in range(MAX_STEPS):
                reply = read_frame(self._replies, self._limits.output)
                if reply != STILL_READING:
                    break
                self.start_time()
            if reply is None:
                raise self._died(name)
            result, self.last = decode_reply(reply)
        except OSError:  # it ended between two files
            raise self._died(name) from None
        except ValueError as error:
            self.last = True
            raise LoadError(
                name,
                f"it becomes more text than is taken over ({error})",
                hint="Split it into smaller files.",
            ) from error
        self.replies += 1
        if isinstance(result, LoadError):
            raise result
        return result

    def start_time(self) -> None:
        """Let the time limit begin now."""
        self.deadline = time.monotonic() + self._limits.seconds

    def kill(self) -> None:
        """End the process at once; whoever waits for its reply is told that it died."""
        if sys.platform == "win32":
            self._process.kill()
        elif self.alive:  # its number may be another's once it has been waited for
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def check(self) -> None:
        """End the process if it goes over a limit."""
        import psutil

        if time.monotonic() > self.deadline:
            self._exceeded = "time"
        else:
            with suppress(psutil.Error):
                memory = psutil.Process(self._process.pid).memory_info().rss
                if memory > self._limits.memory:
                    self._exceeded = "memory"
        if self._exceeded:
            self.kill()

    def _died(self, name: str) -> _ReaderDied:
        self._process.wait()
        return _ReaderDied(self._reason(name), timed_out=self._exceeded == "time")

    def _reason(self, name: str) -> LoadError:
        """Why the process ended, in the words of a report."""
        code = self._process.returncode
        log = self._log_tail()
        if self._exceeded == "time":
            return LoadError(
                name,
                f"reading it took longer than {self._limits.seconds:g} seconds",
                hint="Split it into smaller files, or save it anew from the program that made it.",
            )
        if self._exceeded == "memory" or any(words in log for words in _OUT_OF_MEMORY):
            return needs_memory(name, self._limits.memory)
        how = f"exit code {code}"
        if code < 0:
            with suppress(ValueError):
                how = signal.Signals(-code).name
        lines = [line for line in log.strip().splitlines() if not line.startswith("note:")]
        last_line = lines[-1] if lines else ""
        return crashed(name, f"{how}: {last_line}" if last_line else how)

    def end(self) -> None:
        """End the process and close what belongs to it."""
        self.kill()
        self._process.wait()
        for stream in (self._requests, self._replies, self._log):
            with suppress(OSError):
                stream.close()

    def _log_tail(self) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 4000))
        return self._log.read().decode("utf-8", "replace")


class _ReaderDied(Exception):
    """A reader process ended before its reply; ``error`` is what the report says of it."""

    def __init__(self, error: LoadError, *, timed_out: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.timed_out = timed_out


def shared_pool() -> ReaderPool:
    """The pool of this process, made at the first call."""
    global _shared
    with _making:
        if _shared is None:
            import psutil

            half = int(psutil.virtual_memory().total) // 2
            limits = Limits()
            _shared = ReaderPool(
                min(2, os.cpu_count() or 1), replace(limits, memory=min(half, limits.memory))
            )
            atexit.register(_shared.close)
        return _shared


_shared: ReaderPool | None = None
_making = threading.Lock()


def _forget_pool() -> None:
    """In a forked process: the readers belong to its parent."""
    global _shared, _making
    _shared, _making = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


# A reader has this process's path for modules, so that it finds what this process finds, in its
# order, but never in the current folder: a json.py among documents is none of ours.
_START = (
    "import sys; seconds, memory, *sys.path = sys.argv[1:]; "
    "from kilde.documents.reader_process import main; main(float(seconds), int(memory))"
)


def _search_path() -> list[str]:
    """Where modules are found: as here, and at last where Kilde itself was found."""
    found = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100
    return list(dict.fromkeys([*found, str(Path(__file__).parents[2])]))
