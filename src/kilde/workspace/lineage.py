"""Lineage: which rows and adapters were made of a document, and what an adapter was made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kilde.errors import NotFound, StoreError

if TYPE_CHECKING:
    from kilde.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Traced:
    """Where something comes from or went to: ``kind`` is "document", "dataset", "adapter" or
    "answer", ``name`` its id, and ``detail`` what there is to say of it."""

    kind: str
    name: str
    detail: str


def lineage(workspace: Workspace, name: str) -> tuple[Traced, ...]:
    """What was made of a document, or what an adapter was made of.

    Raises :class:`NotFound` where nothing bears that name.
    """
    documents = {document.id: document for document in workspace.knowledge.documents()}
    adapters = workspace.registry.list()
    if name not in documents and name in {card.name for card in adapters}:
        return tuple(_made_of(workspace, name))
    trained = [card for card in adapters if name in card.documents]
    found, unread = _made_with(workspace, name)
    if name not in documents and not found and not trained:
        raise NotFound(
            "document or adapter",
            name,
            [*documents, *(card.name for card in adapters)],
            hint=" ".join(f"The dataset {one.name!r} {one.detail}" for one in unread),
        )
    told = []
    if name in documents:
        told.append(Traced("document", name, f"collection {documents[name].collection}"))
    else:
        told.append(Traced("document", name, "no longer there"))
    told += [*found, *unread]
    for card in trained:
        answers = workspace.registry.promoted(card.agent)
        now = "answers now" if answers is not None and answers.name == card.name else "kept"
        told.append(Traced("adapter", card.name, f"{card.dataset}, {now}"))
    return tuple(told)


def _made_with(workspace: Workspace, document: str) -> tuple[list[Traced], list[Traced]]:
    """The datasets with rows of a document, and those that may have such rows: the damaged ones."""
    found: list[Traced] = []
    unread: list[Traced] = []
    for name in workspace.datasets.names():
        try:
            dataset = workspace.datasets.load(name)
        except StoreError as error:
            unread.append(Traced("dataset", name, f"could not be read: {error.message}"))
            continue
        rows = sum(document in row.lineage.all_documents for row in dataset.rows)
        test = sum(document in row.lineage.all_documents for row in dataset.test)
        if rows or test:
            found.append(Traced("dataset", name, f"{rows} training rows, {test} test rows"))
    return found, unread


def _made_of(workspace: Workspace, name: str) -> Iterator[Traced]:
    card = workspace.registry.get(name)
    yield Traced("adapter", name, f"{card.method} on {card.base}, {card.rows} rows")
    yield Traced("dataset", card.dataset, f"hash {card.data_hash[:12]}")
    here = {document.id for document in workspace.knowledge.documents()}
    for document in card.documents:
        yield Traced("document", document, "" if document in here else "no longer there")
    for answer in card.answers:
        yield Traced("answer", answer, "feedback")
