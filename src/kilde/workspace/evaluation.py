"""Test sets in a workspace: made, checked, found, and held apart from what is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kilde.errors import ConfigError, EvaluationError, NotFound, StoreError
from kilde.evaluation.testset import Question, TestSet, TestSetCard
from kilde.protocols import NoProgress, Progress
from kilde.tuning.checks import Finding, ordered
from kilde.tuning.checks.findings import count
from kilde.tuning.checks.questions import check_questions
from kilde.tuning.data.dataset import DatasetCard
from kilde.tuning.data.from_feedback import feedback_rows
from kilde.tuning.data.questions import read_any, to_questions
from kilde.workspace.learnt import refuse_overlap, training_overlap
from kilde.workspace.questions import drawn, from_documents

if TYPE_CHECKING:
    from kilde.workspace import Workspace

__all__ = [
    "HeldApart",
    "build_testset",
    "check_testset",
    "held_apart",
    "refuse_overlap",
    "tested_with",
    "testset_of",
    "training_overlap",
]


@dataclass(frozen=True, slots=True)
class HeldApart:
    """What rows of an agent must not be made of: ``documents`` by id and ``questions``, and the
    ``names`` of the test sets that hold them."""

    documents: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()
    names: tuple[str, ...] = ()


def build_testset(
    workspace: Workspace,
    agent: str,
    source: Path | Literal["documents", "feedback"],
    *,
    name: str = "",
    limit: int = 200,
    seed: int = 0,
    replace_old: bool = False,
    progress: Progress | None = None,
) -> TestSetCard:
    """Make a test set for an agent and keep it; ``name`` is the agent's where none is given.

    ``source`` is a file of questions or of rows, people's feedback, or the agent's documents: some
    of these are then held out, and no dataset is made of them any more. At most ``limit`` questions
    are taken, drawn with ``seed``. Raises :class:`ConfigError` for malformed files (all faults), a
    name that is taken and a limit below 1, :class:`NotFound` for an unknown agent,
    :class:`EvaluationError` where no question comes of it.
    """
    if limit < 1:
        raise ConfigError([f"limit = {limit}: a test set has at least one question"])
    key, definition = workspace.agent_file(agent)
    name = name or key
    workspace.testsets.free(name, replace_old=replace_old)  # before a model writes for minutes
    schema = definition.output.json_schema if definition.output else None
    if source == "documents":
        made = from_documents(workspace, key, limit, seed, progress or NoProgress())
    elif source == "feedback":
        judged = workspace.records.judged(agent=key)
        rows = feedback_rows(judged, "kto", given=workspace.records.given)
        made = drawn(to_questions(rows, schema), limit, seed)
    else:
        questions, notes = read_any(source, schema)
        made = drawn(questions, limit, seed, notes)
    if not made.questions:
        raise EvaluationError(
            f"No questions came of {source}.",
            hint="Documents: kilde list shows what the agent may use. Feedback: kilde feedback add "
            "ANSWER --up|--down.",
        )
    return workspace.testsets.save(
        name,
        agent=key,
        source=str(source),
        questions=made.questions,
        held_out=made.held_out,
        notes=(*made.notes, *_unscored(made.questions)),
        replace_old=replace_old,
    )


def check_testset(workspace: Workspace, name: str) -> tuple[Finding, ...]:
    """All that is wrong with a test set, the gravest first; ``Finding.rows`` are indexes into its
    questions. Raises :class:`NotFound`, :class:`StoreError` for one that was edited, and
    :class:`MissingExtra` where ``datasketch`` is not installed."""
    found = workspace.testsets.load(name)
    key, definition = workspace.agent_file(found.card.agent)
    collections = {one.id: one.collection for one in workspace.knowledge.documents()}
    findings = list(
        check_questions(found.questions, definition=definition, collection_of=collections.get)
    )
    for one in _taught(workspace, key):
        try:
            findings += training_overlap(workspace, found, one)
        except StoreError as error:
            message = f"{one} was not compared with. {error.message}"
            findings.append(Finding("unread-rows", "warn", message, error.hint))
    return ordered(findings)


def testset_of(workspace: Workspace, key: str, name: str = "") -> TestSet:
    """An agent's test set: the one named, else the one with its own name, else the only one.

    Raises :class:`EvaluationError` for one that was made for another agent, :class:`NotFound` where
    there is none, or several to choose from.
    """
    if not name:
        own = [card.name for card in _cards(workspace, key)]
        if key not in own and len(own) != 1:
            hint = "Choose one of them." if own else f"Make one: kilde testset build {key} --from …"
            raise NotFound("test set", key, own, hint=hint)
        name = key if key in own else own[0]
    found = workspace.testsets.load(name)
    if found.card.agent != key:
        raise EvaluationError(
            f"The test set {name!r} was made for the agent {found.card.agent!r}, whose documents "
            "and form may be others.",
            hint=f"Make one for this agent: kilde testset build {key} --from … --name NAME",
        )
    return found


def tested_with(workspace: Workspace, dataset: DatasetCard) -> Iterator[Finding]:
    """What the rows of a dataset share with the test sets of its agent, without the row numbers,
    which are those of questions."""
    for name in workspace.testsets.names():
        try:
            if workspace.testsets.card(name).agent == dataset.agent:
                found = training_overlap(workspace, workspace.testsets.load(name), dataset.name)
                yield from (replace(one, rows=()) for one in found)
        except StoreError as error:
            message = f"The test set {name!r} was not compared with. {error.message}"
            yield Finding("unread-testset", "warn", message, error.hint)


def held_apart(workspace: Workspace, key: str) -> HeldApart:
    """What the test sets of an agent keep from being learnt. Raises :class:`StoreError` for one
    that is damaged or was edited, for nobody can tell what it holds."""
    found = [workspace.testsets.load(card.name) for card in _cards(workspace, key)]
    return HeldApart(
        frozenset(name for one in found for name in one.card.held_out),
        tuple(question for one in found for question in one.questions),
        tuple(one.card.name for one in found),
    )


def _unscored(questions: tuple[Question, ...]) -> Iterator[str]:
    """How many questions have no right answer written down."""
    without = sum(one.answerable and not one.references for one in questions)
    if without:
        yield (
            f"{without} of {count(len(questions), 'question')} have no reference, so whether they "
            "are answered rightly stays unscored"
        )


def _taught(workspace: Workspace, key: str) -> Iterator[str]:
    """The names of an agent's datasets and adapters."""
    for name in workspace.datasets.names():
        try:
            if workspace.datasets.card(name).agent == key:
                yield name
        except StoreError:
            yield name  # whose it is cannot be read: the comparison says so
    yield from (card.name for card in workspace.registry.list(key))


def _cards(workspace: Workspace, key: str) -> Iterator[TestSetCard]:
    """The cards of an agent's test sets. Raises :class:`StoreError` for one that is damaged."""
    for name in workspace.testsets.names():
        card = workspace.testsets.card(name)
        if card.agent == key:
            yield card
