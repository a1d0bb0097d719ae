"""Advice for an agent of a workspace: what is known of it, with its newest figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kilde.advice.advice import Advice, Facts, Known
from kilde.agents.definition import NO_ADAPTER, AgentDefinition
from kilde.errors import KildeError

if TYPE_CHECKING:
    from kilde.tuning.data.dataset import DatasetCard
    from kilde.workspace import Workspace

_MONTH = timedelta(days=30)
# A workspace is filled on its first day; what is added then has not changed.
_FILLING = timedelta(days=1)
# A shorter time says little about a month.
_LEAST = timedelta(days=7)


def advise(workspace: Workspace, agent: str) -> Advice:
    """What to do about an agent, from its newest comparison and drill and what is known of it.

    Raises :class:`NotFound` for an unknown agent, :class:`StoreError` for a damaged comparison.
    """
    from kilde.advice.advise import advise as decided
    from kilde.workspace.comparisons import newest
    from kilde.workspace.drilling import newest_drill

    key, _ = workspace.agent_file(agent)
    comparison, drill = newest(workspace, key), newest_drill(workspace, key)
    return decided(facts_of(workspace, key), comparison, drill)


def facts_of(workspace: Workspace, agent: str) -> Facts:
    """What a workspace knows of an agent without measuring. Raises :class:`NotFound`."""
    from kilde.advice.rules import counted
    from kilde.workspace.comparisons import COMPARISON, definition_sha256, home

    key, definition = workspace.agent_file(agent)
    documents = len(workspace.knowledge.documents(collections=definition.collections))
    changes = changes_per_month(workspace, definition) if definition.retrieval else None
    datasets = sorted(_datasets(workspace, key), key=lambda card: card.rows)
    # Without a dataset nobody knows how many examples there are.
    rows = datasets[-1].rows if datasets else None
    known = {name: Known(value, how) for name, value, how in _said(definition)}
    # An agent that looks nothing up does not stand on the documents, however many there are.
    numbers = counted(documents=documents, changes=changes) if definition.retrieval else {}
    how = {
        "documents": f"{documents} documents that it may read",
        "rows": f"{rows} rows in its largest dataset",
        "changes": "the history of the documents",
    }
    for name, value in (numbers | counted(rows=rows)).items():
        known[name] = Known(value, how[name])
    testset, questions = _testset(workspace, key)
    answering = workspace.registry.promoted(key)
    own = definition.adapter or (answering.name if answering else "")
    model = definition.model or workspace.config.model
    # To hash a large file takes long, and is in vain where there is nothing to hold it against.
    measured = any(home(workspace).glob(f"{key}/*/{COMPARISON}"))
    return Facts(
        agent=key,
        known=known,
        documents=documents,
        rows=rows,
        changes=changes,
        retrieval=definition.retrieval,
        model=model,
        answers_with=_answers_with(workspace, model) if measured else "",
        adapter="" if own == NO_ADAPTER else own,
        adapter_setting=definition.adapter,
        adapters=tuple(card.name for card in workspace.registry.list(key)),
        dataset=datasets[-1].name if datasets else "",
        testset=testset,
        questions=questions,
        store_version=workspace.knowledge.version,
        agent_sha256=definition_sha256(definition),
    )


def changes_per_month(workspace: Workspace, definition: AgentDefinition) -> float | None:
    """In how many rounds a month the documents of an agent changed, as far as history goes back.

    The first day counts for filling. ``None`` where less than a week is known.
    """
    history = workspace.knowledge.history()
    if not history:
        return None
    begun = history[0].at + _FILLING
    known = datetime.now(UTC) - begun
    if known < _LEAST:
        return None
    rounds, before = 0, None
    for version in history:
        state = {
            (document.id, document.content_hash)
            for document in workspace.knowledge.documents(
                collections=definition.collections, as_of=version.version
            )
        }
        rounds += before is not None and version.at > begun and state != before
        before = state
    return rounds / (known / _MONTH)


def _answers_with(workspace: Workspace, model: str) -> str:
    """What tells the model that a setting names from others, as a comparison tells it."""
    try:
        # What has no file here is opened for its name, which loads nothing.
        return workspace.base_sha256(model) or workspace.generator(model).name
    except (KildeError, OSError):
        return ""  # nobody can say; whoever asks the agent is told why


def _said(definition: AgentDefinition) -> Iterator[tuple[str, str, str]]:
    """What the agent's file says: facts with their values, and where each stands."""
    if definition.output is not None:
        yield "form", "yes", "output.schema in the agent's file"
        if _sorts(definition):
            yield "labels", "yes", "every field of its form is one of a list"
    elif definition.retrieval and _asks_for_sources(definition):
        yield "sources", "yes", 'grounding = "strict" in the agent\'s file'
    if definition.retrieval and definition.collections is not None:
        yield "control", "yes", "collections in the agent's file"


def _asks_for_sources(definition: AgentDefinition) -> bool:
    """Whether somebody wrote that nothing may be said without a source; a default asks nothing."""
    return definition.grounding == "strict" and "grounding" in definition.model_fields_set


def _sorts(definition: AgentDefinition) -> bool:
    schema = definition.output.json_schema if definition.output else {}
    fields = schema.get("properties", {}).values()
    return bool(fields) and all(isinstance(one, dict) and "enum" in one for one in fields)


def _datasets(workspace: Workspace, agent: str) -> Iterator[DatasetCard]:
    for name in workspace.datasets.names():
        try:
            card = workspace.datasets.card(name)
        except KildeError:
            continue  # a damaged one is told of by kilde dataset list
        if card.agent == agent:
            yield card


def _testset(workspace: Workspace, agent: str) -> tuple[str, int]:
    """The agent's own test set, or else another one of its, and how many questions it has."""
    found = {}
    for name in workspace.testsets.names():
        try:
            card = workspace.testsets.card(name)
        except KildeError:
            continue  # a damaged one is told of by kilde testset list
        if card.agent == agent:
            found[name] = card.questions
    if not found:
        return "", 0
    name = agent if agent in found else max(found, key=lambda one: found[one])
    return name, found[name]
