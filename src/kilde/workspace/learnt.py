"""What was learnt: the rows behind a dataset or an adapter, and what a test shares with them.

A question that was trained on measures memory, so a comparison refuses it. Where the rows are no
longer there, that is said, for nobody can tell any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kilde.errors import ConfigError, EvaluationError, NotFound, StoreError
from kilde.evaluation.testset import TestSet
from kilde.tuning.adapters.card import Card
from kilde.tuning.checks import Finding, ordered
from kilde.tuning.checks.findings import count, listed
from kilde.tuning.checks.questions import check_learnt, named
from kilde.tuning.data.formats import read_rows
from kilde.tuning.data.rows import Row, data_hash
from kilde.tuning.training.prepare import ROWS

if TYPE_CHECKING:
    from kilde.workspace import Workspace

_REFUSING = ("test-overlap", "near-test-overlap")


@dataclass(frozen=True, slots=True)
class Learnt:
    """Rows to learn from, and the ids of the documents behind them.

    ``unknown`` says in words which rows could not be found; with any, ``rows`` are not all.
    """

    rows: tuple[Row, ...] = ()
    documents: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


def learnt(workspace: Workspace, name: str) -> Learnt:
    """What a dataset teaches, or an adapter (a name with @, or a ``.gguf`` file) was trained on.

    An adapter that went on from another one has learnt that one's rows as well. Its rows are kept
    by the run that trained it; where that is gone, they are those of a dataset whose hash is the
    one on its card. Raises :class:`NotFound`, and :class:`StoreError` for a damaged dataset.
    """
    if name.endswith(".gguf"):
        return Learnt(unknown=(f"{name} has no card",))
    if "@" not in name:
        found = workspace.datasets.load(name)
        return Learnt(found.rows, frozenset(found.card.documents))
    card = workspace.registry.get(name)
    own = _kept(workspace, card) or _with_hash(workspace, card.dataset, card.data_hash)
    unknown = []
    if own is None:
        unknown.append(f"the dataset {card.dataset!r} is not what it was when {name} was trained")
    before = Learnt()
    start = str(card.settings.get("from") or card.base)
    if start != card.base:
        try:
            before = learnt(workspace, start)
        except NotFound:
            unknown.append(f"{start}, which {name} went on from, was removed")
    return Learnt(
        (*(own or ()), *before.rows),
        before.documents | frozenset(card.documents),
        (*unknown, *before.unknown),
    )


def training_overlap(workspace: Workspace, testset: TestSet, name: str) -> tuple[Finding, ...]:
    """What a test set shares with the rows of a dataset, or with those an adapter was trained on.

    ``test-overlap`` and ``near-test-overlap`` name the questions that were learnt,
    ``held-out-learnt`` held-out documents that rows were made of, ``shared-documents`` other
    documents on both sides, and ``rows-unknown`` says that nobody can tell. Raises
    :class:`NotFound`, :class:`StoreError` and :class:`MissingExtra`.
    """
    found = learnt(workspace, name)
    is_adapter = "@" in name or name.endswith(".gguf")
    where = f"the rows of the adapter {name}" if is_adapter else f"the dataset {name!r}"
    findings = check_learnt(testset.questions, found.rows, where)
    held = found.documents.intersection(testset.card.held_out)
    if held:
        findings.append(
            Finding(
                "held-out-learnt",
                "warn",
                f"{count(len(held), 'document')} that the test holds out stand behind {where}: "
                f"{listed(sorted(held))}.",
                "So it does not tell what a tuned model knows of new documents. Make the rows "
                f"anew, which leaves these out: kilde dataset build {testset.card.agent} "
                "--from documents --replace; then train.",
            )
        )
    shared = found.documents.intersection(testset.card.documents) - held
    if shared:
        findings.append(
            Finding(
                "shared-documents",
                "note",
                f"The questions and {where} are both about {listed(sorted(shared))}.",
                "The test also measures what was remembered of these.",
            )
        )
    if found.unknown:
        findings.append(
            Finding(
                "rows-unknown",
                "warn",
                f"Nobody can tell whether {where} ask what the test asks: "
                f"{'; '.join(found.unknown)}.",
                "Train anew to be sure, and keep the dataset.",
            )
        )
    return ordered(findings)


def refuse_overlap(workspace: Workspace, testset: TestSet, name: str) -> tuple[Finding, ...]:
    """What else :func:`training_overlap` finds, which raises as well.

    Raises :class:`EvaluationError`, naming the questions, where any was learnt in its own words or
    nearly.
    """
    findings = training_overlap(workspace, testset, name)
    asked = sorted({at for one in findings if one.kind in _REFUSING for at in one.rows})
    if asked:
        raise EvaluationError(
            f"The test set {testset.card.name!r} would measure memory: {name} was trained on "
            f"{count(len(asked), 'question')} of it, or on nearly the same: "
            f"{named(testset.questions, asked, shown=20)}.",
            hint="Take them out of the rows and train anew, or make a test set without them. "
            f"More: kilde testset check {testset.card.name}",
        )
    return findings


def _kept(workspace: Workspace, card: Card) -> tuple[Row, ...] | None:
    """The rows that the run of an adapter keeps."""
    for run in workspace.runs.list(card.agent):
        path = workspace.runs.folder(run.id) / ROWS
        if run.adapter != card.name or not path.is_file():
            continue
        try:
            rows = tuple(read_rows(path, run.settings["method"]))
        except (OSError, ConfigError):
            return None
        return rows if data_hash(rows) == card.data_hash else None
    return None


def _with_hash(workspace: Workspace, name: str, sha256: str) -> tuple[Row, ...] | None:
    """The rows with that hash: of the dataset of that name, or of any other."""
    names = workspace.datasets.names()
    for one in sorted(names, key=lambda one: one != name):
        try:
            if workspace.datasets.card(one).data_hash != sha256:
                continue
            rows = workspace.datasets.load(one).rows
        except StoreError:
            continue
        if data_hash(rows) == sha256:
            return rows
    return None
