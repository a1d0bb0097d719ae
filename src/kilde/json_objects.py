"""The objects of a JSON file with the lines they stand on: one per line, or a list of them.

A faulty line does not end the reading, so that all faults of a file are told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kilde.errors import ConfigError

_BOM = b"\xef\xbb\xbf"
# More faults than these are counted, not shown.
_SHOWN = 20
_SPACE = " \t\r\n"


class Faults:
    """What is wrong with a file, line by line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: list[str] = []
        self._count = 0

    def add(self, line: int, message: str) -> None:
        """Note a fault; ``line`` counts from 1, and 0 means the file."""
        self._count += 1
        if len(self._shown) < _SHOWN:
            place = f"{self._name}:{line}" if line else self._name
            self._shown.append(f"{place}: {message}")

    def check(self) -> None:
        """Raises :class:`ConfigError` with the faults if there are any."""
        if more := self._count - len(self._shown):
            raise ConfigError([*self._shown, f"{self._name}: and {more} more faults"])
        if self._count:
            raise ConfigError(self._shown)


def read_objects(path: Path, faults: Faults) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file and their lines (from 1); what is no object goes to ``faults``.

    Raises :class:`ConfigError` where the file cannot be read at all.
    """
    try:
        data = path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise ConfigError([f"{path}: it cannot be read ({error.strerror})"]) from error
    parts = _of_list(data, faults) if data.lstrip()[:1] == b"[" else _of_lines(data, faults)
    for line, found in parts:
        if isinstance(found, dict):
            yield line, found
        else:
            faults.add(line, "a row must be an object: {…}")


def _of_lines(data: bytes, faults: Faults) -> Iterator[tuple[int, object]]:
    # Not splitlines(): a text may hold other line ends than these.
    for line, part in enumerate(data.split(b"\n"), 1):
        if not part.strip():
            continue
        try:
            yield line, _decoder.decode(part.decode("utf-8").strip(_SPACE))
        except UnicodeDecodeError as error:
            faults.add(line, f"it is not UTF-8 text (byte {error.start} of the line)")
        except json.JSONDecodeError as error:
            faults.add(line, f"it is not JSON ({error.msg}, column {error.colno})")
        except RecursionError:
            faults.add(line, "it is nested too deeply")


def _of_list(data: bytes, faults: Faults) -> Iterator[tuple[int, object]]:
    """The elements of one list; after a fault in it, nothing further can be told."""
    line = 1
    try:
        text = data.decode("utf-8")
        place = _skip(text, 0) + 1
        line += text.count("\n", 0, place)
        expected = False  # an element, after a comma
        while True:
            begin = _skip(text, place)
            line += text.count("\n", place, begin)
            if text[begin : begin + 1] == "]" and not expected:
                break
            found, place = _decoder.raw_decode(text, begin)
            yield line, found
            line += text.count("\n", begin, place)
            begin = _skip(text, place)
            line += text.count("\n", place, begin)
            place = begin + 1
            expected = text[begin : begin + 1] == ","
            if not expected:
                if text[begin : begin + 1] != "]":
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, begin)
                break
        if _skip(text, begin + 1) < len(text):
            faults.add(line, "there is more after the end of the list")
    except UnicodeDecodeError as error:
        faults.add(0, f"it is not UTF-8 text (byte {error.start})")
    except json.JSONDecodeError as error:
        faults.add(error.lineno, f"it is not JSON ({error.msg}, column {error.colno})")
    except RecursionError:
        faults.add(line, "it is nested too deeply")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _whole(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits.
    return int(digits) if len(digits) < 100 else float("inf")


# Programs that write tables write NaN where a value is missing.
_decoder = json.JSONDecoder(parse_int=_whole, parse_constant=lambda _: None)
