"""Answers in a fixed form: the schema itself is checked, and then every answer against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kilde.errors import GenerationError


def schema_fault(schema: Mapping[str, Any]) -> str:
    """What is wrong with a JSON schema; empty where nothing is."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(str(part) for part in error.absolute_path)
        return f"{where or 'the schema'}: {error.message}"
    return ""


def check_form(agent: str, text: str, schema: Mapping[str, Any]) -> None:
    """Raises :class:`GenerationError` unless the text is JSON that satisfies the schema."""
    from jsonschema import Draft202012Validator

    try:
        filled = json.loads(text)
    except json.JSONDecodeError as error:
        raise GenerationError(
            f"The agent {agent!r} did not finish its form: {error}.",
            hint="Raise max_words in its file, or ask for less at once.",
        ) from error
    faults = sorted(Draft202012Validator(schema).iter_errors(filled), key=lambda fault: fault.path)
    if faults:
        where = ".".join(str(part) for part in faults[0].absolute_path) or "the form"
        raise GenerationError(
            f"The agent {agent!r} filled in its form wrongly: {where}: {faults[0].message}.",
            hint="Ask again, or use a backend that is held to the schema (llama_cpp).",
        )
