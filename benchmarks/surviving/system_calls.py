"""Stop a process at any of its system calls that change files, whichever language makes them.

A filter of the Linux kernel (seccomp, since Linux 5.5) hands such a call to the process that
watches, before anything is done. It is counted, and either goes on or never comes: the caller is
killed. What is on disk then is what the calls before it left there.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import struct
from dataclasses import dataclass
from pathlib import Path

# The numbers of the calls that change files; 64-bit ARM has no second name for the older ones.
_CALLS = {
    "x86_64": {
        1: "write", 2: "open", 18: "pwrite64", 20: "writev", 40: "sendfile", 76: "truncate",
        77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat", 86: "link",
        87: "unlink", 88: "symlink", 257: "openat", 258: "mkdirat", 263: "unlinkat",
        264: "renameat", 265: "linkat", 266: "symlinkat", 285: "fallocate", 296: "pwritev",
        316: "renameat2", 326: "copy_file_range",
    },
    "aarch64": {
        34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat", 38: "renameat",
        45: "truncate", 46: "ftruncate", 47: "fallocate", 56: "openat", 64: "write",
        66: "writev", 68: "pwrite64", 70: "pwritev", 71: "sendfile", 276: "renameat2",
        285: "copy_file_range",
    },
}  # fmt: skip
_SECCOMP = {"x86_64": 317, "aarch64": 277}
# Which argument names what is changed: an open file, or a path.
_BY_FILE = {
    "write": 0, "pwrite64": 0, "writev": 0, "pwritev": 0, "sendfile": 0, "ftruncate": 0,
    "fallocate": 0, "copy_file_range": 2,
}  # fmt: skip
_BY_PATH = {
    "open": 0, "creat": 0, "truncate": 0, "rename": 1, "mkdir": 0, "rmdir": 0, "link": 1,
    "unlink": 0, "symlink": 1, "openat": 1, "mkdirat": 1, "unlinkat": 1, "renameat": 3,
    "linkat": 3, "symlinkat": 2, "renameat2": 3,
}  # fmt: skip
_FLAGS = {"open": 1, "openat": 2}
# Opening changes files only so.
_CHANGING = os.O_CREAT | os.O_TRUNC

_SET_NO_NEW_PRIVILEGES, _SET_FILTER, _NEW_LISTENER, _GO_ON = 38, 1, 8, 1
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _IF_EQUAL, _IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ARGUMENTS = 16  # where they begin in what the filter sees, 8 bytes each
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_REQUEST = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that waits: which one, on what file, and by which process."""

    id: int
    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} {self.path}"


def supported() -> bool:
    """Whether this system can hand calls to another process, as far as can be told beforehand."""
    release = tuple(int(part) for part in platform.release().split(".")[:2] if part.isdecimal())
    return platform.system() == "Linux" and platform.machine() in _CALLS and release >= (5, 5)


def watch_me() -> int:
    """Have every call that may change files wait for the holder of the returned descriptor.

    This holds for this thread and all that it starts. Raises ``OSError``.
    """
    machine = platform.machine()
    library = ctypes.CDLL(None, use_errno=True)
    program = b"".join(_program(_CALLS[machine]))
    buffer = ctypes.create_string_buffer(program)
    described = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(buffer))
    if library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    listener = library.syscall(_SECCOMP[machine], _SET_FILTER, _NEW_LISTENER, described)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return int(listener)


def receive(listener: int) -> Call | None:
    """The next call that waits; None where its process has gone meanwhile."""
    buffer = bytearray(_REQUEST.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    number, process, _, call, _, _, *arguments = _REQUEST.unpack(buffer)
    name = _CALLS[platform.machine()][call]
    return Call(number, name, _path(process, name, arguments))


def go_on(listener: int, call: Call) -> None:
    """Let a call be made."""
    try:
        fcntl.ioctl(listener, _SEND, bytearray(_RESPONSE.pack(call.id, 0, 0, _GO_ON)))
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _program(calls: dict[int, str]) -> list[bytes]:
    """The filter: notify of the calls that change files, allow all others."""
    steps = []
    for number, name in calls.items():
        notify = [_step(_RETURN, value=_NOTIFY)]
        if name in _FLAGS:
            notify = [
                _step(_LOAD, value=_ARGUMENTS + 8 * _FLAGS[name]),
                _step(_IF_BITS, then=0, otherwise=1, value=_CHANGING),
                *notify,
                _step(_RETURN, value=_ALLOW),
            ]
        steps += [_step(_IF_EQUAL, then=0, otherwise=len(notify), value=number), *notify]
    return [_step(_LOAD, value=0), *steps, _step(_RETURN, value=_ALLOW)]


def _step(code: int, *, then: int = 0, otherwise: int = 0, value: int) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _path(process: int, name: str, arguments: list[int]) -> str:
    """What a call changes, as the caller named it; empty where the caller has gone."""
    try:
        if name in _BY_FILE:
            file = ctypes.c_int(arguments[_BY_FILE[name]]).value
            return str(Path(f"/proc/{process}/fd/{file}").readlink())
        with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
            memory.seek(arguments[_BY_PATH[name]])
            # A page at a time, for what lies behind it may not be there.
            content = memory.read(4096 - arguments[_BY_PATH[name]] % 4096)
            if b"\0" not in content:
                content += memory.read(4096)
        return os.fsdecode(content.split(b"\0")[0])
    except OSError:
        return ""
