"""Generators with the adapters that are in use, renewed when another one is asked for.

llama.cpp takes the adapters of a model when it loads it. So a model is loaded with all that answer
for some agent; and when one comes to be needed that is not among them, it is loaded once more, and
the old one goes when the last answer that it is writing has ended. An adapter that cannot be loaded
is remembered, for every try loads the whole model.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from kilde.agents.definition import NO_ADAPTER
from kilde.errors import ModelError, ModelMissing, NotFound, WorkspaceError
from kilde.generation import GeneratorSettings, open_generator
from kilde.protocols import Adapter, Generator
from kilde.tuning.adapters.registry import Registry

log = logging.getLogger(__name__)

# An adapter's name, its file, and when that was changed: a file that was replaced is another one.
_Stamp = tuple[str, Path, int]


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
        self._open: dict[str, tuple[frozenset[_Stamp], Generator]] = {}
        self._broken: dict[tuple[str, _Stamp], str] = {}
        self._asked: dict[str, dict[str, Adapter]] = {}
        self._loading = threading.Lock()

    def get(self, model: str, adapter: Adapter | None) -> Generator:
        """The generator of a model, with that adapter loaded if one is given.

        Raises what :func:`open_generator` raises; :class:`ModelError` names an adapter that cannot
        be loaded.
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
        if generator is None or adapter is None or _stamp(adapter) in loaded:
            return generator
        return generator if self._settings(model).backend != "llama_cpp" else None

    def _opened(self, model: str, adapter: Adapter | None) -> tuple[frozenset[_Stamp], Generator]:
        settings = self._settings(model)
        if settings.backend != "llama_cpp":
            return frozenset(), open_generator(settings)
        if adapter is not None and (known := self._broken.get((model, _stamp(adapter)))):
            raise _unusable(adapter, known)
        failed: tuple[set[Adapter], ModelError] | None = None
        for adapters in self._sets(model, adapter):
            stamps = frozenset(map(_stamp, adapters))
            paths = {one.name: one.path for one in adapters}
            try:
                generator = open_generator(replace(settings, adapters=paths))
            except ModelMissing:
                raise
            except ModelError as error:
                failed = set(adapters), error
                continue
            if failed is not None:
                left_out = failed[0].difference(adapters)
                self._blame(model, left_out, failed[1])
                names = ", ".join(sorted(one.name for one in left_out))
                # Words, for an error holds on to what was loaded where it came up.
                why = str(failed[1])
                log.warning("%s is loaded without some adapters (%s). %s", model, names, why)
            if adapter is not None and adapter not in adapters:
                self._open[model] = stamps, generator
                break
            if adapter is not None:
                self._asked.setdefault(model, {})[adapter.name] = adapter
            return stamps, generator
        assert failed is not None
        if adapter is None or model not in self._open:
            raise failed[1]  # the model itself cannot be loaded
        self._blame(model, {adapter}, failed[1])
        raise _unusable(adapter, failed[1].message) from failed[1]

    def _sets(self, model: str, adapter: Adapter | None) -> Iterator[tuple[Adapter, ...]]:
        """The adapters to load; and fewer, for where one of them is bad and keeps all from it."""
        asked = self._asked.get(model, {})
        loaded, _ = self._open.get(model, (frozenset[_Stamp](), None))
        needed = {} if adapter is None else {adapter.name: adapter}
        here = {name: one for name, one in asked.items() if one.path.is_file()}
        every = {one.name: one for one in self._in_use(model)} | here
        whole = {n: one for n, one in every.items() if (model, _stamp(one)) not in self._broken}
        proven = {name: one for name, one in whole.items() if _stamp(one) in loaded}
        sets = [whole | needed, proven | needed, needed]
        if model not in self._open:
            sets.append({})  # whether it is the model that cannot be loaded
        tried: list[dict[str, Adapter]] = []
        for some in sets:
            if some not in tried:
                tried.append(some)
                yield tuple(some.values())

    def _blame(self, model: str, suspects: Iterable[Adapter], error: ModelError) -> None:
        """Remember an adapter without which a model can be loaded, and with which it cannot.

        Of several nobody knows which one it is, until one of them is asked for.
        """
        suspects = list(suspects)
        if len(suspects) == 1:
            self._broken[model, _stamp(suspects[0])] = error.message


def _stamp(adapter: Adapter) -> _Stamp:
    try:
        changed = adapter.path.stat().st_mtime_ns
    except OSError:
        changed = 0  # loading it tells why
    return adapter.name, adapter.path, changed


def _unusable(adapter: Adapter, why: str) -> ModelError:
    return ModelError(
        f"The adapter {adapter.name} cannot be loaded. {why}",
        hint="Let another one answer (kilde adapter list), or train it again. It is tried again "
        "when its file has changed, or when Kilde is started anew.",
    )


def find(registry: Registry, folder: Path, agent: str, wanted: str) -> Adapter | None:
    """The adapter that an agent's setting ``adapter`` means; ``None`` is the model alone.

    Empty is the promoted one; else a name, :data:`NO_ADAPTER`, or a ``.gguf`` file of the
    workspace in ``folder``. Raises :class:`NotFound`, and :class:`WorkspaceError` for an adapter
    of another agent.
    """
    if not wanted:
        card = registry.promoted(agent)
        return None if card is None else registry.adapter(card.name)
    if wanted == NO_ADAPTER:
        return None
    if not wanted.endswith(".gguf"):
        owner = registry.get(wanted).agent
        if owner != agent:
            # Scope binds adapters too: it may have learnt from what this agent may not read.
            raise WorkspaceError(
                f"The adapter {wanted} is of the agent {owner!r}, so {agent!r} cannot answer with "
                "it.",
                hint=f"Those of {agent!r}: kilde adapter list {agent}",
            )
        return registry.adapter(wanted)
    try:
        path = (folder / wanted).resolve()
        there = path.is_file() and path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no file can be named like that
        there = False
    if not there:
        raise NotFound(
            "adapter", wanted, [], hint="A .gguf file must lie in the workspace's folder."
        )
    return Adapter(wanted, path)
