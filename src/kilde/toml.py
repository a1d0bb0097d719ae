"""TOML files read into checked settings: every fault at once, each with its line.

The standard library's parser stops at the first syntax error and forgets where a value stood. Both
are made up for here: a faulty line is blanked and the rest parsed on, and a key's line is the one
after the longest parsable beginning of the file that lacks the key.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kilde.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

    Settings = TypeVar("Settings", bound=BaseModel)

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
# What is set under such a name is never shown again.
_SECRET = re.compile(r"key|token|secret|password|passwd", re.IGNORECASE)
# More faults than this are not read; the first ones usually explain the others.
_MAX_FAULTS = 20


def read_toml(path: Path, model: type[Settings]) -> Settings:
    """The settings of a file. Raises :class:`ConfigError` with all faults, as ``file:line: …``."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: it is not UTF-8 text (byte {error.start})"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: it cannot be read ({error.strerror})"]) from error
    faults = [f"{path}:{line}: {message}" for line, message in _syntax_faults(text)]
    if faults:
        raise ConfigError(faults)
    from pydantic import ValidationError

    try:
        return model.model_validate(tomllib.loads(text))
    except ValidationError as error:
        located = [(_line_of(text, fault["loc"]), _wording(fault)) for fault in error.errors()]
        raise ConfigError(f"{path}:{line}: {words}" for line, words in sorted(located)) from error


def _syntax_faults(text: str) -> list[tuple[int, str]]:
    lines = text.splitlines()
    faults: list[tuple[int, str]] = []
    while len(faults) < _MAX_FAULTS:
        try:
            tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            line = int(found.group(1)) if found and found.group(1) else len(lines)
            fault = (line, _AT_LINE.sub("", str(error)))
            if not lines or fault in faults:
                return faults or [fault]
            faults.append(fault)
            if not lines[line - 1].strip():  # something left open: nothing after it can be told
                return faults
            lines[line - 1] = ""
        else:
            return faults
    return faults


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The line on which the innermost existing key of a location is set, from 1."""
    lines = text.splitlines(keepends=True)
    known = _depth(tomllib.loads(text), location)
    before = 0
    for count in range(1, len(lines) + 1):
        try:
            data = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # inside a value of several lines
        if known and _depth(data, location) >= known:
            return _first_line_of_statement(lines, before, count)
        before = count
    return 1


def _first_line_of_statement(lines: list[str], before: int, upto: int) -> int:
    for number in range(before, upto):
        line = lines[number].strip()
        if line and not line.startswith("#"):
            return number + 1
    return upto


def _depth(data: Any, location: tuple[int | str, ...]) -> int:
    """How many keys of the location exist in the data."""
    for depth, key in enumerate(location):
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(location)


def _wording(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"]) or "the file"
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
    return f"{words} (it is {fault['input']!r})"
