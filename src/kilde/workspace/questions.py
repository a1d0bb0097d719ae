"""The questions of a test set: about documents that are held out, or drawn from those there are."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from random import Random
from typing import TYPE_CHECKING

from kilde.errors import StoreError
from kilde.evaluation.testset import Question
from kilde.protocols import Progress
from kilde.tuning.checks.compare import turns
from kilde.tuning.checks.findings import count, listed
from kilde.tuning.data.from_documents import document_rows
from kilde.tuning.data.questions import to_questions
from kilde.types import Message

if TYPE_CHECKING:
    from kilde.workspace import Workspace

# Of the documents in scope, so many are held out at least; and when those give too few questions,
# so many more at a time, until there would be too little left to learn from.
_HELD_OUT, _MORE, _MOST = 0.2, 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Made:
    """Questions, the ids of the documents held out for them, and what is to be said of both."""

    questions: tuple[Question, ...]
    held_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def from_documents(
    workspace: Workspace, key: str, limit: int, seed: int, progress: Progress
) -> Made:
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
    return Made(tuple(questions.values())[:limit], tuple(held), tuple(notes))


def drawn(
    questions: tuple[Question, ...], limit: int, seed: int, notes: tuple[str, ...] = ()
) -> Made:
    """At most so many, each once, in their order."""
    once = tuple({one.id: one for one in questions}.values())
    if len(once) < len(questions):
        more = f"{count(len(questions) - len(once), 'question')} stood there twice"
        notes = (*notes, f"{more} and counts once")
    if len(once) > limit:
        notes = (*notes, f"{limit} of {count(len(once), 'question')} were drawn (seed {seed})")
        places = Random(seed).sample(range(len(once)), limit)  # noqa: S311  (nothing secret)
        once = tuple(once[at] for at in sorted(places))
    return Made(once, notes=notes)


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
