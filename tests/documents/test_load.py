"""Every format becomes a document with title, language, pages and clean text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kilde.documents.formats import format_of, format_of_page, formats
from kilde.types import Document

from .conftest import Load, make_docx, make_epub, make_odt, make_pdf, make_pptx


def one(documents: list[Document]) -> Document:
    assert len(documents) == 1
    return documents[0]


def test_every_row_of_the_table_names_a_reader() -> None:
    from importlib import import_module

    for row in formats().values():
        assert callable(import_module(f"kilde.documents.readers.{row.reader}").read)


def test_text_gets_its_title_from_the_file_name(load_file: Load) -> None:
    document = one(load_file("docs/åbne-tider_2024.txt", "Vi har åbent her.\r\nUndtagen jul.\r"))
    assert document.id == document.source == "docs/åbne-tider_2024.txt"
    assert document.title == "åbne tider 2024"
    assert document.text == "Vi har åbent her.\nUndtagen jul."
    assert document.language == "da"
    assert document.collection == "guides"
    assert not document.markdown


def test_markdown_gives_its_front_matter_as_metadata(load_file: Load) -> None:
    document = one(
        load_file("a.md", "---\ntitle: Andet\nowner: 'Anna'\n---\n# Om *haven*\n\nDer er æbler.\n")
    )
    assert document.text == "# Om haven\n\nDer er æbler."
    assert document.title == "Om haven"
    assert document.metadata == {"title": "Andet", "owner": "Anna"}
    assert document.markdown


def test_markdown_without_heading_is_titled_by_its_front_matter(load_file: Load) -> None:
    assert one(load_file("a.md", "---\ntitle: Haven\n---\nDer er æbler.")).title == "Haven"


HTML = """<html><head><meta charset="{charset}"><title>Min &amp; din side</title>
<meta name="description" content="beskrivelse"></head><body><nav>Menu</nav>{heading}
<p>Rødgrød &lt; fløde med snake_case.</p><script>alert(1)</script></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "iso-8859-1"])
def test_html_loses_navigation_and_head_but_no_letter(load_file: Load, charset: str) -> None:
    page = HTML.format(charset=charset, heading="<h1>Mad</h1>").encode(charset)
    document = one(load_file("side.html", page))
    assert document.text == "# Mad\n\nRødgrød < fløde med snake_case."
    assert document.title == "Mad"


def test_html_without_heading_is_titled_by_its_title(load_file: Load) -> None:
    page = HTML.format(charset="utf-8", heading="")
    assert one(load_file("side.xhtml", '<?xml version="1.0"?>' + page)).title == "Min & din side"


def test_pdf_keeps_sentences_whole_and_knows_its_pages(load_file: Load, tmp_path: Path) -> None:
    make_pdf(tmp_path / "sti.pdf", pages=3)
    document = one(load_file("sti.pdf"))
    assert document.title == "Natursti"
    assert len(document.pages) == 3
    assert "|" not in document.text
    for page, start in enumerate(document.pages, 1):
        assert document.text[start:].startswith(f"Linje 0 på side {page} om æbler.")


def test_docx_keeps_signs_that_change_a_dose(load_file: Load, tmp_path: Path) -> None:
    make_docx(tmp_path / "dosis.docx")
    document = one(load_file("dosis.docx"))
    assert document.title == "Dosering & pleje"
    assert "Giv < 5 mg/kg, aldrig mere. Se 1. kapitel." in document.text
    assert "\n## Børn\n" in document.text
    assert "Dag: Mandag\nTid: 8-16\n" in document.text
    assert [dict(row.values) for row in document.rows] == [{"Dag": "Mandag", "Tid": "8-16"}]


def test_pptx_has_a_page_per_slide_with_its_notes(load_file: Load, tmp_path: Path) -> None:
    make_pptx(tmp_path / "møde.pptx")
    document = one(load_file("møde.pptx"))
    first, second = document.pages
    assert document.text[first:second] == "# Første møde\n\n- Mål & plan\n\nHusk kaffen.\n\n"
    assert document.text[second:] == "# Andet møde\n\n- Resultater\n\n"
    assert document.title == "Første møde"


def test_odt_and_epub(load_file: Load, tmp_path: Path) -> None:
    make_odt(tmp_path / "a.odt")
    assert one(load_file("a.odt")).text == "# Overskrift på ø\n\nBrød & tekst * her."
    make_epub(tmp_path / "b.epub")
    book = one(load_file("b.epub"))
    assert "Det var en mørk nat." in book.text
    assert book.title == "Kapitel & vers"


def test_rtf(load_file: Load) -> None:
    document = one(load_file("brev.rtf", rb"{\rtf1\ansi\ansicpg1252 R\'f8dgr\'f8d med fl\'f8de.}"))
    assert document.text == "Rødgrød med fløde."
    assert document.title == "brev"


def test_loading_twice_gives_the_same_document(load_file: Load, tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx")
    assert one(load_file("a.docx")).content_hash == one(load_file("a.docx")).content_hash


@pytest.mark.parametrize(
    ("url", "content_type", "reader"),
    [
        ("https://x.dk/", "text/html; charset=utf-8", "html"),
        ("https://x.dk/a.csv", "text/plain", "delimited"),
        ("https://x.dk/a", "text/plain", "text"),
        ("https://x.dk/a.pdf?x=1", "application/octet-stream", "pdf"),
        ("https://x.dk/a.html", "application/pdf", "pdf"),
    ],
)
def test_format_of_a_page(url: str, content_type: str, reader: str) -> None:
    form = format_of_page(url, content_type)
    assert form is not None
    assert form.reader == reader


def test_unknown_formats() -> None:
    assert format_of("a.exe") is None
    assert format_of_page("https://x.dk/a", "image/png") is None


def test_finding_things_loads_no_parser() -> None:
    code = (
        "import sys, kilde.documents.load, kilde.documents.sources\n"
        "print(*sorted({'pypdfium2', 'pyarrow', 'sqlalchemy', 'httpx', 'xlrd',"
        " 'markdown_it', 'selectolax', 'charset_normalizer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
