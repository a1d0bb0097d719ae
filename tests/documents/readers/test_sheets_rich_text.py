"""Cells whose characters differ in format: raised digits are no digits of the number before them,
and what is struck out is no longer meant."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock  # type: ignore[import-untyped]
from openpyxl.cell.text import InlineFont  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]

from kilde.types import Document

from ..conftest import Load
from .test_sheets import lines, ods, ods_cell, ods_rows

RAISED = CellRichText("10", TextBlock(InlineFont(vertAlign="superscript"), "6"), " celler pr. ml")
LOWERED = CellRichText("CO", TextBlock(InlineFont(vertAlign="subscript"), "2"))
REDUCED = CellRichText(TextBlock(InlineFont(strike=True), "100 kr."), " 80 kr.")


@pytest.fixture
def read(tmp_path: Path, load_file: Load) -> Callable[..., Document]:
    def write_and_read(rows: Sequence[Sequence[object]], struck: Sequence[str] = ()) -> Document:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for place in struck:
            book.active[place].font = Font(strike=True)
        book.save(str(tmp_path / "bog.xlsx"))
        (document,) = load_file("bog.xlsx")
        return document

    return write_and_read


def test_raised_digits_are_not_glued_to_a_number(read: Callable[..., Document]) -> None:
    document = read([["Prøve", "Antal"], [LOWERED, RAISED], ["Blod", "ingen"]])
    assert lines(document)[:2] == ["Prøve: CO2", "Antal: 10⁶ celler pr. ml"]
    assert document.rows[0].values["Antal"] == "10⁶ celler pr. ml"


def test_text_that_is_struck_out_is_left_out_and_counted(read: Callable[..., Document]) -> None:
    rows = [["Vare", "Pris"], ["Sav", REDUCED], ["Søm", 12], ["Tang", 60]]
    document = read(rows, struck=["B3"])
    assert lines(document) == ["Vare: Sav", "Pris: 80 kr.", "Vare: Søm", "Vare: Tang", "Pris: 60"]
    assert document.omitted == {"struck-out passages": 2}


def test_a_font_within_a_cell_takes_the_place_of_the_font_of_the_cell(
    read: Callable[..., Document],
) -> None:
    kept = CellRichText(TextBlock(InlineFont(b=True), "80 kr."))
    document = read([["Vare", "Pris"], ["Sav", kept], ["Søm", 12]], struck=["B2"])
    assert lines(document)[:2] == ["Vare: Sav", "Pris: 80 kr."]


def test_rich_text_of_opendocument(tmp_path: Path, load_file: Load) -> None:
    styles = (
        '<office:automatic-styles><style:style style:name="T1" style:family="text">'
        '<style:text-properties style:text-position="33% 58%"/></style:style>'
        '<style:style style:name="T2" style:family="text">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
        '<style:style style:name="ce1" style:family="table-cell">'
        '<style:text-properties style:text-line-through-type="single"/></style:style>'
        "</office:automatic-styles>"
    )
    columns = (
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:default-cell-style-name="ce1"/>'
    )
    number = 'office:value-type="float" office:value="12"'
    rows = ods_rows(
        [ods_cell("Prøve"), ods_cell("Pris"), ods_cell("Note", 'table:style-name="ce0"')],
        [
            ods_cell('10<text:span text:style-name="T1">6</text:span>'),
            ods_cell('<text:span text:style-name="T2">100 kr.</text:span> 80 kr.'),
            ods_cell("gammel"),
        ],
        [ods_cell("Blod"), ods_cell("12", f'{number} table:style-name="ce1"')],
    )
    ods(
        tmp_path / "a.ods",
        f'{styles}<office:body><office:spreadsheet><table:table table:name="Ark1">{columns}{rows}'
        "</table:table></office:spreadsheet></office:body>",
    )
    (document,) = load_file("a.ods")
    assert lines(document) == ["Prøve: 10⁶", "Pris: 80 kr.", "Prøve: Blod"]
    assert document.omitted == {"struck-out passages": 3}


def test_rich_text_of_excel_97(tmp_path: Path, load_file: Load) -> None:
    shutil.copy(Path(__file__).parent / "rich_text.xls", tmp_path / "a.xls")
    (document,) = load_file("a.xls")
    assert lines(document) == ["Prøve: 10⁶ celler", "Pris: 80 kr.", "Prøve: Blod"]
    assert document.omitted == {"struck-out passages": 2}
