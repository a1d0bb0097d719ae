"""Workbooks with one cell far away hold what is filled, and take no more memory than that."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from kilde.documents.workbooks import sheets
from kilde.errors import LoadError

from .conftest import Load, make_xlsx

_PRICES = [["Vare", "Pris", "Fra"], ["Æbler & pærer", 12.5, None], ["<Blommer>", 10, "juni"]]


def stray_xlsx(path: Path, *places: str, rows: int = 0) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [*_PRICES, *([f"Vare {number}", number, "maj"] for number in range(rows))]:
        sheet.append(row)
    for place in places:
        sheet[place] = "far away"
    book.save(str(path))


@pytest.mark.parametrize("place", ["XFD1048576", "AZ1048576", "XFD3", "A1048576"])
def test_one_cell_far_away(place: str, tmp_path: Path, load_file: Load) -> None:
    stray_xlsx(tmp_path / "stray.xlsx", place, rows=200 if place == "XFD3" else 0)
    (document,) = load_file("stray.xlsx")
    assert document.text.startswith(
        "Vare: Æbler & pærer\nPris: 12,5\n\nVare: <Blommer>\nPris: 10\nFra: juni\n"
    )
    assert "far away" in document.text


def test_values_keep_their_types(tmp_path: Path, load_file: Load) -> None:
    make_xlsx(tmp_path / "plain.xlsx")
    plain = load_file("plain.xlsx")
    book = openpyxl.load_workbook(str(tmp_path / "plain.xlsx"))
    book["Ark1"]["XFD1048576"] = "far away"
    book.save(str(tmp_path / "stray.xlsx"))
    (stray,) = load_file("stray.xlsx")
    assert [row.values for row in stray.rows] == [row.values for row in plain[0].rows]
    assert "far away" in stray.text


def test_cells_that_do_not_say_where_they_stand(tmp_path: Path, load_file: Load) -> None:
    stray_xlsx(tmp_path / "stray.xlsx", "XFD1048576")
    with zipfile.ZipFile(tmp_path / "stray.xlsx") as old:
        parts = {entry.filename: old.read(entry) for entry in old.infolist()}
    name = "xl/worksheets/sheet1.xml"
    for place in (b"A1", b"B1", b"C1"):
        parts[name] = parts[name].replace(b'<c r="%b"' % place, b"<c")
    with zipfile.ZipFile(tmp_path / "stray.xlsx", "w") as new:
        for filename, data in parts.items():
            new.writestr(filename, data)
    (document,) = load_file("stray.xlsx")
    assert document.rows[0].values["Vare"] == "Æbler & pærer"


def test_opendocument(tmp_path: Path, load_file: Load) -> None:
    def cells(*values: str) -> str:
        return "".join(
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
            "</table:table-cell>"
            for value in values
        )

    ns = "urn:oasis:names:tc:opendocument:xmlns"
    sheet = (
        f"<table:table-row>{cells('Vare', 'Pris')}</table:table-row>"
        f"<table:table-row table:number-rows-repeated='2'>{cells('Æbler', '12')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="50"/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="51"/>'
        f"{cells('far away')}</table:table-row>"
    )
    with zipfile.ZipFile(tmp_path / "stray.ods", "w") as ods:
        ods.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        ods.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{ns}:manifest:1.0"><manifest:file-entry '
            'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.'
            'spreadsheet"/></manifest:manifest>',
        )
        ods.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{ns}:office:1.0" '
            f'xmlns:table="{ns}:table:1.0" xmlns:text="{ns}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="Ark1">{sheet}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    (document,) = load_file("stray.ods")
    assert document.text.count("Vare: Æbler\nPris: 12\n") == 2
    assert "far away" in document.text


def test_cells_far_from_each_other_in_both_directions_are_refused(
    tmp_path: Path, load_file: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_PLACES", 10_000)
    stray_xlsx(
        tmp_path / "stray.xlsx", *(f"{letter}{n}" for n in range(10, 80) for letter in ("A", "BZ"))
    )
    load_file("stray.xlsx")
    diagonal = openpyxl.Workbook()
    for number in range(1, 120):
        diagonal.active.cell(2 * number, 2 * number, number)
    diagonal.save(str(tmp_path / "diagonal.xlsx"))
    with pytest.raises(LoadError, match="more than 10,000 cells"):
        load_file("diagonal.xlsx")
