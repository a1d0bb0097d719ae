"""Test sets in a workspace: made, checked, found, and held apart from what is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Literal

from kilde.errors import EvaluationError, NotFound, StoreError
from kilde.evaluation.testset import Question, TestSet, TestSetCard
from kilde.tuning.checks import Finding, ordered
from kilde.tuning.checks.compare import turns
from kilde.tuning.checks.findings import count, listed
from kilde.tuning.checks.questions import check_questions
from kilde.tuning.data.dataset import DatasetCard
from kilde.tuning.data.from_documents import document_rows
from kilde.tuning.data.from_feedback import feedback_rows
from kilde.tuning.data.questions import read_any, to_questions
from kilde.types import Message, NoProgress, Progress
from kilde.workspace.learnt import refuse_overlap, training_overlap

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

# Of the documents in scope, so many are held out at least; and when those give too few questions,
# so many more at a time, until there would be too little left to learn from.
_HELD_OUT, _MORE, _MOST = 0.2, 0.1, 0.5


@dataclass(frozen=True, slots=True)
class HeldApart:
    """What rows of an agent must not be made of: ``documents`` by id and ``questions``, and the
    ``names`` of the test sets that hold them."""

    documents: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    questions: tuple[Question, ...]
    held_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    are taken, drawn with ``seed``. Raises :class:`ConfigError` for malformed files (all faults) and
    for a name that is taken, :class:`NotFound` for an unknown agent, :class:`EvaluationError` where
    no question comes of it.
    """
    key, definition = workspace.agent_file(agent)
    name = name or key
    workspace.testsets.free(name, replace_old=replace_old)  # before a model writes for minutes
    schema = definition.output.json_schema if definition.output else None
    if source == "documents":
        made = _from_documents(workspace, key, limit, seed, progress or NoProgress())
    elif source == "feedback":
        judged = workspace.records.judged(agent=key)
        rows = feedback_rows(judged, "kto", given=workspace.records.given)
        made = _drawn(to_questions(rows, schema), limit, seed)
    else:
        questions, dropped = read_any(source, schema)
        told = (f"{dropped} system messages were left out",) if dropped else ()
        made = _drawn(questions, limit, seed, told)
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


def _from_documents(
    workspace: Workspace, key: str, limit: int, seed: int, progress: Progress
) -> _Made:
    """Questions about whole documents, drawn by chance; those that nobody learnt from yet first."""
    _, definition = workspace.agent_file(key)
    model, allowed = definition.model or workspace.config.model, definition.collections
    documents = sorted(
        one.id
        for one in workspace.knowledge.documents()
        if allowed is None or one.collection in allowed
    )
    already = _documents_learnt(workspace, key)
    order = documents.copy()
    Random(seed).shuffle(order)  # noqa: S311  (a choice that can be repeated, not a secret)
    order.sort(key=lambda one: one in already)
    questions: dict[object, Question] = {}
    held: list[str] = []
    most = min(max(round(_MOST * len(order)), 1), len(order))
    while len(questions) < limit and len(held) < most:
        more = ceil((_MORE if held else _HELD_OUT) * len(order))
        some = order[len(held) : min(len(held) + more, most)]
        held += some
        rows = document_rows(
            workspace.agent(key).knowledge,
            definition,
            generator=None if model == "quotes" else workspace.generator(model),
            limit=limit - len(questions),
            seed=seed,
            progress=progress,
            leave_out=set(documents).difference(some),
        )
        for one in to_questions(rows):
            questions.setdefault(turns((Message("user", one.question),)), one)
    notes = [f"held out: {len(held)} of {count(len(documents), 'document')}"]
    if 0 < len(questions) < limit:
        notes.append(f"they gave {count(len(questions), 'question')}, fewer than the {limit} asked")
    if known := sorted(already.intersection(held)):
        notes.append(
            f"datasets or adapters learnt from {count(len(known), 'document')} of these before: "
            f"{listed(known)}; make the datasets anew and train again"
        )
    return _Made(tuple(questions.values())[:limit], tuple(held), tuple(notes))


def _drawn(
    questions: tuple[Question, ...], limit: int, seed: int, notes: tuple[str, ...] = ()
) -> _Made:
    """At most so many, each once, in their order."""
    once = tuple({one.id: one for one in questions}.values())
    if len(once) < len(questions):
        more = f"{count(len(questions) - len(once), 'question')} stood there twice"
        notes = (*notes, f"{more} and counts once")
    if len(once) > limit:
        notes = (*notes, f"{limit} of {count(len(once), 'question')} were drawn (seed {seed})")
        places = Random(seed).sample(range(len(once)), limit)  # noqa: S311  (nothing secret)
        once = tuple(once[at] for at in sorted(places))
    return _Made(once, notes=notes)


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


def _documents_learnt(workspace: Workspace, key: str) -> set[str]:
    """The documents behind an agent's datasets and adapters, as far as these can be read."""
    found = {name for card in workspace.registry.list(key) for name in card.documents}
    for name in workspace.datasets.names():
        try:
            card = workspace.datasets.card(name)
        except StoreError:
            continue
        found |= set(card.documents) if card.agent == key else set()
    return found


def _cards(workspace: Workspace, key: str) -> Iterator[TestSetCard]:
    """The cards of an agent's test sets. Raises :class:`StoreError` for one that is damaged."""
    for name in workspace.testsets.names():
        card = workspace.testsets.card(name)
        if card.agent == key:
            yield card
