"""Keeping up with sources: what came, changed, went, or cannot be read at the moment."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kilde.agents.definition import AgentDefinition
from kilde.documents.sources import Source
from kilde.documents.text import READING
from kilde.errors import ConfigError, NotFound
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.sources import covers
from kilde.types import Document

from .conftest import Open
from .parts import sections

Write = Callable[[str, str], Path]


class Told:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int | None, str]] = []
        self.moves: list[int] = []

    def start(self, label: str, total: int | None, unit: str) -> None:
        self.steps.append((label, total, unit))

    def advance(self, amount: int = 1) -> None:
        self.moves.append(amount)

    def finish(self) -> None:
        pass


def ids(base: KnowledgeBase) -> list[str]:
    return [ref.id for ref in base.documents()]


def test_add_replace_remove_rename(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "# A\n\nAlpha opens at eight.\n")
    write("docs/b.md", "# B\n\nBeta opens at nine.\n")
    report = base.add([root / "docs"])
    assert sorted(report.added) == ["docs/a.md", "docs/b.md"]
    assert base.sync().unchanged == ("docs/a.md", "docs/b.md")
    write("docs/a.md", "# A\n\nAlpha opens at ten.\n")
    write("docs/c.md", "# C\n\nGamma opens at noon.\n")
    (root / "docs/b.md").rename(root / "docs/d.md")
    report = base.sync()
    assert report.replaced == ("docs/a.md",)
    assert sorted(report.added) == ["docs/c.md", "docs/d.md"]
    assert report.removed == ("docs/b.md",)
    assert "ten" in base.document("docs/a.md").text
    assert ids(base) == ["docs/a.md", "docs/c.md", "docs/d.md"]


def test_only_changed_passages_are_embedded(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", sections(10))
    first = base.add([root / "docs"]).passages_embedded
    assert first >= 11
    write("docs/a.md", sections(10, edited=4))
    report = base.sync()
    assert report.replaced == ("docs/a.md",)
    # The edited passage, and the summary if the sentence stood there.
    assert 1 <= report.passages_embedded <= 2
    hit = base.search("When does the physiotherapy on floor 4 open?", limit=1)[0]
    assert "opens at 9" in hit.passage.text


def test_touched_file_is_read_and_nothing_is_stored(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    path = write("docs/a.md", "Alpha opens at eight.")
    version = base.add([root / "docs"]).version
    os.utime(path, (1_600_000_000, 1_600_000_000))
    report = base.sync()
    assert (report.unchanged, report.replaced) == (("docs/a.md",), ())
    assert report.version == version


def test_file_that_fails_keeps_its_last_good_state(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    write("docs/b.json", '{"beta": "opens at nine"}')
    base.add([root / "docs"])
    write("docs/b.json", '{"beta": ')
    write("docs/a.md", "")
    report = base.sync()
    assert sorted(failure.source for failure in report.failed) == ["docs/a.md", "docs/b.json"]
    assert report.removed == ()
    assert "eight" in base.document("docs/a.md").text
    assert "nine" in base.document("docs/b.json").text


def test_file_deleted_while_it_is_read(base: KnowledgeBase, write: Write, root: Path) -> None:
    for name in "abc":
        write(f"docs/{name}.md", f"{name} opens at eight.")
    base.add([root / "docs"])
    for name in "abc":
        write(f"docs/{name}.md", f"{name} opens at nine.")

    class Deleting(Told):
        """The files were found, and one goes before it is read."""

        def start(self, label: str, total: int | None, unit: str) -> None:
            (root / "docs/b.md").unlink()

    report = base.sync(progress=Deleting())
    assert [failure.source for failure in report.failed] == ["docs/b.md"]
    assert sorted(report.replaced) == ["docs/a.md", "docs/c.md"]
    assert "eight" in base.document("docs/b.md").text
    assert base.sync().removed == ("docs/b.md",)


def test_registered_file_that_was_deleted_goes(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    path = write("docs/a.md", "Alpha.")
    base.add([path])
    path.unlink()
    assert base.sync().removed == ("docs/a.md",)


@pytest.mark.parametrize("folder", ["drive", "v1.2", "old.md"])
def test_folder_that_vanished_keeps_its_documents(
    base: KnowledgeBase, write: Write, root: Path, folder: str
) -> None:
    write(f"{folder}/a.md", "Alpha opens at eight.")
    base.add([root / folder])
    (root / folder).rename(root / "elsewhere")
    report = base.sync()
    assert (report.removed, len(report.failed)) == ((), 1)
    assert ids(base) == [f"{folder}/a.md"]


def empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def leave_another_format(folder: Path) -> None:
    empty_folder(folder)
    (folder / "autorun.inf").write_text("left behind")


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("pattern", ["drive", "drive/*.md"])
@pytest.mark.parametrize("lose", [empty_folder, leave_another_format, move_away])
def test_a_source_that_lost_all_files_at_once_is_kept_until_pruned(
    base: KnowledgeBase, write: Write, root: Path, pattern: str, lose: Callable[[Path], None]
) -> None:
    write("drive/a.md", "Alpha opens at eight.")
    write("drive/b.md", "Beta opens at nine.")
    write("docs/c.md", "Gamma opens at ten.")
    base.add([root / pattern, root / "docs"])
    lose(root / "drive")
    for _ in range(2):
        report = base.sync()
        assert (report.removed, len(report.failed)) == ((), 1)
        assert report.failed[0].source == pattern
        assert "2 stored documents are kept" in report.failed[0].reason
        assert "--prune" in report.failed[0].hint
    report = base.sync(prune=True)
    assert sorted(report.removed) == ["drive/a.md", "drive/b.md"]
    assert report.failed == ()
    assert ids(base) == ["docs/c.md"]


def test_a_source_whose_files_are_back_needs_no_prune(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    write("drive/a.md", "Alpha opens at eight.")
    base.add([root / "drive"])
    (root / "drive").rename(root / "elsewhere")
    (root / "drive").mkdir()
    assert len(base.add([root / "drive"]).failed) == 1
    (root / "drive").rmdir()
    (root / "elsewhere").rename(root / "drive")
    report = base.sync()
    assert (report.unchanged, report.failed) == (("drive/a.md",), ())


def test_pruning_keeps_what_cannot_be_read(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha opens at eight.")
    path = write("docs/b.json", '{"opens": "nine"}')
    base.add([root / "docs"])
    path.write_text("{")
    report = base.sync(prune=True)
    assert (report.removed, [failure.source for failure in report.failed]) == ((), ["docs/b.json"])


def test_a_folder_that_never_held_a_document_is_no_failure(base: KnowledgeBase, root: Path) -> None:
    assert base.add([root / "docs"]).failed == ()
    assert base.sync().failed == ()


def test_subfolder_that_may_not_be_read_keeps_its_documents(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    write("docs/open/a.md", "Alpha opens at eight.")
    write("docs/closed/b.md", "Beta opens at nine.")
    base.add([root / "docs"])
    (root / "docs/closed").chmod(0)
    try:
        report = base.sync()
        assert (report.removed, len(report.failed)) == ((), 1)
        assert len(ids(base)) == 2
    finally:
        (root / "docs/closed").chmod(0o755)


def test_sheet_removed_from_a_workbook(base: KnowledgeBase, root: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")

    def save(*sheets: str) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for sheet in sheets:
            page = book.create_sheet(sheet)
            page.append(["what", "price"])
            page.append([f"Visit {sheet}", 100])
        book.save(root / "docs/prices.xlsx")

    save("Adults", "Children", "Pets")
    base.add([root / "docs"])
    assert ids(base) == [f"docs/prices.xlsx#{name}" for name in ("Adults", "Children", "Pets")]
    save("Adults", "Children")
    report = base.sync()
    assert report.removed == ("docs/prices.xlsx#Pets",)
    # One sheet removed by hand: the other stays, now and after the next sync.
    base.remove("docs/prices.xlsx#Children")
    assert base.sync().removed == ()
    assert ids(base) == ["docs/prices.xlsx#Adults"]
    save("Adults", "Children", "Teachers")
    base.sync()
    assert ids(base) == ["docs/prices.xlsx#Adults", "docs/prices.xlsx#Teachers"]
    base.add([root / "docs"])
    assert "docs/prices.xlsx#Children" in ids(base)


def test_two_files_with_one_name(base: KnowledgeBase, write: Write, root: Path) -> None:
    one, other = "docs/Ærø å.md", unicodedata.normalize("NFD", "docs/Ærø å.md")
    write(one, "The first text.")
    write(other, "The second text.")
    if len(list((root / "docs").iterdir())) == 1:
        pytest.skip("this file system takes both names for one")
    report = base.add([root / "docs"])
    assert len(report.added) == 1
    assert [failure.source for failure in report.failed] == [unicodedata.normalize("NFC", one)]
    assert "two files" in report.failed[0].reason
    assert "Rename" in report.failed[0].hint


def test_folder_that_links_to_itself(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha.")
    (root / "docs/again").symlink_to(root / "docs")
    (root / "docs/loop.md").symlink_to("loop.md")
    report = base.add([root / "docs"])
    assert report.added == ("docs/a.md",)
    assert base.sync().unchanged == ("docs/a.md",)


def test_collection_change_embeds_nothing(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", sections(3))
    base.add([root / "docs"], collection="health")
    report = base.add([root / "docs"], collection="archive")
    assert report.replaced == ("docs/a.md",)
    assert report.passages_embedded == 0
    assert base.collections() == ("archive",)
    assert base.search("laboratory", collections=["health"]) == []
    # Without a collection it stays where it is.
    base.add([root / "docs"])
    assert base.collections() == ("archive",)


def test_removed_document_stays_out(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha.")
    write("docs/b.md", "Beta.")
    base.add([root / "docs"])
    assert base.remove("docs/a.md").removed == ("docs/a.md",)
    write("docs/a.md", "Alpha changed.")
    report = base.sync()
    assert (report.added, report.removed) == ((), ())
    assert base.add([root / "docs/a.md"]).added == ("docs/a.md",)
    with pytest.raises(NotFound, match="docs/x"):
        base.remove("docs/x.md")


def test_removed_source_takes_its_documents(base: KnowledgeBase, write: Write, root: Path) -> None:
    write("docs/a.md", "Alpha.")
    write("docs/sub/b.md", "Beta.")
    base.add([root / "docs", root / "docs/sub"])
    assert base.remove("docs").removed == ("docs/a.md",)
    assert base.remove("docs/sub").removed == ("docs/sub/b.md",)
    assert base.sources() == ()


@pytest.mark.parametrize("source", ["", "docs/hours.md", "docs/x.md"])
def test_documents_made_in_memory_stay(
    base: KnowledgeBase, write: Write, root: Path, source: str
) -> None:
    """Also when a registered folder is the whole workspace, and whatever source they name."""
    base.add_documents([Document.from_text("Made in memory.", id="m", source=source)])
    write("docs/a.md", "Alpha.")
    write("docs/b.md", "Beta.")
    base.add([root])
    (root / "docs/a.md").unlink()
    assert base.sync().removed == ("docs/a.md",)
    base.remove(".")
    assert ids(base) == ["m"]


def test_a_pattern_covers_only_what_it_matches() -> None:
    def pattern(location: str, name: str) -> bool:
        return covers(Source("path", location), name)

    assert pattern("docs/*.md", "docs/a.md")
    assert not pattern("docs/*.md", "docs/a.txt")
    assert not pattern("docs/*.md", "docs/sub/a.md")
    assert pattern("docs/**/*.md", "docs/a.md")
    assert pattern("docs/**/*.md", "docs/sub/deep/a.md")
    assert pattern("docs", "docs/a[1].md")
    assert pattern("docs/a[1].md", "docs/a[1].md")
    assert not pattern("docs", "docs2/a.md")
    assert not pattern(".", "")
    assert not pattern(".", "/elsewhere/a.md")
    assert not pattern(".", "https://example.org/")
    sql = Source("sql", "sqlite:///x.db", table="a")
    assert covers(sql, "sqlite:///x.db#a")
    assert not covers(sql, "sqlite:///x.db#b")


def test_sources_that_do_not_exist_are_named_and_not_registered(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    path = write("docs/a.md", "Alpha.")
    report = base.add([root / "nothing", path, "ftp://example.org/x", ""])
    assert report.added == ("docs/a.md",)
    assert len(report.failed) == 3
    assert [source.location for source in base.sources()] == ["docs/a.md"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[[source]\n", 1),
        ("source = 3\n", 1),
        ("source = [1, 2]\n", 1),
        ("excluded = 5\nsurce = 1\n", 2),
        ('[[source]]\nkind = "path"\n\n[[source]]\nkind = "ftp"\nlocation = "x"\ncolour = 1\n', 3),
        ('[[source]]\nkind = "path"\nlocation = "x"\ncollection = 7\n', 1),
        ('[[source]]\nkind = "path"\nlocation = "x"\ncollection = "a b"\n', 1),
        ('[[source]]\nkind = "path"\nlocation = "x"\ncollection = ""\n', 1),
        ("\ufffd\x00", 1),
    ],
)
def test_faults_of_sources_toml(base: KnowledgeBase, root: Path, text: str, faults: int) -> None:
    (root / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        base.sync()
    assert len(caught.value.faults) == faults
    assert all("sources.toml" in fault for fault in caught.value.faults)
    if "[[source]]\n" in text:
        assert "line" in caught.value.faults[0]


def test_the_line_of_a_collection_that_no_agent_can_name(base: KnowledgeBase, root: Path) -> None:
    good = '[[source]]\nkind = "path"\nlocation = "x"\n\n'
    (root / "sources.toml").write_text(good + good.strip() + '\ncollection = "a b"\n', "utf-8")
    with pytest.raises(ConfigError, match="line 5: source 2: 'a b' cannot be a collection"):
        base.sync()


@pytest.mark.parametrize("name", ["", "a b", "x" * 100, "a/b", "a\n", "a\x00", "\ud800"])
def test_collections_that_no_agent_can_name_are_refused(
    base: KnowledgeBase, write: Write, name: str
) -> None:
    path = write("docs/a.md", "Alpha.")
    for report in (
        base.add([path], collection=name),
        base.add([Source("path", str(path), collection=name)]),
        base.add_documents([Document.from_text("Beta.", id="b", collection=name)]),
    ):
        assert report.added == ()
        assert "use 1 to 64 letters, digits, - and _" in report.failed[0].reason
    assert (base.sources(), base.documents()) == ((), [])


@pytest.mark.parametrize("name", ["default", "åbent_2-b", "å" * 64, "हिन्दी", "a\u030a"])
def test_what_is_a_collection_an_agent_can_name(
    base: KnowledgeBase, write: Write, name: str
) -> None:
    base.add([write("docs/a.md", "Alpha.")], collection=name)
    base.add_documents([Document.from_text("Beta.", id="b", collection=name)])
    assert base.collections() == (unicodedata.normalize("NFC", name),)
    AgentDefinition(name="A", instructions="B", collections=(name,))


def test_sources_toml_that_is_no_utf8(base: KnowledgeBase, root: Path) -> None:
    (root / "sources.toml").write_bytes(b'[[source]]\nkind = "p\xe6th"\n')
    with pytest.raises(ConfigError):
        base.sync()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"docs/a.md": [1'),
        f'{{"reading": {READING}}}',
        f'{{"reading": {READING}, "files": []}}',
        f'{{"reading": {READING}, "files": {{"docs/a.md": 3}}}}',
    ],
)
def test_a_damaged_list_of_what_was_seen_costs_only_time(
    base: KnowledgeBase, write: Write, root: Path, text: str
) -> None:
    write("docs/a.md", "Alpha.")
    base.add([root / "docs"])
    (root / ".kilde/seen.json").write_text(text)
    assert base.sync().unchanged == ("docs/a.md",)


def test_progress_moves_within_one_long_document(base: KnowledgeBase, root: Path) -> None:
    lines = "".join(f"{n},visit number {n},{n * 10}\n" for n in range(1500))
    (root / "docs/long.csv").write_text("id,what,price\n" + lines, encoding="utf-8")
    told = Told()
    report = base.add([root / "docs"], progress=told)
    assert report.added == ("docs/long.csv",)
    (_, total, unit) = told.steps[-1]
    assert unit == "kB"
    assert sum(told.moves) == total
    assert len(told.moves) > 8
    # One commit held all of it.
    assert [v.documents for v in base.history()] == [1]
    assert [v.passages for v in base.history()] == [1500]


def test_an_edit_within_the_clocks_resolution_is_seen(base: KnowledgeBase, root: Path) -> None:
    path = root / "docs/a.md"
    path.write_text("Opens at 8.")
    base.add([path])
    status = path.stat()
    path.write_text("Opens at 9.")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert base.sync().replaced == ("docs/a.md",)


def test_a_file_from_the_future_is_read_again_each_time(base: KnowledgeBase, root: Path) -> None:
    """Written while the clock was ahead: until that time comes, an edit could go unnoticed."""
    path = root / "docs/a.md"
    path.write_text("Opens at 8.")
    ahead = time.time() + 86_400
    os.utime(path, (ahead, ahead))
    base.add([path])
    path.write_text("Opens at 9.")
    os.utime(path, (ahead, ahead))
    assert base.sync().replaced == ("docs/a.md",)
    # And the edit of a file whose time goes back.
    path.write_text("Opens at 7.")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert base.sync().replaced == ("docs/a.md",)


def test_same_text_under_another_title_is_stored(base: KnowledgeBase) -> None:
    document = Document.from_text("The clinic opens at eight.", id="a", title="One")
    base.add_documents([document])
    assert base.add_documents([replace(document, title="Two")]).replaced == ("a",)
    assert base.documents()[0].title == "Two"


def test_knowledge_loads_no_heavy_library() -> None:
    code = (
        "import sys, kilde.knowledge.base\n"
        "heavy = {'lancedb', 'pyarrow', 'onnxruntime', 'pypdfium2', 'sqlalchemy', 'filelock'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hemmelig@h/x",
        "postgresql://u:p@hemmelig@h/x",
        "postgresql://u:hemmelig@h:port/x",
        "mysql://u@h/x?password=hemmelig",
        "mysql://u@h/x?pwd=hemmelig",
        "env:postgresql://u:hemmelig@h/x",
    ],
)
def test_a_password_is_neither_kept_nor_shown(base: KnowledgeBase, root: Path, url: str) -> None:
    report = base.add([Source("sql", url, table="t")])
    assert len(report.failed) == 1
    assert base.sources() == ()
    # Written by hand it is there, and still shown nowhere.
    (root / "sources.toml").write_text(
        f'[[source]]\nkind = "sql"\nlocation = "{url}"\ntable = "t"\n', encoding="utf-8"
    )
    with pytest.raises(NotFound) as caught:
        base.remove("nothing like it")
    told = f"{report} {base.sync()} {caught.value} {ids(base)}"
    assert "hemmelig" not in told


def test_a_folder_that_is_a_link(base: KnowledgeBase, root: Path) -> None:
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    for name in ("a.md", "b.md"):
        (elsewhere / name).write_text(f"Text of {name}.", encoding="utf-8")
    (root / "linked").symlink_to(elsewhere)
    assert len(base.add([root / "linked"]).added) == 2
    assert base.add([Source("path", "linked")]).added == ()
    assert len(base.sources()) == 1
    (elsewhere / "b.md").unlink()
    assert base.sync().removed == (f"{elsewhere.resolve().as_posix()}/b.md",)
    assert len(base.remove(str(root / "linked")).removed) == 1
    assert (base.sources(), ids(base)) == ((), [])


def test_a_source_that_gives_nothing_is_not_kept(
    base: KnowledgeBase, write: Write, root: Path
) -> None:
    with closing(sqlite3.connect(root / "clinic.db")) as database, database:
        database.execute("create table hours (day text)")
        database.execute("insert into hours values ('Monday')")
    url = "sqlite:///clinic.db"
    write("docs/broken.json", "{")
    bad: list[str | Path | Source] = [
        Source("sql", url, table="nope"),
        Source("sql", url, query="delete from hours"),
        Source("sql", "bogus", table="hours"),
        root / "docs/broken.json",
    ]
    assert len(base.add([*bad, Source("sql", url, table="hours")]).failed) == 4
    assert [source.table for source in base.sources()] == ["hours"]
    assert base.sync().failed == ()
    # What was registered before stays, also without anything read from it.
    write("docs/empty.json", '{"a": "b"}')
    base.add([root / "docs/empty.json"])
    write("docs/empty.json", "{")
    assert len(base.add([root / "docs/empty.json"]).failed) == 1
    assert len(base.sources()) == 2
    with pytest.raises(NotFound, match=r"sqlite:///clinic\.db#hours"):
        base.remove("sqlite:///clinic.db#houres")
    assert base.remove("sqlite:///clinic.db#hours").removed == ("sqlite:///clinic.db#hours",)
    assert [source.kind for source in base.sources()] == ["path"]


def test_a_sheet_that_was_removed_comes_back(base: KnowledgeBase, root: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in "AB":
        page = book.create_sheet(sheet)
        page.append(["what", "price"])
        page.append([f"Visit {sheet}", 100])
    path = root / "p.xlsx"
    book.save(path)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    base.add([path])
    base.remove("p.xlsx#B")
    assert ids(base) == ["p.xlsx#A"]
    assert base.add([path]).added == ("p.xlsx#B",)
    assert ids(base) == ["p.xlsx#A", "p.xlsx#B"]


def test_an_upgrade_that_reads_otherwise_reads_every_file_again(
    open_base: Open, write: Write, root: Path
) -> None:
    """As an earlier Kilde left it: hidden characters in the text, and a list without a reading."""
    write("docs/a.md", "The clinic\u202e opens\u200b at 8.")
    write("docs/b.md", "The dentist opens at 9.")
    base = open_base()
    base.add([root / "docs"])
    old = replace(base.document("docs/a.md"), text="The clinic\u202e opens\u200b at 8.")
    base.add_documents([old])
    path = root / ".kilde/seen.json"
    path.write_text(json.dumps(json.loads(path.read_text())["files"]))
    report = open_base().sync()
    assert (report.replaced, report.unchanged) == (("docs/a.md",), ("docs/b.md",))
    assert base.document("docs/a.md").text == "The clinic opens at 8."
    assert base.sync().passages_embedded == 0
