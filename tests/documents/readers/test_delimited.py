"""CSV files are read as people write them: titles, headers, numbers, dates and notes."""

from __future__ import annotations

from datetime import date

import pytest

from kilde.documents.content import Prose, Table
from kilde.documents.readers.delimited import read
from kilde.documents.tables import table_text
from kilde.types import Scalar

from ..conftest import Load


def table(text: str | bytes, mime: str = "text/csv") -> Table:
    (content,) = read(text.encode() if isinstance(text, str) else text, "a.csv", mime)
    assert isinstance(content, Table)
    return content


def prose(text: str) -> Prose:
    (content,) = read(text.encode(), "a.csv", "text/csv")
    assert isinstance(content, Prose)
    return content


def values(text: str) -> list[list[Scalar]]:
    return [list(row.values.values()) for row in table_text(table(text))[1]]


def column(header: str, *cells: str, beside: str = "") -> list[Scalar]:
    """The values of a column in a file with semicolons, beside a second one of equal cells."""
    lines = [f"{header};Navn;{beside}", *(f"{cell};Sav;{beside}" for cell in cells)]
    return [row[0] for row in values("\n".join(lines))]


def test_points_that_group_thousands_are_no_decimal_signs(load_file: Load) -> None:
    content = (
        "Varenr;Betegnelse;Antal på lager;Vægt (kg);Pris (kr.);Leveringsdato\r\n"
        "00123;Rødgrød 500 g;1.250;0,50;1.234,50;03-04-2026\r\n"
        "00124;Æbleskiver 20 stk.;75;1,20;39,95;15-04-2026\r\n"
    )
    (document,) = load_file("lager.csv", content.encode("cp1252"))
    assert list(document.rows[0].values.values()) == [
        "00123",
        "Rødgrød 500 g",
        1250,
        0.5,
        1234.5,
        date(2026, 4, 3),
    ]
    assert "Antal på lager: 1.250\n" in document.text
    assert "Pris (kr.): 1.234,50\nLeveringsdato: 03-04-2026\n" in document.text


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1.250", "75"), ["1.250", "75"]),  # unclear where nothing else tells
        (("1.250.000", "1.250"), [1_250_000, 1250]),
        (("1.250,50", "3"), [1250.5, 3]),
        (("1 250,50", "1\u00a0250,5", "1\u202f250"), [1250.5, 1250.5, 1250]),
        (("-5,00", "5,00-", "+2,50", "−1,25"), [-5.0, -5.0, 2.5, -1.25]),
        (("kr. 125,00", "1.250,00 kr.", "95,-"), [125.0, 1250.0, 95]),
        (("€ 7,50", "8,30 €"), [7.5, 8.3]),
        (("15 %", "7,5 %"), [0.15, 0.075]),
        (("15 %", "7"), ["15 %", "7"]),  # of different kinds
        (("10 kr.", "10 €"), ["10 kr.", "10 €"]),
        (("0047", "12"), ["0047", "12"]),
        (("12,50", "-", ""), [12.5, None, None]),
        (("12,50", "1.5"), ["12,50", "1.5"]),
        (("1.10", "2.5"), [1.1, 2.5]),
        (("0.750", "1.250"), ["0.750", "1.250"]),  # a Danish file, with one sign for two things
        (("12.345.67", "1"), ["12.345.67", "1"]),
        (("1,25,50", "1"), ["1,25,50", "1"]),
    ],
)
def test_numbers_as_people_write_them(cells: tuple[str, ...], expected: list[Scalar]) -> None:
    assert column("Hvor mange der er på lageret", *cells) == expected


def test_a_point_is_decided_by_the_other_columns() -> None:
    danish = "Vare;Antal;Pris\nSav;1.250;12,50\nHammer;2.500;9,95\n"
    assert values(danish) == [["Sav", 1250, 12.5], ["Hammer", 2500, 9.95]]
    english = (
        "Item and its price;Weight in tons;Price\nSaw for wood;1.250;12.50\nHammer;2.500;9.95\n"
    )
    assert values(english)[0] == ["Saw for wood", 1.25, 12.5]
    times = "Vare;Antal;Pris;Klokken\nSav;1.250;12,50;8.30\nHammer;2.500;9,95;14.15\n"
    assert values(times) == [["Sav", "1.250", 12.5, "8.30"], ["Hammer", "2.500", 9.95, "14.15"]]


def test_a_comma_groups_thousands_in_english() -> None:
    text = 'Name of the item,Number in stock\nSaw for the garden,"1,250"\nHammer,75\n'
    assert values(text) == [["Saw for the garden", 1250], ["Hammer", 75]]
    both = 'Item,Stock,Price\nSaw,"1,250","1,234.50"\n'
    assert values(both) == [["Saw", 1250, 1234.5]]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("30-06-2026", "01-12-2026"), [date(2026, 6, 30), date(2026, 12, 1)]),
        (("06/30/2026", "12/01/2026"), [date(2026, 6, 30), date(2026, 12, 1)]),
        (("03.04.2026", "1.5.2026"), [date(2026, 4, 3), date(2026, 5, 1)]),
        (("30-06-2026", "06-30-2026"), ["30-06-2026", "06-30-2026"]),
        (("31-02-2026", "01-02-2026"), ["31-02-2026", "01-02-2026"]),
        (("2026-06-30", "2026-12-01"), [date(2026, 6, 30), date(2026, 12, 1)]),
    ],
)
def test_dates_have_a_type_where_their_order_is_clear(
    cells: tuple[str, ...], expected: list[Scalar]
) -> None:
    assert column("x", *cells) == expected


def test_an_order_of_dates_that_is_not_clear() -> None:
    english = "Name of the guest,Date of arrival\nAnna with the children,03/04/2026\n"
    assert values(english) == [["Anna with the children", "03/04/2026"]]
    danish = "Navn på gæsten;Dato for ankomst\nAnna og børnene;03-04-2026\n"
    assert values(danish) == [["Anna og børnene", date(2026, 4, 3)]]


def test_lines_above_the_header_are_no_rows(load_file: Load) -> None:
    content = (
        "Prisliste 2026;;\n\nGælder fra:;1. juni;\n\nVare;Enhed;Pris\nSav;stk.;95,00\n"
        "Søm;kasse;12,50\n"
    )
    (document,) = load_file("a.csv", content)
    assert document.title == "Prisliste 2026"
    assert document.text.startswith("Prisliste 2026\n\nGælder fra: 1. juni\n\nVare: Sav\n")
    assert [row.values["Pris"] for row in document.rows] == [95.0, 12.5]


def test_title_lines_without_separators() -> None:
    found = table("Udtræk pr. 1. juni\n\nVarenr,Navn\n0012,Sav\n0013,Søm\n")
    assert found.title == "Udtræk pr. 1. juni"
    assert list(found.columns) == ["Varenr", "Navn"]
    assert len(list(found.rows)) == 2


def test_sentences_around_the_table_are_text() -> None:
    found = prose(
        "Priserne er uden moms og gælder kun for medlemmer af foreningen.;;\n"
        "Vare;Enhed;Pris\nSav;stk.;95\nSøm;kasse;12\n"
        "* Kan kun købes i butikken;;\nKilde: Indkøbsafdelingen, juni 2026\n"
    )
    above, rows, star, source = found.parts
    assert above == "Priserne er uden moms og gælder kun for medlemmer af foreningen."
    assert isinstance(rows, Table)
    assert len(list(rows.rows)) == 2
    assert (star, source) == (
        "* Kan kun købes i butikken",
        "Kilde: Indkøbsafdelingen, juni 2026",
    )


def test_comments_are_no_rows() -> None:
    found = table("# Udtræk; natlig kørsel\n#navn;alder;by\nAnna;41;Vejle\n# slut\nBo;38;Aarhus\n")
    assert list(found.columns) == ["navn", "alder", "by"]
    assert found.title == "Udtræk: natlig kørsel"
    assert found.omitted == {"comments": 1}
    assert table_text(found)[0] == (
        "navn: Anna\nalder: 41\nby: Vejle\n\nnavn: Bo\nalder: 38\nby: Aarhus\n\n"
    )


def test_a_header_of_two_rows() -> None:
    found = table(
        "Ydelse;Pris 2025;;Pris 2026;\n;Voksen;Barn;Voksen;Barn\nSvøm;40;20;45;25\n"
        "Sauna;60;30;65;35\n"
    )
    assert list(found.columns) == [
        "Ydelse",
        "Pris 2025 Voksen",
        "Pris 2025 Barn",
        "Pris 2026 Voksen",
        "Pris 2026 Barn",
    ]
    assert table_text(found)[1][0].values["Pris 2026 Barn"] == 25


def test_tables_under_each_other() -> None:
    found = prose(
        "Åbningstider;;\nDag;Fra;Til\nMandag;08.00;16.00\nTirsdag;09.30;16.00\n;;\n"
        "Priser;;\nVare;Pris;\nKaffe;25,00;\nTe;20,00;\n"
    )
    hours, first, prices, second = found.parts
    assert (hours, prices) == ("Åbningstider", "Priser")
    assert isinstance(first, Table)
    assert isinstance(second, Table)
    assert table_text(first)[1][1].values == {"Dag": "Tirsdag", "Fra": "09.30", "Til": "16.00"}
    assert table_text(second)[1][1].values["Pris"] == 20.0


def test_a_blank_line_within_a_table() -> None:
    found = table("Navn;By\nAnna;Vejle\nBo;Kolding\n\nEva;Aarhus\nIb;Odense\n")
    assert len(list(found.rows)) == 4


def test_headings_between_rows_stand_in_them() -> None:
    found = table(
        "Vare;Enhed;Pris\nFrugt;;\nÆbler;kg;12,50\nPærer;kg;14,00\nGrønt;;\nKål;stk;9,95\n"
    )
    text, rows = table_text(found)
    assert text.endswith("Grønt\nVare: Kål\nEnhed: stk\nPris: 9,95\n\n")
    assert len(rows) == 3


def test_lines_that_stand_in_quotation_marks() -> None:
    assert values('"Navn;Antal"\n"Sav;3"\n"Søm;12"\n') == [["Sav", 3], ["Søm", 12]]


def test_times_with_a_point_are_no_numbers() -> None:
    text = "Dato;Tid;Sted for mødet\n01-03-2026;10.30;Lokale 2\n15-03-2026;14.15;Lokale 12\n"
    assert values(text)[0] == [date(2026, 3, 1), "10.30", "Lokale 2"]


def test_names_of_columns_that_repeat() -> None:
    found = table("Navn;Telefon;Telefon\nAnna;12345678;23456789\nBo;34567890;45678901\n")
    assert list(found.columns) == ["Navn", "Telefon", "Telefon (2)"]


def test_two_columns_of_which_one_has_values_of_several_kinds() -> None:
    found = table("Navn;Kontakt\nAnna;anna@firma.dk\nBo;12345678\nEva;eva@firma.dk\n")
    assert list(found.columns) == ["Navn", "Kontakt"]


def test_a_header_that_is_repeated_is_no_row() -> None:
    found = table("Navn;Antal\nSav;3\nNavn;Antal\nSøm;7\n")
    assert table_text(found)[0] == "Navn: Sav\nAntal: 3\n\nNavn: Søm\nAntal: 7\n\n"


def test_rows_without_a_header_have_no_names() -> None:
    found = table("Anna;41;anna@firma.dk\nBo;38;bo@firma.dk\n")
    assert table_text(found)[0] == "Anna\n41\nanna@firma.dk\n\nBo\n38\nbo@firma.dk\n\n"


def test_totals_and_ragged_rows_are_kept() -> None:
    found = table("Afdeling;Antal;Timer\nNord;3;12,5\nSyd;4;7,5;ny\nI alt;7;20,0\n")
    rows = table_text(found)[1]
    assert [list(row.values.values()) for row in rows] == [
        ["Nord", 3, 12.5],
        ["Syd", 4, 7.5, "ny"],
        ["I alt", 7, 20.0],
    ]


def test_a_comma_within_cells_is_not_the_separator() -> None:
    assert values("1,5;2,5\n2,5;3,5\n") == [[1.5, 2.5], [2.5, 3.5]]


def test_a_quotation_mark_that_is_not_closed() -> None:
    lines = "".join(f"Vare {number};{number}\n" for number in range(100))
    rows = values(f'Vare;Antal\n"Skærm 17;3\n{lines}')
    assert len(rows) == 101
    assert rows[0] == ['"Skærm 17', 3]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman", "cp850"]
)
def test_encodings_and_line_ends(load_file: Load, encoding: str) -> None:
    lines = ["Navn;Bemærkning", "Åse Ørsted;Bor på Ærø", "Jürgen Groß;Bor i Köln"]
    for end in ("\n", "\r\n", "\r"):
        (document,) = load_file("a.csv", end.join(lines).encode(encoding))
        assert document.text == (
            "Navn: Åse Ørsted\nBemærkning: Bor på Ærø\n\n"
            "Navn: Jürgen Groß\nBemærkning: Bor i Köln\n\n"
        )


def test_line_breaks_within_cells() -> None:
    found = table('navn;note\n"Hansen, Ib";"Flytter 1. maj.\nNy adresse: Ågade 4"\nOlsen;""\n')
    assert table_text(found)[0].startswith(
        "navn: Hansen, Ib\nnote: Flytter 1. maj. Ny adresse: Ågade 4\n"
    )


def test_lines_below_a_blank_row_are_notes() -> None:
    content = prose(
        "Artikel;Preis\nHammer;12,90\nSäge;24,00\n\nAlle Preise inkl. 19 % MwSt.\nStand: März\n"
    )
    assert [part for part in content.parts if isinstance(part, str)] == [
        "Alle Preise inkl. 19 % MwSt.",
        "Stand: März",
    ]
    (only,) = [part for part in content.parts if isinstance(part, Table)]
    assert len(list(only.rows)) == 2


def test_a_list_below_a_table_does_not_take_its_header() -> None:
    content = prose(
        "Vare;Pris;Lager\nSav;12,50;3\nSøm;9,95;7\n\n"
        "Anna;33 12 45 67;anna@havn.dk\nBo;33 12 45 68;bo@havn.dk\n"
    )
    assert [part.columns for part in content.parts if isinstance(part, Table)] == [
        ["Vare", "Pris", "Lager"],
        ["", "", ""],
    ]


def test_tables_beside_each_other_are_told_apart() -> None:
    content = prose("Priser;;;Personale\nVare;Pris;;Navn;Lokal\nSav;12,50;;Anna;142\nSøm;9;;;\n")
    assert content.parts[0] == "Priser" and content.parts[2] == "Personale"
    prices, staff = (part for part in content.parts if isinstance(part, Table))
    assert (prices.columns, staff.columns) == (["Vare", "Pris"], ["Navn", "Lokal"])
    assert [row.values for row in table_text(staff)[1]] == [{"Navn": "Anna", "Lokal": 142}]


def test_a_blank_column_in_a_long_table_parts_no_tables() -> None:
    found = table("Navn;Lokal;;By;Postnr.\n" + "Anna;142;;Køge;4600\n" * 60)
    assert found.columns == ["Navn", "Lokal", "", "By", "Postnr."]


def test_a_blank_column_between_values_of_one_table_parts_nothing() -> None:
    assert table("Navn;Tlf;;By\nAnna;33124567;;Køge\nBo;33124568;;Greve\n").columns == [
        *("Navn", "Tlf", "", "By")
    ]


def test_codes_that_are_kept_as_formulas_are_shown_as_codes() -> None:
    assert values('Kode;Navn\n="0042";Hammer\n="0043";Sav\n') == [
        ["0042", "Hammer"],
        ["0043", "Sav"],
    ]


def test_keys_and_values_without_a_header_are_lines() -> None:
    content = prose("Navn;Havnekontoret\nTelefon:;33 12 45 67\nÅbningstid;8-16\n")
    assert content.parts == ["Navn: Havnekontoret", "Telefon: 33 12 45 67", "Åbningstid: 8-16"]


def test_a_list_of_names_keeps_its_first_row() -> None:
    assert values("Anna Holm;Køge;x\nBo Lund;Greve;y\nCarla Sø;Faxe;z\n")[0] == [
        *("Anna Holm", "Køge", "x")
    ]


def test_a_separator_at_the_end_of_each_line_makes_no_column() -> None:
    assert table("Navn;Alder;\nAnna;41;\nBo;39;\n").columns == ["Navn", "Alder"]


def test_the_total_of_all_sections_belongs_to_none() -> None:
    found = values("Vare;Pris\nFrugt;\nÆbler;12,50\nGrønt;\nKål;8,00\nI alt;20,50\n")
    assert [row[:2] for row in found] == [["Frugt", "Æbler"], ["Grønt", "Kål"], [None, "I alt"]]
