"""Rows partition the text, values keep their type, summaries say what a table holds."""

from __future__ import annotations

import itertools
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.documents.content import Table
from kilde.documents.summary import table_summary
from kilde.documents.tables import column_names, render, scalar, table_text
from kilde.errors import LoadError
from kilde.types import Document, Row, Scalar

from .conftest import Load, make_xlsx


def values(document: Document) -> list[dict[str, Scalar]]:
    assert "".join(document.text[row.start : row.end] for row in document.rows) == document.text
    assert not document.markdown
    return [dict(row.values) for row in document.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_in_every_delimiter(load_file: Load, delimiter: str) -> None:
    lines = ["Navn;Alder;By", "Anna;41;Århus", "Bo;;Vejle"]
    (document,) = load_file("folk.csv", "\n".join(lines).replace(";", delimiter))
    assert values(document) == [
        {"Navn": "Anna", "Alder": 41, "By": "Århus"},
        {"Navn": "Bo", "Alder": None, "By": "Vejle"},
    ]
    assert document.text == "Navn: Anna\nAlder: 41\nBy: Århus\n\nNavn: Bo\nBy: Vejle\n\n"
    assert document.title == "folk"


def test_csv_from_a_danish_spreadsheet(load_file: Load) -> None:
    content = (
        'sep=;\r\nVare;Pris;Kode;Fra\r\n"Æbler; røde";1,50;0047;2024-05-01\r\nPærer;2;0048;\r\n'
    )
    (document,) = load_file("priser.csv", content.encode("cp1252"))
    assert values(document)[0] == {
        "Vare": "Æbler; røde",
        "Pris": 1.5,
        "Kode": "0047",
        "Fra": date(2024, 5, 1),
    }
    assert "Pris: 1,50\n" in document.text  # as it was written


def test_csv_without_header_and_with_ragged_rows(load_file: Load) -> None:
    (document,) = load_file("tal.csv", "Anna,41\nBo,42,x\n")
    assert values(document) == [
        {"column 1": "Anna", "column 2": 41},
        {"column 1": "Bo", "column 2": 42, "column 3": "x"},
    ]


def test_decimal_commas_are_not_separators(load_file: Load) -> None:
    (document,) = load_file("tal.csv", "1,5;2\n2,5;3\n")
    assert values(document) == [{"column 1": 1.5, "column 2": 2}, {"column 1": 2.5, "column 2": 3}]


def test_years_are_names_of_columns(load_file: Load) -> None:
    (document,) = load_file("tal.csv", "Kommune;2023;2024\nVejle;117;118\n")
    assert values(document) == [{"Kommune": "Vejle", "2023": 117, "2024": 118}]


def test_tsv_and_line_breaks_in_cells(load_file: Load) -> None:
    (document,) = load_file("a.tsv", 'Navn\tNote\nAnna\t"første\nanden"\n')
    assert document.text == "Navn: Anna\nNote: første anden\n\n"


def test_json_list_of_objects_is_a_table(load_file: Load) -> None:
    rows = [{"navn": "Anna", "alder": 41}, {"navn": "Bo", "fast": True}]
    (document,) = load_file("a.json", json.dumps(rows))
    expected = [
        {"navn": "Anna", "alder": 41, "fast": None},
        {"navn": "Bo", "alder": None, "fast": True},
    ]
    assert values(document) == expected
    (lines,) = load_file("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert values(lines) == expected


def test_other_json_is_text_with_paths(load_file: Load) -> None:
    (document,) = load_file("a.json", '{"åben": {"mandag": "8-16"}, "tlf": [1, 2.50], "x": null}')
    assert document.text == "åben.mandag: 8-16\ntlf[0]: 1\ntlf[1]: 2.5"
    assert document.rows == ()


def test_parquet(load_file: Load, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"navn": ["Anna", None], "pris": [Decimal("1.50"), Decimal("2.00")]})
    pq.write_table(table, tmp_path / "a.parquet")
    (document,) = load_file("a.parquet")
    assert values(document) == [{"navn": "Anna", "pris": 1.5}, {"navn": None, "pris": 2}]


def test_workbook_with_one_sheet_has_the_plain_id(load_file: Load, tmp_path: Path) -> None:
    make_xlsx(tmp_path / "priser.xlsx")
    (document,) = load_file("priser.xlsx")
    assert document.id == "priser.xlsx"
    assert document.title == "Prisliste"
    assert values(document)[0] == {
        "Vare": "Æbler",
        "Pris": 12,
        "Fra": date(2024, 5, 1),
        "Set": datetime(2024, 5, 2, 8, 30),
        "På lager": True,
    }
    assert document.text.startswith(
        "Vare: Æbler\nPris: 12\nFra: 2024-05-01\nSet: 2024-05-02 08:30\nPå lager: true\n\n"
    )
    assert "Pris: 0,3\n" in document.text


def test_sheets_are_documents_and_hidden_ones_are_not(load_file: Load, tmp_path: Path) -> None:
    make_xlsx(tmp_path / "priser.xlsx", sheets=2)
    documents = load_file("priser.xlsx")
    assert [document.id for document in documents] == ["priser.xlsx#Ark1", "priser.xlsx#Ark2"]
    assert {document.source for document in documents} == {"priser.xlsx"}


def test_ods(load_file: Load, tmp_path: Path) -> None:
    ns = "urn:oasis:names:tc:opendocument:xmlns"

    def cell(kind: str, attribute: str, text: str) -> str:
        return (
            f'<table:table-cell office:value-type="{kind}" {attribute}>'
            f"<text:p>{text}</text:p></table:table-cell>"
        )

    rows = (
        cell("string", "", "Vare") + cell("string", "", "Pris"),
        cell("string", "", "Æbler &amp; pærer") + cell("float", 'office:value="12.5"', "12,50"),
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{ns}:manifest:1.0"/>'
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{ns}:office:1.0" '
            f'xmlns:table="{ns}:table:1.0" xmlns:text="{ns}:text:1.0">'
            '<office:body><office:spreadsheet><table:table table:name="Ark1">'
            + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
            + "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    (document,) = load_file("a.ods")
    assert values(document) == [{"Vare": "Æbler & pærer", "Pris": 12.5}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (float("nan"), None),
        (Decimal("2.5"), 2.5),
        (b"\x00", None),
        ("  ", None),
        ([1, "å"], '[1, "å"]'),
        (True, True),
    ],
)
def test_scalars(value: object, expected: Scalar) -> None:
    assert scalar(value) == expected
    assert type(scalar(value)) is type(expected)


@given(st.lists(st.lists(st.text() | st.integers() | st.floats() | st.none(), max_size=4)))
def test_rows_partition_the_text_of_any_table(cells: list[list[object]]) -> None:
    table = Table(column_names(["a", "a", None, ""]), [[scalar(c) for c in row] for row in cells])
    text, rows = table_text(table)
    assert "".join(text[row.start : row.end] for row in rows) == text
    assert all(text[row.end - 2 : row.end] == "\n\n" for row in rows)


def test_rendering_has_no_float_noise() -> None:
    assert render(0.1 + 0.2) == "0.3"
    assert render(1e15) == "1000000000000000"


ROWS = tuple(
    Row(0, 0, {"by": by, "pris": pris, "fra": fra, "tom": None})
    for by, pris, fra in (
        ("Vejle", 10, date(2024, 1, 1)),
        ("Vejle", 12.5, date(2024, 3, 1)),
        ("Århus", None, datetime(2024, 2, 1, 8)),
    )
)


def test_summary_in_danish() -> None:
    assert table_summary("Priser", ["by", "pris", "fra", "tom"], ROWS, "da").splitlines() == [
        "Priser: en tabel med 3 rækker og 4 kolonner.",
        "- by (tekst): 3 udfyldt, 2 forskellige; oftest Vejle, Århus",
        "- pris (tal): 2 udfyldt, 2 forskellige; fra 10 til 12.5",
        "- fra (dato): 3 udfyldt, 3 forskellige; fra 2024-01-01 til 2024-03-01",
        "- tom (tom): 0 udfyldt, 0 forskellige",
    ]


@pytest.mark.parametrize(("language", "word"), [("sv", "rader"), ("nl", "rijen"), ("fi", "rows")])
def test_summary_in_other_languages(language: str, word: str) -> None:
    assert f"3 {word}" in table_summary("T", ["by"], ROWS, language)


def test_summary_of_a_loaded_table_is_in_its_language(load_file: Load) -> None:
    text = "Spørgsmål;Svar\nHvornår har I åbent?;Vi har åbent hver dag undtagen søndag.\n"
    (document,) = load_file("spørgsmål.csv", text)
    assert document.language == "da"
    assert document.summary.startswith("spørgsmål: en tabel med 1 rækker")


@pytest.mark.parametrize(
    ("limit", "named"),
    [({"max_characters": 39}, "39 char"), ({"max_rows": 3}, "3 rows"), ({"max_cells": 7}, "7 ce")],
)
def test_a_table_without_end_is_refused_at_the_limit(limit: dict[str, int], named: str) -> None:
    endless = Table(["a", "b"], ([1234567, None] for _ in itertools.count()))
    with pytest.raises(LoadError, match=f"^big.parquet: .* {named}") as caught:
        table_text(endless, "big.parquet", **limit)
    assert "Split" in caught.value.hint
    whole = Table(["a", "b"], [[1234567, None]] * 3)
    assert len(table_text(whole, max_characters=36, max_rows=3, max_cells=6)[1]) == 3
