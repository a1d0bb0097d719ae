"""Spreadsheets are read as they are shown: values in their format, and nothing that is hidden."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from openpyxl.chart import BarChart, Reference  # type: ignore[import-untyped]
from openpyxl.comments import Comment  # type: ignore[import-untyped]
from openpyxl.worksheet.table import Table  # type: ignore[import-untyped]

from kilde.types import Document

from ..conftest import Load

WORDS = "Vi sælger maling og værktøj til hele landet, og prisen gælder for alle, som henter selv."
"""A sentence that tells the language of a workbook beyond doubt."""

Rows = Sequence[Sequence[object]]


@pytest.fixture
def read(tmp_path: Path, load_file: Load) -> Callable[..., list[Document]]:
    """Write rows and load them; ``formats`` gives the number format of columns by letter."""

    def write_and_read(
        rows: Rows,
        formats: Mapping[str, str] | None = None,
        change: Callable[[Any], None] | None = None,
    ) -> list[Document]:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for letter, code in (formats or {}).items():
            for cell in book.active[letter][1:]:
                cell.number_format = code
        if change is not None:
            change(book)
        book.save(str(tmp_path / "bog.xlsx"))
        return load_file("bog.xlsx")

    return write_and_read


def lines(document: Document) -> list[str]:
    return [line for line in document.text.splitlines() if line]


def changed(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Change the XML of one part of an archive."""
    with zipfile.ZipFile(path) as old:
        parts = {entry.filename: old.read(entry) for entry in old.infolist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)


def test_values_are_shown_in_their_format(read: Callable[..., list[Document]]) -> None:
    rows = [
        ["Vare", "Pris", "Rabat", "Gyldig til", "Antal"],
        ["Maling", 1599.95, 0.15, date(2026, 6, 30), 1250],
        ["Lak", 329, 0, date(2026, 12, 31), 7],
    ]
    formats = {"B": '#,##0.00 "kr."', "C": "0%", "D": "dd-mm-yyyy", "E": "#,##0"}
    (document,) = read(rows, formats)
    assert lines(document)[:5] == [
        *("Vare: Maling", "Pris: 1.599,95 kr.", "Rabat: 15 %", "Gyldig til: 30-06-2026"),
        "Antal: 1.250",
    ]
    assert dict(document.rows[0].values) == {
        **{"Vare": "Maling", "Pris": 1599.95, "Rabat": 0.15, "Gyldig til": date(2026, 6, 30)},
        "Antal": 1250,
    }


def test_times_and_durations(read: Callable[..., list[Document]]) -> None:
    rows = [
        ["Tur", "Afgang", "Varighed", "Set"],
        ["A", time(7, 50), timedelta(hours=26, minutes=5), datetime(2026, 3, 1, 14, 30)],
        ["B", time(16, 5), timedelta(hours=3), datetime(2026, 3, 2, 8, 5)],
    ]
    (document,) = read(rows)
    assert lines(document) == [
        *("Tur: A", "Afgang: 07:50", "Varighed: 26:05", "Set: 2026-03-01 14:30"),
        *("Tur: B", "Afgang: 16:05", "Varighed: 03:00", "Set: 2026-03-02 08:05"),
    ]
    assert document.rows[0].values["Set"] == datetime(2026, 3, 1, 14, 30)
    assert document.rows[0].values["Varighed"] == "26:05"


def test_seconds_stay_where_a_value_has_any(read: Callable[..., list[Document]]) -> None:
    rows = [["Løber", "Tid"], ["Anna", time(1, 2, 13)], ["Bo", time(1, 2, 0)]]
    (document,) = read([[WORDS], [], *rows])
    assert [line for line in lines(document) if line.startswith("Tid")] == [
        "Tid: 01:02:13",
        "Tid: 01:02:00",
    ]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (("Beløb", "Dato", "Måned"), ("1.250,50", "30-06-2026", "juni 2026")),
        (("Preis", "Datum", "Monat"), ("1.250,50", "30.06.2026", "Juni 2026")),
        (("Amount", "Date of payment", "Month"), ("1,250.50", "2026-06-30", "June 2026")),
        (("Bedrag", "Datum van betaling", "Maand"), ("1.250,50", "30-6-2026", "juni 2026")),
    ],
)
def test_the_language_of_the_text_decides_about_signs(
    header: tuple[str, ...], shown: tuple[str, ...], read: Callable[..., list[Document]]
) -> None:
    formats = {"A": "#,##0.00", "B": "mm-dd-yy", "C": "mmmm yyyy"}  # "mm-dd-yy" is number 14
    day = date(2026, 6, 30)
    (document,) = read([header, [1250.5, day, day], [2, day, day]], formats)
    assert tuple(line.partition(": ")[2] for line in lines(document)[:3]) == shown


def test_the_language_of_the_properties_comes_before_the_text(
    read: Callable[..., list[Document]],
) -> None:
    def change(book: Any) -> None:
        book.properties.language = "en-GB"

    rows = [["Beløb", "Dato"], [1250.5, date(2026, 6, 30)], [3, date(2026, 7, 1)]]
    (document,) = read(rows, {"A": "#,##0.00", "B": "mm-dd-yy"}, change)
    assert lines(document)[:2] == ["Beløb: 1,250.50", "Dato: 30/06/2026"]


def test_formats_tell_danish_from_norwegian(read: Callable[..., list[Document]]) -> None:
    rows = [["Navn", "Løn"], ["Anna", 31250], ["Ole", 1000]]
    (danish,) = read(rows, {"B": "#,##0 [$kr.-406]"})
    assert lines(danish)[1] == "Løn: 31.250 kr."
    (norwegian,) = read(rows, {"B": "#,##0 [$kr-414]"})
    assert lines(norwegian)[1] == "Løn: 31 250 kr"


def test_truth_values_errors_and_formulas(
    read: Callable[..., list[Document]], tmp_path: Path, load_file: Load
) -> None:
    rows = [["Vare", "På lager", "Pris"], [WORDS, True, "=1/3"], ["Lak", False, "=B9"]]
    read(rows)
    change = re.compile(r"(<f>1/3</f>)<v ?/?>(</v>)?")
    changed(
        tmp_path / "bog.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda xml: change.sub(r"\1<v>0.3333333333333333</v>", xml).replace(
            "</sheetData>", '<row r="9"><c r="A9" t="e"><v>#N/A</v></c></row></sheetData>'
        ),
    )
    (document,) = load_file("bog.xlsx")
    assert lines(document)[1:] == [
        "På lager: SAND",
        "Pris: 0,3333333333",
        "Vare: Lak",
        "På lager: FALSK",
    ]
    assert document.rows[0].values["På lager"] is True
    assert document.omitted == {"formulas without a stored value": 1}


def test_merged_cells_fill_their_places(read: Callable[..., list[Document]]) -> None:
    rows = [
        ["Priser", None, None, None],
        ["Kategori", "Vare", "Pris", None],
        [None, None, "Barn", "Voksen"],
        ["Maling", "Hvid", 10, 20],
        [None, "Sort", 30, 40],
    ]

    def change(book: Any) -> None:
        for area in ("A1:D1", "A2:A3", "B2:B3", "C2:D2", "A4:A5"):
            book.active.merge_cells(area)

    (document,) = read(rows, change=change)
    assert document.title == "Priser"
    assert [dict(row.values) for row in document.rows] == [
        {"Kategori": "Maling", "Vare": "Hvid", "Pris Barn": 10, "Pris Voksen": 20},
        {"Kategori": "Maling", "Vare": "Sort", "Pris Barn": 30, "Pris Voksen": 40},
    ]


def test_cells_merged_across_every_row_are_no_gap(read: Callable[..., list[Document]]) -> None:
    rows = [["Navn", None, "Rum"], ["Anna", None, 1], ["Bo", None, 2]]

    def change(book: Any) -> None:
        for row in (1, 2, 3):
            book.active.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)

    (document,) = read(rows, change=change)
    assert [dict(row.values) for row in document.rows] == [
        {"Navn": "Anna", "Rum": 1},
        {"Navn": "Bo", "Rum": 2},
    ]


def test_trips_under_a_merged_name_are_a_second_level(
    read: Callable[..., list[Document]],
) -> None:
    rows = [
        ["Stop", "Mandag til fredag", None, "Lørdag"],
        [None, 40101, 40103, 40141],
        ["Torvet", "06:40", "07:35", "08:55"],
        ["Havnen", "06:46", "07:42", "09:01"],
    ]

    def change(book: Any) -> None:
        book.active.merge_cells("A1:A2")
        book.active.merge_cells("B1:C1")

    (document,) = read(rows, change=change)
    assert lines(document)[:4] == [
        *("Stop: Torvet", "Mandag til fredag 40101: 06:40", "Mandag til fredag 40103: 07:35"),
        "Lørdag 40141: 08:55",
    ]


def test_hidden_rows_columns_and_sheets_are_left_out_and_counted(
    read: Callable[..., list[Document]],
) -> None:
    rows = [["Navn", "Løn", "Rum"], ["Anna", 41000, 1], ["Bo", 42000, 2], ["Ida", 43000, 3]]

    def change(book: Any) -> None:
        book.active.row_dimensions[3].hidden = True
        book.active.row_dimensions[900].hidden = True  # nothing stands in it
        book.active.column_dimensions["B"].hidden = True
        for name, state in (("Skjult", "hidden"), ("Meget skjult", "veryHidden")):
            sheet = book.create_sheet(name)
            sheet.append(["Navn", "hemmelig"])
            sheet.sheet_state = state

    (document,) = read(rows, change=change)
    assert document.text == "Navn: Anna\nRum: 1\n\nNavn: Ida\nRum: 3\n\n"
    assert document.omitted == {"hidden rows": 1, "hidden columns": 1, "hidden sheets": 2}


def test_a_hidden_column_is_no_gap_between_tables(read: Callable[..., list[Document]]) -> None:
    rows = [["Navn", "Rum", "Løn", "Tlf.", "Vagt"], ["Anna", 1, 9, 12, 5], ["Bo", 2, 9, 13, 6]]

    def change(book: Any) -> None:
        book.active.column_dimensions["C"].hidden = True

    (document,) = read(rows, change=change)
    assert dict(document.rows[0].values) == {"Navn": "Anna", "Rum": 1, "Tlf.": 12, "Vagt": 5}


def test_what_a_format_hides_is_not_read(read: Callable[..., list[Document]]) -> None:
    (document,) = read([["Navn", "Løn"], ["Anna", 41000], ["Bo", 42000]], {"B": ";;;"})
    assert "41" not in document.text


def test_comments_and_charts_are_counted(read: Callable[..., list[Document]]) -> None:
    def change(book: Any) -> None:
        sheet = book.active
        sheet["A2"].comment = Comment("Skal skiftes ud", "Anna")
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        sheet.add_chart(chart, "F2")

    (document,) = read([["Vare", "Antal"], ["Søm", 12], ["Skruer", 14]], change=change)
    assert document.omitted == {"comments": 1, "charts": 1}
    assert "skiftes" not in document.text


def test_keys_and_values_are_no_title(read: Callable[..., list[Document]]) -> None:
    (document,) = read([["Adresse", "Torvet 1"], ["Telefon", "33 12 45 67"], ["Åbent", "10-16"]])
    assert document.text == "Adresse: Torvet 1\n\nTelefon: 33 12 45 67\n\nÅbent: 10-16"
    assert document.title == "bog"


def test_letters_say_nothing_about_the_language(read: Callable[..., list[Document]]) -> None:
    rows = [["Konto", "Saldo"], ["A", -1250.5], ["B", 0], ["C", 99]]
    (document,) = read(rows, {"B": "#,##0.00"})
    assert lines(document)[1] == "Saldo: -1.250,50"


def test_several_tables_on_a_sheet(read: Callable[..., list[Document]]) -> None:
    rows = [
        ["Post", "Beløb", None, "Konto", "Saldo"],
        ["Husleje", 120000, None, 1010, 500],
        ["Løn", 800000, None, 1020, 600],
        [],
        ["Telefonliste"],
        ["Navn", "Lokal"],
        ["Reception", 100],
        ["Regnskab", 142],
    ]
    (document,) = read(rows)
    assert [dict(row.values) for row in document.rows] == [
        {"Post": "Husleje", "Beløb": 120000},
        {"Post": "Løn", "Beløb": 800000},
        {"Konto": 1010, "Saldo": 500},
        {"Konto": 1020, "Saldo": 600},
        {"Navn": "Reception", "Lokal": 100},
        {"Navn": "Regnskab", "Lokal": 142},
    ]
    assert "Telefonliste\n\nNavn: Reception\nLokal: 100\n" in document.text


def test_titles_above_a_table_and_a_note_below(read: Callable[..., list[Document]]) -> None:
    table = [["Hold", "Pris", "Dag"], ["Yoga", 100, "mandag"], ["Svøm", 90, "fredag"]]
    (document,) = read([["Priser 2026"], ["Vejle afdeling"], [], *table])
    assert document.title == "Priser 2026 – Vejle afdeling"
    assert lines(document)[0] == "Hold: Yoga"
    (dated,) = read([["Priser 2026"], ["Gælder fra 1. maj"], [], *table])
    assert dated.title == "Priser 2026"
    assert lines(dated)[:3] == ["Priser 2026", "Gælder fra 1. maj", "Hold: Yoga"]
    (noted,) = read([["Priser 2026"], [], *table, [], ["Medlemmer får rabat på alle hold."]])
    assert noted.title == "Priser 2026"
    assert lines(noted)[0] == "Priser 2026"
    assert lines(noted)[-1] == "Medlemmer får rabat på alle hold."
    assert len(noted.rows) == 2


def test_a_sheet_of_text_is_text(read: Callable[..., list[Document]]) -> None:
    (document,) = read([["Regler"], ["Depositum betales ved udlevering."], ["Lån varer 6 uger."]])
    assert document.text == "Regler\n\nDepositum betales ved udlevering.\n\nLån varer 6 uger."
    assert document.rows == ()


@pytest.mark.parametrize("stated", ["table", "filter"])
def test_the_file_states_which_row_names_the_columns(
    stated: str, read: Callable[..., list[Document]]
) -> None:
    rows = [["a@b.dk", "2026-1"], ["c@d.dk", "2026-2"], ["e@f.dk", "2026-3"]]

    def change(book: Any) -> None:
        if stated == "table":
            book.active.add_table(Table(displayName="T", ref="A1:B3"))
        else:
            book.active.auto_filter.ref = "A1:B3"

    (document,) = read(rows, change=change)
    assert dict(document.rows[0].values) == {"a@b.dk": "c@d.dk", "2026-1": "2026-2"}


def test_dates_that_count_from_1904(read: Callable[..., list[Document]]) -> None:
    def change(book: Any) -> None:
        book.epoch = datetime(1904, 1, 1)

    rows = [["Navn", "Dato"], ["Anna", date(2026, 6, 30)], ["Bo", date(2026, 7, 1)]]
    (document,) = read(rows, {"B": "dd-mm-yyyy"}, change)
    assert lines(document)[1] == "Dato: 30-06-2026"
    assert document.rows[0].values["Dato"] == date(2026, 6, 30)


def test_texts_in_runs_are_whole_and_escapes_are_characters(
    read: Callable[..., list[Document]], tmp_path: Path, load_file: Load
) -> None:
    read([["Navn", "Note"], ["X1", "X2"], ["Bo", "god"]])
    runs = "<is><r><t>Ring </t></r><r><t>efter</t></r><rPh><t>ringu</t></rPh></is>"
    changed(
        tmp_path / "bog.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("<is><t>X1</t></is>", runs).replace("X2", "8_x000D_\n9 _x0041_"),
    )
    (document,) = load_file("bog.xlsx")
    assert lines(document)[:2] == ["Navn: Ring efter", "Note: 8 9 A"]


def test_xml_with_prefixes_and_cells_without_places(
    read: Callable[..., list[Document]], tmp_path: Path, load_file: Load
) -> None:
    (plain,) = read([["Navn", "Rum"], ["Anna", 1], ["Bo", 2]])
    changed(
        tmp_path / "bog.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", re.sub(r' r="[^"]*"', "", xml)).replace(
            "xmlns=", "xmlns:x="
        ),
    )
    (document,) = load_file("bog.xlsx")
    assert document.rows == plain.rows


def test_a_few_words_with_letters_that_english_has_not_are_not_english(
    read: Callable[..., list[Document]],
) -> None:
    rows = [["Station", "Nedbør"], ["Aarhus", 12.5], ["Odense", 3.2]]
    (document,) = read(rows)
    assert "Nedbør: 12,5" in document.text
    rows = [["Name", "Amount"], ["Müller", 12.5], ["Smith", 3.2]]
    (document,) = read(rows)
    assert "Amount: 12.5" in document.text


def test_workbooks_of_excel_97(tmp_path: Path, load_file: Load) -> None:
    shutil.copy(Path(__file__).parent / "prices.xls", tmp_path / "priser.xls")
    (document,) = load_file("priser.xls")
    assert lines(document)[:6] == [
        *("Kategori: Maling", "Vare: Træ", "Pris: 1.250,50 kr.", "Rabat: 15 %"),
        *("Gyldig til: 30-06-2026", "Tid: 26:05"),
    ]
    assert document.rows[1].values["Kategori"] == "Maling"
    assert document.rows[0].values["Gyldig til"] == date(2026, 6, 30)
    assert document.omitted == {"hidden sheets": 1, "hidden rows": 1, "hidden columns": 1}


def test_a_workbook_with_the_suffix_of_another_format(
    read: Callable[..., list[Document]], tmp_path: Path, load_file: Load
) -> None:
    (document,) = read([["Navn", "Rum"], ["Anna", 1], ["Bo", 2]])
    (same,) = load_file("bog.xls", (tmp_path / "bog.xlsx").read_bytes())
    assert same.rows == document.rows


def ods(path: Path, body: str) -> None:
    """An OpenDocument workbook with these styles and tables."""
    ns = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{ns}:office:1.0" '
            f'xmlns:table="{ns}:table:1.0" xmlns:text="{ns}:text:1.0" '
            f'xmlns:style="{ns}:style:1.0" xmlns:draw="{ns}:drawing:1.0">{body}'
            "</office:document-content>",
        )


def ods_cell(text: str, value: str = 'office:value-type="string"', rest: str = "") -> str:
    return f"<table:table-cell {value}><text:p>{text}</text:p>{rest}</table:table-cell>"


def ods_rows(*rows: Sequence[str]) -> str:
    return "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)


def test_opendocument_cells_are_shown_as_they_are_displayed(
    tmp_path: Path, load_file: Load
) -> None:
    note = "<office:annotation><text:p>Skal skiftes</text:p></office:annotation>"
    span = 'office:value-type="string" table:number-rows-spanned="2"'
    covered = "<table:covered-table-cell/>"
    rows = ods_rows(
        [ods_cell(name) for name in ("Gruppe", "Vare", "Pris", "Rabat", "Til", "Tid", "Løn")],
        [
            ods_cell("Maling", span),
            ods_cell("Hvid<text:s text:c='2'/>lak", rest=note),
            ods_cell("1.250,50 kr.", 'office:value-type="currency" office:value="1250.5"'),
            ods_cell("15 %", 'office:value-type="percentage" office:value="0.15"'),
            ods_cell("30-06-26", 'office:value-type="date" office:date-value="2026-06-30"'),
            ods_cell("26:05", 'office:value-type="time" office:time-value="PT26H05M00S"'),
            ods_cell("9"),
        ],
        [covered, ods_cell("Sort"), *[ods_cell("x")] * 5],
    )
    hidden_row = (
        f'<table:table-row table:visibility="filter">{ods_cell("skjult")}</table:table-row>'
    )
    columns = (
        '<table:table-column table:number-columns-repeated="6"/>'
        '<table:table-column table:visibility="collapse"/>'
    )
    styles = (
        '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    ods(
        tmp_path / "a.ods",
        f'{styles}<office:body><office:spreadsheet><table:table table:name="Ark1">{columns}{rows}'
        f'{hidden_row}</table:table><table:table table:name="Løn" table:style-name="ta2">'
        f"{ods_rows([ods_cell('hemmelig')])}</table:table></office:spreadsheet></office:body>",
    )
    (document,) = load_file("a.ods")
    assert lines(document)[:6] == [
        *("Gruppe: Maling", "Vare: Hvid lak", "Pris: 1.250,50 kr.", "Rabat: 15 %"),
        *("Til: 30-06-26", "Tid: 26:05"),
    ]
    assert document.rows[0].values["Pris"] == 1250.5
    assert document.rows[0].values["Til"] == date(2026, 6, 30)
    assert document.rows[1].values["Gruppe"] == "Maling"
    assert document.omitted == {
        **{"hidden sheets": 1, "hidden rows": 1, "hidden columns": 1},
        "comments": 1,
    }


def test_opendocument_cells_that_repeat(tmp_path: Path, load_file: Load) -> None:
    twice = "<table:table-row table:number-rows-repeated='2'>"
    ods(
        tmp_path / "a.ods",
        '<office:body><office:spreadsheet><table:table table:name="Ark1">'
        + ods_rows([ods_cell("Navn"), ods_cell("Vagt"), ods_cell("Nat")])
        + f"{twice}{ods_cell('Anna')}"
        + ods_cell("ja", 'office:value-type="string" table:number-columns-repeated="2"')
        + "</table:table-row></table:table></office:spreadsheet></office:body>",
    )
    (document,) = load_file("a.ods")
    assert [dict(row.values) for row in document.rows] == [
        {"Navn": "Anna", "Vagt": "ja", "Nat": "ja"}
    ] * 2
