"""A document is followed to rows and adapters, an adapter to what it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.tuning.lora import card, stage

import kilde as package

from .conftest import Kilde, validated, write_rows

LIBRARY = "health/library.md"


@pytest.fixture
def traced(kilde: Kilde, workspace: Path) -> Path:
    """A dataset of rows from the library, and an adapter of the library and a lost document."""
    file = write_rows(workspace / "rows.jsonl", 12, documents=[LIBRARY])
    assert kilde("dataset", "build", "health", "--from", file, cwd=workspace).code == 0
    with package.open(workspace) as opened:
        made = card(dataset="health", documents=(LIBRARY, "lost.md"), answers=("a1",))
        opened.registry.add("health", stage(workspace / "staged"), made)
    return workspace


def kinds(kilde: Kilde, workspace: Path, name: str) -> list[tuple[str, str]]:
    ended = kilde("lineage", name, "--json", cwd=workspace)
    return [(one["kind"], one["name"]) for one in validated("lineage", ended.out)]


def test_what_was_made_of_a_document(kilde: Kilde, traced: Path) -> None:
    made = [("document", LIBRARY), ("dataset", "health"), ("adapter", "health@1")]
    assert kinds(kilde, traced, LIBRARY) == made
    told = kilde("lineage", LIBRARY, cwd=traced).out
    assert "collection health" in told and "10 training rows, 2 test rows" in told
    assert "health, kept" in told
    kilde("adapter", "promote", "health@1", "--force", cwd=traced)
    assert "health, answers now" in kilde("lineage", LIBRARY, cwd=traced).out


def test_a_document_that_is_gone_is_still_traced(kilde: Kilde, traced: Path) -> None:
    assert kinds(kilde, traced, "lost.md") == [("document", "lost.md"), ("adapter", "health@1")]
    kilde("remove", LIBRARY, cwd=traced)
    told = kilde("lineage", LIBRARY, cwd=traced).out
    assert "no longer there" in told and "health@1" in told


def test_what_an_adapter_was_made_of(kilde: Kilde, traced: Path) -> None:
    assert kinds(kilde, traced, "health@1") == [
        ("adapter", "health@1"),
        ("dataset", "health"),
        ("document", LIBRARY),
        ("document", "lost.md"),
        ("answer", "a1"),
    ]


def test_a_document_with_the_sign_of_adapters_in_its_name(kilde: Kilde, workspace: Path) -> None:
    (workspace / "health" / "mail@2.md").write_text("# Mail\n\nWrite to the nurse at any time.\n")
    assert kilde("add", "health/mail@2.md", cwd=workspace).code == 0
    assert kinds(kilde, workspace, "health/mail@2.md") == [("document", "health/mail@2.md")]


def test_a_damaged_dataset_is_named_and_hides_nothing(kilde: Kilde, traced: Path) -> None:
    damaged = traced / ".kilde" / "datasets" / "health"
    for file, text in {"rows.jsonl": "{", "card.json": "{"}.items():
        (damaged / file).write_text(text)
        ended = kilde("lineage", LIBRARY, cwd=traced)
        assert ended.code == 0 and "health@1" in ended.out
        assert f"could not be read: {damaged / file}" in ended.out
    ended = kilde("lineage", "nothing", cwd=traced)
    assert ended.code == 2 and "No document or adapter" in ended.err
    assert "'health' could not be read" in ended.err


@pytest.mark.parametrize("name", ["health/libary.md", "health@7", "nobody@1", "@", "nothing"])
def test_what_nobody_knows(kilde: Kilde, traced: Path, name: str) -> None:
    ended = kilde("lineage", name, cwd=traced)
    assert (ended.code, ended.out) == (2, "")
    assert f"No document or adapter named {name!r}" in ended.err
