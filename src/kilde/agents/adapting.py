"""Which adapter answers a question: one that fits the model and knows the language, or none."""

from __future__ import annotations

from collections.abc import Callable

from kilde.errors import GenerationError
from kilde.types import Adapter

FindAdapter = Callable[[str | None], Adapter | None]
"""The adapter of that name (``NotFound`` where there is none); for ``None``, the agent's own."""


def choose_adapter(
    wanted: bool | str,
    language: str,
    find: FindAdapter,
    base: Callable[[], str],
    note: Callable[[str], None],
) -> Adapter | None:
    """The adapter to answer with in a language.

    ``wanted`` is the name of one, or whether the agent's own one is. ``base`` tells the SHA-256 of
    the agent's model file, empty where its model is no file here. ``note`` is told why an adapter
    is left out; one that was named and does not fit is a :class:`GenerationError` instead.
    """
    if not wanted:
        return None
    named = wanted if isinstance(wanted, str) else None
    adapter = find(named)
    if adapter is None:
        return None
    if adapter.base and adapter.base != base():
        if named is not None:
            raise GenerationError(
                f"The adapter {adapter.name} was trained for another model than the one that "
                "answers.",
                hint="Name its model in the agent's file, or ask with another adapter: kilde "
                "adapter list",
            )
        note(f"the adapter {adapter.name} was trained for another model: answered without it")
        return None
    if adapter.languages is not None and language not in adapter.languages:
        note(f"the adapter {adapter.name} was not trained in {language!r}: answered without it")
        return None
    return adapter
