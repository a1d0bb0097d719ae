"""Our dataclasses as JSON text and back: what is read is what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kilde.errors import StoreError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
_adapters: dict[type, TypeAdapter[Any]] = {}


def dump(value: object, *, indent: int) -> str:
    """A dataclass as JSON text."""
    return adapter(type(value)).dump_json(value, indent=indent).decode()


def parse(text: str | bytes, kind: type[T]) -> T:
    """The dataclass of a text. Raises ``ValueError`` for one that is none of its kind."""
    return adapter(kind).validate_json(text)


def read(path: Path, kind: type[T], *, what: str, hint: str) -> T:
    """The dataclass of a file; ``what`` names it in the error.

    Raises ``FileNotFoundError``, or :class:`StoreError` with the hint if it is damaged.
    """
    try:
        return parse(path.read_bytes(), kind)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # pydantic's error is a ValueError
        first = str(error).splitlines()[0]
        raise StoreError(f"{path}: {what} cannot be read ({first}).", hint=hint) from error


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """Pydantic's adapter for a dataclass, made once."""
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
