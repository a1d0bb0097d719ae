"""A comparison as a file and back, whole: what is read is what was written."""

from __future__ import annotations

from pathlib import Path

from kilde import durable, typed_json
from kilde.evaluation.comparison import Comparison


def to_json(comparison: Comparison) -> str:
    """A comparison as text, for people and for :func:`read_comparison`."""
    return typed_json.dump(comparison, indent=1) + "\n"


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Put a comparison into a file; a kill leaves the old file or the new one."""
    durable.write(path, to_json(comparison))


def read_comparison(path: Path) -> Comparison:
    """The comparison of a file. Raises ``FileNotFoundError``, or :class:`StoreError` if it is
    damaged."""
    return typed_json.read(
        path,
        Comparison,
        what="this comparison",
        hint="Compare again, which makes it anew from the answers beside it: kilde compare AGENT",
    )
