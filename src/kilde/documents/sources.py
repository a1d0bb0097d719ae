"""What a workspace reads from: a source as it was registered, and every single thing in it.

A folder is read as it is found each time: files that came are found, files that went are gone.
Nothing here opens a file; that is for ``load``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from kilde.documents.formats import format_of, supported
from kilde.errors import LoadError, SourceMissing
from kilde.types import DEFAULT_COLLECTION, Failure

_WILDCARDS = frozenset("*?[")
_PORTS = {"http": 80, "https": 443}
_SECRET = re.compile(
    r"(.*[_-]|ssl)?(pass(word|wd|phrase)?|pwd|secret|token)|(api[_-]?)?key", re.IGNORECASE
)
_SECRET_INSIDE = re.compile(r"\b(password|pwd)\s*=", re.IGNORECASE)  # in an ODBC string
_PARAMETER = re.compile(r"(?<=[?&;])([^=&;?]*)=([^&]*)")


@dataclass(frozen=True, slots=True)
class Source:
    """Something registered to be read.

    ``location`` is a file, a folder or a pattern such as ``docs/**/*.md`` (relative to the
    workspace), a URL, or a database URL (or ``env:NAME`` for one that stands in an environment
    variable); for databases either ``table`` or ``query`` is set.
    """

    kind: Literal["path", "url", "sql"]
    location: str
    collection: str = DEFAULT_COLLECTION
    table: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to read: a file (``path``), a page or a table.

    ``document_source`` names it: it is the id of its document, or of several documents what
    stands before the ``#``. ``fingerprint`` changes when the file does and is empty where only
    reading can tell; the same fingerprint means that a file need not be read again. ``size`` is
    in bytes, 0 where it is unknown; ``changed`` is when the file was last changed, in seconds of
    :func:`time.time`. ``root`` is the workspace folder.
    """

    document_source: str
    source: Source
    root: Path
    path: Path | None = None
    fingerprint: str = ""
    size: int = 0
    changed: float = 0.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that is passed over, and the ``kind`` that it is counted under."""

    document_source: str
    kind: str


def expand(source: Source, root: Path) -> Iterator[Found | Skipped | Failure]:
    """Everything that a source holds now, in a stable order.

    In folders and patterns, hidden files and folders and links to folders are not looked at; files
    of other formats and links that lead outside are ``Skipped``; what may not be read is a
    ``Failure``. Raises :class:`SourceMissing` when the thing named itself does not exist,
    :class:`LoadError` when it cannot be read by Kilde.
    """
    if source.kind == "url":
        yield Found(normal_url(source.location), source, root)
        return
    if source.kind == "sql":
        yield Found(sql_name(source), source, root)
        return
    location = Path(os.path.abspath(root / local_path(source.location)))  # noqa: PTH100
    if _exists(location, source.location):
        if location.is_dir():
            yield from _members(location, source, root)
        else:
            if format_of(location.name) is None:
                raise LoadError(
                    source.location,
                    f"{location.suffix or 'a file without suffix'} is no format that Kilde reads",
                    hint=f"Convert it to one of: {supported()}",
                )
            yield _found(location, source, root)
        return
    pattern = location.parts
    wild = next((i for i, part in enumerate(pattern) if _WILDCARDS & set(part)), None)
    if wild is None:
        raise SourceMissing(
            source.location,
            "there is no such file or folder",
            hint="Check the path; it is taken relative to the workspace. "
            "If it was deleted on purpose, remove it from the sources.",
        )
    matched = False
    base = Path(*pattern[:wild])
    if base.is_dir():
        for member in _members(base, source, root, pattern[wild:]):
            matched = True
            yield member
    if not matched:
        raise SourceMissing(
            source.location,
            "no file matches this pattern",
            hint="Check it with ls; ** stands for any number of folders.",
        )


def local_path(text: str) -> Path:
    """A path as a person writes it; ``~name`` stays as it is where nobody has that name."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  (pathlib raises where nobody has it)


def document_name(path: Path, root: Path) -> str:
    """The name of a file: relative to the workspace when inside it, else absolute; always with
    ``/`` and in NFC, so that it is the same on every system."""
    # A folder is called what it is, not what a link to it is called: so are the files in it. A
    # linked file keeps the name of the link. (os.path: no error where nobody may look.)
    real = path.resolve() if os.path.isdir(path) else path.parent.resolve() / path.name  # noqa: PTH112
    folder = root.resolve()
    name = real.relative_to(folder) if real.is_relative_to(folder) else real
    # Names from older systems may hold bytes that are no UTF-8; they are shown as "\ufffd".
    readable = name.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", readable)


def normal_url(url: str) -> str:
    """One spelling for one address: scheme and host in lower case, no default port, no fragment.

    >>> normal_url("HTTPS://Example.org:443#top")
    'https://example.org/'
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise LoadError(redacted(url), "this is no address", hint="Check its spelling.") from error
    if parts.username or parts.password:
        raise LoadError(
            f"{parts.scheme}://…@{host}",
            "an address with a user name or password in it is not kept",
            hint="Download the page and add the file.",
        )
    if parts.scheme not in _PORTS or not host:
        raise LoadError(
            redacted(url),
            "only http and https addresses are read",
            hint="Add a file by its path instead.",
        )
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        host = f"{host}:{port}"
    path = unicodedata.normalize("NFC", parts.path or "/")
    return urlunsplit((parts.scheme, host, path, parts.query, ""))


def redacted(url: str) -> str:
    """A URL with what is secret in it left out: the password, and parameters that hold one.

    >>> redacted("postgresql://anna:hemmelig@host/db?sslmode=require&password=hemmelig")
    'postgresql://anna:…@host/db?sslmode=require&password=…'
    """
    scheme, separator, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    user, _, password = login.partition(":")
    # What begins with a slash is a path, and has no login before it.
    if password and "/" not in user:
        rest = f"{user}:…{at}{place}"
    return scheme + separator + _PARAMETER.sub(_without_secret, rest)


def is_secret(key: str, value: str) -> bool:
    """Whether a parameter of a database URL holds a password or the like."""
    return bool(_SECRET.fullmatch(key) or _SECRET_INSIDE.search(value))


def _without_secret(parameter: re.Match[str]) -> str:
    key, value = parameter.groups()
    if value and is_secret(unquote_plus(key), unquote_plus(value)):
        return f"{key}=…"
    return parameter.group()


def sql_name(source: Source) -> str:
    """The URL without secrets (of ``env:NAME`` just that), and the table or query."""
    location = redacted(source.location)
    if source.table:
        return f"{location}#{source.table}"
    return f"{location}#query-{hashlib.sha256(source.query.encode()).hexdigest()[:8]}"


def _exists(path: Path, shown: str) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise LoadError(
            shown,
            f"it cannot be looked at ({getattr(error, 'strerror', None) or error})",
            hint="Check the path and who may read it.",
        ) from error
    return True


def _found(path: Path, source: Source, root: Path) -> Found:
    status = path.stat()
    # A program can set the modification time back, as archivers do, and replace a file by one of
    # the same size; the time of the inode's last change and its number are the system's to set.
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    fingerprint = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"
    return Found(
        document_name(path, root), source, root, path, fingerprint, status.st_size, changed / 1e9
    )


def _members(
    folder: Path, source: Source, root: Path, pattern: tuple[str, ...] = ("**",)
) -> Iterator[Found | Skipped | Failure]:
    """The files below a folder that match a pattern (all of them by default)."""
    inside = folder.resolve()
    for path in _walk(folder):
        if isinstance(path, Failure):
            yield path
            continue
        if not _matches(path.relative_to(folder).parts, pattern):
            continue
        name = document_name(path, root)
        try:
            target = path.resolve(strict=True)
            if target.is_dir():
                continue
            if not target.is_relative_to(inside):
                yield Skipped(name, "links that lead out of the folder")
            elif format_of(path.name) is None:
                yield Skipped(
                    name, f"{path.suffix.lower()} files" if path.suffix else "files without suffix"
                )
            else:
                yield _found(path, source, root)
        except (FileNotFoundError, RuntimeError):  # RuntimeError: a link to itself
            yield Skipped(name, "links that lead nowhere")
        except OSError as error:
            if error.errno == errno.ELOOP:  # the same, as newer Pythons say it
                yield Skipped(name, "links that lead nowhere")
                continue
            yield Failure(name, f"it cannot be looked at ({error})", "Check who may read it.")


def _walk(folder: Path) -> Iterator[Path | Failure]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        reason = f"the folder cannot be read ({error.strerror or error})"
        yield Failure(folder.as_posix(), reason, "Give yourself the right to read it.")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif entry.is_symlink() or entry.is_file():
            yield Path(entry.path)


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path matches a pattern part by part; ``**`` stands for any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
