"""A comparison as a file and back, whole: what is read is what was written."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kilde import durable
from kilde.errors import StoreError
from kilde.evaluation.comparison import Comparison

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def to_json(comparison: Comparison) -> str:
    """A comparison as text, for people and for :func:`read_comparison`."""
    return _type().dump_json(comparison, indent=1).decode() + "\n"


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Put a comparison into a file; a kill leaves the old file or the new one."""
    durable.write(path, to_json(comparison))


def read_comparison(path: Path) -> Comparison:
    """The comparison of a file. Raises ``FileNotFoundError``, or :class:`StoreError` if it is
    damaged."""
    try:
        return _type().validate_json(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # pydantic's error is a ValueError
        first = str(error).splitlines()[0]
        raise StoreError(
            f"{path}: this comparison cannot be read ({first}).",
            hint="Compare again, which makes it anew from the answers beside it: kilde compare "
            "AGENT",
        ) from error


@cache
def _type() -> TypeAdapter[Comparison]:
    from pydantic import TypeAdapter

    return TypeAdapter(Comparison)
