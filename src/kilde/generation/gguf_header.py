"""What a GGUF file says about itself: single values of its header, read without a library.

The header is a list of keys with typed values. Lists (a vocabulary is one) are stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kilde.errors import ModelError

# Types of values: number, format of struct. Text and lists have no fixed size.
_FORMATS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
_TEXT, _LIST = 8, 9
# Nothing that Kilde reads is longer; a damaged file must not fill the memory.
_LONGEST = 64 * 1024 * 1024

Value = str | int | float | bool


def header(path: Path) -> dict[str, Value]:
    """The single values of a GGUF file's header. Raises :class:`ModelError` where it is none."""
    try:
        with path.open("rb") as stream:
            return dict(_values(stream))
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror}.",
            hint="Check the path, and that your user may read it.",
        ) from error
    except (struct.error, ValueError, KeyError) as error:
        raise ModelError(
            f"{path} is not a GGUF file, or it is damaged.",
            hint="llama.cpp reads models and adapters in the GGUF format only; fetch or copy the "
            "file again.",
        ) from error


def _values(stream: IO[bytes]) -> Iterator[tuple[str, Value]]:
    if stream.read(4) != b"GGUF":
        raise ValueError("no GGUF")
    _, _, keys = _unpack(stream, "IQQ")
    for _ in range(keys):
        key = _text(stream)
        (kind,) = _unpack(stream, "I")
        if kind == _LIST:
            _skip_list(stream)
        elif kind == _TEXT:
            yield key, _text(stream)
        else:
            yield key, _unpack(stream, _FORMATS[kind])[0]


def _skip_list(stream: IO[bytes]) -> None:
    kind, count = _unpack(stream, "IQ")
    if kind == _LIST:
        for _ in range(count):
            _skip_list(stream)
    elif kind == _TEXT:
        for _ in range(count):
            (length,) = _unpack(stream, "Q")
            _read(stream, length)
    else:
        _read(stream, count * struct.calcsize(_FORMATS[kind]))


def _text(stream: IO[bytes]) -> str:
    (length,) = _unpack(stream, "Q")
    return _read(stream, length).decode("utf-8", "replace")


def _unpack(stream: IO[bytes], form: str) -> tuple[int, ...]:
    return struct.unpack(f"<{form}", stream.read(struct.calcsize(f"<{form}")))


def _read(stream: IO[bytes], length: int) -> bytes:
    if length > _LONGEST:
        raise ValueError("a value is too long")
    data = stream.read(length)
    if len(data) < length:
        raise ValueError("the file ends early")
    return data
