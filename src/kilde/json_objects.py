"""The objects of a file with the lines they stand on: JSON lines, a JSON list, or a CSV table.

A faulty line does not end the reading, so that all faults of a file are told at once.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilde.errors import ConfigError

_UTF8, _UTF16 = codecs.BOM_UTF8, (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TABLES = (".csv", ".tsv")
"""How the names of files end that are read as tables."""
_DELIMITERS = ",;\t|"
# More faults than these are counted, not shown.
_SHOWN = 20
_SPACE = " \t\r\n"
_NO_ROWS = (
    "it is not JSON; rows are lines of JSON ({…}), a JSON list, or a table in a .csv or .tsv file"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: its line, and its number in a list where others share the line.

    Both count from 1; a ``line`` of 0 means the whole file.
    """

    line: int
    row: int = 0

    def __str__(self) -> str:
        return f"{self.line} (row {self.row})" if self.row else str(self.line)


class Faults:
    """What is wrong with a file, line by line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: list[str] = []
        self._count = 0

    def add(self, place: Place, message: str) -> None:
        """Note a fault."""
        self._count += 1
        if len(self._shown) < _SHOWN:
            where = f"{self._name}:{place}" if place.line else self._name
            self._shown.append(f"{where}: {message}")

    def check(self) -> None:
        """Raises :class:`ConfigError` with the faults if there are any."""
        if more := self._count - len(self._shown):
            raise ConfigError([*self._shown, f"{self._name}: and {more} more faults"])
        if self._count:
            raise ConfigError(self._shown)


def read_objects(path: Path, faults: Faults) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a file and their places; what is no object goes to ``faults``.

    The text is UTF-8 or UTF-16. A table gives an object per row, with None
    for an empty cell. Raises :class:`ConfigError` where the file cannot be read at all.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: it cannot be read ({error.strerror})"]) from error
    if encoding := _utf16(data):
        try:
            data = data.decode(encoding).encode("utf-8")
        except UnicodeError:
            faults.add(Place(0), "it is not whole UTF-16 text; save it again as UTF-8")
            return
    data = data.removeprefix(_UTF8)
    if b"\0" in data:
        faults.add(Place(0), _NO_ROWS)
        return
    if path.suffix.lower() in TABLES:
        yield from _of_table(data, faults)
        return
    parts = _of_list(data, faults) if data.lstrip()[:1] == b"[" else _of_lines(data, faults)
    for place, found in parts:
        if isinstance(found, dict):
            yield place, found
        else:
            faults.add(place, "a row must be an object: {…}")


def _utf16(data: bytes) -> str:
    """The encoding of a text in UTF-16; empty for any other. Rows begin with ASCII characters."""
    if data.startswith(_UTF16):
        return "utf-16"
    if data[1:2] == b"\0" != data[:1]:
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" != data[1:2] else ""


def _of_lines(data: bytes, faults: Faults) -> Iterator[tuple[Place, object]]:
    # Not splitlines(): a text may hold other line ends than these.
    lines = [(Place(n), part) for n, part in enumerate(data.split(b"\n"), 1) if part.strip()]
    if lines and (spread := _over_several_lines(data, lines[0][1])):
        yield from _of_stream(spread, faults)
        return
    if lines and not any(part.lstrip()[:1] in (b"{", b"[") for _, part in lines):
        faults.add(Place(0), _NO_ROWS)
        return
    foreign = 0
    for place, part in lines:
        try:
            yield place, _decoder.decode(part.decode("utf-8").strip(_SPACE))
        except UnicodeDecodeError as error:
            if not foreign:
                foreign = sum(map(_is_foreign, (part for _, part in lines)))
                faults.add(place, _not_utf8(error.start, foreign - 1))
        except json.JSONDecodeError as error:
            faults.add(place, _not_json(part, error))
        except RecursionError:
            faults.add(place, "it is nested too deeply")


def _not_json(part: bytes, error: json.JSONDecodeError) -> str:
    text = part.decode("utf-8").strip(_SPACE)
    if text.endswith(","):
        try:
            _decoder.decode(text[:-1])
        except (json.JSONDecodeError, RecursionError):
            pass
        else:
            return "there is a comma after the row: take it out, or put the rows into [ ]"
    return f"it is not JSON ({error.msg}, column {error.colno})"


def _is_foreign(part: bytes) -> bool:
    try:
        part.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _not_utf8(byte: int, more: int) -> str:
    others = f", nor {'is 1 other line' if more == 1 else f'are {more} other lines'}"
    return (
        f"it is not UTF-8 text (byte {byte} of the line){others if more else ''}; "
        "save the file as UTF-8"
    )


def _over_several_lines(data: bytes, first: bytes) -> str:
    """The text of a file whose first object does not end on its line; else empty."""
    try:
        _decoder.decode(first.decode("utf-8").strip(_SPACE).removesuffix(","))
        return ""
    except (UnicodeDecodeError, RecursionError):
        return ""
    except json.JSONDecodeError:
        pass
    try:
        text = data.decode("utf-8")
        value, _ = _decoder.raw_decode(text, _skip(text, 0))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return ""
    return text if isinstance(value, dict) else ""


def _of_stream(text: str, faults: Faults) -> Iterator[tuple[Place, object]]:
    """Objects one after the other, each over several lines; a fault ends the reading."""
    at = 0
    try:
        while (begin := _skip(text, at)) < len(text):
            found, at = _decoder.raw_decode(text, begin)
            yield Place(text.count("\n", 0, begin) + 1), found
    except json.JSONDecodeError as error:
        faults.add(Place(error.lineno), f"it is not JSON ({error.msg}, column {error.colno})")
    except RecursionError:
        faults.add(Place(text.count("\n", 0, at) + 1), "it is nested too deeply")


def _of_list(data: bytes, faults: Faults) -> Iterator[tuple[Place, object]]:
    """The elements of one list; after a fault in it, nothing further can be told."""
    told: list[tuple[int, str]] = []
    found = list(_elements(data, told))
    shared = Counter(line for line, _ in found)
    for row, (line, value) in enumerate(found, 1):
        yield Place(line, row if shared[line] > 1 else 0), value
    for line, message in told:
        faults.add(Place(line, len(found) + 1 if line and shared[line] > 1 else 0), message)


def _elements(data: bytes, told: list[tuple[int, str]]) -> Iterator[tuple[int, object]]:
    line = 1
    try:
        text = data.decode("utf-8")
        place = _skip(text, 0) + 1
        line += text.count("\n", 0, place)
        expected = False  # an element, after a comma
        while True:
            begin = _skip(text, place)
            line += text.count("\n", place, begin)
            if text[begin : begin + 1] == "]":
                if expected:
                    told.append((line, "there is a comma after the last row of the list"))
                    return
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
            told.append((line, "there is more after the end of the list"))
    except UnicodeDecodeError as error:
        told.append((0, f"it is not UTF-8 text (byte {error.start}); save the file as UTF-8"))
    except json.JSONDecodeError as error:
        told.append((error.lineno, f"it is not JSON ({error.msg}, column {error.colno})"))
    except RecursionError:
        told.append((line, "it is nested too deeply"))


def _of_table(data: bytes, faults: Faults) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The rows of a table whose first line names its columns."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add(Place(line), "it is not UTF-8 text; save the file as CSV in UTF-8")
        return
    head = text.lstrip(_SPACE).partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    begin = 1
    try:
        for cells in lines:
            place, begin = Place(begin), lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip() for cell in cells]
            elif len(cells) == len(names):
                yield place, dict(zip(names, (cell or None for cell in cells), strict=True))
            else:
                faults.add(place, f"it has {len(cells)} cells, and the first line {len(names)}")
    except csv.Error as error:
        faults.add(Place(begin), f"it is not CSV ({error})")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _whole(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits.
    return int(digits) if len(digits) < 100 else float("inf")


# Programs that write tables write NaN where a value is missing.
_decoder = json.JSONDecoder(parse_int=_whole, parse_constant=lambda _: None)
