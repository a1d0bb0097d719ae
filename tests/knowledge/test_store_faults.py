"""Disks that are full, read-only or damaged, and stores of a newer Kilde: what is said, what stays.

Each error names what to do next, the store opens afterwards, and holds the state before.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kilde.errors import StoreError
from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document

from . import killed
from .parts import sections

NOBODY = 65534


@pytest.fixture
def public() -> Iterator[Path]:
    """A workspace that another user may enter, unlike the folders of the test runner."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        killed.write_files(folder, edited=False)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """As a user to whom file permissions apply; the folder is theirs."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def paths(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def data_files(root: Path) -> list[Path]:
    files = list((root / ".kilde/passages.lance/data").glob("*.lance"))
    return sorted(files, key=lambda path: path.stat().st_mtime_ns)


def test_read_only_folder(public: Path) -> None:
    base = killed.opened(public, 200)
    base.add([public / "docs"])
    with unprivileged(public):
        store = public / ".kilde"
        for path in paths(store):
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            base = killed.opened(public, 200)
            assert base.search("number 3 dentist")
            assert len(base.documents()) == killed.DOCUMENTS
            assert base.check() == []
            for act in (
                lambda: base.add_documents([Document.from_text("New.", id="new")]),
                lambda: base.sync(),
                lambda: base.remove("docs/01.md"),
                lambda: base.tag("v1"),
                lambda: base.reindex(),
            ):
                with pytest.raises(StoreError) as caught:
                    act()
                assert "permissions" in caught.value.hint
        finally:
            for path in paths(store):
                path.chmod(0o755 if path.is_dir() else 0o644)
        base.add_documents([Document.from_text("New.", id="new")])
        assert len(base.documents()) == killed.DOCUMENTS + 1


def test_subfolder_that_may_not_be_read_keeps_its_documents(public: Path) -> None:
    (public / "docs/closed").mkdir()
    (public / "docs/closed/x.md").write_text("Text of number 99.")
    base = killed.opened(public, 200)
    with unprivileged(public):
        base.add([public / "docs"])
        count = len(base.documents())
        (public / "docs/closed").chmod(0)
        report = base.sync()
        (public / "docs/closed").chmod(0o755)
    assert (report.removed, len(report.failed)) == ((), 1)
    assert len(base.documents()) == count
    assert base.sync().failed == ()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a size, as on a disk with little room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def _fill(root: Path, answers: object) -> None:
    base = killed.opened(root, 200)
    said = []
    with full_disk():
        for act in (
            lambda: base.add_documents([Document.from_text(sections(80), id="big")]),
            lambda: base.sync(),
            lambda: killed.opened(root, 40).reindex(),
        ):
            try:
                act()
                said.append(("nothing was wrong", ""))
            except StoreError as error:
                said.append((error.message, error.hint))
    answers.send(said)  # type: ignore[attr-defined]


def test_full_disk(tmp_path: Path) -> None:
    import multiprocessing

    old = killed.write_files(tmp_path, edited=False)
    killed.opened(tmp_path, 200).add([tmp_path / "docs"])
    new = killed.write_files(tmp_path, edited=True)
    (tmp_path / "docs/29.md").write_text(sections(200))
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_fill, args=(tmp_path, theirs))
    process.start()
    for message, hint in ours.recv():
        assert "failed" in message, message
        assert "disk is full" in hint
    process.join()
    base = killed.opened(tmp_path, 200)
    assert base.check() == []
    for ref in base.documents():
        assert base.document(ref.id).text in (old.get(ref.id), new.get(ref.id))
    assert set(old) & set(new) <= {ref.id for ref in base.documents()}
    assert base.search("number 3 dentist")
    base.sync()
    assert {ref.id for ref in base.documents()} == {*new, "docs/29.md"}
    assert base.check() == []


def test_store_of_a_newer_kilde(root: Path) -> None:
    base = killed.opened(root, 200)
    base.add_documents([Document.from_text("The clinic opens at eight.", id="a")])
    table = base._store._open()
    table.update(values={"format": 2})
    newer = killed.opened(root, 200)
    for act in (
        lambda: newer.search("clinic"),
        lambda: newer.documents(),
        lambda: newer.document("a"),
        lambda: newer.add_documents([Document.from_text("New.", id="b")]),
        lambda: newer.sync(),
        lambda: newer.reindex(),
        lambda: newer.tag("v1"),
    ):
        with pytest.raises(StoreError, match="newer Kilde") as caught:
            act()
        assert "pip install --upgrade kilde" in caught.value.hint
    for repair in (False, True):  # nothing may be "repaired" away, nor may that be advised
        with pytest.raises(StoreError, match="newer Kilde") as caught:
            newer.check(repair=repair)
        assert "pip install --upgrade kilde" in caught.value.hint
    assert table.count_rows() == 2


def _stored_in_pieces(root: Path) -> KnowledgeBase:
    killed.write_files(root, edited=False)
    base = killed.opened(root, 200)
    base.add([root / "docs"])
    base.add_documents([Document.from_text("Made in memory, number 77.", id="m", language="en")])
    return base


@pytest.mark.parametrize("damage", ["truncated", "deleted", "scrambled"])
def test_damaged_data_file(root: Path, damage: str) -> None:
    _stored_in_pieces(root)
    victim = data_files(root)[0]
    if damage == "deleted":
        victim.unlink()
    elif damage == "truncated":
        victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    else:
        content = bytearray(victim.read_bytes())
        content[100:-400] = bytes(len(content) - 500)
        victim.write_bytes(content)
    base = killed.opened(root, 200)
    found = base.check()
    assert found
    assert base.check(repair=True)
    base = killed.opened(root, 200)
    assert base.check() == []
    assert base.document("m").text == "Made in memory, number 77."
    report = base.sync()
    assert report.failed == ()
    assert len(base.documents()) == killed.DOCUMENTS + 1
    assert base.document("docs/03.md").text == killed.text_of(3).strip("\n")
    assert base.check() == []
    assert base.search("number 3 dentist")


def test_reading_a_damaged_store_says_what_to_do(root: Path) -> None:
    _stored_in_pieces(root)
    for path in data_files(root):
        path.unlink()
    with pytest.raises(StoreError) as caught:
        killed.opened(root, 200).search("number 3")
    assert "kilde check" in caught.value.hint


def test_damaged_record_of_the_newest_version(root: Path) -> None:
    _stored_in_pieces(root)
    manifests = sorted((root / ".kilde/passages.lance/_versions").glob("*.manifest"))
    newest = manifests[0]
    newest.write_bytes(newest.read_bytes()[:40])
    base = killed.opened(root, 200)
    assert base.check()
    with pytest.raises(StoreError) as caught:
        base.documents()
    assert "kilde check --repair" in caught.value.hint
    base.check(repair=True)
    base = killed.opened(root, 200)
    assert base.check() == []
    base.sync()
    assert len(base.documents()) >= killed.DOCUMENTS
    assert list((root / ".kilde").glob("damaged-*/*.manifest"))


def test_damaged_index(root: Path) -> None:
    base = _stored_in_pieces(root)
    for path in (root / ".kilde/passages.lance/_indices").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    base = killed.opened(root, 200)
    assert base.check()
    base.check(repair=True)
    base = killed.opened(root, 200)
    assert base.check() == []
    assert base.search("number 3 dentist")[0].lexical is not None


def test_a_document_that_does_not_hold_together(root: Path) -> None:
    base = _stored_in_pieces(root)
    table = base._store._open()
    table.delete("id = 'docs/05.md#1'")
    table.update(where="id = 'docs/06.md#0'", values={"text": "Something else entirely."})
    table.update(where="id = 'docs/07.md#0'", values={"text": killed.text_of(7)[:1] * 60})
    base = killed.opened(root, 200)
    assert [fault.split(":")[0] for fault in base.check()] == [
        "docs/05.md",
        "docs/06.md",
        "docs/07.md",
    ]
    base.check(repair=True)
    assert base.check() == []
    assert len(base.documents()) == killed.DOCUMENTS - 2
    assert sorted(base.sync().added) == ["docs/05.md", "docs/06.md", "docs/07.md"]
