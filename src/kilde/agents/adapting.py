"""Which adapter answers a question: one that fits the model and knows the language, or none."""

from __future__ import annotations

from collections.abc import Callable

from kilde.errors import GenerationError
from kilde.protocols import Adapter

FindAdapter = Callable[[str | None], Adapter | None]
"""The adapter of that name (``NotFound`` where there is none); for ``None``, the agent's own."""


def choose_adapter(
    wanted: bool | str,
    find: FindAdapter,
    base: Callable[[], str],
    note: Callable[[str], None],
) -> Adapter | None:
    """The adapter to answer with, if the language allows it (:func:`answers_in`).

    ``wanted`` is the name of one, or whether the agent's own one is. ``base`` tells the SHA-256 of
    the agent's model file, empty where its model is no file here. ``note`` is told why the agent's
    own one is left out; one that was named and was trained for another model is a
    :class:`GenerationError` instead.
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
    return adapter


def answers_in(
    adapter: Adapter, language: str, *, named: bool, note: Callable[[str], None]
) -> bool:
    """Whether an adapter answers a question in a language.

    The agent's own one does in the languages it was trained in, one that was ``named`` for the
    question in all; ``note`` is told where the language is another one.
    """
    if adapter.languages is None or language in adapter.languages:
        return True
    then = "it answers all the same, for it was named" if named else "answered without it"
    note(f"the adapter {adapter.name} was not trained in {language!r}: {then}")
    return named
