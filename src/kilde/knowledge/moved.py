"""Documents that have left a scope since: a past state must not open what is closed today.

Whoever moves a document out of an agent's collections means its text, and that stands in the past
states as well. See docs/decisions/0015-scope-of-past-states.md.
"""

from __future__ import annotations

from kilde.knowledge.search import Scope
from kilde.knowledge.view import View, one_of

# Documents whose passages are read at a time.
_DOCUMENTS = 500


def moved_out(past: View, today: View, scope: Scope) -> frozenset[str]:
    """The documents (by id) that a past state holds within the scope and today's does not.

    That is a document which is in another collection today; and one whose id is gone, but of which
    a passage stands, word for word and under the same title, in documents outside the scope and in
    none inside: its file was moved. A document that was removed is not among them.
    """
    if scope.collections is None or past.version == today.version:
        return frozenset()
    then = _homes(past, scope.within)
    now = _homes(today)
    moved = {name for name in then if now.get(name, then[name]) not in scope.collections}
    if gone := sorted(then.keys() - now.keys()):
        moved |= _moved_files(past, today, scope.collections, gone)
    return frozenset(moved)


def _moved_files(past: View, today: View, collections: frozenset[str], gone: list[str]) -> set[str]:
    """Which of the documents that are gone stand outside the collections under another id."""
    owners: dict[str, set[str]] = {}
    for start in range(0, len(gone), _DOCUMENTS):
        where = f"ordinal >= 0 AND {one_of('document_id', gone[start : start + _DOCUMENTS])}"
        for batch in past.batches(["document_id", "passage_hash"], where):
            for name, digest in zip(batch["document_id"], batch["passage_hash"], strict=True):
                owners.setdefault(digest, set()).add(name)
    inside, outside = set[str](), set[str]()
    for batch in today.batches(["collection", "passage_hash"], "ordinal >= 0"):
        for collection, digest in zip(batch["collection"], batch["passage_hash"], strict=True):
            if digest in owners:
                (inside if collection in collections else outside).add(digest)
    return {name for digest in outside - inside for name in owners[digest]}


def _homes(view: View, within: str = "true") -> dict[str, str]:
    """The collection of every document."""
    return {
        name: collection
        for batch in view.batches(["document_id", "collection"], f"ordinal = 0 AND {within}")
        for name, collection in zip(batch["document_id"], batch["collection"], strict=True)
    }
