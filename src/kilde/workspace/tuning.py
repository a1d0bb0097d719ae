"""Tuning in a workspace: its rooms are put together here, for datasets and training."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kilde.agents.definition import AgentDefinition
from kilde.errors import ConfigError, StoreError, TuningError
from kilde.protocols import NoProgress, Progress
from kilde.tuning.checks import Finding, check_rows, ordered, raise_refused
from kilde.tuning.checks.findings import count, listed
from kilde.tuning.checks.questions import without_asked
from kilde.tuning.data.dataset import Dataset, DatasetCard, split
from kilde.tuning.data.formats import read_file
from kilde.tuning.data.from_documents import document_rows
from kilde.tuning.data.from_feedback import feedback_rows
from kilde.tuning.data.rows import Method, Row
from kilde.tuning.extra import need_extra
from kilde.tuning.training.prepare import Subject, refuse_changed
from kilde.tuning.training.runs import Run
from kilde.tuning.training.settings import TuneSettings
from kilde.tuning.tune import Tuned
from kilde.workspace.evaluation import HeldApart, held_apart, tested_with

if TYPE_CHECKING:
    from kilde.workspace import Workspace

TEST_SHARE = 0.2


def build_dataset(
    workspace: Workspace,
    agent: str,
    source: Path | Literal["feedback", "documents"],
    *,
    name: str = "",
    method: Method | None = None,
    test: Path | None = None,
    test_share: float = TEST_SHARE,
    limit: int = 200,
    seed: int = 0,
    replace_old: bool = False,
    progress: Progress | None = None,
) -> DatasetCard:
    """Make a dataset for an agent and keep it; ``name`` is the agent's where none is given.

    ``source`` is a file, people's feedback, or the agent's documents, of which at most ``limit``
    rows are made. From feedback and documents comes nothing that the agent's test sets ask, and
    nothing of the documents they hold out. ``test`` is a file of test rows; without one,
    ``test_share`` (0..1) of the rows is set apart.
    Raises :class:`ConfigError` for malformed files (all faults) and for a name that is taken,
    :class:`NotFound` for an unknown agent, :class:`TuningError` where no row comes of it.
    """
    key, definition = workspace.agent_file(agent)
    name = name or key
    workspace.datasets.free(name, replace_old=replace_old)  # before a model makes rows for minutes
    notes: list[str] = []
    rows: Sequence[Row]
    held: Sequence[Row]
    drawn = source in ("feedback", "documents")
    apart = held_apart(workspace, key) if drawn else HeldApart()
    if source == "feedback":
        method = method or "kto"
        judged = workspace.records.judged(agent=key)
        rows = feedback_rows(judged, method, given=workspace.records.given)
    elif source == "documents":
        if method not in (None, "sft"):
            raise ConfigError([f"Documents give rows for sft, not for {method}."])
        method = "sft"
        model = definition.model or workspace.config.model
        rows = document_rows(
            workspace.agent(key).knowledge,
            definition,
            generator=None if model == "quotes" else workspace.generator(model),
            limit=limit,
            seed=seed,
            progress=progress or NoProgress(),
            leave_out=apart.documents,
        )
        if apart.documents:
            notes.append(
                f"no row was made of {count(len(apart.documents), 'document')} that the test sets "
                f"hold out ({listed(apart.names)}): {listed(sorted(apart.documents))}"
            )
    else:
        found = read_file(source, method)
        rows, method = found.rows, found.method
        notes += found.notes
    made = len(rows)
    about = [row for row in rows if apart.documents.isdisjoint(row.lineage.documents)]
    rows = without_asked(about, apart.questions)
    if made > len(rows):
        notes.append(
            f"{count(made - len(rows))} left out that ask what the test sets ask or come from "
            f"documents they hold out ({listed(apart.names)})"
        )
    if not rows:
        raise TuningError(
            f"No rows came of {source}." + "".join(f" Note: {note}." for note in notes),
            hint="Feedback: kilde feedback add ANSWER --up|--down. Documents: kilde list shows "
            "what the agent may use.",
        )
    if test is not None:
        tested = read_file(test, method)
        held = tested.rows
        notes += [f"in the test rows, {note}" for note in tested.notes]
    else:
        rows, held = split(rows, share=test_share, seed=seed)
    return workspace.datasets.save(
        name,
        agent=key,
        method=method,
        source=str(source),
        rows=rows,
        test=held,
        test_file=str(test or ""),
        notes=notes,
        replace_old=replace_old,
    )


def check_dataset(workspace: Workspace, name: str) -> tuple[Finding, ...]:
    """All that is wrong with a dataset, the gravest first. Raises :class:`NotFound`.

    Its rows may not ask what a test set of the agent asks: it would measure memory.
    """
    found = workspace.datasets.load(name)
    others, unread = _others(workspace, found)
    _, definition = workspace.agent_file(found.card.agent)
    collections = {one.id: one.collection for one in workspace.knowledge.documents()}
    model = definition.model or workspace.config.model
    generator = None if model == "quotes" else workspace.generator(model)
    findings = check_rows(
        found.rows,
        method=found.card.method,
        definition=definition,
        test_rows=found.test,
        others=others,
        collection_of=collections.get,
        context=generator.context if generator else 0,
        count_tokens=generator.count_tokens if generator else None,
        model_languages=generator.languages if generator else None,
    )
    return ordered([*findings, *unread, *tested_with(workspace, found.card)])


def _others(workspace: Workspace, found: Dataset) -> tuple[list[Dataset], list[Finding]]:
    """The other datasets of a dataset's agent, and what is to be said of those that are damaged."""
    others: list[Dataset] = []
    unread: list[Finding] = []
    for name in workspace.datasets.names():
        if name == found.card.name:
            continue
        try:
            if workspace.datasets.card(name).agent == found.card.agent:
                others.append(workspace.datasets.load(name))
        except StoreError as error:
            message = f"The dataset {name!r} was not compared with. {error.message}"
            unread.append(Finding("unread-dataset", "warn", message, error.hint))
    return others, unread


def tune(
    workspace: Workspace,
    agent: str,
    *,
    dataset: str = "",
    settings: TuneSettings | None = None,
    with_context: bool | None = None,
    force: bool = False,
    on_findings: Callable[[Sequence[Finding]], object] | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Train an adapter for an agent, judge it and, if it is no worse, let it answer.

    ``dataset`` is the one that bears the agent's name where none is given; its rows decide the
    method. ``with_context`` puts documents into the prompts that are learnt from: as the agent
    itself does where it is not given. ``force`` promotes whatever the gate says. ``on_findings``
    is told what was found in the rows, before the training begins.
    Raises :class:`TuningError`, :class:`ConfigError` (settings that are not for the method),
    :class:`NotFound`, :class:`WorkspaceError` (trained already), :class:`MissingExtra`.
    """
    from kilde.tuning.tune import tune as run

    need_extra()
    subject = _subject(workspace, agent)
    found = dataset_of(workspace, subject.key, dataset)
    settings = replace(settings or TuneSettings(), method=found.card.method)
    if with_context is None:
        with_context = subject.agent(None).definition.retrieval
    findings = check_dataset(workspace, found.card.name)
    if on_findings is not None:
        on_findings(findings)
    return run(
        subject,
        found,
        replace(settings, with_context=with_context),
        findings=findings,
        runs=workspace.runs,
        registry=workspace.registry,
        by=user_name(),
        force=force,
        progress=progress or NoProgress(),
    )


def resume(
    workspace: Workspace, agent: str, *, force: bool = False, progress: Progress | None = None
) -> Tuned:
    """Go on with the newest run of an agent that did not come to its end.

    Raises as :func:`tune`, and :class:`TuningError` where there is no such run, and where the rows
    may not be trained on any more or the agent is not what it was.
    """
    from kilde.tuning.tune import resume as go_on

    need_extra()
    subject = _subject(workspace, agent)
    run = unfinished(workspace, subject.key)
    found = workspace.datasets.load(run.dataset)
    if found.card.data_hash == run.data_hash:  # rows that changed are refused for that
        raise_refused(check_dataset(workspace, run.dataset), run.dataset)
    refuse_changed(subject, workspace.runs.folder(run.id))
    return go_on(
        subject,
        found,
        run,
        runs=workspace.runs,
        registry=workspace.registry,
        by=user_name(),
        force=force,
        progress=progress or NoProgress(),
    )


def unfinished(workspace: Workspace, key: str) -> Run:
    """The newest run of an agent, which did not come to its end. Raises :class:`TuningError`."""
    run = next(iter(workspace.runs.list(key)), None)
    if run is None or run.stage == "done":
        raise TuningError(f"No training of the agent {key!r} was stopped.", hint="See: kilde runs")
    return run


def base_of(workspace: Workspace, key: str, definition: AgentDefinition) -> tuple[str, Path]:
    """The model that an agent answers with, as its settings name it, and its file; nothing is
    loaded.

    Raises :class:`TuningError` and :class:`ModelError` for one that cannot be tuned,
    :class:`ModelMissing`.
    """
    from kilde.models.cache import path_of
    from kilde.tuning.weights.architectures import architecture_of, check_positions

    name = definition.model or workspace.config.model
    if not workspace.base_sha256(name):
        raise TuningError(
            f"The agent {key!r} answers with {name!r}, which cannot be tuned here.",
            hint='Give it a GGUF model in its file, such as model = "smollm2-135m-instruct-q4".',
        )
    configured = workspace.config.models.get(name)
    path = path_of(configured.model if configured else name)
    architecture_of(path)
    check_positions(path, hint="Give the agent a model whose positions are not scaled.")
    return name, path


def dataset_of(workspace: Workspace, key: str, name: str = "") -> Dataset:
    """An agent's dataset, its own where none is named. Raises :class:`TuningError` for one that was
    built for another agent, :class:`NotFound` where there is none."""
    found = workspace.datasets.load(name or key)
    if found.card.agent != key:
        raise TuningError(
            f"The dataset {found.card.name!r} was built for the agent {found.card.agent!r}, whose "
            "documents may be others.",
            hint=f"Build one for this agent: kilde dataset build {key} --from … --name NAME",
        )
    return found


def user_name() -> str:
    """Who runs this; a container may know its user by the number alone."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _subject(workspace: Workspace, agent: str) -> Subject:
    from kilde.generation.llama_cpp import LlamaCpp
    from kilde.models.cache import model_of

    key, definition = workspace.agent_file(agent)
    name, path = base_of(workspace, key, definition)
    generator = workspace.generator(name)
    assert isinstance(generator, LlamaCpp)
    known = model_of(generator.model)
    return Subject(
        key=key,
        base=name,
        path=path,
        sha256=workspace.base_sha256(name),
        licence=known.licence if known else "",
        generator=generator,
        agent=lambda adapter: workspace.trial_agent(key, adapter),
    )
