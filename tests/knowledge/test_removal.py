"""What was removed is gone, whatever happened in between; what was not is not."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kilde.documents.sources import Source
from kilde.errors import NotFound
from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document

_KEEP = timedelta(days=1)
Write = Callable[[str, str], Path]


def ids(base: KnowledgeBase) -> list[str]:
    return [ref.id for ref in base.documents()]


def edit_sources(root: Path, old: str, new: str) -> None:
    path = root / "sources.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_sync_removes_what_no_source_covers(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    write("notes/b.md", "Beta opens at nine.")
    base.add([root / "docs", root / "notes"])
    base.add_documents(Document.from_text("Gamma.", id="docs/c.md", source="docs/c.md"))
    base.add_documents(Document.from_text("Delta.", id="d", source="https://example.org/d"))
    edit_sources(root, '"notes"', '"docs"')
    assert base.sync().removed == ("notes/b.md",)
    assert ids(base) == ["d", "docs/a.md", "docs/c.md"]
    assert base.search("Beta", limit=9) == base.search("Beta", limit=9, collections=["default"])
    assert "notes/b.md" not in {h.passage.document_id for h in base.search("Beta", limit=9)}


def test_sync_of_some_sources_leaves_the_others_alone(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    for name in "abc":
        write(f"{name}/x.md", f"{name} opens at eight.")
    base.add([root / name for name in "abc"])
    edit_sources(root, '"b"', '"a"')
    write("a/x.md", "a opens at nine.")
    write("c/x.md", "c opens at nine.")
    report = base.sync(Source("path", "a"))
    assert (report.replaced, report.removed) == (("a/x.md",), ())
    report = base.sync()
    assert (report.replaced, report.removed) == (("c/x.md",), ("b/x.md",))


def test_sync_removes_what_was_excluded_by_hand(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    write("docs/b.md", "Beta opens at nine.")
    base.add(root / "docs")
    edit_sources(root, "excluded = []", 'excluded = ["docs/b.md"]')
    assert base.sync().removed == ("docs/b.md",)


def test_a_lost_list_of_sources_removes_nothing(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    base.add(root / "docs")
    (root / "sources.toml").rename(root / "lost.toml")
    report = base.sync()
    assert [failure.source for failure in report.failed] == ["sources.toml"]
    assert ids(base) == ["docs/a.md"]
    (root / "lost.toml").rename(root / "sources.toml")
    assert base.sync().failed == ()


def test_documents_handed_over_from_another_base_are_kept(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    """They were read from a file there; here they have no source to go with."""
    write("docs/a.md", "Alpha opens at eight.")
    base.add(root / "docs")
    document = base.document("docs/a.md")
    assert document.origin == "path"
    base.remove("docs")
    base.add_documents(document)
    assert base.sync().removed == ()
    assert ids(base) == ["docs/a.md"]
    assert base.reindex().replaced == ("docs/a.md",)
    assert base.document("docs/a.md").origin == "memory"


def test_a_table_named_by_a_variable_is_removed_beside_a_folder(
    base: KnowledgeBase, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(root / "clinic.db")) as database, database:
        database.execute("create table t (name text)")
        database.execute("insert into t values ('Anna')")
    monkeypatch.setenv("CLINIC_DB", "sqlite:///clinic.db")
    write("docs/a.md", "Alpha.")
    base.add([root, Source("sql", "env:CLINIC_DB", table="t")])
    assert ids(base) == ["docs/a.md", "env:CLINIC_DB#t"]
    assert base.remove("env:CLINIC_DB#t").removed == ("env:CLINIC_DB#t",)
    assert base.sync().removed == ()
    assert ids(base) == ["docs/a.md"]


@pytest.mark.parametrize("name", ["", " ", "/", "//", "\ud800", "a\x00b"])
def test_a_name_of_nothing_removes_nothing(base: KnowledgeBase, name: str) -> None:
    base.add_documents([Document.from_text("Made in memory.", id=key) for key in ("m", "n")])
    with pytest.raises(NotFound):
        base.remove(name)
    assert ids(base) == ["m", "n"]


def test_a_document_made_in_memory_goes_by_its_id_alone(base: KnowledgeBase) -> None:
    base.add_documents([Document.from_text("Text.", id=key, source="shop") for key in ("m", "n")])
    with pytest.raises(NotFound):
        base.remove("shop")
    assert base.remove("m").removed == ("m",)
    assert ids(base) == ["n"]


def test_a_removal_that_was_killed_can_be_repeated(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    """The document is deleted before the list says so; the file is still in its folder."""
    write("docs/a.md", "Alpha opens at eight.")
    write("docs/b.md", "Beta opens at nine.")
    base.add(root / "docs")
    before = (root / "sources.toml").read_bytes()
    base.remove("docs/a.md")
    (root / "sources.toml").write_bytes(before)
    assert ids(base) == ["docs/b.md"]
    base.remove("docs/a.md")
    base.sync()
    assert ids(base) == ["docs/b.md"]


@pytest.mark.parametrize("kind", [str, Path])
def test_one_source_where_several_are_taken(
    base: KnowledgeBase, write: Write, root: Path, kind: type
) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    base.add(kind(root / "docs"))
    assert [source.location for source in base.sources()] == ["docs"]
    base.add(Source("path", "docs"), collection="other")
    assert base.collections() == ("other",)
    assert [ref.id for ref in base.documents(collections="other")] == ["docs/a.md"]


def test_the_root_and_the_home_folder_need_force(
    base: KnowledgeBase, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(root))
    monkeypatch.setenv("USERPROFILE", str(root))
    write("docs/a.md", "Alpha opens at eight.")
    everything = ["/", "~", "~/", str(root), str(root.parent), "/*", "~/**/*.md", f"{root}/docs/.."]
    report = base.add([*everything, Source("path", "."), Source("path", "/")])
    assert len(report.failed) == len(everything) + 2
    assert all("force" in failure.hint for failure in report.failed)
    assert base.sources() == ()
    assert base.add(root, force=True).added == ("docs/a.md",)
    assert base.sync().failed == ()


def test_a_home_folder_behind_a_link(
    base: KnowledgeBase, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("home/a.md", "Alpha opens at eight.")
    (root / "link").symlink_to(root / "home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(root / "link"))
    assert len(base.add(["~", root / "home", root / "link"]).failed) == 3
    assert base.sources() == ()


def test_documents_stored_before_their_origin_was_recorded_stay(
    base: KnowledgeBase, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether one that is called after its source was read or made in memory."""
    write("docs/a.md", "Alpha opens at eight.")
    monkeypatch.setattr(
        "kilde.knowledge.schema._dump_layout",
        lambda document: json.dumps({"pages": document.pages, "own_summary": False}),
    )
    base.add(root / "docs")
    base.add_documents(Document.from_text("Made.", id="crm/42.md", source="crm/42.md"))
    monkeypatch.undo()
    (root / "docs/a.md").unlink()
    assert base.sync(prune=True).removed == ("docs/a.md",)
    assert ids(base) == ["crm/42.md"]


def test_names_of_other_types(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    (entry,) = os.scandir(root / "docs")
    assert base.add(entry).added == ("docs/a.md",)  # type: ignore[arg-type]
    assert base.add(os.fsencode(root / "docs")).unchanged == ("docs/a.md",)  # type: ignore[arg-type]


def test_a_file_replaced_by_one_of_equal_size_and_time(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    path = write("docs/a.md", "Alpha opens at 8.\n")
    times = (1_600_000_000, 1_600_000_000)
    os.utime(path, times)
    base.add(root / "docs")
    os.utime(path, times)
    base.sync()
    (root / "new.md").write_text("Alpha opens at 9.\n", encoding="utf-8")
    os.utime(root / "new.md", times)
    shutil.move(root / "new.md", path)
    assert base.sync().replaced == ("docs/a.md",)
    path.write_text("Alpha opens at 7.\n", encoding="utf-8")
    os.utime(path, times)
    assert base.sync().replaced == ("docs/a.md",)
