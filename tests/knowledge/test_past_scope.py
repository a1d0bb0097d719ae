"""What an agent may read of a past state: what was in its collections then and has not left them.

Every way to the documents is tried: the two searches, the context, the languages, the words that
stand nowhere, and all passages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.scoped import AsOf, ScopedKnowledge
from kilde.knowledge.search import Scope
from kilde.types import Document

SECRET = "The salary of Doctor Marlow is 70 000 kroner a month."
QUESTION = "What is the salary of Doctor Marlow?"

Write = Callable[[str, str], Path]


def doc(text: str, name: str, collection: str, language: str = "en") -> Document:
    return Document.from_text(text, id=name, title="Pay", collection=collection, language=language)


@pytest.fixture
def scoped(base: KnowledgeBase) -> ScopedKnowledge:
    """What an agent of the collection ``open`` is handed."""
    return base.scoped(Scope(frozenset({"open"})))


def readable(scoped: ScopedKnowledge, as_of: AsOf) -> set[str]:
    """The documents that can be read, which must be the same in every way to them."""
    ways = []
    for knowledge, state in ((scoped, as_of), (scoped.at(as_of), None)):
        hits = knowledge.search(QUESTION, limit=50, as_of=state)
        context = knowledge.context(hits, budget=10_000, count_tokens=len, as_of=state)
        listed = list(knowledge.passages(state))
        some = any("Marlow" in hit.passage.text for hit in listed)
        unknown = knowledge.unknown_share("Marlow", language="en", as_of=state)
        assert unknown == (0.0 if some else 1.0)
        assert bool(knowledge.languages(state)) == bool(listed)
        ways += [
            {hit.document.id for hit in hits},
            {hit.document.id for hit in listed},
            {hit.document.id for hit in (*context.passages, *context.summaries)},
        ]
    assert all(way == ways[0] for way in ways), ways
    return ways[0]


def test_a_document_that_was_moved_out_is_closed_in_past_states_too(
    base: KnowledgeBase, scoped: ScopedKnowledge
) -> None:
    base.add_documents([doc(SECRET, "pay", "open"), doc("We open at 8.", "hours", "open")])
    base.tag("then")
    assert readable(scoped, "then") == {"pay", "hours"}
    base.add_documents([doc(SECRET, "pay", "closed")])
    assert readable(scoped, "then") == {"hours"}
    # Its owner still sees it, by whatever name the collection had then.
    for collections in (None, ["open"]):
        found = base.search(QUESTION, collections=collections, as_of="then")
        assert found[0].document.id == "pay"
    assert readable(base.scoped(Scope(None)), "then") == {"pay", "hours"}
    base.add_documents([doc(SECRET, "pay", "open")])
    assert readable(scoped, "then") == {"pay", "hours"}


def test_a_document_that_was_let_in_stays_closed_where_it_was_closed(
    base: KnowledgeBase, scoped: ScopedKnowledge
) -> None:
    """What is opened may have been made fit for it; what it said before was closed."""
    base.add_documents([doc(SECRET, "pay", "closed")])
    base.tag("then")
    base.add_documents([doc("Salaries are agreed with the union.", "pay", "open")])
    assert readable(scoped, None) == {"pay"}
    assert readable(scoped, "then") == set()


def test_what_was_edited_or_removed_can_be_cited_as_it_was(
    base: KnowledgeBase, scoped: ScopedKnowledge
) -> None:
    base.add_documents([doc("Pay was 7 in 2025.", "old", "open"), doc(SECRET, "pay", "open")])
    base.tag("then")
    base.add_documents([doc("The salary is not told.", "pay", "open")])
    base.remove("old")
    assert readable(scoped, "then") == {"old", "pay"}


def test_a_file_that_was_moved_is_closed_under_its_old_name_too(
    base: KnowledgeBase, root: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    write("docs/pay.md", f"# Pay\n\n{SECRET}\n")
    write("docs/hours.md", "# Hours\n\nWe open at 8. Doctor Quill is in on Mondays.\n")
    (root / "vault").mkdir()
    write("vault/keys.md", "# Keys\n\nThe key lies under the mat.\n")
    base.add([root / "docs"], collection="open")
    base.add([root / "vault"], collection="closed")
    base.tag("then")
    assert readable(scoped, "then") == {"docs/pay.md", "docs/hours.md"}
    (root / "docs/pay.md").rename(root / "vault/pay.md")
    base.sync()
    assert readable(scoped, "then") == {"docs/hours.md"}
    # Moved within what is open, it stays so; and a removed file is not taken for a moved one.
    (root / "docs/hours.md").rename(root / "docs/times.md")
    base.sync()
    assert readable(scoped, "then") == {"docs/hours.md"}
    (root / "vault/pay.md").unlink()
    base.sync()
    assert readable(scoped, "then") == {"docs/pay.md", "docs/hours.md"}


def test_languages_of_what_was_moved_out_are_not_told(
    base: KnowledgeBase, scoped: ScopedKnowledge
) -> None:
    base.add_documents(
        [doc("Lønnen er 70 000 kroner.", "løn", "open", "da"), doc(SECRET, "pay", "open")]
    )
    base.tag("then")
    assert scoped.languages("then") == ("da", "en")
    base.add_documents([doc("Lønnen er 70 000 kroner.", "løn", "closed", "da")])
    assert scoped.languages("then") == ("en",)
    assert scoped.at("then").languages() == ("en",)
