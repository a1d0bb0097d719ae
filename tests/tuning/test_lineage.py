"""From a document to all that learnt from it, and from an adapter back to its documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.lora import card, stage
from tests.tuning.places import clinic, keep, row, some_facts

from kilde.errors import NotFound
from kilde.tuning.data.rows import Lineage
from kilde.workspace import Workspace
from kilde.workspace.lineage import Traced, lineage


@pytest.fixture
def place(minilm: str, tmp_path: Path) -> Iterator[Workspace]:
    """Two datasets, of which one adapter each was made; the second one answers."""
    with clinic(tmp_path / "clinic", "quotes.gguf") as workspace:
        facts = some_facts()
        keep(workspace, [*facts[:3], row("library", answer="At 9:15.")], test=[facts[3]])
        from_people = Lineage(documents=("library", "lost"), answers=("a1", "a2"))
        keep(workspace, [row("library", lineage=from_people)], name="thumbs")
        for number, name in enumerate(("clinic", "thumbs")):
            add(workspace, tmp_path / str(number), name)
        workspace.registry.promote("clinic@2", by="test")
        yield workspace


def add(workspace: Workspace, folder: Path, dataset: str) -> None:
    found = workspace.datasets.load(dataset)
    more: dict[str, Any] = {
        "dataset": dataset,
        "data_hash": found.card.data_hash,
        "rows": len(found.rows),
        "documents": found.card.documents,
        "answers": tuple(sorted({a for one in found.rows for a in one.lineage.answers})),
        "base": "tiny",
    }
    workspace.registry.add("clinic", stage(folder, b"GGUF"), card(**more))


def test_what_was_made_of_a_document(place: Workspace) -> None:
    assert lineage(place, "library") == (
        Traced("document", "library", "collection health"),
        Traced("dataset", "clinic", "2 training rows, 0 test rows"),
        Traced("dataset", "thumbs", "1 training rows, 0 test rows"),
        Traced("adapter", "clinic@1", "clinic, kept"),
        Traced("adapter", "clinic@2", "thumbs, answers now"),
    )


def test_a_document_that_was_only_tested_on_is_in_no_adapter(place: Workspace) -> None:
    assert lineage(place, "parking") == (
        Traced("document", "parking", "collection health"),
        Traced("dataset", "clinic", "0 training rows, 1 test rows"),
    )
    assert lineage(place, "salary") == (Traced("document", "salary", "collection secret"),)


def test_what_an_adapter_was_made_of(place: Workspace) -> None:
    found = place.datasets.card("thumbs")
    assert lineage(place, "clinic@2") == (
        Traced("adapter", "clinic@2", "sft on tiny, 1 rows"),
        Traced("dataset", "thumbs", f"hash {found.data_hash[:12]}"),
        Traced("document", "library", ""),
        Traced("document", "lost", "no longer there"),
        Traced("answer", "a1", "feedback"),
        Traced("answer", "a2", "feedback"),
    )


def test_a_document_that_was_removed_is_still_traced(place: Workspace) -> None:
    before = lineage(place, "library")
    place.knowledge.remove("library")
    after = lineage(place, "library")
    assert after == (Traced("document", "library", "no longer there"), *before[1:])
    assert Traced("document", "library", "no longer there") in lineage(place, "clinic@1")
    # Also when its datasets are gone: the adapters know.
    for name in ("clinic", "thumbs"):
        keep(place, [row("bus")], name=name)
    assert [one.kind for one in lineage(place, "library")] == ["document", "adapter", "adapter"]


@pytest.mark.parametrize("name", ["librari", "clinic@3", "nobody@1", "@", ""])
def test_what_nobody_knows(name: str, place: Workspace) -> None:
    with pytest.raises(NotFound) as told:
        lineage(place, name)
    if name == "librari":
        assert "library" in str(told.value)
    if name == "clinic@3":
        assert "clinic@2" in str(told.value)
