"""The part of the knowledge base that an agent is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from kilde.knowledge.closures import Closures
from kilde.knowledge.context import Context, assemble
from kilde.knowledge.schema import to_passage, to_ref
from kilde.knowledge.search import CITABLE, Scope, Search, searched
from kilde.knowledge.unknown import unknown_share
from kilde.knowledge.view import View, one_of
from kilde.types import Hit

# A tag, a version's number, a moment; None is the latest state.
AsOf = str | int | datetime | None
# How many documents are read at a time where all of them are.
_DOCUMENTS = 100


class ScopedKnowledge:
    """The documents that one agent may use. There is no way from here to the others.

    A past state is read within the scope of both times: a document must have been in one of the
    collections then, and must not have been moved out of them since.
    """

    def __init__(
        self,
        open_view: Callable[[AsOf], View | None],
        closures: Closures,
        search: Search,
        scope: Scope,
    ) -> None:
        self._open_view = open_view
        self._closures = closures
        self._search = search
        self._scope = scope

    def at(self, as_of: AsOf = None) -> ScopedKnowledge:
        """The same documents fixed in one state, whatever is stored meanwhile."""
        view, scope = self._state(as_of)
        return ScopedKnowledge(lambda _: view, self._closures, self._search, scope)

    def version(self, as_of: AsOf = None) -> int | None:
        """The version that would be read."""
        view = self._open_view(as_of)
        return view.version if view else None

    def languages(self, as_of: AsOf = None) -> tuple[str, ...]:
        """The languages of the documents in scope, the most frequent first."""
        view, scope = self._state(as_of)
        return self._search.languages(view, scope) if view else ()

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        as_of: AsOf = None,
        language: str | None = None,
        without: frozenset[str] = frozenset(),
    ) -> list[Hit]:
        """The best passages for a question within the scope, best first, equal ones once.

        The documents whose ids are in ``without`` are not found, as if they were not there.
        Of a very long question the beginning and the end are searched for
        (:func:`kilde.language.question.shortened`).
        """
        view, scope = self._state(as_of)
        if view is None:
            return []
        if without:
            scope = replace(scope, without=scope.without | without)
        return self._search.find(view, question, scope, limit=limit, language=language)

    def unknown_share(self, question: str, *, language: str, as_of: AsOf = None) -> float:
        """The share (0..1) of the question's content words that stand in no passage in scope."""
        view, scope = self._state(as_of)
        if view is None:
            return 1.0
        held = self._search.languages(view, scope)
        languages = sorted(held, key=lambda code: code != language)
        return unknown_share(view, searched(question), scope.within, languages)

    def passages(self, as_of: AsOf = None) -> Iterator[Hit]:
        """Every passage within the scope that can be cited, by document and place in it.

        Read a few documents at a time, so that memory stays flat. The score says nothing: it is 1.
        """
        view, scope = self._state(as_of)
        if view is None:
            return
        where = scope.filter(CITABLE)
        ids = sorted(
            document_id
            for batch in view.batches(["document_id"], f"ordinal = 0 AND {scope.within}")
            for document_id in batch["document_id"]
        )
        for start in range(0, len(ids), _DOCUMENTS):
            some = one_of("document_id", ids[start : start + _DOCUMENTS])
            rows = view.rows(where=f"{where} AND {some}")
            for row in sorted(rows, key=lambda row: (row["document_id"], row["ordinal"])):
                yield Hit(to_passage(row), to_ref(row), 1.0)

    def context(
        self,
        hits: Sequence[Hit],
        *,
        budget: int,
        count_tokens: Callable[[str], int],
        as_of: AsOf = None,
    ) -> Context:
        """What to put into a prompt for these hits, within a budget of tokens."""
        view, scope = self._state(as_of)
        if view is None:
            return Context((), ())
        return assemble(view, hits, within=scope.within, budget=budget, count_tokens=count_tokens)

    def _state(self, as_of: AsOf) -> tuple[View | None, Scope]:
        """A state, and the scope within which it may be read."""
        view, scope = self._open_view(as_of), self._scope
        if view is None or as_of is None or scope.collections is None:
            return view, scope
        today = self._open_view(None)
        closed = self._closures.closed(view, today, scope) if today else frozenset()
        return view, replace(scope, without=scope.without | closed)
