"""Retraining after a change of the documents: rows are made of them anew, and an adapter of those.

The changed facts stand among the rows, with the very question that asks for them, so that what the
adapter does not tell afterwards is not for want of having been told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kilde.evaluation.edits import Change
from kilde.protocols import Progress
from kilde.tuning.adapters.card import Card
from kilde.tuning.data.dataset import split
from kilde.tuning.data.from_documents import document_rows
from kilde.tuning.data.rows import Lineage, Row
from kilde.tuning.training.settings import TuneSettings
from kilde.types import Message
from kilde.workspace.tuning import TEST_SHARE, tune

if TYPE_CHECKING:
    from kilde.workspace import Workspace

_DATASET = "drill"
# As many rows as kilde dataset build makes where nobody says how many.
_ROWS = 200


def retrain(
    workspace: Workspace,
    key: str,
    changes: Sequence[Change],
    *,
    with_context: bool | None,
    epochs: float | None,
    seed: int,
    progress: Progress,
) -> Card:
    """Make rows of an agent's documents, which are indexed, train on them, and promote what comes.

    Rows are worded with templates: no model writes them. ``with_context`` and errors are as in
    :func:`kilde.workspace.tuning.tune`.
    """
    made = document_rows(
        workspace.agent(key).knowledge,
        workspace.definition(key),
        generator=None,
        limit=_ROWS,
        seed=seed,
        progress=progress,
    )
    told = [_row(change) for change in changes]
    questions = {row.question.casefold() for row in told}
    documents = {document for row in told for document in row.lineage.documents}
    others = [row for row in made if row.question.casefold() not in questions]
    # What is about an edited document is to be learnt, and not to be tested with.
    about = [row for row in others if documents.intersection(row.lineage.documents)]
    rest = [row for row in others if not documents.intersection(row.lineage.documents)]
    learnt, test = split(rest, share=TEST_SHARE, seed=seed) if rest else ([], [])
    workspace.datasets.save(
        _DATASET,
        agent=key,
        method="sft",
        source="documents",
        rows=[*told, *about, *learnt],
        test=test,
        replace_old=True,
    )
    tuned = tune(
        workspace,
        key,
        dataset=_DATASET,
        settings=TuneSettings(epochs=epochs, seed=seed),
        with_context=with_context,
        force=True,
        progress=progress,
    )
    return tuned.card


def _row(change: Change) -> Row:
    made = change.made
    return Row(
        "sft",
        (Message("user", made.question),),
        change.answer,
        declines=made.kind == "withdrawn",
        language=change.language,
        lineage=Lineage(documents=() if made.kind == "withdrawn" else (made.document,)),
    )
