"""Whatever cannot be read is a LoadError that names the file, the reason and the next step."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from kilde.documents.extract import MAX_UNPACKED
from kilde.documents.load import MAX_BYTES, load
from kilde.documents.sources import Found, Source, expand
from kilde.errors import LoadError

from .conftest import Load, make_odt, make_pdf

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
BAD = [
    ("empty.txt", b"", "empty"),
    ("blank.md", b"---\ntitle: x\n---\n\n", "no text"),
    ("notes.txt", bytes(range(256)) * 4, "binary"),
    ("zeros.csv", b"a;b\n\x00\x00\x00;1\n", "binary"),
    ("broken.pdf", b"%PDF-1.4 nothing", "damaged"),
    ("broken.docx", b"PK\x03\x04 nothing", "damaged"),
    ("broken.xlsx", b"PK\x03\x04 nothing", "damaged"),
    ("broken.xls", b"nothing", "damaged"),
    ("broken.parquet", b"PAR1 nothing", "damaged"),
    ("broken.epub", b"nothing", "damaged"),
    ("locked.docx", OLE, "password"),
    ("locked.xlsx", OLE, "password"),
    ("header.csv", b"name;age\n", "no rows"),
    ("empty.json", b"[]", "no values"),
    ("wrong.json", b"{'a': 1}", "not valid JSON"),
    ("deep.json", b"[" * 100_000, "nested"),
    ("lines.jsonl", b'{"a": 1}\n{"a": }\n', "line 2"),
    ("odd.eml", b"From: a<@", "damaged"),
    ("no.eml", b"just some text", "no e-mail"),
    ("empty.eml", b"Subject: x\n\n\n", "no text"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=[row[0] for row in BAD])
def test_bad_files(load_file: Load, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(LoadError) as caught:
        load_file(name, content)
    assert reason in caught.value.reason
    assert caught.value.source == name
    assert caught.value.hint


def test_scanned_pdf_asks_for_text_recognition(load_file: Load, tmp_path: Path) -> None:
    make_pdf(tmp_path / "scan.pdf", text=False)
    with pytest.raises(LoadError, match="OCR"):
        load_file("scan.pdf")


def test_encrypted_pdf_and_odt(load_file: Load, tmp_path: Path) -> None:
    make_pdf(tmp_path / "locked.pdf", password="secret")
    make_odt(tmp_path / "locked.odt", encrypted=True)
    for name in ("locked.pdf", "locked.odt"):
        with pytest.raises(LoadError, match="password"):
            load_file(name)


def test_too_large_file_names_size_and_limit_without_being_read(
    load_file: Load, tmp_path: Path
) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(2 * MAX_BYTES)  # sparse: takes no space
    with pytest.raises(LoadError, match="200 MB, and 100 MB") as caught:
        load_file("big.txt")
    assert "Split" in caught.value.hint


def test_archive_that_would_fill_the_memory(load_file: Load, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as entry,
    ):
        for _ in range(MAX_UNPACKED // 10_000_000 + 1):
            entry.write(bytes(10_000_000))
    with pytest.raises(LoadError, match="unpack to 1010 MB"):
        load_file("bomb.docx")


def test_file_that_went_between_finding_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Hej")
    (found,) = expand(Source("path", "a.txt"), tmp_path)
    assert isinstance(found, Found)
    path.unlink()
    with pytest.raises(LoadError, match="it is gone"):
        load(found)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(load_file: Load, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Hej")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(LoadError, match="may not read"):
        load_file("a.txt")


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
def test_a_pipe_is_not_waited_for(load_file: Load, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(LoadError, match="no ordinary file"):
        load_file("a.txt")
