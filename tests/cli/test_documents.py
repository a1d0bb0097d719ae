"""Documents go in, change, and come out again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from .conftest import Kilde


def test_init_makes_a_workspace_once(kilde: Kilde, tmp_path: Path) -> None:
    ended = kilde("init", "centre")
    assert ended.code == 0
    assert "Next: cd centre && kilde add FOLDER" in ended.out
    assert (tmp_path / "centre" / "kilde.toml").is_file()
    assert (tmp_path / "centre" / "agents").is_dir()
    again = kilde("init", "centre")
    assert again.code == 1
    assert "is a workspace already" in again.err


def test_list_shows_each_document_and_a_hint_where_there_is_none(
    kilde: Kilde, workspace: Path, minilm: str
) -> None:
    lines = kilde("list", cwd=workspace).out.splitlines()
    assert lines[0].split() == ["ID", "TITLE", "COLLECTION", "LANGUAGE"]
    assert lines[3].split() == ["site/badeanstalt.md", "Badeanstalten", "site", "da"]
    assert len({line.index(line.split()[1]) for line in lines}) == 1, "the columns are aligned"
    kilde("init", "empty")
    assert "kilde add FOLDER" in kilde("-w", "empty", "list").out


def test_sync_follows_edits_additions_and_deletions(kilde: Kilde, workspace: Path) -> None:
    library = workspace / "health" / "library.md"
    library.write_text(library.read_text().replace("9:15", "10:45"))
    (workspace / "health" / "optician.md").write_text("# Optician\n\nEye tests are free.\n")
    (workspace / "health" / "pharmacy.md").unlink()
    ended = kilde("sync", cwd=workspace)
    assert (ended.code, ended.out) == (0, "1 added, 1 replaced, 1 removed, 1 unchanged.\n")
    assert kilde("sync", cwd=workspace).out.startswith("0 added, 0 replaced, 0 removed, 3 unch")


def test_sync_removes_the_documents_of_an_emptied_folder_only_with_prune(
    kilde: Kilde, workspace: Path
) -> None:
    (workspace / "site" / "badeanstalt.md").unlink()
    ended = kilde("sync", cwd=workspace)
    assert (ended.code, ended.out) == (
        1,
        "0 added, 0 replaced, 0 removed, 2 unchanged, 1 failed.\n",
    )
    assert "site: it holds no file that can be read; 1 stored document is kept" in ended.err
    assert "kilde sync --prune" in ended.err
    assert json.loads(kilde("sync", "--json", cwd=workspace).out)["failed"][0]["source"] == "site"
    ended = kilde("sync", "--prune", cwd=workspace)
    assert (ended.code, ended.out) == (0, "0 added, 0 replaced, 1 removed, 2 unchanged.\n")


def test_what_cannot_be_read_is_named_and_the_rest_is_indexed(
    kilde: Kilde, workspace: Path
) -> None:
    (workspace / "good.md").write_text("# Good\n\nThis can be read.\n")
    (workspace / "bad.pdf").write_bytes(b"%PDF-1.4 nothing of a page")
    ended = kilde("add", "good.md", "bad.pdf", "missing.md", cwd=workspace)
    assert ended.code == 1
    assert ended.out.startswith("1 added") and "2 failed" in ended.out
    assert "bad.pdf: " in ended.err
    assert "missing.md: there is no such file or folder\n  Check the path" in ended.err
    assert "good.md" in kilde("list", cwd=workspace).out


def test_json_report_keeps_the_exit_code(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("add", "missing.md", "--json", cwd=workspace)
    assert ended.code == 1
    assert json.loads(ended.out)["failed"][0]["source"] == "missing.md"


def test_remove_takes_a_document_or_a_source(kilde: Kilde, workspace: Path) -> None:
    assert "1 removed" in kilde("remove", "health/pharmacy.md", cwd=workspace).out
    assert kilde("sync", cwd=workspace).out.startswith("0 added")
    assert "1 removed" in kilde("remove", "health", cwd=workspace).out
    assert (workspace / "health" / "pharmacy.md").exists()
    assert "health" not in kilde("list", cwd=workspace).out


def test_a_table_and_a_query_are_added_from_a_database(kilde: Kilde, workspace: Path) -> None:
    folder = workspace / "data"
    folder.mkdir()
    with sqlite3.connect(folder / "clinic.db") as database:
        database.execute("create table clinics (town text, phone text)")
        database.execute("insert into clinics values ('Ribe', '75 11 22 33')")
    database.close()
    # From a folder below, a path is meant from there; it is found again from anywhere.
    ended = kilde("add", "--sql", "sqlite:///clinic.db", "--table", "clinics", cwd=folder)
    assert (ended.code, ended.out) == (0, "1 added, 0 replaced, 0 removed, 0 unchanged.\n")
    query = "select town from clinics"
    ended = kilde(
        "add", "--sql", "sqlite:///data/clinic.db", "--query", query, "--collection", "towns",
        cwd=workspace,
    )  # fmt: skip
    assert ended.out.startswith("1 added")
    assert (
        "2 unchanged" in kilde("sync", cwd=workspace).out or kilde("sync", cwd=workspace).code == 0
    )
    assert "75 11 22 33" in kilde("search", "phone Ribe", cwd=workspace).out


def test_a_collection_is_one_however_its_letters_are_encoded(kilde: Kilde, workspace: Path) -> None:
    file = workspace / "cinema.md"
    file.write_text("# Cinema\n\nThe cinema shows a film at eight.\n", encoding="utf-8")
    assert kilde("add", file, "--collection", "a\u030a", cwd=workspace).code == 0
    listed = json.loads(kilde("list", "--json", cwd=workspace).out)
    assert {d["collection"] for d in listed if d["title"] == "Cinema"} == {"\u00e5"}
    sources = workspace / "sources.toml"
    registered = sources.read_text("utf-8")
    assert "\u00e5" in registered and "a\u030a" not in registered
    # As another version, or a person, may have written it.
    sources.write_text(registered.replace("\u00e5", "a\u030a"), encoding="utf-8")
    assert kilde("sync", cwd=workspace).out.startswith("0 added, 0 replaced, 0 removed")
    for collection in ("a\u030a", "\u00e5"):
        (workspace / "agents" / "film.toml").write_text(
            f'name = "Film"\ninstructions = "Brief."\ncollections = ["{collection}"]\n', "utf-8"
        )
        question = "When does the cinema show a film?"
        asked = kilde("ask", question, "--agent", "film", "--json", cwd=workspace)
        assert json.loads(asked.out)["citations"], collection
        searched = kilde("search", question, "--collection", collection, cwd=workspace)
        assert searched.code == 0 and "cinema.md" in searched.out


def test_show_prints_a_document_as_it_was_read(kilde: Kilde, workspace: Path) -> None:
    shown = kilde("show", "health/library.md", cwd=workspace).out
    assert "Language: en" in shown
    text = (workspace / "health" / "library.md").read_text(encoding="utf-8")
    assert text.splitlines()[0] in shown
    as_json = json.loads(kilde("show", "health/library.md", "--json", cwd=workspace).out)
    assert as_json["text"].strip() in shown
    ended = kilde("show", "health/library.md", "--page", "1", cwd=workspace)
    assert ended.code == 2 and "has no pages" in ended.err
    assert kilde("show", "health/missing.md", cwd=workspace).code == 2


def test_what_is_passed_over_is_named_and_counted(kilde: Kilde, workspace: Path) -> None:
    from openpyxl import Workbook

    folder = workspace / "more"
    folder.mkdir()
    (folder / "picture.png").write_bytes(b"PNG")
    book = Workbook()
    book.active.append(["Name", "Room"])
    book.active.append(["Anna", 12])
    book.create_sheet("Salaries").append(["Anna", 30000])
    book["Salaries"].sheet_state = "hidden"
    book.save(folder / "rooms.xlsx")
    added = kilde("add", folder, cwd=workspace)
    assert "Passed over in more: .png files (1)" in added.out
    assert "Passed over in more/rooms.xlsx: hidden sheets (1)" in added.out
    assert "hidden sheets (1)" in kilde("show", "more/rooms.xlsx", cwd=workspace).out
    assert "30000" not in kilde("show", "more/rooms.xlsx", cwd=workspace).out
    assert ".png" not in kilde("sync", cwd=workspace).out
