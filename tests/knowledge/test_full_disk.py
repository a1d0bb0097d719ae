"""A disk that is full, at several sizes: each command ends in words, and once there is room the
next command heals everything.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import disks

from kilde.errors import NotFound, StoreError
from kilde.knowledge.base import KnowledgeBase

from . import killed
from .parts import sections

# From nothing at all to where some steps of a command fit and later ones do not.
FREE = (0, 12_288, 65_536, 262_144)

ACTS: dict[str, Callable[[Path], object]] = {
    "add": lambda root: killed.opened(root, 200).add([root / "more"]),
    "sync": lambda root: killed.opened(root, 200).sync(),
    "tag": lambda root: killed.opened(root, 200).tag("v1"),
    "reindex": lambda root: killed.opened(root, 40).reindex(),
    "remove": lambda root: killed.opened(root, 200).remove("docs/20.md"),
}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("indexed")
    killed.write_files(root, edited=False)
    killed.opened(root, 200).add([root / "docs"])
    return root


@pytest.fixture
def disk(tmp_path: Path, indexed: Path) -> Iterator[disks.Disk]:
    """A small disk with an indexed workspace, of whose files some have changed and one is new."""
    with disks.mounted(tmp_path / "disk") as made:
        shutil.copytree(indexed, made.folder, dirs_exist_ok=True)
        killed.write_files(made.folder, edited=True)
        (made.folder / "more").mkdir()
        (made.folder / "more/big.md").write_text(sections(150))
        yield made


def texts(base: KnowledgeBase) -> dict[str, str]:
    return {ref.id: base.document(ref.id).text for ref in base.documents()}


@pytest.mark.parametrize("free", FREE)
@pytest.mark.parametrize("act", ACTS)
def test_a_full_disk_heals_once_there_is_room(disk: disks.Disk, act: str, free: int) -> None:
    root = disk.folder
    old = texts(killed.opened(root, 200))
    with disk.full(free):
        try:
            ACTS[act](root)
        except StoreError as error:
            assert "disk is full" in error.hint
        # What is there can be read meanwhile.
        base = killed.opened(root, 40)
        assert base.history()
        assert set(texts(base)) >= set(old) - {f"docs/{n:02}.md" for n in killed.REMOVED} - {
            "docs/20.md"
        }
    final = killed.opened(root, 200)
    if act == "reindex":
        final.reindex()
    elif act == "tag" and "v1" not in final._store.tags():
        final.tag("v1")
        assert "v1" in final._store.tags()
    elif act in ("add", "remove"):
        try:
            ACTS[act](root)
        except NotFound:
            assert act == "remove"  # it was removed while there was no room for more
    assert final.sync().failed == ()
    assert final.check() == []
    new = killed.write_files(root, edited=True)
    if act == "add":
        new["more/big.md"] = sections(150).strip("\n")
    if act == "remove":
        del new["docs/20.md"]
    assert texts(final) == new
    for name, text in new.items():
        if name.startswith("docs/"):
            number = int(name[5:7])
            hits = final.search(f"number {number} {text.split()[2]}", limit=5)
            assert any(hit.passage.document_id == name for hit in hits), name
    left = [path.name for path in (root / ".kilde").iterdir()]
    assert not [name for name in left if name.endswith((".arrow", ".part"))]
