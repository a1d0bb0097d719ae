"""A drill as JSON text and back: what was read is what was written."""

from __future__ import annotations

from pathlib import Path

from kilde import typed_json
from kilde.evaluation.drill_result import Drill


def dump_drill(drill: Drill) -> str:
    """A drill as JSON text."""
    return typed_json.dump(drill, indent=1)


def read_drill(path: Path) -> Drill:
    """The drill of a file, which lies in a folder of its agent's name.

    Raises ``FileNotFoundError``, or :class:`StoreError` if it is damaged.
    """
    hint = f"Delete it, and drill again: kilde drill {path.parent.name}"
    return typed_json.read(path, Drill, what="this drill", hint=hint)
