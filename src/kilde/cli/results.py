"""What commands report beyond the nouns of ``kilde.types``, and which type belongs to which one.

This file is imported when a command runs, not when its help is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kilde.agents.definition import AgentDefinition
from kilde.types import Answer, DocumentRef, Hit, SyncReport, Version


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is wrong with the stored documents, in words, and whether it was repaired."""

    faults: tuple[str, ...]
    repaired: bool


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of the catalogue. ``languages`` is null for a model of many languages.

    ``pullable`` is false for a model whose files are fetched by hand.
    """

    name: str
    role: str
    about: str
    megabytes: int
    licence: str
    languages: tuple[str, ...] | None
    context: int
    installed: bool
    pullable: bool


@dataclass(frozen=True, slots=True)
class ListedAgent:
    """An agent of the workspace. ``collections`` is null where it may use all of them.

    ``model`` is the one that answers: the agent's own, or else that of the workspace. ``name`` and
    ``model`` are empty where the file cannot be read; ``kilde agent check`` says why.
    """

    agent: str
    name: str
    collections: tuple[str, ...] | None
    model: str


@dataclass(frozen=True, slots=True)
class AgentFaults:
    """The faults of one agent's file, each with file and line where there is one."""

    agent: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownAgent:
    """One agent in full: its file, what the file says, and the model that answers."""

    agent: str
    file: str
    model: str
    definition: AgentDefinition


def result_types() -> dict[str, Any]:
    """The type of the result of every command that takes ``--json``."""
    return {
        "add": SyncReport,
        "sync": SyncReport,
        "list": list[DocumentRef],
        "remove": SyncReport,
        "search": list[Hit],
        "ask": Answer,
        "history": list[Version],
        "check": CheckResult,
        "reindex": SyncReport,
        "agent list": list[ListedAgent],
        "agent show": ShownAgent,
        "agent check": list[AgentFaults],
        "model list": list[ListedModel],
    }
