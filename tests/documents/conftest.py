"""Small real files of every format, made with the libraries that people's programs resemble."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kilde.documents.load import load
from kilde.documents.sources import Found, Source, expand
from kilde.types import Document

Load = Callable[..., list[Document]]


@pytest.fixture
def load_file(tmp_path: Path) -> Load:
    """Write bytes or text under a name and load the file."""

    def write_and_load(name: str, content: bytes | str | None = None) -> list[Document]:
        path = tmp_path / name
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (found,) = expand(Source("path", name, "guides"), tmp_path)
        assert isinstance(found, Found)
        return load(found)

    return write_and_load


def make_docx(path: Path) -> None:
    from docx import Document as Word

    word = Word()
    word.core_properties.title = "Dosering"
    word.add_heading("Dosering & pleje", 1)
    word.add_paragraph("Giv < 5 mg/kg, aldrig mere. Se 1. kapitel.")
    word.add_heading("Børn", 2)
    word.add_paragraph("Ring til lægen.")
    table = word.add_table(2, 2)
    for cell, text in zip(table._cells, ("Dag", "Tid", "Mandag", "8-16"), strict=True):
        cell.text = text
    word.save(str(path))


def make_pptx(path: Path) -> None:
    from pptx import Presentation

    show = Presentation()
    for title, body in (("Første møde", "Mål & plan"), ("Andet møde", "Resultater")):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    show.slides[0].notes_slide.notes_text_frame.text = "Husk kaffen."
    show.save(str(path))


def make_pdf(path: Path, pages: int = 2, password: str = "", text: bool = True) -> None:
    from reportlab.lib import pdfencrypt  # type: ignore[import-untyped]
    from reportlab.pdfgen import canvas  # type: ignore[import-untyped]

    locked = pdfencrypt.StandardEncryption(password) if password else None
    pdf = canvas.Canvas(str(path), encrypt=locked)
    pdf.setTitle("Natursti")
    for page in range(1, pages + 1):
        if text:
            for line in range(20):
                pdf.drawString(72, 750 - 16 * line, f"Linje {line} på side {page} om æbler.")
        else:
            pdf.rect(10, 10, 100, 100, fill=1)
        pdf.showPage()
    pdf.save()


def make_epub(path: Path) -> None:
    from epub import write_epub

    body = "<h1>Kapitel &amp; vers</h1><p>Det var en mørk nat.</p>"
    write_epub(
        path, [("Kapitel", body)], identifier="x", title="Bogen", language="da", author="Ingen"
    )


def make_odt(path: Path, encrypted: bool = False) -> None:
    ns = "urn:oasis:names:tc:opendocument:xmlns"
    mime = "application/vnd.oasis.opendocument.text"
    lock = "<manifest:encryption-data/>" if encrypted else ""
    with zipfile.ZipFile(path, "w") as odt:
        odt.writestr("mimetype", mime)
        odt.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{ns}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{mime}">{lock}</manifest:file-entry>'
            "</manifest:manifest>",
        )
        odt.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{ns}:office:1.0" xmlns:text="{ns}:text:1.0">'
            "<office:body><office:text>"
            '<text:h text:outline-level="1">Overskrift på ø</text:h>'
            "<text:p>Brød &amp; tekst * her.</text:p>"
            "</office:text></office:body></office:document-content>",
        )


def make_xlsx(path: Path, sheets: int = 1) -> None:
    from datetime import date, datetime

    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.Workbook()
    book.remove(book.active)
    for number in range(1, sheets + 1):
        sheet = book.create_sheet(f"Ark{number}")
        sheet.append(["Prisliste"])
        sheet.append([])
        sheet.append(["Vare", "Pris", "Fra", "Set", "På lager"])
        sheet.append(["Æbler", 12.0, date(2024, 5, 1), datetime(2024, 5, 2, 8, 30), True])
        sheet.append(["Pærer", 0.1 + 0.2, None, None, False])
    hidden = book.create_sheet("Løn")
    hidden.append(["Navn", "Løn"])
    hidden.append(["Anna", 1])
    hidden.sheet_state = "hidden"
    book.save(str(path))
