"""Generators with the adapters that are in use, renewed when another one is asked for.

llama.cpp takes the adapters of a model when it loads it. So a model is loaded with all that answer
for some agent; and when one comes to be needed that is not among them, it is loaded once more, and
the old one goes when the last answer that it is writing has ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from kilde.agents.definition import NO_ADAPTER
from kilde.errors import ModelError, ModelMissing, NotFound
from kilde.generation import GeneratorSettings, open_generator
from kilde.tuning.adapters.registry import Registry
from kilde.types import Adapter, Generator

log = logging.getLogger(__name__)


class Generators:
    """The loaded generators of a workspace, by the name of their ``model`` setting.

    ``settings`` says how a model is opened, without adapters; ``in_use`` names the adapters that
    answer with it at present. May be used from several threads.
    """

    def __init__(
        self,
        settings: Callable[[str], GeneratorSettings],
        in_use: Callable[[str], Iterable[Adapter]],
    ) -> None:
        self._settings = settings
        self._in_use = in_use
        self._open: dict[str, tuple[frozenset[str], Generator]] = {}
        self._asked: dict[str, dict[str, Adapter]] = {}
        self._loading = threading.Lock()

    def get(self, model: str, adapter: Adapter | None) -> Generator:
        """The generator of a model, with that adapter loaded if one is given.

        Raises what :func:`open_generator` raises.
        """
        generator = self._ready(model, adapter)  # nobody waits for what somebody else loads
        if generator is not None:
            return generator
        with self._loading:
            generator = self._ready(model, adapter)
            if generator is None:
                loaded, generator = self._opened(model, adapter)
                # The old one is not closed: an answer may be under way, and holds it.
                self._open[model] = (loaded, generator)
            return generator

    def close(self) -> None:
        """Free all of them; may be called twice."""
        with self._loading:
            for _, generator in self._open.values():
                generator.close()
            self._open.clear()
            self._asked.clear()

    def _ready(self, model: str, adapter: Adapter | None) -> Generator | None:
        loaded, generator = self._open.get(model, (frozenset(), None))
        if generator is None or adapter is None or adapter.name in loaded:
            return generator
        return generator if self._settings(model).backend != "llama_cpp" else None

    def _opened(self, model: str, adapter: Adapter | None) -> tuple[frozenset[str], Generator]:
        settings = self._settings(model)
        if settings.backend != "llama_cpp":
            return frozenset(), open_generator(settings)
        error: ModelError | None = None
        for adapters in self._sets(model, adapter):
            paths = {one.name: one.path for one in adapters}
            try:
                generator = open_generator(replace(settings, adapters=paths))
            except ModelMissing:
                raise
            except ModelError as failed:
                error = error or failed
                continue
            if error is not None:
                log.warning("%s is loaded without some adapters. %s", settings.model, error)
            if adapter is not None:
                self._asked.setdefault(model, {})[adapter.name] = adapter
            return frozenset(paths), generator
        assert error is not None
        raise error

    def _sets(self, model: str, adapter: Adapter | None) -> Iterator[tuple[Adapter, ...]]:
        """The adapters to load; and fewer, for where one of them is bad and keeps all from it."""
        asked = self._asked.get(model, {})
        loaded, _ = self._open.get(model, (frozenset(), None))
        needed = {} if adapter is None else {adapter.name: adapter}
        here = {name: one for name, one in asked.items() if one.path.is_file()}
        every = {one.name: one for one in self._in_use(model)} | here | needed
        proven = {name: one for name, one in every.items() if name in loaded} | needed
        tried: list[dict[str, Adapter]] = []
        for some in (every, proven, needed):
            if some not in tried:
                tried.append(some)
                yield tuple(some.values())


def find(registry: Registry, folder: Path, agent: str, wanted: str) -> Adapter | None:
    """The adapter that an agent's setting ``adapter`` means; ``None`` is the model alone.

    Empty is the promoted one; else a name, :data:`NO_ADAPTER`, or a ``.gguf`` file of the
    workspace in ``folder``. Raises :class:`NotFound`.
    """
    if not wanted:
        card = registry.promoted(agent)
        return None if card is None else registry.adapter(card.name)
    if wanted == NO_ADAPTER:
        return None
    if not wanted.endswith(".gguf"):
        return registry.adapter(wanted)
    path = (folder / wanted).resolve()
    if not path.is_file() or not path.is_relative_to(folder.resolve()):
        raise NotFound(
            "adapter", wanted, [], hint="A .gguf file must lie in the workspace's folder."
        )
    return Adapter(wanted, path)
