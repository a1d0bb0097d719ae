"""Small files that become large or slow: each is added in a process of its own, and measured."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from benchmarks.embedders import DEFAULT, Instant
from benchmarks.report import Report, Target, say
from kilde.knowledge.base import KnowledgeBase

MAX_MB = 1_500
MAX_SECONDS = 300
"""What counts as hanging; a reader's own limit is 120 seconds."""


def _workbook(place: str) -> bytes:
    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.Workbook()
    book.active.append(["Item", "Price"])
    book.active.append(["Apples", 12])
    book.active[place] = "far away"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _archive(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def _epub() -> bytes:
    container = (
        b'<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        b'<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/>'
        b"</rootfiles></container>"
    )
    package = (
        b'<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>'
        b'<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        b'<spine><itemref idref="a"/></spine></package>'
    )
    page = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>%s</p></body></html>'
    return _archive(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container,
            "c.opf": package,
            "a.xhtml": page % (b"word " * 48_000_000),
        }
    )


def _entities(name: str) -> bytes:
    """A document whose entities unfold to a billion words."""
    levels = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "word ">{levels}]><d>&l9;</d>'
    return _archive({name: xml.encode(), "[Content_Types].xml": b"<Types/>"})


def _pdf(*drawn: bytes, pages: int = 1) -> bytes:
    """A PDF whose pages all have the same drawing."""
    drawing = zlib.compress(b"\n".join(drawn))
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + pages))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F 3 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        *[page] * pages,
    ]
    file = io.BytesIO()
    file.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, 1):
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    file.write(b"trailer << /Root 1 0 R >>\n%%EOF")
    return file.getvalue()


def _shown(x: int, y: int, text: bytes = b"a") -> bytes:
    return b"BT /F 9 Tf %d %d Td (%s) Tj ET" % (x, y, text)


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = pa.DictionaryArray.from_arrays(pa.array([0] * 5_000_000, pa.int32()), ["word " * 100])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": column}), buffer)
    return buffer.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "a cell at XFD1048576.xlsx": lambda: _workbook("XFD1048576"),
    "a cell at AZ1048576.xlsx": lambda: _workbook("AZ1048576"),
    "240 MB of words.epub": _epub,
    "1 GB of zeros.docx": lambda: _archive({"word/document.xml": bytes(1_000_000_000)}),
    "entities.docx": lambda: _entities("word/document.xml"),
    "entities.odt": lambda: _entities("content.xml"),
    "2.5 GB of text.parquet": _parquet,
    "16,000 empty addresses.eml": lambda: (
        b"From: a@b.dk\nTo: " + b'""' * 16_000 + b"\nSubject: Hours\n\nWe open at eight.\n"
    ),
    "20,000 parts.eml": lambda: (
        b"From: a@b.dk\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: text/plain\n\nword\n" * 20_000
    ),
    "100,000 brackets.json": lambda: b"[" * 100_000 + b"]" * 100_000,
    "a number of 5 million digits.json": lambda: b'{"a": %s}' % (b"9" * 5_000_000),
    "100,000 elements inside each other.html": lambda: (
        b"<div>" * 100_000 + b"word" + b"</div>" * 100_000
    ),
    "a word of 5 MB.txt": lambda: b"a" * 5_000_000,
    "5 MB without a sentence.md": lambda: b"word " * 1_000_000,
    "1 MB of brackets.md": lambda: b"[" * 1_000_000,
    "200,000 headings.md": lambda: b"# a\n" * 200_000,
    "1 MB of abbreviations.txt": lambda: b"e.g. " * 200_000,
    "300,000 columns.csv": lambda: b";".join(b"c%d" % n for n in range(300_000)) + b"\n1;2\n",
    "200,000 texts on a page.pdf": lambda: _pdf(
        *(_shown(n * 7919 % 590, n * 104_729 % 840) for n in range(200_000))
    ),
    "200,000 texts in one place.pdf": lambda: _pdf(*[_shown(100, 400)] * 200_000),
    "80,000 lines.pdf": lambda: _pdf(
        *(b"%d 0 m %d 842 l S 0 %d m 595 %d l S" % (n, n, n, n) for n in range(595)),
        *[b"0 0 m 0 842 l S"] * 80_000,
        _shown(100, 400),
    ),
    "5,000 pages.pdf": lambda: _pdf(
        *(_shown(72, 60 + 12 * n, b"word " * 12) for n in range(60)), pages=5_000
    ),
    "a cell of 5 MB.csv": lambda: b'a;b\n"' + b"word " * 1_000_000 + b'";1\n',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--only", default="", help="those whose name holds this text")


def run(args: argparse.Namespace) -> Report:
    """Add every bomb beside a good file."""
    report = Report(
        "survive bombs",
        ("bomb", "kB", "outcome", "seconds", "MB"),
        digits={"kB": 0, "seconds": 1, "MB": 0},
    )
    for name, make in BOMBS.items():
        if args.only not in name:
            continue
        say(name)
        with tempfile.TemporaryDirectory() as temporary:
            data = make()
            (Path(temporary) / name).write_bytes(data)
            measured = _in_fresh_process(Path(temporary))
        report.add({"bomb": name, "kB": len(data) / 1e3, **measured}, Target("<=", MAX_MB), "MB")
    report.notes.append(
        "MB: the peak of all processes together; seconds: of the whole command, a good file "
        f"beside the bomb and {MAX_SECONDS} s at most included"
    )
    return report


def _in_fresh_process(folder: Path) -> dict[str, str | float | None]:
    import psutil

    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.surviving.bombs", str(folder)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = 0
    while process.poll() is None and time.perf_counter() - began < MAX_SECONDS:
        peak = max(peak, _memory(psutil.Process(process.pid)))
        time.sleep(0.05)
    if process.poll() is None:
        process.kill()
    out, _ = process.communicate()
    outcome = json.loads(out.splitlines()[-1]) if out.strip() else "HANGS OR CRASHES"
    seconds = time.perf_counter() - began
    whole = outcome != "HANGS OR CRASHES"
    return {"outcome": outcome, "seconds": seconds, "MB": peak / 1e6 if whole else None}


def _memory(process: object) -> int:
    import psutil

    assert isinstance(process, psutil.Process)
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.Error:
        pass  # one of them ended meanwhile
    return total


def _child(folder: Path) -> None:
    (folder / "good.md").write_text("# Hours\n\nThe laboratory opens at eight.\n", "utf-8")
    embedder = Instant(DEFAULT)
    with tempfile.TemporaryDirectory() as temporary:
        base = KnowledgeBase(
            Path(temporary) / "knowledge",
            root=Path(temporary),
            embedder=lambda: embedder,
            max_tokens=200,
            keep=timedelta(days=1),
        )
        report = base.add(folder)
        good = any(name.endswith("good.md") for name in report.added)
        reasons = [failure.reason for failure in report.failed] or ["read"]
        print(json.dumps(reasons[0] if good else "HANGS OR CRASHES"))


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
