"""A bad file costs itself: the good ones beside it are indexed, and it is named with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from documents.hostile import DAMAGE, workbook
from kilde.documents.reader_pool import Limits, ReaderPool
from kilde.embedding import Embedder
from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document

_KEEP = timedelta(days=1)
Write = Callable[[str, str], Path]


def test_bad_files_beside_a_good_one(root: Path, embedder: Embedder, tmp_path: Path) -> None:
    """One that is damaged, one that hangs and one that swells."""
    folder = root / "docs"
    (folder / "a-good.md").write_text("The laboratory opens at eight.\n", encoding="utf-8")
    (folder / "b-damaged.xls").write_bytes(workbook(DAMAGE))
    (folder / "d-slow.csv").write_text("name;price\n" + "Apples;12.50\n" * 900_000)
    (folder / "e-good.xls").write_bytes(workbook())

    def opened(limits: Limits) -> KnowledgeBase:
        return KnowledgeBase(
            tmp_path / f"{limits.seconds}-{limits.memory}",
            root=root,
            embedder=lambda: embedder,
            max_tokens=200,
            keep=_KEEP,
            readers=lambda: pools.setdefault(limits, ReaderPool(2, limits)),
        )

    pools: dict[Limits, ReaderPool] = {}
    for limits, reason in (
        (Limits(seconds=2.0), "took longer than 2 seconds"),
        (Limits(memory=250_000_000), "0.2 GB of memory"),
    ):
        report = opened(limits).add(folder)
        assert sorted(report.added) == [
            "docs/a-good.md", "docs/e-good.xls#Priser", "docs/e-good.xls#Tider"
        ]  # fmt: skip
        reasons = {failure.source: failure.reason for failure in report.failed}
        assert sorted(reasons) == ["docs/b-damaged.xls", "docs/d-slow.csv"]
        assert reason in reasons["docs/d-slow.csv"]
    for pool in pools.values():
        pool.close()


class Panic(BaseException):
    """What a panic in a compiled library looks like: no Exception."""


@pytest.mark.parametrize("kind", [RuntimeError, Panic])
def test_a_text_that_no_passages_can_be_made_of_costs_itself(
    root: Path, embedder: Embedder, write: Write, kind: type[BaseException]
) -> None:
    def summarise(document: Document) -> str:
        if "unspeakable" in document.text:
            raise kind("the splitter ended")
        return document.text

    base = KnowledgeBase(
        root / ".kilde",
        root=root,
        embedder=lambda: embedder,
        max_tokens=200,
        keep=_KEEP,
        make_summary=summarise,
    )
    write("docs/a.md", "Alpha opens at eight.")
    write("docs/b.md", "Beta opens at nine.")
    base.add(root / "docs")
    write("docs/a.md", "Alpha opens at ten.")
    write("docs/b.md", "Beta is unspeakable.")
    write("docs/c.md", "Gamma is unspeakable.")
    for _ in range(2):  # it is tried again each time
        report = base.sync()
        assert [failure.source for failure in report.failed] == ["docs/b.md", "docs/c.md"]
        assert all("the splitter ended" in failure.reason for failure in report.failed)
        assert report.added == ()
    assert "ten" in base.document("docs/a.md").text
    assert "nine" in base.document("docs/b.md").text
    assert [ref.id for ref in base.documents()] == ["docs/a.md", "docs/b.md"]
    text = Document.from_text("This is unspeakable.", id="m")
    assert [failure.source for failure in base.add_documents(text).failed] == ["m"]
