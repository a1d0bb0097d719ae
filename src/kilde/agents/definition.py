"""An agent is one TOML file: who it is, what it may read, how it answers. No Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from kilde.agents.form import schema_fault
from kilde.config import CollectionName, Strict
from kilde.language.clean import clean
from kilde.toml import read_toml


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


# The validator runs first: what is empty when it is clean is empty.
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_cleaned)
]

# The value of ``adapter`` that switches adapters off.
NO_ADAPTER = "none"


class Example(Strict):
    """A question with the answer the agent would give: shows tone and form, is never a source."""

    question: Text
    answer: Text


class Output(Strict):
    """The form of the answer; ``schema`` is a JSON schema that the answer must satisfy."""

    json_schema: dict[str, Any] = Field(alias="schema")

    @field_validator("json_schema")
    @classmethod
    def _valid(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if fault := schema_fault(schema):
            raise ValueError(f"it is no JSON schema ({fault})")
        return schema


class AgentDefinition(Strict):
    """``agents/NAME.toml``; ``name`` and ``instructions`` suffice.

    ``collections`` is what the agent may use: all where it is left out, nothing where it is empty.
    ``language`` is the one it answers in; where it is left out, that of the question.
    ``grounding`` is what happens to a claim that no document supports: removed (``strict``), marked
    (``flag``), or not even looked at (``off``). ``model`` defaults to that of the workspace.
    ``adapter`` is the tuned adapter that answers: the promoted one of the agent where it is left
    out, one by its name (``"week-plan@2"``), a ``.gguf`` file of the workspace, or ``"none"``.
    """

    name: Text
    instructions: Text
    language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")
    collections: tuple[CollectionName, ...] | None = None
    retrieval: bool = True
    examples: tuple[Example, ...] = ()
    model: str = ""
    adapter: str = ""
    grounding: Literal["strict", "flag", "off"] = "strict"
    max_words: int = Field(default=120, ge=5, le=2000)
    output: Output | None = None


def load_definition(path: Path) -> AgentDefinition:
    """The agent of a file. Raises :class:`ConfigError` with all faults."""
    return read_toml(path, AgentDefinition)
