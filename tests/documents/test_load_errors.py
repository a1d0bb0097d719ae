"""Whatever cannot be read is a LoadError that names the file, the reason and the next step."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from kilde.documents.extract import MAX_UNPACKED
from kilde.documents.load import MAX_BYTES, load
from kilde.documents.readers.mail import MAX_HEADER
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


def test_archive_that_grows_more_than_a_hundredfold(load_file: Load, tmp_path: Path) -> None:
    """An e-book of 0.24 MB that becomes 160 MB of text is refused before it is unpacked."""
    with (
        zipfile.ZipFile(tmp_path / "bomb.epub", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("page.xhtml", "w") as page,
    ):
        for _ in range(16):
            page.write(b"word " * 2_000_000)
    with pytest.raises(LoadError, match="unpack to 160 MB, more than the 50 MB allowed"):
        load_file("bomb.epub")


def test_text_that_grows_with_its_paths(load_file: Load) -> None:
    """Every value is written with its path, so a long name at the top is repeated."""
    values = dict.fromkeys(map(str, range(12_000)), 1)
    with pytest.raises(LoadError, match="million characters, and 100 million are the most"):
        load_file("paths.json", json.dumps({"long" * 2_500: {"a": values}}))


def test_mail_with_thousands_of_empty_addresses(load_file: Load) -> None:
    """The library's parser of addresses takes time with the square of their number."""
    mail = b"From: a@b.dk\nTo: %s\nSubject: Hours\n\nWe open at eight.\n" % (b'""' * 40_000)
    (document,) = load_file("mail.eml", mail)
    assert document.text.endswith("\nSubject: Hours\n\nWe open at eight.\n\n")
    assert document.title == "Hours"
    assert len(str(document.metadata["to"])) <= MAX_HEADER


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
