"""The words that programs written with Kilde use; a change here is a change for all of them."""

from __future__ import annotations

import inspect

import pytest

import kilde
from kilde.agents.agent import Agent
from kilde.knowledge.base import KnowledgeBase
from kilde.workspace import Workspace

EXPORTED = ["Document", "__version__", "init", "open"]

SURFACE: dict[type, str] = {
    Workspace: """
        agent(self, name: str) -> Agent
        agent_file(self, name: str) -> tuple[str, AgentDefinition]
        agents(self) -> tuple[str, ...]
        base_sha256(self, model: str) -> str
        check_agents(self) -> Mapping[str, tuple[str, ...]]
        close(self) -> None
        datasets
        default_agent(self) -> Agent
        definition(self, name: str) -> AgentDefinition
        generator(self, model: str, adapter: Adapter | None = None) -> Generator
        init(cls, path: str | Path) -> Workspace
        is_kept(self, answer: Answer) -> bool
        knowledge
        models(self) -> tuple[str, ...]
        open(cls, path: str | Path) -> Workspace
        records
        registry
        runs
        testsets
        trial_agent(self, name: str, adapter: Adapter | None = None, model: str = ) -> Agent
    """,
    KnowledgeBase: """
        add(self, sources: str | Path | Source | Iterable[str | Path | Source], *,
            collection: str | None = None, force: bool = False,
            progress: Progress | None = None) -> SyncReport
        add_documents(self, documents: Document | Iterable[Document], *,
            progress: Progress | None = None) -> SyncReport
        check(self, *, repair: bool = False) -> list[str]
        collections(self) -> tuple[str, ...]
        document(self, document_id: str, *, as_of: AsOf = None) -> Document
        documents(self, *, collections: str | Iterable[str] | None = None,
            as_of: AsOf = None) -> list[DocumentRef]
        history(self) -> list[Version]
        reindex(self, *, progress: Progress | None = None) -> SyncReport
        remove(self, name: str | Path) -> SyncReport
        scoped(self, scope: Scope) -> ScopedKnowledge
        search(self, question: str, *, limit: int = 10,
            collections: str | Iterable[str] | None = None, as_of: AsOf = None) -> list[Hit]
        sources(self) -> tuple[Source, ...]
        sync(self, sources: Source | Iterable[Source] | None = None, *, prune: bool = False,
            progress: Progress | None = None) -> SyncReport
        tag(self, name: str) -> int
        version
    """,
    Agent: """
        ask(self, question: str, *,
            history: Sequence[Message | Mapping[str, str] | Answer] = (),
            retrieval: bool | None = None, adapter: bool | str = True, as_of: AsOf = None) -> Answer
        on_trial(self, adapters: FindAdapter | None = None, *,
            without: Collection[str] = (), sampling: Sampling | None = None) -> Agent
        own_adapter(self) -> Adapter | None
        prompt(self, question: str, history: tuple[Message, ...] = (), *, adapter: Adapter,
            retrieval: bool, limit: int = 10,
            choose: Callable[[Sequence[Hit]], Sequence[Hit]] | None = None) -> Prompt
        stream(self, question: str, *,
            history: Sequence[Message | Mapping[str, str] | Answer] = (),
            retrieval: bool | None = None, adapter: bool | str = True,
            as_of: AsOf = None) -> Iterator[StreamEvent]
    """,
}


def test_exported_names_are_pinned_sorted_and_there() -> None:
    assert kilde.__all__ == EXPORTED == sorted(EXPORTED)
    for name in kilde.__all__:
        assert getattr(kilde, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Workspaces'"):
        kilde.Workspaces  # type: ignore[attr-defined]  # noqa: B018


def test_the_noun_that_is_exported_is_the_noun() -> None:
    from kilde.types import Document

    assert kilde.Document is Document


@pytest.mark.parametrize("owner", SURFACE, ids=lambda owner: owner.__name__)
def test_public_methods_are_pinned(owner: type) -> None:
    actual = [_spelled(owner, name) for name in sorted(vars(owner)) if not name.startswith("_")]
    assert " ".join(actual) == " ".join(SURFACE[owner].split())


@pytest.mark.parametrize("owner", SURFACE, ids=lambda owner: owner.__name__)
def test_public_methods_say_what_they_do(owner: type) -> None:
    for name, value in vars(owner).items():
        if not name.startswith("_"):
            assert inspect.getdoc(value), f"{owner.__name__}.{name} has no docstring"


def _spelled(owner: type, name: str) -> str:
    value = vars(owner)[name]
    function = getattr(value, "__func__", value)
    if not callable(function):
        return name
    return name + str(inspect.signature(function)).replace("'", "")
