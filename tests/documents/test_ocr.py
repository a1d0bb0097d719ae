"""Scanned pages: read in their own language, and named where they cannot be read.

`scripts/install-test-deps` installs tesseract with its languages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from reportlab.pdfgen import canvas  # type: ignore[import-untyped]

from kilde.documents import ocr, tesseract
from kilde.documents.load import load
from kilde.documents.ocr import ILLEGIBLE, UNREAD
from kilde.documents.page_images import page_images
from kilde.documents.reader_pool import Limits, ReaderPool
from kilde.documents.sources import Found, Source, expand
from kilde.errors import LoadError

from .conftest import Load
from .scans import (
    DANISH,
    ENGLISH,
    GERMAN,
    ONE_WORD,
    fake_tesseract,
    make_scan,
    make_table_scan,
    require_tesseract,
)

needs_a_shell = pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")


@pytest.fixture
def installed() -> Path:
    return require_tesseract()


@pytest.fixture
def pools() -> Iterator[list[ReaderPool]]:
    opened: list[ReaderPool] = []
    yield opened
    for pool in opened:
        pool.close()


def found(path: Path) -> Found:
    (one,) = expand(Source("path", path.name, "guides"), path.parent)
    assert isinstance(one, Found)
    return one


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("text", "language"), [(DANISH, "da"), (GERMAN, "de"), (ENGLISH, "en")])
def test_a_scan_is_read_with_the_letters_of_its_language(
    load_file: Load, tmp_path: Path, text: str, language: str
) -> None:
    make_scan(tmp_path / "scan.pdf", [text])
    (document,) = load_file("scan.pdf")
    assert words(document.text) == words(text)
    assert (document.language, document.recognized, document.omitted) == (language, (1,), {})


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_was_scanned_the_wrong_way_up(
    load_file: Load, tmp_path: Path, rotation: int
) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH], rotation=rotation)
    assert words(load_file("scan.pdf")[0].text) == words(DANISH)


@pytest.mark.usefixtures("installed")
def test_only_the_pages_without_text_are_recognized(load_file: Load, tmp_path: Path) -> None:
    make_scan(tmp_path / "mixed.pdf", [DANISH], text_pages=[ENGLISH])
    (document,) = load_file("mixed.pdf")
    assert document.recognized == (2,)
    second = document.pages[1]
    assert words(document.text[:second]) == words(ENGLISH)
    assert words(document.text[second:]) == words(DANISH)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("ruled", [True, False])
def test_a_price_keeps_its_row_and_its_column(load_file: Load, tmp_path: Path, ruled: bool) -> None:
    rows = [
        ["Ydelse", "Voksen", "Barn", "Pensionist"],
        ["Enkeltbillet", "45 kr.", "25 kr.", "30 kr."],
        ["Klippekort", "405 kr.", "225 kr.", "270 kr."],
        ["Årskort", "1.850 kr.", "950 kr.", "1.200 kr."],
    ]
    make_table_scan(tmp_path / "prices.pdf", rows, ruled=ruled)
    (document,) = load_file("prices.pdf")
    assert [list(row.values.values()) for row in document.rows] == rows[1:]
    assert list(document.rows[0].values) == rows[0]
    assert document.recognized == (1,)


@pytest.mark.usefixtures("installed")
def test_each_page_is_read_in_its_own_language(load_file: Load, tmp_path: Path) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH, GERMAN, DANISH])
    (document,) = load_file("scan.pdf")
    assert words(document.text) == words(f"{DANISH} {GERMAN} {DANISH}")
    assert document.recognized == (1, 2, 3)


@pytest.mark.usefixtures("installed")
def test_a_scan_with_the_stamp_of_a_scanner(load_file: Load, tmp_path: Path) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH], stamp="Scanned with PhoneScan")
    (document,) = load_file("scan.pdf")
    assert words(DANISH) == words(document.text)[: len(words(DANISH))]
    assert document.recognized == (1,)


@pytest.mark.usefixtures("installed")
def test_a_picture_behind_a_title_leaves_the_title_as_it_is(
    load_file: Load, tmp_path: Path
) -> None:
    make_scan(tmp_path / "cover.pdf", [""], stamp="Årsberetning 2025")
    (document,) = load_file("cover.pdf")
    assert document.text.strip() == "Årsberetning 2025"
    assert (document.recognized, document.omitted) == ((), {})


@pytest.mark.usefixtures("installed")
def test_a_page_that_is_too_poor_to_be_quoted_is_left_out(load_file: Load, tmp_path: Path) -> None:
    make_scan(tmp_path / "poor.pdf", [DANISH], dpi=36)
    with pytest.raises(LoadError, match="page 1 is a picture, and OCR finds no legible") as caught:
        load_file("poor.pdf")
    assert "300 dpi" in caught.value.hint
    make_scan(tmp_path / "mixed.pdf", [DANISH], text_pages=[ENGLISH], dpi=36)
    (document,) = load_file("mixed.pdf")
    assert words(document.text) == words(ENGLISH)
    assert (document.recognized, document.omitted) == ((), {ILLEGIBLE: 1})


@pytest.mark.usefixtures("installed")
def test_pages_with_nothing_to_read(load_file: Load, tmp_path: Path) -> None:
    make_scan(tmp_path / "blank.pdf", [""])
    with pytest.raises(LoadError, match="no text in it"):
        load_file("blank.pdf")
    make_scan(tmp_path / "back.pdf", [DANISH, ""], text_pages=["", ENGLISH])
    (document,) = load_file("back.pdf")
    assert (document.recognized, document.omitted) == ((3,), {})


def test_a_page_with_lines_and_no_text_is_no_scan(tmp_path: Path) -> None:
    pdf = canvas.Canvas(str(tmp_path / "frame.pdf"))
    pdf.rect(100, 100, 300, 500)
    pdf.showPage()
    pdf.drawString(72, 700, "The library opens at nine.")
    pdf.save()
    (document,) = load(found(tmp_path / "frame.pdf"), ocr=False)
    assert document.omitted == {}
    assert len(document.pages) == 2


def test_without_tesseract_the_packages_are_named(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    with pytest.raises(LoadError, match=r"tesseract.*is not installed") as caught:
        load_file("scan.pdf")
    for package in ("", "-dan", "-swe", "-nor", "-nld", "-deu"):
        assert f"tesseract-ocr{package} " in caught.value.hint or package == ""
    assert "sudo apt install tesseract-ocr" in caught.value.hint
    assert "kilde sync" in caught.value.hint
    make_scan(tmp_path / "mixed.pdf", [DANISH], text_pages=[ENGLISH])
    (document,) = load_file("mixed.pdf")
    assert words(document.text) == words(ENGLISH)
    assert document.omitted == {f"{UNREAD} that need tesseract-ocr": 1}


def test_a_language_that_is_not_installed_is_named(
    installed: Path, load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The English model reads Danish letters as others: nothing of that may be quoted."""
    models = tmp_path / "models"
    models.mkdir()
    listed = subprocess.run([installed, "--list-langs"], capture_output=True, text=True, check=True)
    folder = Path(listed.stdout.split('"')[1])
    for name in ("eng", "osd"):
        (models / f"{name}.traineddata").symlink_to(folder / f"{name}.traineddata")
    (models / "configs").symlink_to(folder / "configs")
    monkeypatch.setenv("TESSDATA_PREFIX", str(models))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    with pytest.raises(LoadError, match=r"page 1 is a picture of text in .*Danish") as caught:
        load_file("scan.pdf")
    assert "tesseract-ocr-dan" in caught.value.hint
    make_scan(tmp_path / "both.pdf", [ENGLISH, GERMAN])
    (document,) = load_file("both.pdf")
    assert words(document.text) == words(ENGLISH)
    assert document.omitted == {f"{UNREAD} that need tesseract-ocr-deu": 1}


def test_ocr_that_is_off(tmp_path: Path) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH])
    with pytest.raises(LoadError, match="OCR is off") as caught:
        load(found(tmp_path / "scan.pdf"), ocr=False)
    assert 'ocr = "auto"' in caught.value.hint
    make_scan(tmp_path / "mixed.pdf", [DANISH], text_pages=[ENGLISH])
    (document,) = load(found(tmp_path / "mixed.pdf"), ocr=False)
    assert (document.recognized, document.omitted) == ((), {UNREAD: 1})


@needs_a_shell
def test_a_number_that_was_read_with_doubt_is_not_quoted(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t{}\\t{}\\n"
    rows = [("96", "Prisen"), ("95", "er"), ("31", "4685"), ("96", "kr."), ("90", "i"), ("90", "7")]
    rows += [("96", "dage")] * 4
    table = "head\\n" + "".join(row.format(*one) for one in rows)
    monkeypatch.setenv("PATH", str(fake_tesseract(tmp_path / "bin", f"printf '{table}'")))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    assert load_file("scan.pdf")[0].text.strip() == "Prisen er […] kr. i 7" + " dage" * 4


@needs_a_shell
def test_a_tesseract_in_the_current_folder_is_not_run(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH])
    fake_tesseract(tmp_path / "bin", "touch ran")
    monkeypatch.chdir(tmp_path / "bin")
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "../bin"]))
    with pytest.raises(LoadError, match="is not installed"):
        load_file("scan.pdf")


@needs_a_shell
def test_tesseract_gets_an_environment_and_a_folder_of_its_own(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that lies among documents, and no secret, is in its reach."""
    monkeypatch.setenv("CLINIC_DB", "postgresql://secret")
    monkeypatch.setenv("TESSDATA_PREFIX", "/models")
    report = tmp_path / "report"
    run = f"(env; pwd) > {report}; {ONE_WORD}"
    monkeypatch.setenv("PATH", str(fake_tesseract(tmp_path / "bin", f"PATH=/usr/bin:/bin; {run}")))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    load_file("scan.pdf")
    lines = report.read_text().splitlines()
    assert "/" in lines and "OMP_THREAD_LIMIT=1" in lines and "TESSDATA_PREFIX=/models" in lines
    assert not any("secret" in line or line.startswith("HOME=") for line in lines)


@needs_a_shell
@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("exec sleep 600", "page 1 is a picture of text, and tesseract took longer than 0.5 sec"),
        ("echo 'no model' >&2; exit 3", r"page 1 .* and tesseract failed \(no model\)"),
        ("kill -SEGV $$", "page 1 .* and tesseract failed"),
    ],
)
def test_a_tesseract_that_hangs_or_fails(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str, reason: str
) -> None:
    monkeypatch.setattr(tesseract, "PAGE_SECONDS", 0.5)
    monkeypatch.setenv("PATH", str(fake_tesseract(tmp_path / "bin", f"PATH=/usr/bin:/bin; {run}")))
    make_scan(tmp_path / "scan.pdf", [DANISH, DANISH])
    with pytest.raises(LoadError, match=reason) as caught:
        load_file("scan.pdf")
    assert "tesseract" in caught.value.hint


@needs_a_shell
def test_a_broken_program_is_named(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake_tesseract(tmp_path / "bin", "") / "tesseract"
    program.write_bytes(b"no program")
    monkeypatch.setenv("PATH", str(program.parent))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    with pytest.raises(LoadError, match="tesseract cannot be started"):
        load_file("scan.pdf")


def test_too_many_scanned_pages(
    load_file: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "MAX_PAGES", 2)
    make_scan(tmp_path / "scan.pdf", [DANISH] * 3)
    with pytest.raises(LoadError, match="3 of its pages are pictures of text, and 2"):
        load_file("scan.pdf")


def test_a_huge_page_has_a_lower_resolution(tmp_path: Path) -> None:
    path, side = tmp_path / "plan.pdf", 14_000  # points: five metres
    pdf = canvas.Canvas(str(path), pagesize=(side, side))
    pdf.setFont("Helvetica", 300)
    pdf.drawString(600, 13_000, ENGLISH)
    pdf.save()
    assert len(page_images(path.read_bytes(), [""])[0].render()) < 20_000_000


@pytest.mark.usefixtures("installed")
def test_a_reader_process_reads_the_same(tmp_path: Path, pools: list[ReaderPool]) -> None:
    make_scan(tmp_path / "scan.pdf", [DANISH], text_pages=[ENGLISH])
    pools.append(ReaderPool(1, Limits()))
    thing = found(tmp_path / "scan.pdf")
    assert pools[0].load(thing) == load(thing)
    assert pools[0].load(thing, ocr=False) == load(thing, ocr=False)


@needs_a_shell
def test_the_time_limit_of_a_file_counts_for_each_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pools: list[ReaderPool]
) -> None:
    run = f"PATH=/usr/bin:/bin; sleep 1; {ONE_WORD}"
    monkeypatch.setenv("PATH", str(fake_tesseract(tmp_path / "bin", run)))
    make_scan(tmp_path / "scan.pdf", [DANISH] * 14)
    pools.append(ReaderPool(1, Limits(seconds=10)))
    began = time.monotonic()
    (document,) = pools[0].load(found(tmp_path / "scan.pdf"))
    assert time.monotonic() - began > 10
    assert document.recognized == tuple(range(1, 15))


@needs_a_shell
def test_a_reader_that_is_ended_takes_tesseract_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pools: list[ReaderPool]
) -> None:
    number = tmp_path / "number"
    run = f"PATH=/usr/bin:/bin; echo $$ > {number}; exec sleep 600"
    monkeypatch.setenv("PATH", str(fake_tesseract(tmp_path / "bin", run)))
    make_scan(tmp_path / "scan.pdf", [DANISH])
    pools.append(ReaderPool(1, Limits(seconds=5)))
    with pytest.raises(LoadError, match="took longer than 5 seconds"):
        pools[0].load(found(tmp_path / "scan.pdf"))
    assert _ends(int(number.read_text()))


@needs_a_shell
def test_tesseract_ends_with_the_process_that_wants_the_documents(tmp_path: Path) -> None:
    number = tmp_path / "number"
    run = f"PATH=/usr/bin:/bin; echo $$ > {number}; exec sleep 600"
    folder = fake_tesseract(tmp_path / "bin", run)
    make_scan(tmp_path / "scan.pdf", [DANISH])
    script = (
        "from pathlib import Path\n"
        "from kilde.documents.reader_pool import shared_pool\n"
        "from kilde.documents.sources import Found, Source\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "shared_pool().load(Found('scan.pdf', Source('path', '.'), folder, folder / 'scan.pdf'))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PATH": str(folder)}
    )
    for _ in range(600):
        if number.exists() and number.read_text().strip():
            break
        time.sleep(0.1)
    parent.kill()
    parent.wait()
    assert _ends(int(number.read_text()))


def _ends(number: int) -> bool:
    """Whether a process ends, within half a minute."""
    try:
        process = psutil.Process(number)
    except psutil.NoSuchProcess:
        return True
    _, alive = psutil.wait_procs([process], timeout=30)
    return not alive or process.status() == psutil.STATUS_ZOMBIE
