"""Scope binds training: what an agent may not read, it must not learn either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kilde.agents.definition import AgentDefinition
from kilde.tuning.checks.findings import Finding, count, listed, place
from kilde.tuning.data.rows import Row


def check_scope(
    rows: Sequence[Row], definition: AgentDefinition, collection_of: Callable[[str], str | None]
) -> Iterator[Finding]:
    """Rows made from documents outside the agent's collections, or from ones that are not there.

    Of a document that is not there nobody can tell whether the agent might read it, so where the
    agent is held to collections such rows are refused as well.
    """
    documents = dict.fromkeys(name for row in rows for name in row.lineage.all_documents)
    home = {name: collection_of(name) for name in documents}
    allowed = definition.collections
    outside: dict[int, str] = {}
    gone: dict[int, str] = {}
    for index, row in enumerate(rows):
        for name in row.lineage.all_documents:
            if home[name] is None:
                gone.setdefault(index, f"{place(rows, index)} ({name})")
            elif allowed is not None and home[name] not in allowed:
                outside.setdefault(index, f"{place(rows, index)} ({name} in {home[name]})")
    if outside:
        scope = ", ".join(allowed or ()) or "none"
        yield Finding(
            "outside-collections",
            "refuse",
            f"{count(len(outside))} come from documents that {definition.name!r} may not read: "
            f"{listed(list(outside.values()))}. Its collections: {scope}.",
            "Take the rows out, or add the collections to the agent's file.",
            tuple(outside),
        )
    if gone:
        yield Finding(
            "lineage-broken",
            "warn" if allowed is None else "refuse",
            f"{count(len(gone))} come from documents that are not there: "
            f"{listed(list(gone.values()))}.",
            "They were removed, or their names are mistyped: correct the names, or take the rows "
            "out (those from feedback by kilde feedback export FILE, and --from FILE).",
            tuple(gone),
        )
