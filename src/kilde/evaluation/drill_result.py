"""What a change of the documents costs each arm: seconds until it tells the new truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Truth = Literal["new", "stale", "wrong"]
"""``new``: what the documents say now; ``stale``: what they said before; ``wrong``: neither."""


@dataclass(frozen=True, slots=True)
class EditMade:
    """One edit of a document: what was said before and what is said now, and who asks for it.

    ``before`` is empty for a ``new`` document, ``after`` for a ``withdrawn`` one, after which the
    new truth is to decline.
    """

    kind: Literal["number", "rule", "new", "withdrawn"]
    document: str
    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EditTold:
    """What an arm said to an edit's question, ``before`` and ``after`` the work that is its own."""

    arm: str
    edit: int
    before: Truth
    after: Truth
    text_before: str
    text_after: str


@dataclass(frozen=True, slots=True)
class ArmCost:
    """What the edits cost an arm: the ``seconds`` of ``work`` (a sync, a training, or both).

    ``before`` and ``after`` are the shares (0..1) of answers that are new, stale and wrong, by
    those words. ``answer_seconds`` is the median time of an answer. ``skipped`` says why the arm
    was not drilled; empty where it was.
    """

    arm: str
    work: str
    seconds: float
    before: Mapping[str, float]
    after: Mapping[str, float]
    answer_seconds: float
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill: real edits in a copy of a workspace, and what they cost each arm.

    ``break_even`` is the number of rounds of changes per month from which retraining costs more
    computing time than retrieval adds to the answers of a month (``questions_per_month``);
    ``None`` where retrieval adds nothing, for then it never pays. ``model`` answered, ``adapter``
    was the tuned one before the work (empty for none), ``epochs`` and ``seed`` were those of the
    training (``None``: as the rows are many), and ``store_version`` is the state of the documents
    that were copied and edited. A drill of an earlier version says none of these five.
    """

    id: str
    agent: str
    created_at: datetime
    edits: tuple[EditMade, ...]
    told: tuple[EditTold, ...]
    costs: tuple[ArmCost, ...]
    questions_per_month: int
    break_even: float | None
    model: str = ""
    adapter: str = ""
    epochs: float | None = None
    seed: int = 0
    store_version: int | None = None
    notes: tuple[str, ...] = ()
