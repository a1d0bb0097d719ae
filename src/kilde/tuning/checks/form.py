"""Answers of an agent with a fixed form must be in that form, or training unlearns it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kilde.agents.definition import AgentDefinition
from kilde.agents.form import check_form
from kilde.errors import GenerationError
from kilde.tuning.checks.compare import imitated
from kilde.tuning.checks.findings import Finding, count, places, shortened
from kilde.tuning.checks.personal import masked
from kilde.tuning.data.rows import Row


def check_schema(rows: Sequence[Row], definition: AgentDefinition) -> Iterator[Finding]:
    """Answers that are no JSON or break the agent's schema; answers judged bad may be either."""
    if definition.output is None:
        return
    schema = definition.output.json_schema
    faults: dict[int, str] = {}
    for index, row in imitated(rows):
        if fault := _fault(row.answer, schema, definition.name):
            faults[index] = fault
    if faults:
        found = tuple(faults)
        yield Finding(
            "schema",
            "refuse",
            f"{count(len(found))} not in the agent's form: {places(rows, found)}. "
            f"The first: {shortened(masked(faults[found[0]]))}",
            "Correct the answers; the form is [output] in the agent's file.",
            found,
        )


def _fault(answer: str, schema: Mapping[str, Any], agent: str) -> str:
    try:
        check_form(agent, answer, schema)
    except GenerationError as error:
        return error.message
    except (RecursionError, ValueError) as error:  # nested too deep; a number of 5,000 digits
        return f"The answer cannot be read: {error}."
    return ""
