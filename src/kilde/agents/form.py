"""Answers in a fixed form: the schema itself is checked, and then every answer against it.

A schema may refer to its own parts only: the library would fetch what a reference names, from the
network or from the disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    for reference in _references(schema):
        if not _is_inside(reference, schema):
            return (
                f"$ref: {reference!r} is no part of the schema; only such are followed (#/$defs/…)"
            )
    return ""


def check_form(agent: str, text: str, schema: Mapping[str, Any]) -> None:
    """Raises :class:`GenerationError` unless the text is JSON that satisfies the schema."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    try:
        filled = json.loads(text)
    except json.JSONDecodeError as error:
        raise GenerationError(
            f"The agent {agent!r} did not finish its form: {error}.",
            hint="Raise max_words in its file, or ask for less at once.",
        ) from error
    # A registry of our own retrieves nothing.
    validator: Any = Draft202012Validator(schema, registry=Registry())
    try:
        faults = sorted(validator.iter_errors(filled), key=lambda fault: fault.path)
    except RecursionError as error:
        raise GenerationError(
            f"The form of the agent {agent!r} cannot be checked: its schema refers to itself "
            "without end.",
            hint="Let a $ref that leads back stand under a property, in the agent's file.",
        ) from error
    if faults:
        where = ".".join(str(part) for part in faults[0].absolute_path) or "the form"
        raise GenerationError(
            f"The agent {agent!r} filled in its form wrongly: {where}: {faults[0].message}.",
            hint="Ask again, or use a backend that is held to the schema (llama_cpp).",
        )


def _references(schema: object) -> Iterator[str]:
    """What is referred to anywhere in a schema."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _is_inside(reference: str, schema: Mapping[str, Any]) -> bool:
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    try:
        Registry().with_resource("", resource).resolver().lookup(reference)
    except Unresolvable:
        return False
    return True
