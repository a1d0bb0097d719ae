"""What commands report beyond the nouns of ``kilde.types``, and which type belongs to which one.

This file is imported when a command runs, not when its help is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kilde.advice.advice import Advice
from kilde.agents.definition import AgentDefinition
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill
from kilde.evaluation.testset import Question, TestSetCard
from kilde.tuning.adapters.card import Card
from kilde.tuning.adapters.promotion import Event
from kilde.tuning.checks import Finding
from kilde.tuning.data.dataset import DatasetCard
from kilde.tuning.data.rows import Row
from kilde.tuning.tune import Tuned
from kilde.types import Answer, Document, DocumentRef, Feedback, Hit, SyncReport, Version
from kilde.workspace.lineage import Traced


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


@dataclass(frozen=True, slots=True)
class ListedFeedback:
    """What somebody thought of an answer, with the question and the text that was shown.

    ``counts`` is false where a later rating of the same answer takes its place.
    """

    feedback: Feedback
    question: str
    text: str
    counts: bool


@dataclass(frozen=True, slots=True)
class ListedAdapter:
    """A tuned adapter. ``promoted`` is true for the one that answers for its agent.

    ``model`` is the one it was trained on. ``passed`` is what its gate says, null where nobody
    judged it.
    """

    adapter: str
    agent: str
    version: int
    promoted: bool
    model: str
    method: str
    rows: int
    languages: tuple[str, ...]
    passed: bool | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ShownAdapter:
    """One adapter in full: where it lies, its card, and when it came to answer."""

    adapter: str
    folder: str
    promoted: bool
    card: Card
    history: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class ShownDataset:
    """What a dataset is, and its first rows."""

    card: DatasetCard
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ShownTestSet:
    """What a test set is, and its first questions."""

    card: TestSetCard
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A training and how far it has come.

    ``stage`` is "preparing", "training", "gate", "registering", "done", "failed", or "stopped"
    where nobody works on it any more. ``steps`` is null before training began, a loss while there
    is none. ``adapter`` is what came of it, ``message`` why it failed; else they are empty.
    """

    run: str
    agent: str
    dataset: str
    stage: str
    step: int
    steps: int | None
    loss: float | None
    held_out_loss: float | None
    started_at: datetime
    ended_at: datetime | None
    adapter: str
    promoted: bool
    message: str


@dataclass(frozen=True, slots=True)
class Detached:
    """A training that goes on in another process; what that says goes into the file ``log``."""

    pid: int
    log: str


def result_types() -> dict[str, Any]:
    """The type of the result of every command that takes ``--json``."""
    return {
        "add": SyncReport,
        "sync": SyncReport,
        "list": list[DocumentRef],
        "show": Document,
        "remove": SyncReport,
        "search": list[Hit],
        "ask": Answer,
        "feedback add": Feedback,
        "feedback list": list[ListedFeedback],
        "testset build": TestSetCard,
        "testset check": list[Finding],
        "testset show": ShownTestSet,
        "testset list": list[TestSetCard],
        "dataset build": DatasetCard,
        "dataset check": list[Finding],
        "dataset show": ShownDataset,
        "dataset list": list[DatasetCard],
        "dataset split": DatasetCard,
        "tune": Tuned | Detached,
        "runs": list[ListedRun],
        "adapter list": list[ListedAdapter],
        "adapter show": ShownAdapter,
        "lineage": list[Traced],
        "eval": Comparison,
        "compare": Comparison,
        "drill": Drill,
        "advise": Advice,
        "history": list[Version],
        "check": CheckResult,
        "reindex": SyncReport,
        "agent list": list[ListedAgent],
        "agent show": ShownAgent,
        "agent check": list[AgentFaults],
        "model list": list[ListedModel],
    }
