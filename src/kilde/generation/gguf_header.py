"""What a GGUF file says about itself, read without its tensors and in milliseconds.

The ``gguf`` package makes an object of every word of a vocabulary, which takes seconds for a large
one; a check before a long training must not. Layout: the GGUF specification of the ggml project.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from kilde.errors import ModelError

_STRING, _ARRAY = 8, 9
# struct's letter for each value type of the specification that has a fixed size.
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_VERSIONS = (2, 3)

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Header:
    """Metadata and shapes of a GGUF file.

    ``metadata`` holds texts, numbers and truth values; lists, such as the vocabulary, are left
    out. ``shapes`` holds each tensor's shape as numpy and torch count it: rows (outputs) first.
    """

    path: Path
    metadata: dict[str, Value]
    shapes: dict[str, tuple[int, ...]]

    def number(self, key: str) -> int:
        """A whole number of the metadata; raises :class:`ModelError` if there is none."""
        value = self.metadata.get(key)
        if not isinstance(value, int):
            raise ModelError(
                f"The model {self.path} does not say its {key}.",
                hint="Use a model file that was made by llama.cpp's converter.",
            )
        return value

    def text(self, key: str) -> str:
        """A text of the metadata, empty where there is none."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""


def read_header(path: Path) -> Header:
    """The header of a GGUF file (little-endian, version 2 or 3).

    Raises :class:`ModelError` for a file that cannot be read, is no GGUF file, or is cut short.
    """
    try:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            return _Reader(data).header(path)
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror or error}.",
            hint="Check the path, and that your user may read it.",
        ) from error
    except (ValueError, struct.error, KeyError) as error:
        raise ModelError(
            f"{path} is not a GGUF file, or it is damaged.",
            hint="llama.cpp reads models and adapters in the GGUF format only; fetch or copy the "
            "file again.",
        ) from error


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self, path: Path) -> Header:
        magic = self._skip(4)
        version, tensors, entries = self._take("IQQ")
        if magic != b"GGUF" or version not in _VERSIONS:
            raise ValueError("no GGUF file of a version that is known")
        metadata: dict[str, Value] = {}
        for _ in range(entries):
            key = self._string()
            value = self._value(*self._take("I"))
            if value is not None:
                metadata[key] = value
        shapes: dict[str, tuple[int, ...]] = {}
        for _ in range(tensors):
            name = self._string()
            (dimensions,) = self._take("I")
            shapes[name] = tuple(reversed(self._take(f"{dimensions}Q")))
            self._take("IQ")  # how its numbers are stored, and where
        return Header(path, metadata, shapes)

    def _take(self, form: str) -> tuple[int, ...]:
        form = f"<{form}"
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values

    def _string(self) -> str:
        (length,) = self._take("Q")
        return self._skip(length).decode("utf-8", "replace")

    def _skip(self, length: int) -> bytes:
        if self._at + length > len(self._data):
            raise ValueError("the file is cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def _value(self, kind: int) -> Value | None:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._take(_FIXED[kind])[0]
        item, count = self._take("IQ")
        if item == _STRING:
            for _ in range(count):
                (length,) = self._take("Q")
                self._at += length
        elif item == _ARRAY:
            for _ in range(count):
                self._value(_ARRAY)
        else:
            self._at += count * struct.calcsize(f"<{_FIXED[item]}")
        return None
