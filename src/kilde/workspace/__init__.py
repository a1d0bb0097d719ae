"""A workspace: the one place that opens models, store and agents, and wires them together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from kilde.agents.agent import Agent
from kilde.agents.definition import AgentDefinition, load_definition
from kilde.agents.summary import model_summary
from kilde.config import CONFIG_FILE, WorkspaceConfig, load_config, new_config
from kilde.embedding import open_embedder
from kilde.errors import ConfigError, GenerationError, NotFound, StoreError, WorkspaceError
from kilde.evaluation.testsets import TestSets
from kilde.generation import GeneratorSettings
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.search import Scope
from kilde.knowledge.summary import summarise
from kilde.language.table import languages
from kilde.models.hashes import weights_sha256
from kilde.protocols import Adapter, Generator
from kilde.records import Records
from kilde.tuning.adapters.card import Card
from kilde.tuning.adapters.registry import Registry
from kilde.tuning.adapters.serving import Generators, find
from kilde.tuning.data.dataset import Datasets
from kilde.tuning.training.runs import Runs
from kilde.types import Answer, Document
from kilde.workspace.agent_files import AgentFiles, composed

if TYPE_CHECKING:
    from kilde.embedding import Embedder

log = logging.getLogger(__name__)

STATE = ".kilde"


class Workspace:
    """A folder with ``kilde.toml``, ``agents/*.toml`` and its state; use :func:`kilde.open`.

    A context manager; :meth:`close` frees the models. Models are loaded when first needed.
    """

    def __init__(self, path: Path, config: WorkspaceConfig) -> None:
        self.path = path
        self.config = config
        self._agent_files = AgentFiles(path / "agents")
        self._generators = Generators(self._settings, self._in_use)
        self._not_kept: set[str] = set()

    @classmethod
    def init(cls, path: str | Path) -> Workspace:
        """Make a workspace in a folder, which may exist and may hold documents."""
        folder = Path(path).expanduser().resolve()
        if (folder / CONFIG_FILE).exists():
            raise WorkspaceError(
                f"{folder} is a workspace already.", hint="Open it, or choose another folder."
            )
        try:
            (folder / "agents").mkdir(parents=True, exist_ok=True)
            (folder / STATE).mkdir(exist_ok=True)
            (folder / STATE / ".gitignore").write_text("*\n", encoding="utf-8")
            (folder / CONFIG_FILE).write_text(new_config(folder.name), encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"{folder}: no workspace can be made here ({error.strerror}).",
                hint="Choose a folder that you may write to.",
            ) from error
        return cls.open(folder)

    @classmethod
    def open(cls, path: str | Path) -> Workspace:
        """Open the workspace in a folder."""
        folder = Path(path).expanduser().resolve()
        if not (folder / CONFIG_FILE).is_file():
            raise WorkspaceError(
                f"{folder} is no workspace: it has no {CONFIG_FILE}.",
                hint="Make one with kilde init FOLDER, or name one with --workspace FOLDER.",
            )
        return cls(folder, load_config(folder))

    @cached_property
    def knowledge(self) -> KnowledgeBase:
        """All documents of the workspace."""
        config = self.config
        return KnowledgeBase(
            self.path / STATE / "knowledge",
            root=self.path,
            embedder=lambda: self._embedder,
            max_tokens=config.passage_tokens,
            keep=timedelta(days=config.keep_days),
            make_summary=self._model_summary if config.summaries == "model" else summarise,
            allow_private=config.allow_private_urls,
            ocr=config.ocr == "auto",
        )

    @cached_property
    def records(self) -> Records:
        """The answers that were given."""
        return Records(self.path / STATE / "records.db")

    @cached_property
    def registry(self) -> Registry:
        """The tuned adapters, and which of them answer."""
        return Registry(
            self.path / STATE / "adapters", pinned_by=self._pinned_by, outside=self._outside
        )

    @cached_property
    def datasets(self) -> Datasets:
        """The rows that agents are tuned on."""
        return Datasets(self.path / STATE / "datasets")

    @cached_property
    def testsets(self) -> TestSets:
        """The questions that agents are measured with."""
        return TestSets(self.path / STATE / "testsets")

    @cached_property
    def runs(self) -> Runs:
        """The trainings, past and under way."""
        return Runs(self.path / STATE / "runs")

    def agents(self) -> tuple[str, ...]:
        """The names of all agents, as :meth:`agent` takes them."""
        return tuple(self._agent_files.by_key())

    def definition(self, name: str) -> AgentDefinition:
        """What an agent's file says. Raises :class:`NotFound`, :class:`ConfigError`."""
        return load_definition(self._agent_files.path(name))

    def agent(self, name: str) -> Agent:
        """An agent by the name of its file (``agents/NAME.toml``), or by the name it bears.

        Raises :class:`NotFound`, or :class:`ConfigError` with all faults of its file.
        """
        return self._agent(*self.agent_file(name))

    def agent_file(self, name: str) -> tuple[str, AgentDefinition]:
        """The key of an agent, and what its file says. Raises as :meth:`agent` does.

        The key is the name of the file in NFC.
        """
        path = self._agent_files.path(name)
        return composed(path.stem), load_definition(path)

    def trial_agent(self, name: str, adapter: Adapter | None = None, model: str = "") -> Agent:
        """An agent as it answers, whose answers are kept nowhere.

        It can be asked to answer with an ``adapter`` that is not in the registry, by its name.
        ``model`` answers in place of the agent's own.
        """
        key, definition = self.agent_file(name)
        if model:
            definition = definition.model_copy(update={"model": model})
        answering = self._agent(key, definition)

        def found(wanted: str | None) -> Adapter | None:
            if adapter is not None and wanted == adapter.name:
                return adapter
            return self._adapter(key, definition, wanted)

        return answering.on_trial(found)

    def default_agent(self) -> Agent:
        """The agent that answers where none is named: the only one there is, or a plain one.

        The plain one may use all documents. Raises :class:`NotFound` where several could be meant.
        """
        names = self.agents()
        if len(names) == 1:
            return self.agent(names[0])
        if names:
            raise NotFound("agent", "", names, hint="Choose one with --agent NAME.")
        definition = AgentDefinition(
            name="Assistant", instructions="Answer from the documents, briefly and in plain words."
        )
        return self._agent("assistant", definition)

    def check_agents(self) -> Mapping[str, tuple[str, ...]]:
        """The faults of every agent's file, by agent; no faults is an empty tuple."""
        known = set(self.knowledge.collections())
        found: dict[str, tuple[str, ...]] = {}
        for name, path in self._agent_files.by_key().items():
            own = self._agent_files.faults(name)
            try:
                own += tuple(self._faults(name, path, load_definition(path), known))
            except ConfigError as error:
                own += error.faults
            found[name] = own
        return found | self._agent_files.unnamed()

    def generator(self, model: str, adapter: Adapter | None = None) -> Generator:
        """The generator that a ``model`` setting names, loaded once per workspace.

        It has the adapter loaded, if one is given; requests then name it.
        """
        return self._generators.get(model, adapter)

    def base_sha256(self, model: str) -> str:
        """SHA-256 (hex) of the file behind a ``model`` setting; empty where there is none here.

        Raises :class:`NotFound`, :class:`ModelError` for a file that cannot be read.
        """
        settings = self._settings(model)
        return weights_sha256(settings.model) if settings.backend == "llama_cpp" else ""

    def models(self) -> tuple[str, ...]:
        """The catalogue models that this workspace and its agents need."""
        from kilde.models.catalogue import load_catalogue

        wanted = {self.config.embedder, self.config.model}
        for path in self._agent_files.by_key().values():
            try:
                wanted.add(load_definition(path).model)
            except ConfigError:
                continue  # reported when the agent is asked or checked
        wanted |= {entry.model for entry in self.config.models.values()}
        return tuple(sorted(wanted & set(load_catalogue())))

    def is_kept(self, answer: Answer) -> bool:
        """Whether an answer of this process can be found in the records, so as to be rated."""
        return self.config.records and answer.id not in self._not_kept

    def close(self) -> None:
        """Free the models and close the database; may be called twice."""
        self._generators.close()
        if "_embedder" in self.__dict__:
            self._embedder.close()
        if "records" in self.__dict__:
            self.records.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _embedder(self) -> Embedder:
        return open_embedder(self.config.embedder)

    def _faults(
        self, key: str, path: Path, definition: AgentDefinition, known: set[str]
    ) -> Iterator[str]:
        """What of an agent's file does not fit the workspace."""
        model = definition.model or self.config.model
        try:
            self._settings(model)
        except NotFound as error:
            yield f"{path}: {error.message} {error.hint}"
        if definition.output is not None and model == "quotes":
            yield f"{path}: a form (output.schema) needs a model, and quotes is none"
        try:
            adapter = find(self.registry, self.path, key, definition.adapter)
            if adapter is not None and not adapter.name.endswith(".gguf"):
                outside = self.registry.outside(self.registry.get(adapter.name))
                if outside:
                    yield (
                        f"{path}: the adapter {adapter.name} learnt from documents outside the "
                        f"agent's collections: {', '.join(outside)}"
                    )
        except (NotFound, WorkspaceError) as error:
            yield f"{path}: {error.message} {error.hint}"
        if definition.language and definition.language not in languages():
            yield f"{path}: the language {definition.language!r} has no analysis (docs/agents.md)"
        for collection in definition.collections or ():
            if collection not in known:
                yield f"{path}: the collection {collection!r} holds no documents"

    def _settings(self, name: str) -> GeneratorSettings:
        if name == "quotes":
            return GeneratorSettings(backend="quotes", model="quotes")
        if name in self.config.models:
            config = self.config.models[name]
            return GeneratorSettings(**config.model_dump(exclude={"input_price", "output_price"}))
        if not name.endswith(".gguf"):
            from kilde.models.catalogue import load_catalogue

            catalogue = load_catalogue()
            if name not in catalogue or catalogue[name].role != "generator":
                known = [model.name for model in catalogue.values() if model.role == "generator"]
                raise NotFound("model", name, ["quotes", *self.config.models, *known])
        return GeneratorSettings(backend="llama_cpp", model=name)

    def _agent(self, key: str, definition: AgentDefinition) -> Agent:
        model, collections = definition.model or self.config.model, definition.collections
        scope = Scope(None if collections is None else frozenset(collections))
        return Agent(
            key,
            definition,
            self.knowledge.scoped(scope),
            lambda adapter: self.generator(model, adapter),
            lambda name: self._adapter(key, definition, name),
            lambda: self.base_sha256(model),
            self._keep,
        )

    def _adapter(self, key: str, definition: AgentDefinition, name: str | None) -> Adapter | None:
        """The adapter of that name, or the one that the agent's file or the registry chooses."""
        if name is None and (definition.model or self.config.model) == "quotes":
            return None
        return find(self.registry, self.path, key, definition.adapter if name is None else name)

    def _in_use(self, model: str) -> Iterator[Adapter]:
        """The adapters that answer with a model at present."""
        for key, path in self._agent_files.by_key().items():
            try:
                definition = load_definition(path)
                if (definition.model or self.config.model) != model:
                    continue
                adapter = self._adapter(key, definition, None)
            except (ConfigError, NotFound, WorkspaceError):
                continue  # reported when that agent is asked or checked
            if adapter and (not adapter.base or adapter.base == self.base_sha256(model)):
                yield adapter

    def _pinned_by(self, adapter: str) -> Iterator[str]:
        """The agents whose files name an adapter."""
        for name, path in self._agent_files.by_key().items():
            try:
                if load_definition(path).adapter == adapter:
                    yield name
            except ConfigError:
                continue  # reported when that agent is asked or checked

    def _outside(self, card: Card) -> Iterator[str]:
        """The documents of an adapter that its agent may no longer read.

        One that was removed is in no collection, so nobody can say whether the agent may read it.
        """
        path = self._agent_files.by_key().get(card.agent)
        allowed = load_definition(path).collections if path and card.documents else None
        if allowed is not None:
            homes = {one.id: one.collection for one in self.knowledge.documents()}
            yield from (one for one in card.documents if one in homes and homes[one] not in allowed)

    def _model_summary(self, document: Document) -> str:
        try:
            return model_summary(self.generator(self.config.model), document)
        except GenerationError as error:
            log.warning("%s: summarised by its own sentences. %s", document.id, error)
            return summarise(document)

    def _keep(self, answer: Answer) -> None:
        if not self.config.records:
            return
        try:
            self.records.save(answer)
        except StoreError as error:
            # The reader must have the answer all the same.
            self._not_kept.add(answer.id)
            log.warning("%s", error)
