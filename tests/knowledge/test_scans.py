"""Scanned pages in the knowledge base: marked as read by OCR, and tried again when they may be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.documents.scans import DANISH, ENGLISH, ONE_WORD, fake_tesseract, make_scan

from kilde.documents.ocr import UNREAD
from kilde.documents.reader_pool import Limits, ReaderPool
from kilde.embedding import Embedder
from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document, Omission, Row

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")


class Place:
    """A workspace whose readers find the programs that lie in ``bin``."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.bin, self.root = folder / "bin", folder / "workspace"
        (self.root / "docs").mkdir(parents=True)
        self._embedder = embedder
        self._pools: list[ReaderPool] = []

    def install(self, models: str) -> None:
        for path in [*self.bin.glob("*"), self.bin]:
            if path.exists():
                path.rmdir() if path.is_dir() else path.unlink()
        fake_tesseract(self.bin, f"PATH=/usr/bin:/bin; {ONE_WORD}", models)

    def base(self, *, ocr: bool = True) -> KnowledgeBase:
        # Readers have the environment of the time when they were started.
        self._pools.append(ReaderPool(1, Limits()))
        return KnowledgeBase(
            self.root / ".kilde",
            root=self.root,
            embedder=lambda: self._embedder,
            max_tokens=200,
            keep=timedelta(days=1),
            ocr=ocr,
            readers=lambda: self._pools[-1],
        )

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


@pytest.fixture
def place(tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("kilde.knowledge.seen._FRESH_SECONDS", -1.0)
    place = Place(tmp_path, embedder)
    monkeypatch.setenv("PATH", str(place.bin))
    yield place
    place.close()


def test_pages_that_were_left_out_are_read_once_tesseract_is_there(place: Place) -> None:
    path = place.root / "docs/mixed.pdf"
    make_scan(path, [DANISH], text_pages=[ENGLISH])
    missing = f"{UNREAD} that need tesseract-ocr"
    report = place.base().add(place.root / "docs")
    assert report.added == ("docs/mixed.pdf",)
    assert report.omitted == (Omission("docs/mixed.pdf", missing, 1),)
    assert place.base().sync().unchanged == ("docs/mixed.pdf",)
    place.install("dan")
    report = place.base().sync()
    assert (report.replaced, report.omitted) == (("docs/mixed.pdf",), ())
    document = place.base().document("docs/mixed.pdf")
    assert document.recognized == (2,) and document.text.endswith("Ordet\n\n")
    # Read with all that is needed, it is not read again when more is installed.
    place.install("dan deu")
    assert place.base().sync().unchanged == ("docs/mixed.pdf",)


def test_pages_are_read_once_ocr_is_on(place: Place) -> None:
    place.install("dan")
    make_scan(place.root / "docs/mixed.pdf", [DANISH], text_pages=[ENGLISH])
    report = place.base(ocr=False).add(place.root / "docs")
    assert report.omitted == (Omission("docs/mixed.pdf", UNREAD, 1),)
    assert place.base(ocr=False).sync().unchanged == ("docs/mixed.pdf",)
    assert place.base().sync().replaced == ("docs/mixed.pdf",)


def test_a_scan_that_failed_is_tried_again(place: Place) -> None:
    (place.root / "docs/good.md").write_text("The library opens at 9.")
    make_scan(place.root / "docs/scan.pdf", [DANISH])
    (failure,) = place.base().add(place.root / "docs").failed
    assert failure.source == "docs/scan.pdf" and "tesseract-ocr-dan" in failure.hint
    place.install("dan")
    report = place.base().sync()
    assert (report.added, report.failed) == (("docs/scan.pdf",), ())


def test_passages_with_text_of_a_recognized_page_say_so(place: Place) -> None:
    """Also one that begins on the page before."""
    text = "One is text. Two begins here and ends there. Three is a picture."
    document = Document(
        "d", text, pages=(0, 13, 45), recognized=(3,), markdown=False, language="en"
    )
    base = place.base()
    base.add_documents([document])
    hits = {hit.passage.text: hit.passage for hit in base.search("picture text ends")}
    assert {text.strip(): passage.recognized for text, passage in hits.items() if passage.end} == {
        "One is text.": False,
        "Two begins here and ends there.": False,
        "Three is a picture.": True,
    }
    assert all(passage.metadata == {} for passage in hits.values())
    assert base.document("d").recognized == (3,)
    assert base.check() == []


def test_rows_of_a_recognized_page_keep_their_values(place: Place) -> None:
    text = "Price: 45\n\nPrice: 50\n\n"
    rows = (Row(0, 11, {"Price": 45, "From": date(2026, 5, 1)}), Row(11, 22, {}))
    document = Document("d", text, pages=(0,), rows=rows, recognized=(1,), markdown=False)
    base = place.base()
    base.add_documents([document])
    stored = base.document("d")
    assert (stored.rows, stored.recognized) == (rows, (1,))
    first, second = sorted(
        (hit.passage for hit in base.search("price") if hit.passage.kind == "row"),
        key=lambda passage: passage.start,
    )
    assert first.recognized and second.recognized
    assert (first.metadata, second.metadata) == (rows[0].values, {})
    assert base.check() == []


def test_a_column_with_the_name_of_the_mark_is_a_column(place: Place) -> None:
    rows = (Row(0, 11, {"$recognized": "x"}), Row(11, 22, {"$recognized": date(2026, 5, 1)}))
    base = place.base()
    base.add_documents([Document("d", "Price: 45\n\nPrice: 50\n\n", rows=rows)])
    assert base.document("d").rows == rows
    assert not any(hit.passage.recognized for hit in base.search("price"))
