"""A drill as JSON text and back: what was read is what was written."""

from __future__ import annotations

from kilde import typed_json
from kilde.evaluation.drill_result import Drill


def dump_drill(drill: Drill) -> str:
    """A drill as JSON text."""
    return typed_json.dump(drill, indent=1)


def read_drill(text: str) -> Drill:
    """The drill of a text. Raises ``ValueError`` for one that is none."""
    return typed_json.parse(text, Drill)
