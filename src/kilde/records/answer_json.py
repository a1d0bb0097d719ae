"""An answer as JSON text and back, whole: what was read is what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kilde.typed_json import adapter
from kilde.types import Answer

_TIME, _DATE = "$datetime", "$date"


def dump_answer(answer: Answer) -> str:
    """An answer as one line of JSON."""
    return json.dumps(adapter(Answer).dump_python(answer), default=_marked)


def read_answer(text: str) -> Answer:
    """The answer of a text. Raises ``ValueError`` for one that is none."""
    return adapter(Answer).validate_python(json.loads(text, object_hook=_unmarked))


def _marked(value: object) -> object:
    """What JSON has no form for: dates, which must not come back as text."""
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _unmarked(found: dict[str, Any]) -> object:
    if found.keys() == {_TIME}:
        return datetime.fromisoformat(found[_TIME])
    if found.keys() == {_DATE}:
        return date.fromisoformat(found[_DATE])
    return found
