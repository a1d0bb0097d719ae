"""Reader processes: what they reply is what reading here gives, and what a bad file costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kilde.documents.load import load
from kilde.documents.reader_messages import decode_reply, encode_documents
from kilde.documents.reader_pool import Limits, ReaderPool
from kilde.documents.sources import Found, Source, expand
from kilde.errors import LoadError
from kilde.types import Document

from .conftest import make_docx, make_epub, make_pdf, make_pptx, make_xlsx
from .hostile import DAMAGE, workbook


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(2, Limits())
    yield pool
    pool.close()


def found(path: Path) -> Found:
    (one,) = expand(Source("path", path.name, "guides"), path.parent)
    assert isinstance(one, Found)
    return one


def text_file(folder: Path, name: str = "good.md") -> Found:
    (folder / name).write_text("# Opening hours\n\nThe clinic opens at 8.\n", encoding="utf-8")
    return found(folder / name)


def large_table(folder: Path) -> Found:
    """A table that takes a second or more to read, and hundreds of megabytes."""
    path = folder / "large.csv"
    path.write_text("name;price\n" + "Apples from the garden;12.50\n" * 600_000, encoding="utf-8")
    return found(path)


def test_same_documents_as_reading_here(tmp_path: Path, pool: ReaderPool) -> None:
    make_docx(tmp_path / "a.docx")
    make_pptx(tmp_path / "a.pptx")
    make_pdf(tmp_path / "a.pdf", pages=3)
    make_epub(tmp_path / "a.epub")
    make_xlsx(tmp_path / "a.xlsx", sheets=2)  # with dates and times, which JSON has no form for
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": [1.5]}\n{"a": null}\n', encoding="utf-8")
    (tmp_path / "a.eml").write_text(
        "From: a@b.dk\nSubject: Hej\nDate: Mon, 1 Jun 2026 10:00:00 +0200\n\nKl. 10.\n",
        encoding="utf-8",
    )
    for path in sorted(tmp_path.iterdir()):
        assert pool.load(found(path)) == load(found(path)), path.name


def test_texts_that_encodings_dislike_survive_the_way(tmp_path: Path) -> None:
    document = Document("id", "a\x00\u2028\ud800😀", metadata={"date": "2026-01-01"})
    assert decode_reply(encode_documents([document], last=True)) == ([document], True)


def test_a_name_that_is_no_text(tmp_path: Path, pool: ReaderPool) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")
    Path(path).write_text("The café opens at 8.", encoding="utf-8")
    (document,) = pool.load(Found("caf\ufffd.md", Source("path", "."), tmp_path, Path(path)))
    assert document.text == "The café opens at 8."


def test_order_and_reading_ahead(tmp_path: Path, pool: ReaderPool) -> None:
    things = [text_file(tmp_path, f"{number:02}.md") for number in range(40)]
    (tmp_path / "07.md").write_text("", encoding="utf-8")
    results = list(pool.load_all(things))
    assert [thing.document_source for thing, _ in results] == [f"{n:02}.md" for n in range(40)]
    errors = [thing.document_source for thing, result in results if isinstance(result, LoadError)]
    assert errors == ["07.md"]


def test_a_damaged_file_costs_itself(tmp_path: Path, pool: ReaderPool) -> None:
    (tmp_path / "bad.xls").write_bytes(workbook(DAMAGE))
    things = [text_file(tmp_path, "a.md"), found(tmp_path / "bad.xls"), text_file(tmp_path, "b.md")]
    first, bad, second = (result for _, result in pool.load_all(things))
    assert isinstance(first, list) and isinstance(second, list)
    assert isinstance(bad, LoadError)
    assert bad.source == "bad.xls" and bad.hint and "damaged" in bad.reason


def test_a_crash_costs_its_own_file(tmp_path: Path) -> None:
    pool = ReaderPool(1, Limits())
    things = [large_table(tmp_path), text_file(tmp_path, "b.md")]
    results: list[list[Document] | LoadError] = []
    thread = threading.Thread(
        target=lambda: results.extend(result for _, result in pool.load_all(things))
    )
    thread.start()
    os.kill(reading(pool).pid, signal.SIGABRT)
    thread.join()
    pool.close()
    crashed, second = results
    assert isinstance(crashed, LoadError) and "crashed its reader" in crashed.reason
    assert isinstance(second, list)


def test_a_process_that_crashes_is_named_with_its_signal(tmp_path: Path, pool: ReaderPool) -> None:
    thing = large_table(tmp_path)
    errors: list[LoadError] = []

    def read() -> None:
        try:
            pool.load(thing)
        except LoadError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    os.kill(reading(pool).pid, signal.SIGABRT)
    thread.join()
    (error,) = errors
    assert "crashed its reader (SIGABRT" in error.reason
    assert len(pool.load(text_file(tmp_path))) == 1


def test_an_idle_process_that_went_away_is_replaced(tmp_path: Path, pool: ReaderPool) -> None:
    thing = text_file(tmp_path)
    pool.load(thing)
    os.kill(pool._idle[0]._process.pid, signal.SIGKILL)
    assert len(pool.load(thing)) == 1


def test_time(tmp_path: Path) -> None:
    pool = ReaderPool(1, Limits(seconds=0.3))
    with pytest.raises(LoadError, match=r"took longer than 0\.3 seconds"):
        pool.load(large_table(tmp_path))
    pool.close()


def test_memory(tmp_path: Path) -> None:
    pool = ReaderPool(1, Limits(memory=200_000_000))
    with pytest.raises(LoadError, match=r"needs more than 0\.2 GB of memory"):
        pool.load(large_table(tmp_path))
    assert len(pool.load(text_file(tmp_path))) == 1
    pool.close()


def test_output(tmp_path: Path) -> None:
    pool = ReaderPool(1, Limits(output=2_000))
    (tmp_path / "long.txt").write_text("word " * 1_000, encoding="utf-8")
    with pytest.raises(LoadError, match="more text than is taken over"):
        pool.load(found(tmp_path / "long.txt"))
    assert len(pool.load(text_file(tmp_path))) == 1
    pool.close()


def test_who_stops_early_waits_for_nothing(tmp_path: Path, pool: ReaderPool) -> None:
    results = pool.load_all([text_file(tmp_path), large_table(tmp_path)])
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(pool.load(text_file(tmp_path))) == 1


def test_who_stops_early_is_not_kept_by_a_second_attempt(tmp_path: Path) -> None:
    """A reader that has served before is replaced once; not when it was ended on purpose."""
    pool = ReaderPool(1, Limits())
    pool.load(text_file(tmp_path))
    results = pool.load_all([text_file(tmp_path, "a.md"), large_table(tmp_path)])
    next(results)
    time.sleep(0.3)  # until the table is being read
    results.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name.startswith("kilde-read"):
            thread.join(20)
            assert not thread.is_alive()
    assert pool._busy == set()
    pool.close()


def test_little_text_waits_to_be_handed_over(tmp_path: Path) -> None:
    """Small files that become large are not all read while the first one is being stored."""
    things = []
    for number in range(8):
        keys = {"long" * 2_500: dict.fromkeys(map(str, range(900)), 1)}
        (tmp_path / f"{number}.json").write_text(json.dumps({"a": keys}), encoding="utf-8")
        things.append(found(tmp_path / f"{number}.json"))
    pool = ReaderPool(2, Limits())
    results = pool.load_all(things)
    next(results)
    while pool._busy:
        time.sleep(0.05)
    time.sleep(0.5)
    assert not pool._busy
    # The generator's own frame holds what waits.
    waiting = results.gi_frame.f_locals["waiting"]  # type: ignore[attr-defined]
    assert sum(future.done() for _, future in waiting) <= 4
    assert len(list(results)) == 7
    pool.close()


def test_what_a_program_prints_at_its_start_is_no_reply(tmp_path: Path) -> None:
    """Such as a sitecustomize; and modules are found in the order of this process."""
    for module, text in (("pathlib", "raise ImportError('an old backport')"), ("email", "")):
        (tmp_path / f"{module}.py").write_text(text + "\n", encoding="utf-8")
    text_file(tmp_path)
    script = (
        "import sys\n"
        f"sys.path.append({str(tmp_path)!r})\n"  # behind the standard library
        "from pathlib import Path\n"
        "from kilde.documents import reader_pool\n"
        "from kilde.documents.sources import Found, Source\n"
        "reader_pool._START = 'print(\"hello\", flush=True); ' + reader_pool._START\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "thing = Found('good.md', Source('path', '.'), folder, folder / 'good.md')\n"
        "assert len(reader_pool.shared_pool().load(thing)) == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_modules_in_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    """A folder of documents may hold a file called like a module of the standard library."""
    for module in ("json", "email", "zipfile", "kilde"):
        (tmp_path / f"{module}.py").write_text("open('imported', 'w').close()\n", encoding="utf-8")
    text_file(tmp_path)
    script = (
        "from pathlib import Path\n"
        "from kilde.documents.reader_pool import shared_pool\n"
        "from kilde.documents.sources import Found, Source\n"
        "thing = Found('good.md', Source('path', '.'), Path.cwd(), Path.cwd() / 'good.md')\n"
        "assert len(shared_pool().load(thing)) == 1\n"
    )
    subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, check=True)
    assert not (tmp_path / "imported").exists()


def test_reading_unpacks_nothing_where_others_could_plant_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "shared"))
    (tmp_path / "shared").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    make_pdf(tmp_path / "a.pdf")
    pool = ReaderPool(1, Limits())
    assert "Linje 1" in pool.load(found(tmp_path / "a.pdf"))[0].text
    pool.close()
    assert list((tmp_path / "shared").iterdir()) == []


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    text_file(tmp_path)
    script = (
        "import sys, time, psutil\n"
        "from pathlib import Path\n"
        "from kilde.documents.reader_pool import shared_pool\n"
        "from kilde.documents.sources import Found, Source\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "shared_pool().load(Found('good.md', Source('path', '.'), folder, folder / 'good.md'))\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    reader = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    psutil.wait_procs([reader], timeout=30)
    assert not reader.is_running()


def reading(pool: ReaderPool) -> psutil.Process:
    """The process that is reading a file, once it is there."""
    for _ in range(500):
        if pool._busy:
            time.sleep(0.2)  # until it reads
            (reader,) = pool._busy
            return psutil.Process(reader._process.pid)
        time.sleep(0.02)
    raise AssertionError("no reader process was started")
