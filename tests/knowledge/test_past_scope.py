"""What an agent may read of a past state: what was in its collections then and has not left them.

Every way to the documents is tried: the two searches, the context, the languages, the words that
stand nowhere, and all passages.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kilde.embedding import Embedder
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.closures import Closures, Move
from kilde.knowledge.scoped import AsOf, ScopedKnowledge
from kilde.knowledge.search import Scope
from kilde.knowledge.view import View
from kilde.types import Document

SECRET = "The salary of Doctor Marlow is 70 000 kroner a month."
QUESTION = "What is the salary of Doctor Marlow?"

Write = Callable[[str, str], Path]
Open = Callable[..., KnowledgeBase]

PAY = f"{SECRET} Doctor Quill gets 60 000 kroner.\nBoth are paid on the last day of the month.\n"
HOURS = "We open at 8.\nDoctor Quill is in on Mondays.\n"


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
    # Put back, it is open from now on, and what was closed in between stays so.
    base.add_documents([doc(SECRET, "pay", "open")])
    assert readable(scoped, "then") == {"hours"}
    assert readable(scoped, None) == {"pay", "hours"}


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


@pytest.fixture
def folders(base: KnowledgeBase, root: Path, write: Write) -> Path:
    """An open folder, a closed one, and a state ``then`` in which both files are open."""
    write("docs/pay.md", PAY)
    write("docs/hours.md", HOURS)
    write("vault/keys.md", "The key lies under the mat.\n")
    base.add([root / "docs"], collection="open")
    base.add([root / "vault"], collection="closed")
    base.tag("then")
    assert readable(base.scoped(Scope(frozenset({"open"}))), "then") == BOTH
    return root


BOTH, REST = {"docs/pay.md", "docs/hours.md"}, {"docs/hours.md"}


def test_closed_and_then_deleted_stays_closed(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge
) -> None:
    """What docs/security.md advises for a text that must not be read again."""
    base.add([folders / "docs/pay.md"], collection="closed")
    assert readable(scoped, "then") == REST
    (folders / "docs/pay.md").unlink()
    base.sync()
    assert {ref.id for ref in base.documents()} == REST | {"vault/keys.md"}
    for state in ("then", None):
        assert readable(scoped, state) == REST
    base.sync()
    assert readable(scoped, "then") == REST


@pytest.mark.parametrize("later", ["edited", "deleted", "removed", "rewritten"])
def test_a_moved_file_stays_closed_whatever_happens_to_it_there(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write, later: str
) -> None:
    (folders / "docs/pay.md").rename(folders / "vault/pay.md")
    base.sync()
    assert readable(scoped, "then") == REST
    if later == "edited":
        write("vault/pay.md", PAY.replace("70 000", "71 000"))
    elif later == "rewritten":
        write("vault/pay.md", "Nothing of it is left.\n")
    elif later == "deleted":
        (folders / "vault/pay.md").unlink()
    else:
        base.remove("vault/pay.md")
    base.sync()
    assert readable(scoped, "then") == REST


def test_what_was_redacted_and_opened_again_stays_closed_as_it_was(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    (folders / "docs/pay.md").rename(folders / "vault/pay.md")
    base.sync()
    (folders / "vault/pay.md").unlink()
    write("docs/pay.md", "Salaries are agreed with the union.\n")
    base.sync()
    base.tag("redacted")
    assert readable(scoped, "then") == REST
    assert readable(scoped, "redacted") == BOTH
    write("docs/pay.md", "Salaries are agreed with the unions.\n")
    base.sync()
    assert readable(scoped, "redacted") == BOTH


def test_a_reindex_opens_nothing(
    base: KnowledgeBase, folders: Path, open_base: Open, write: Write
) -> None:
    (folders / "docs/pay.md").rename(folders / "vault/pay.md")
    base.sync()
    again = open_base(max_tokens=12)
    again.reindex()
    assert readable(again.scoped(Scope(frozenset({"open"}))), "then") == REST


def test_a_stub_that_is_left_behind_opens_nothing(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    write("vault/pay.md", PAY)
    write("docs/pay.md", "See the vault.\n")
    base.sync()
    assert readable(scoped, "then") == REST
    (folders / "vault/pay.md").unlink()
    base.sync()
    assert readable(scoped, "then") == REST


@pytest.mark.parametrize("order", [("pay", "moved"), ("moved", "pay")])
def test_a_stub_and_its_text_may_come_in_different_commits(
    base: KnowledgeBase,
    scoped: ScopedKnowledge,
    monkeypatch: pytest.MonkeyPatch,
    order: tuple[str, str],
) -> None:
    base.add_documents([doc(PAY, "pay", "open"), doc(HOURS, "hours", "open")])
    base.tag("then")
    monkeypatch.setattr("kilde.knowledge.indexer.BATCH", 1)
    new = {"pay": doc("See the vault.", "pay", "open"), "moved": doc(PAY, "moved", "closed")}
    base.add_documents([new[name] for name in order])
    assert readable(scoped, "then") == {"hours"}


@pytest.mark.parametrize("heading", ["", "# Wages\n\n"])
def test_moved_under_another_name_and_title_is_moved(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write, heading: str
) -> None:
    (folders / "docs/pay.md").unlink()
    write("vault/wages.md", heading + PAY.replace("\n", "  \r\n"))
    base.sync()
    assert readable(scoped, "then") == REST


def test_moved_with_an_edit_in_the_same_step_is_moved(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    (folders / "docs/pay.md").unlink()
    write("vault/pay.md", PAY.replace("60 000", "61 000"))
    base.sync()
    assert readable(scoped, "then") == REST


def test_copied_first_and_deleted_later_is_moved(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge
) -> None:
    shutil.copy(folders / "docs/pay.md", folders / "vault/copy.md")
    base.sync()
    assert readable(scoped, "then") == BOTH
    base.remove("docs/pay.md")
    assert readable(scoped, "then") == REST


def test_a_file_is_followed_through_places_within_the_scope(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge
) -> None:
    (folders / "docs/pay.md").rename(folders / "docs/b.md")
    base.sync()
    assert readable(scoped, "then") == BOTH
    (folders / "docs/b.md").rename(folders / "docs/c.md")
    base.sync()
    assert readable(scoped, "then") == BOTH
    (folders / "docs/c.md").rename(folders / "vault/c.md")
    base.sync()
    (folders / "vault/c.md").unlink()
    base.sync()
    assert readable(scoped, "then") == REST


def test_a_renamed_file_is_followed_among_files_of_one_template(
    base: KnowledgeBase, root: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    """Most of each text is the same; what is its own tells what the file became."""
    form = "All salaries are agreed with the union and paid on the last day of the month.\n" * 2
    form += "Whoever has a question about this document asks the office on the second floor.\n"
    for name in "abcdefg":
        write(f"docs/{name}.md", f"{form}The salary of Marlow {name} is {ord(name)}.\n")
    base.add([root / "docs"], collection="open")
    write("vault/keys.md", "The key lies under the mat.\n")
    base.add([root / "vault"], collection="closed")
    base.tag("then")
    (root / "docs/c.md").rename(root / "docs/x.md")
    base.sync()
    (root / "docs/x.md").rename(root / "vault/x.md")
    base.sync()
    (root / "vault/x.md").unlink()
    base.sync()
    hits = scoped.search("What is the salary of Marlow?", limit=50, as_of="then")
    open_still = {f"docs/{name}.md" for name in "abdefg"}
    assert {hit.document.id for hit in hits} == open_still


def test_what_does_not_leave_the_scope_leaves_no_record(
    base: KnowledgeBase,
    folders: Path,
    scoped: ScopedKnowledge,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is the whole table read for an edit, only where documents are deleted."""
    scans: list[str] = []
    batches = View.batches

    def counted(view: View, columns: list[str], where: str | None = None) -> object:
        if "text" in columns and "document_id IN" not in (where or ""):
            scans.append(where or "")
        return batches(view, columns, where)

    monkeypatch.setattr(View, "batches", counted)
    write("docs/pay.md", PAY.replace("70 000", "71 000"))  # an edit in place
    base.sync()
    write("docs/pay.md", "The salary of Doctor Marlow is not told.\n")  # all of it
    write("vault/new.md", "The other key lies in the drawer.\n")
    base.sync()
    assert not scans
    monkeypatch.undo()
    assert readable(scoped, "then") == BOTH
    (folders / "docs/pay.md").unlink()  # without a copy elsewhere
    base.sync()
    base.remove("docs/hours.md")
    assert readable(scoped, "then") == BOTH
    assert not (folders / ".kilde/moves.jsonl").exists()


def test_a_record_without_its_commit_closes(
    base: KnowledgeBase, folders: Path, scoped: ScopedKnowledge, write: Write
) -> None:
    """As after a kill between the two; and half a line, as after a kill while it is written."""
    version = base.version or 0
    path = folders / ".kilde/moves.jsonl"
    Closures(path).record([Move("docs/pay.md", "open", {"closed": ["docs/pay.md"]}, version)])
    with path.open("ab") as log:
        log.write(b'{"id": "docs/ho')
    write("docs/new.md", "We have a new laboratory.\n")
    base.sync()
    assert readable(scoped, "then") == REST
    base.add([folders / "docs/hours.md"], collection="closed")
    assert readable(scoped, "then") == set()


def test_a_move_is_recorded_before_its_commit(
    base: KnowledgeBase, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record stands when the commit begins."""
    store = base._store
    intending = store.history.intending

    def looked(version: int, action: str) -> object:
        assert [move.document_id for move in store.closures.moves()] == ["docs/pay.md"]
        return intending(version, action)

    monkeypatch.setattr(store.history, "intending", looked)
    base.add([folders / "docs/pay.md"], collection="closed")


def test_repair_and_a_copy_of_the_workspace_keep_what_is_closed(
    base: KnowledgeBase, folders: Path, embedder: Embedder, tmp_path: Path
) -> None:
    (folders / "docs/pay.md").rename(folders / "vault/pay.md")
    base.sync()
    (folders / "vault/pay.md").unlink()
    base.sync()
    base.check(repair=True)
    assert readable(base.scoped(Scope(frozenset({"open"}))), "then") == REST
    copy = tmp_path / "copy"
    shutil.copytree(folders, copy)
    other = KnowledgeBase(
        copy / ".kilde", root=copy, embedder=lambda: embedder, max_tokens=200, keep=timedelta(1)
    )
    assert readable(other.scoped(Scope(frozenset({"open"}))), "then") == REST
