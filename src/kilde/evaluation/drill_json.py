"""A drill as JSON text and back: what was read is what was written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kilde.evaluation.drill_result import Drill

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def dump_drill(drill: Drill) -> str:
    """A drill as JSON text."""
    return _adapter().dump_json(drill, indent=1).decode()


def read_drill(text: str) -> Drill:
    """The drill of a text. Raises ``ValueError`` for one that is none."""
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Drill]:
    from pydantic import TypeAdapter

    return TypeAdapter(Drill)
