"""Tags stay whole: after a stopped process, in a workspace that has moved, on a damaged disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kilde.errors import StoreError
from kilde.knowledge.base import KnowledgeBase

from . import killed


@pytest.fixture
def tagged(root: Path) -> KnowledgeBase:
    """A base with a tagged state and a later one."""
    killed.write_files(root, edited=False)
    base = killed.opened(root, 200)
    base.add([root / "docs"])
    base.tag("v1")
    killed.write_files(root, edited=True)
    base.sync()
    return killed.opened(root, 200)


def state(root: Path, name: str) -> dict[str, str]:
    base = killed.opened(root, 200)
    return {ref.id: base.document(ref.id, as_of=name).text for ref in base.documents(as_of=name)}


def old_state() -> dict[str, str]:
    return {
        f"docs/{number:02}.md": killed.text_of(number).strip("\n")
        for number in range(killed.DOCUMENTS)
    }


def prune(root: Path) -> None:
    """Drop every version but the latest, as happens when they are old enough."""
    with pytest.warns(UserWarning, match="every version"):
        killed.opened(root, 200)._store.maintain(force=True, keep=timedelta(0))


def without_note(root: Path) -> None:
    """As a process leaves it that was stopped before the branch had its reference."""
    (root / ".kilde/tags/v1.json").unlink()
    (root / ".kilde/passages.lance/_refs/branches/tag-v1.json").unlink()


def test_a_tag_that_was_cut_off_is_named_removed_and_can_be_made(
    root: Path, tagged: KnowledgeBase
) -> None:
    without_note(root)
    assert tagged.check() == ["the tag 'v1': its process was stopped on the way"]
    assert "v1" not in tagged._store.tags()
    tagged.check(repair=True)
    assert tagged.check() == []
    assert not (root / ".kilde/passages.lance/tree/tag-v1").exists()
    tagged.tag("v1")
    assert state(root, "v1") == killed.write_files(root, edited=True)


@pytest.mark.parametrize("act", ["tag", "sync"])
def test_the_next_command_clears_away_a_tag_that_was_cut_off(
    root: Path, tagged: KnowledgeBase, act: str
) -> None:
    without_note(root)
    if act == "sync":
        tagged.sync()
        assert tagged.check() == []
    tagged.tag("v1")
    assert tagged.check() == []
    assert state(root, "v1") == killed.write_files(root, edited=True)


def test_a_tag_that_was_cut_off_at_the_last_moment_is_made_by_the_same_command(
    root: Path, tagged: KnowledgeBase
) -> None:
    (root / ".kilde/tags/v1.json").unlink()
    tagged.tag("v1")  # of the state of now, for nobody was told that the first one was made
    assert state(root, "v1") == killed.write_files(root, edited=True)


def test_a_tag_whose_file_is_damaged_is_not_replaced(root: Path, tagged: KnowledgeBase) -> None:
    (root / ".kilde/tags/v1.json").write_text("{")
    with pytest.raises(StoreError, match="exists already"):
        tagged.tag("v1")
    tagged.sync()
    assert state(root, "v1") == old_state()


def test_tags_move_with_the_workspace(root: Path, tagged: KnowledgeBase, tmp_path: Path) -> None:
    assert state(root, "v1") == old_state()
    elsewhere = tmp_path / "elsewhere"
    root.rename(elsewhere)
    assert state(elsewhere, "v1") == old_state()
    assert killed.opened(elsewhere, 200).check() == []
    prune(elsewhere)
    assert killed.opened(elsewhere, 200).check() == []
    elsewhere.rename(root)
    prune(root)
    assert killed.opened(root, 200).check() == []
    assert state(root, "v1") == old_state()
    assert killed.opened(root, 200).search("number 9 dentist", as_of="v1")


def test_a_copy_does_not_read_from_its_original(
    root: Path, tagged: KnowledgeBase, tmp_path: Path
) -> None:
    prune(root)
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    shutil.rmtree(root / ".kilde/passages.lance")
    assert state(copy, "v1") == old_state()


@pytest.mark.parametrize(
    "damage",
    [
        lambda store: (store / "passages.lance/_refs/branches/tag-v1.json").write_text(""),
        lambda store: (store / "passages.lance/_refs/branches/tag-v1.json").unlink(),
        lambda store: shutil.rmtree(store / "passages.lance/tree"),
        lambda store: (store / "tags/v1.json").write_text('{"version":'),
        lambda store: (store / "tags/v1.json").write_text("[]"),
    ],
)
def test_a_damaged_tag_is_named_and_mended(
    root: Path, tagged: KnowledgeBase, damage: Callable[[Path], object]
) -> None:
    prune(root)
    damage(root / ".kilde")
    base = killed.opened(root, 200)
    (fault,) = base.check()
    assert fault.startswith("the tag 'v1': ")
    base.sync()
    assert base.check() == []
    prune(root)
    assert state(root, "v1") == old_state()


def test_a_tag_whose_passages_are_lost_is_set_aside(root: Path, tagged: KnowledgeBase) -> None:
    prune(root)
    version = json.loads((root / ".kilde/tags/v1.json").read_text())["version"]
    assert tagged._store.tags() == {"v1": version}
    latest = {path.name for path in (root / ".kilde/passages.lance/data").iterdir()}
    (root / ".kilde/passages.lance/tree/tag-v1").rename(root / "kept")
    for path in (root / ".kilde/tags", root / ".kilde/passages.lance/_refs/branches"):
        (path / next(iter(path.glob("*v1.json"))).name).rename(root / f"kept-{path.name}")
    prune(root)
    needed = {path.name for path in (root / ".kilde/passages.lance/data").iterdir()}
    assert needed < latest  # what only the tag needed is gone
    (root / "kept-tags").rename(root / ".kilde/tags/v1.json")
    (root / "kept-branches").rename(root / ".kilde/passages.lance/_refs/branches/tag-v1.json")
    (root / "kept").rename(root / ".kilde/passages.lance/tree/tag-v1")
    base = killed.opened(root, 200)
    with pytest.raises(StoreError):
        base.documents(as_of="v1")
    assert base.check()
    base.check(repair=True)
    assert base.check() == []
    assert base._store.tags() == {}
    assert list((root / ".kilde").glob("damaged-*/tag-v1.json"))
    base.tag("v1")
    assert base.check() == []
