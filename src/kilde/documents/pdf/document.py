"""A PDF file: opened, its pages laid out, what repeats on them left out, put together as a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError

from kilde.documents.contact_details import has_contact_details
from kilde.documents.content import Part, Prose
from kilde.documents.extract import damaged, given_title, locked
from kilde.documents.page_images import page_images
from kilde.documents.pdf.assemble import Assembler, PageLayout
from kilde.documents.pdf.cells import PageTable
from kilde.documents.pdf.flow import blocks_of
from kilde.documents.pdf.geometry import Page, Rule
from kilde.documents.pdf.layers import has_layered_forms
from kilde.documents.pdf.lines import Row, add_bullets, lines_of, rows_of
from kilde.documents.pdf.pages import Pages
from kilde.documents.pdf.rulings import ruled_tables
from kilde.documents.pdf.running import running_lines

_EDGE = 0.25
_MOST = 0.55
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class _Sheet:
    """What is kept of a page until all pages have been seen."""

    height: float
    rows: list[Row]
    tables: list[PageTable]
    horizontal: Sequence[Rule]
    outline: dict[str, int]
    asides: Sequence[str]
    stored_text: str


def read_document(data: bytes, name: str) -> Prose:
    """The text of a PDF. Raises :class:`LoadError` for one that is locked or damaged."""
    try:
        pdf = PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise locked(name) from error
        raise damaged(name, error) from error
    try:
        title = given_title(pdf.get_metadata_value("Title"))
        pages = Pages(pdf, layered_forms=has_layered_forms(data))
        sheets = [_sheet(page) for page in pages]
    finally:
        pdf.close()
    images = page_images(data, [sheet.stored_text for sheet in sheets])
    running = running_lines([s.rows for s in sheets], [s.height for s in sheets])
    repeated = _repeated_tables(sheets)
    asides = Counter(text for sheet in sheets for text in set(sheet.asides))
    layouts = []
    for number, sheet in enumerate(sheets):
        lines = [line for row in sheet.rows for line in row if id(line) not in running]
        tables = [table for table in sheet.tables if id(table) not in repeated]
        layouts.append(
            PageLayout(
                blocks_of(lines, tables, sheet.horizontal) if lines or tables else [],
                sheet.outline,
                [text for text in sheet.asides if asides[text] == 1],
                images.get(number),
            )
        )
    parts = Assembler(layouts).parts()
    parts += _contacts(sheets, running, parts)
    omitted = {kind: count for kind, count in pages.omitted.items() if count}
    return Prose(parts, title=title, markdown=True, omitted=omitted)


def _sheet(page: Page) -> _Sheet:
    lines = lines_of(page.words, page.vertical)
    tables = ruled_tables(lines, page.horizontal, page.vertical)
    inside = {id(line) for table in tables for line in table.lines()}
    free = [line for line in lines if id(line) not in inside]
    add_bullets(free, page.dots)
    rows = rows_of(free, page.vertical)
    return _Sheet(
        page.height, rows, tables, page.horizontal, dict(page.outline), page.sideways,
        page.stored_text,
    )  # fmt: skip


def _repeated_tables(sheets: Sequence[_Sheet]) -> set[int]:
    """The ids of tables at the edge of most pages that hold a running header or footer."""
    found: dict[tuple[int, str], list[int]] = {}
    for sheet in sheets:
        for table in sheet.tables:
            top, bottom = table.box.top, table.box.bottom
            if bottom <= _EDGE * sheet.height or top >= (1 - _EDGE) * sheet.height:
                text = _DIGITS.sub("#", " ".join(line.text for line in table.lines()))
                found.setdefault((round(top / 4), text), []).append(id(table))
    least = max(3, _MOST * len(sheets))
    return {table for own in found.values() if len(own) >= least for table in own}


def _contacts(sheets: Sequence[_Sheet], running: set[int], parts: Sequence[Part]) -> list[str]:
    """The running lines that say where somebody can be reached, once, if the text does not."""
    lines = dict.fromkeys(
        line.text
        for sheet in sheets
        for row in sheet.rows
        for line in row
        if id(line) in running and has_contact_details(line.text)
    )
    text = "\n".join(part for part in parts if isinstance(part, str)) if lines else ""
    return [line for line in lines if line not in text]
