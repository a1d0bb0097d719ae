"""What a source holds: names, order, and what is passed over."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from kilde.documents.sources import Found, Skipped, Source, expand, normal_url
from kilde.errors import LoadError
from kilde.types import Failure


def names(location: str, root: Path) -> list[str]:
    return [
        item.document_source
        for item in expand(Source("path", location), root)
        if isinstance(item, Found)
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for name in (
        "docs/b.md",
        "docs/a.txt",
        "docs/deep/er/c.md",
        "docs/.git/d.md",
        "docs/.hidden.md",
        "docs/e.exe",
        ".kilde/f.md",
        "kilde.toml",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "outside.md").write_text("secret")
    return root


def test_folder_is_read_in_order_without_hidden_files(root: Path) -> None:
    items = list(expand(Source("path", "docs"), root))
    assert [item.document_source for item in items if isinstance(item, Found)] == [
        "docs/a.txt",
        "docs/b.md",
        "docs/deep/er/c.md",
    ]
    (skipped,) = [item for item in items if isinstance(item, Skipped)]
    assert skipped.document_source == "docs/e.exe"
    assert ".exe" in skipped.kind


def test_the_workspace_itself_holds_no_state_of_its_own(root: Path) -> None:
    assert names(".", root) == ["docs/a.txt", "docs/b.md", "docs/deep/er/c.md"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("docs/*.md", ["docs/b.md"]),
        ("docs/**/*.md", ["docs/b.md", "docs/deep/er/c.md"]),
        ("docs/**", ["docs/a.txt", "docs/b.md", "docs/deep/er/c.md"]),
        ("**/c.m[d]", ["docs/deep/er/c.md"]),
        ("docs/?.txt", ["docs/a.txt"]),
    ],
)
def test_patterns(root: Path, pattern: str, expected: list[str]) -> None:
    assert names(pattern, root) == expected


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(root: Path) -> None:
    (root / "plan [2024].md").write_text("x")
    assert names("plan [2024].md", root) == ["plan [2024].md"]


def test_links_do_not_lead_out_or_in_circles(root: Path) -> None:
    docs = root / "docs"
    (docs / "loop").symlink_to(docs)
    (docs / "self.md").symlink_to(docs / "self.md")
    (docs / "out.md").symlink_to(root.parent / "outside.md")
    (docs / "gone.md").symlink_to(docs / "nowhere.md")
    (docs / "in.md").symlink_to(docs / "b.md")
    items = list(expand(Source("path", "docs"), root))
    found = [item.document_source for item in items if isinstance(item, Found)]
    assert found == ["docs/a.txt", "docs/b.md", "docs/deep/er/c.md", "docs/in.md"]
    skipped = {item.document_source: item.kind for item in items if isinstance(item, Skipped)}
    assert "lead out" in skipped["docs/out.md"]
    assert "nowhere" in skipped["docs/gone.md"]


@pytest.mark.parametrize("pattern", ["docs", "docs/**/*.md", "docs/*/*.md"])
def test_nothing_outside_is_read_by_way_of_links(root: Path, pattern: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("Secret.")
    links = {
        "absolute.md": outside / "secret.md",
        "relative.md": Path("../../outside/secret.md"),
        "folder": outside,
        "up": Path("../.."),
        "chain.md": Path("relative.md"),
        "deep/through.md": Path("../folder/secret.md"),
        "system.txt": Path("/etc/passwd"),
    }
    for name, target in links.items():
        (root / "docs" / name).symlink_to(target)
    for item in expand(Source("path", pattern), root):
        if isinstance(item, Found):
            assert item.path is not None
            assert item.path.resolve().is_relative_to((root / "docs").resolve())
        elif isinstance(item, Skipped):
            assert "Secret" not in item.kind


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_folder_that_may_not_be_read_is_a_failure(root: Path) -> None:
    (root / "docs/deep").chmod(0)
    try:
        items = list(expand(Source("path", "docs"), root))
    finally:
        (root / "docs/deep").chmod(0o700)
    (failure,) = [item for item in items if isinstance(item, Failure)]
    assert failure.source.endswith("docs/deep")
    assert names("docs", root)[:2] == ["docs/a.txt", "docs/b.md"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [("nothing.md", "no such file"), ("docs/e.exe", ".exe"), ("docs/*.pdf", "no file matches")],
)
def test_what_is_named_itself_must_be_there(root: Path, location: str, reason: str) -> None:
    with pytest.raises(LoadError, match=reason) as caught:
        list(expand(Source("path", location), root))
    assert caught.value.hint


def test_names_tell_files_of_one_name_apart(root: Path) -> None:
    outside = root.parent / "outside.md"
    assert names(str(outside), root) == [outside.resolve().as_posix()]
    assert names("../outside.md", root) == [outside.resolve().as_posix()]
    assert names(str(root / "docs" / "b.md"), root) == ["docs/b.md"]


def test_names_are_composed(root: Path) -> None:
    (root / unicodedata.normalize("NFD", "åben.md")).write_text("x")
    assert unicodedata.normalize("NFC", "åben.md") in names(".", root)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_names_that_are_no_utf8_can_be_stored(root: Path) -> None:
    (root / "docs" / os.fsdecode(b"\xe5ben.md")).write_text("x")
    assert "docs/\ufffdben.md" in names("docs", root)


def test_fingerprint_changes_with_the_file(root: Path) -> None:
    def fingerprint() -> str:
        (item,) = expand(Source("path", "docs/b.md"), root)
        assert isinstance(item, Found)
        return item.fingerprint

    before = fingerprint()
    assert fingerprint() == before
    (root / "docs/b.md").write_text("longer")
    assert fingerprint() != before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:8443/A?b=1#c", "https://example.org:8443/A?b=1"),
        ("https://[2606:2800::1]/x", "https://[2606:2800::1]/x"),
    ],
)
def test_addresses_have_one_spelling(url: str, expected: str) -> None:
    assert normal_url(url) == expected


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x.dk/", "https://", "https://x.dk:port/", "javascript:alert(1)"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(LoadError):
        normal_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://anna:hemmelig@example.org/",
        "https://anna:hemmelig@example.org:port/",
        "postgresql://host/db?password=hemmelig",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(LoadError) as caught:
        normal_url(url)
    assert "hemmelig" not in str(caught.value)


def test_names_of_tables_and_queries() -> None:
    root = Path()
    (table,) = expand(Source("sql", "sqlite:///a.db", table="prices"), root)
    (first,) = expand(Source("sql", "env:DB", query="select 1"), root)
    (second,) = expand(Source("sql", "env:DB", query="select 2"), root)
    assert isinstance(table, Found)
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert table.document_source == "sqlite:///a.db#prices"
    assert first.document_source.startswith("env:DB#query-")
    assert first.document_source != second.document_source
