"""TOML files read into checked settings: every fault at once, each with its line.

The standard library's parser stops at the first syntax error and forgets where a value stood. Both
are made up for here: a faulty line is blanked and the rest parsed on, and a key's line is that of
the first statement with which the file holds the key.
"""

from __future__ import annotations

import re
import stat
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kilde.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

    Settings = TypeVar("Settings", bound=BaseModel)

MAX_BYTES = 1_000_000
"""Size of the largest file of settings that is read."""

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
# What is set under such a name is never shown again.
_SECRET = re.compile(r"key|token|secret|password|passwd", re.IGNORECASE)
# More faults than this are not told; the first ones usually explain the others.
_MAX_FAULTS = 20
# A name or a value is shown up to this length.
_SHOWN = 200
# What a line break can stand in without ending a statement, or look like in a text or comment.
_TOKEN = re.compile(
    r'''"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}|"(?:[^"\\]|\\.)*+"|'''
    r"""'''(?:[^']++|'(?!''))*+'{3,5}|'[^']*+'|#[^\n]*+|[\[\]{}\n]""",
    re.DOTALL,
)


def read_toml(path: Path, model: type[Settings]) -> Settings:
    """The settings of a file. Raises :class:`ConfigError` with all faults, as ``file:line: …``."""
    # As the parser sees it, so that its lines are ours.
    text = _read(path).replace("\r\n", "\n")
    faults = [f"{path}:{line}: {message}" for line, message in _syntax_faults(text)]
    if faults:
        raise ConfigError(faults)
    from pydantic import ValidationError

    try:
        return model.model_validate(tomllib.loads(text))
    except ValidationError as error:
        lines = _Lines(text)
        told = error.errors()[:_MAX_FAULTS]
        located = sorted((lines.of(fault["loc"]), _wording(fault)) for fault in told)
        if more := error.error_count() - len(told):
            located.append((located[-1][0], f"and {more} more faults"))
        raise ConfigError(f"{path}:{line}: {words}" for line, words in located) from error


def _read(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError([f"{path}: it cannot be read (it is no ordinary file)"])
        if status.st_size > MAX_BYTES:
            raise ConfigError(
                [
                    f"{path}: it has {status.st_size / 1e6:.1f} MB, and {MAX_BYTES / 1e6:g} MB is "
                    "the most that settings may have"
                ]
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: it is not UTF-8 text (byte {error.start})"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: it cannot be read ({error.strerror})"]) from error


def _syntax_faults(text: str) -> list[tuple[int, str]]:
    lines = text.removesuffix("\n").split("\n")
    faults: list[tuple[int, str]] = []
    while len(faults) < _MAX_FAULTS:
        try:
            tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            line = int(found.group(1)) if found and found.group(1) else len(lines)
            fault = (line, _AT_LINE.sub("", str(error)))
            if fault in faults:
                return faults
            faults.append(fault)
            if not lines[line - 1].strip():  # something left open: nothing after it can be told
                return faults
            lines[line - 1] = ""
        except (RecursionError, ValueError) as error:
            # The parser's own limits; it does not say where.
            deep = isinstance(error, RecursionError)
            words = "its values are nested too deeply" if deep else "a number has too many digits"
            return [*faults, (_first_line_with(type(error), lines), words)]
        else:
            return faults
    return faults


def _first_line_with(kind: type[Exception], lines: list[str]) -> int:
    """The line, from 1, with which parsing begins to fail in that way."""

    def fails(count: int) -> bool:
        try:
            tomllib.loads("\n".join(lines[:count]))
        except (RecursionError, ValueError) as error:
            return type(error) is kind
        return False

    return bisect_left(range(len(lines)), True, lo=1, key=fails)


class _Lines:
    """Where the keys of a text without syntax faults are set.

    The text is cut into statements once, and a key is found by halving: it is in the data of
    every beginning of the text from its statement on.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.removesuffix("\n").split("\n")
        self._data = tomllib.loads(text)
        self._starts = list(_statements(text.removesuffix("\n")))

    def of(self, location: tuple[int | str, ...]) -> int:
        """The line on which the innermost existing key of a location is set, from 1."""
        known = _depth(self._data, location)
        if not known:
            return 1

        def holds(statement: int) -> bool:
            ends = [*self._starts, len(self._lines)]
            data = tomllib.loads("\n".join(self._lines[: ends[statement + 1]]))
            return _depth(data, location) >= known

        found = bisect_left(range(len(self._starts)), True, key=holds)
        return self._starts[found] + 1


def _statements(text: str) -> Iterator[int]:
    """The lines, from 0, on which statements of a text without syntax faults begin.

    A blank line counts as one.
    """
    yield 0
    line = depth = 0
    for match in _TOKEN.finditer(text):
        found = match[0]
        line += found.count("\n")
        if found in ("[", "{"):
            depth += 1
        elif found in ("]", "}"):
            depth -= 1
        elif found == "\n" and not depth:
            yield line


def _depth(data: Any, location: tuple[int | str, ...]) -> int:
    """How many keys of the location exist in the data."""
    for depth, key in enumerate(location):
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(location)


def _wording(fault: Any) -> str:
    name = _short(".".join(str(part) for part in fault["loc"])) or "the file"
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "extra_forbidden":
        if _SECRET.search(name):
            return (
                f"{name} is not a setting: secrets never stand in a file. Put the key into an "
                'environment variable and name that: api_key_env = "MY_KEY"'
            )
        return f"{name} is not a setting that Kilde knows"
    if _SECRET.search(name):
        return f"{name} must be the name of an environment variable, such as MY_KEY"
    words = f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
    if fault["type"] == "value_error":
        return words  # our own validators say what matters; the value may hold a secret
    return f"{words} (it is {_short(repr(fault['input']))})"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
