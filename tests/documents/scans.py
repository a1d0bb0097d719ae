"""Scans for the tests: pages of text, printed, and put into a PDF as pictures; and tesseract."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen import canvas  # type: ignore[import-untyped]
from tests.installed import missing

DANISH = """Åbningstider for svømmehallen

Svømmehallen har åbent mandag til fredag kl. 10-14 og lørdag kl. 9.30-13.
Et klippekort koster 465 kr. for voksne og 125,50 kr. for børn.
Kontakt Jørgen Ærø på telefon 33 12 45 67 før den 31. december 2026.

Badning uden badehætte er ikke tilladt, og børn under 8 år skal følges af en
voksen i hele opholdet. Gæster, som ikke overholder reglerne, bortvises."""

GERMAN = """Öffnungszeiten der Bücherei

Die Bücherei ist dienstags von 9 bis 18 Uhr geöffnet. Die Ausleihgebühr
beträgt 2,50 € für Erwachsene; Schüler zahlen eine ermäßigte Gebühr.
Überfällige Bücher kosten 0,20 € pro Tag."""

ENGLISH = """Rules of the swimming pool

Children below the age of eight must be accompanied by an adult at all times.
Visitors who do not follow these rules are asked to leave without a refund."""

A4 = (595, 842)
LANGUAGES = {"dan", "deu", "eng", "nld", "nor", "swe", "osd"}


def require_tesseract() -> Path:
    """The program with all of its models that are tested; without it the test is skipped."""
    path = shutil.which("tesseract")
    if path is None:
        missing("there is no tesseract")
    listed = subprocess.run([path, "--list-langs"], capture_output=True, text=True, check=True)
    lacking = LANGUAGES - set(listed.stdout.split())
    if lacking:
        missing(f"tesseract lacks {', '.join(sorted(lacking))}")
    return Path(path)


def printed(pages: Sequence[str]) -> bytes:
    """A PDF with these texts."""
    buffer = io.BytesIO()
    pdf = canvas.Canvas(buffer, pagesize=A4)
    for page in pages:
        pdf.setFont("Helvetica", 11)
        for number, line in enumerate(page.splitlines()):
            pdf.drawString(72, 770 - 18 * number, line)
        pdf.showPage()
    pdf.save()
    return buffer.getvalue()


def make_scan(
    path: Path,
    pages: Sequence[str],
    *,
    dpi: int = 200,
    rotation: int = 0,
    stamp: str = "",
    text_pages: Sequence[str] = (),
) -> None:
    """A PDF with ``text_pages`` as text, then ``pages`` as pictures, each under a ``stamp``.

    ``rotation`` (0, 90, 180, 270) turns the pictures.
    """
    pdf = canvas.Canvas(str(path), pagesize=A4)
    for text in text_pages:
        pdf.setFont("Helvetica", 11)
        for number, line in enumerate(text.splitlines()):
            pdf.drawString(72, 770 - 18 * number, line)
        pdf.showPage()
    for page in pypdfium2.PdfDocument(printed(pages)):
        image = page.render(scale=dpi / 72, rotation=rotation).to_pil().convert("L")
        width, height = A4 if rotation in (0, 180) else A4[::-1]
        pdf.setPageSize((width, height))
        pdf.drawImage(ImageReader(image), 0, 0, width, height)
        if stamp:
            pdf.drawString(20, 20, stamp)
        pdf.showPage()
    pdf.save()


def make_table_scan(path: Path, rows: Sequence[Sequence[str]], *, ruled: bool) -> None:
    """A PDF with a picture of a table."""
    from reportlab.platypus import SimpleDocTemplate, Table  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    style = [("GRID", (0, 0), (-1, -1), 0.5, "black")] if ruled else []
    SimpleDocTemplate(buffer, pagesize=A4).build([Table(rows, colWidths=110, style=style)])
    (page,) = pypdfium2.PdfDocument(buffer.getvalue())
    pdf = canvas.Canvas(str(path), pagesize=A4)
    pdf.drawImage(ImageReader(page.render(scale=200 / 72).to_pil().convert("L")), 0, 0, *A4)
    pdf.save()


def fake_tesseract(folder: Path, run: str, models: str = "dan") -> Path:
    """A program of that name that runs a shell command for a page; returns its folder."""
    folder.mkdir()
    program = folder / "tesseract"
    lines = f"echo Languages:; for model in {models}; do echo $model; done"
    program.write_text(f'#!/bin/sh\nif [ "$1" = --list-langs ]; then {lines}; exit 0; fi\n{run}\n')
    program.chmod(0o755)
    return folder


HEAD = "level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight"
ONE_WORD = f"printf '{HEAD}\\tconf\\ttext\\n5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t96\\tOrdet\\n'"
"""A shell command that prints what tesseract prints for a page with one word."""
