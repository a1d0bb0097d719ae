"""A command under strace: what it connects to, which names it looks up, which files it writes.

The system calls of the process and of all its children are seen, those of native code too, which
Python's audit hooks are not told of.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.installed import missing

_NETWORK = {"bind", "connect", "sendto", "sendmsg", "sendmmsg"}
_OPENING = {"open", "openat", "creat"}
# The path that appears is the last one named.
_MAKING = {"mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink"}
_CALLS = ",".join(("%network", "chdir", *sorted(_OPENING | _MAKING)))

_LINE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
_ADDRESS = re.compile(
    r'sa_family=(AF_INET6?|AF_UNIX)(?:, sin6?_port=htons\((\d+)\))?.*?(?:"([^"]*)")'
)
# A path, and the folder that it is relative to where the call names one.
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')
_CURRENT = re.compile(r"AT_FDCWD<([^>]*)>")
_FOR_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")
_NAME_SERVICE = {"/etc/hosts", "/etc/resolv.conf"}
_DNS = 53


@dataclass(frozen=True)
class Traced:
    """What a command did; ``network`` and ``lookups`` are lines of strace."""

    code: int
    output: str
    network: tuple[str, ...]
    lookups: tuple[str, ...]
    written: tuple[str, ...]


def trace(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    traces: Path,
    timeout: float = 240,
) -> Traced:
    """Run a command with just these environment variables; ``traces`` is an empty folder.

    ``network`` holds every use of an address that is not on the loopback interface, whether or not
    it could be reached; ``written`` every path that was opened for writing, made or renamed to,
    but for devices.
    """
    strace = shutil.which("strace")
    if strace is None:
        missing("there is no strace")
    prefix = [strace, "-ff", "-qq", "-y", "--seccomp-bpf", "-e", "signal=none"]
    ended = subprocess.run(
        [*prefix, "-e", f"trace={_CALLS}", "-o", traces / "call", "--", *command],
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
    )
    network, lookups, written = [], [], set()
    for line, call, arguments, folder in _calls(traces, cwd):
        if call in _NETWORK:
            for family, port, address in _ADDRESS.findall(arguments):
                if family == "AF_UNIX" and call == "bind":
                    continue
                if int(port or 0) == _DNS or family == "AF_UNIX":
                    lookups.append(line)
                elif not _loopback(address):
                    network.append(line)
        elif call in _MAKING or call == "creat" or _FOR_WRITING.search(arguments):
            written.add(_last_path(arguments, folder))
        elif _last_path(arguments, folder) in _NAME_SERVICE:
            lookups.append(line)
    written = {path for path in written if not path.startswith(("/dev/", "/proc/"))}
    return Traced(
        ended.returncode, ended.stdout, tuple(network), tuple(lookups), tuple(sorted(written))
    )


def _calls(traces: Path, cwd: Path) -> Iterator[tuple[str, str, str, str]]:
    """The traced calls: the line, the call's name, its arguments, and the folder it is made in.

    Calls about files that failed are left out. There is a file of lines for each thread.
    """
    for path in sorted(traces.iterdir()):
        current = str(cwd)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            found = _LINE.match(line)
            if found is None or (found[1] not in _NETWORK and int(found[3]) < 0):
                continue
            if named := _CURRENT.search(line):
                current = named[1]
            if found[1] == "chdir":
                current = _last_path(found[2], current)
            else:
                yield line, found[1], found[2], current


def _loopback(address: str) -> bool:
    return address == "::1" or address.startswith(("127.", "::ffff:127."))


def _last_path(arguments: str, current: str) -> str:
    """The last path of a call's arguments, absolute; strace writes the folder of a descriptor."""
    paths = _PATH.findall(arguments)
    if not paths:
        return ""
    folder, name = paths[-1]
    return os.path.normpath(Path(folder or current) / name)
