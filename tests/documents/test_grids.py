"""Grids of cells become tables with named columns, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from kilde.documents.content import Cell, Grid, GridCell, Table
from kilde.documents.grids import placed, tables_of

Shape = tuple[str, list[str], list[list[str]]]


def grid(rows: Sequence[Sequence[str | GridCell]], **stated: object) -> Grid:
    """A grid of texts; ``""`` is a blank cell."""
    cells = [
        [cell if isinstance(cell, GridCell) else GridCell(cell) if cell else None for cell in row]
        for row in rows
    ]
    return Grid(cells, **stated)  # type: ignore[arg-type]


def shapes(made: Grid) -> list[str | Shape]:
    """Texts as they are, tables as ``(title, columns, rows of texts)``."""
    return [
        part
        if isinstance(part, str)
        else (part.title, list(part.columns), [[_text(c) for c in row] for row in part.rows])
        for part in tables_of(made)
    ]


def _text(cell: object) -> str:
    return cell.text if isinstance(cell, Cell) else "" if cell is None else str(cell)


def test_the_first_row_names_the_columns() -> None:
    rows = [["Vare", "Pris"], ["Hammer", "100,00"], ["Søm", "25,50"]]
    assert shapes(grid(rows)) == [("", ["Vare", "Pris"], rows[1:])]


def test_years_and_ages_name_columns_above_prices() -> None:
    rows = [["Alder", "0-2 år", "2026"], ["Halv dag", "1.250", "1.300"], ["Hel dag", "2", "3"]]
    assert shapes(grid(rows)) == [("", rows[0], rows[1:])]


def test_a_merged_cell_fills_every_place() -> None:
    category, price = GridCell("Maling"), GridCell("25")
    rows = [["Kategori", "Vare", "Pris"], [category, "Træ", price], [category, "Metal", price]]
    assert shapes(grid(rows)) == [
        ("", ["Kategori", "Vare", "Pris"], [["Maling", "Træ", "25"], ["Maling", "Metal", "25"]])
    ]


def test_two_header_rows_are_joined() -> None:
    day, hall = GridCell("Dag"), GridCell("Svømmehal")
    rows = [[day, hall, hall], [day, "Åbner", "Lukker"], ["Mandag", "6.30", "8.30"]]
    assert shapes(grid(rows)) == [
        ("", ["Dag", "Svømmehal Åbner", "Svømmehal Lukker"], [["Mandag", "6.30", "8.30"]])
    ]


def test_an_upper_header_reaches_over_the_blank_cells_beside_it() -> None:
    rows = [
        ["", "2025", "", "2026", ""],
        ["", "Barn", "Voksen", "Barn", "Voksen"],
        ["Yoga", "100", "200", "110", "220"],
        ["Svømning", "50", "60", "70", "80"],
    ]
    ((_, columns, body),) = shapes(grid(rows))  # type: ignore[misc]
    assert columns == ["", "2025 Barn", "2025 Voksen", "2026 Barn", "2026 Voksen"]
    assert body == rows[2:]


def test_a_row_of_units_belongs_to_the_header() -> None:
    rows = [["Hold", "Pris", "Rabat"], ["", "kr.", "%"], ["Yoga", "100", "10"], ["Svøm", "90", "5"]]
    assert shapes(grid(rows)) == [("", ["Hold", "Pris kr.", "Rabat %"], rows[2:])]


def test_words_below_the_header_are_a_row_and_no_second_header() -> None:
    rows = [["Dag", "Åbner"], ["Mandag", "lukket"], ["Tirsdag", "10-16"], ["Onsdag", "10-16"]]
    assert shapes(grid(rows)) == [("", ["Dag", "Åbner"], rows[1:])]


def test_titles_above_and_notes_below_are_no_rows() -> None:
    rows = [
        ["Priser 2026", "", "", ""],
        ["Gyldig fra:", "1. maj", "", ""],
        ["Ydelse", "Barn", "Ung", "Voksen"],
        ["Kursus", "100", "150", "200"],
        ["Prøve", "10", "15", "20"],
        ["* Medlemmer får rabat på 10 %", "", "", ""],
    ]
    title, date, table, note = shapes(grid(rows))
    assert (title, date) == ("Priser 2026", "Gyldig fra: 1. maj")
    assert table == ("Priser 2026 – Gyldig fra: 1. maj", rows[2], rows[3:5])
    assert note == "* Medlemmer får rabat på 10 %"


def test_headings_inside_a_table_stand_with_their_rows() -> None:
    rows = [
        ["Hold", "Pris"],
        ["Medlemmer", ""],
        ["Yoga", "100"],
        ["Svømning", "90"],
        ["Ikke-medlemmer", ""],
        ["Yoga", "200"],
        ["Svømning", "190"],
    ]
    ((_, columns, body),) = shapes(grid(rows))  # type: ignore[misc]
    assert columns == ["", "Hold", "Pris"]
    assert body == [
        ["Medlemmer", "Yoga", "100"],
        ["Medlemmer", "Svømning", "90"],
        ["Ikke-medlemmer", "Yoga", "200"],
        ["Ikke-medlemmer", "Svømning", "190"],
    ]


def test_the_total_of_all_sections_belongs_to_none() -> None:
    rows = [["Vare", "Pris"], ["Frugt", ""], ["Æbler", "12"], ["Grønt", ""], ["Kål", "8"]]
    total = ["I alt", "20"]
    (found,) = shapes(grid([*rows, total]))
    assert found[2] == [["Frugt", "Æbler", "12"], ["Grønt", "Kål", "8"], ["", *total]]
    # A section with a total of its own has one in each.
    (found,) = shapes(grid([*rows[:3], ["I alt", "12"], *rows[3:], ["I alt", "8"]]))
    assert found[2][-1] == ["Grønt", "I alt", "8"]


def test_a_row_with_blank_cells_is_no_heading() -> None:
    rows = [["Navn", "Telefon"], ["Anna", "12"], ["Bo", ""], ["Carl", "13"]]
    assert shapes(grid(rows)) == [("", rows[0], rows[1:])]


def test_tables_below_and_beside_each_other_are_told_apart() -> None:
    rows = [
        ["Navn", "Lokal", "", "Konto", "Beløb"],
        ["Regnskab", "142", "", "1010", "500"],
        ["Løn", "143", "", "1020", "600"],
        ["", "", "", "", ""],
        ["Rum", "Pladser", "", "", ""],
        ["Salen", "80", "", "", ""],
        ["Loftet", "20", "", "", ""],
    ]
    assert shapes(grid(rows)) == [
        ("", ["Navn", "Lokal"], [["Regnskab", "142"], ["Løn", "143"]]),
        ("", ["Konto", "Beløb"], [["1010", "500"], ["1020", "600"]]),
        ("", ["Rum", "Pladser"], [["Salen", "80"], ["Loftet", "20"]]),
    ]


def test_rows_after_a_blank_row_keep_the_header_above() -> None:
    rows = [["Navn", "Tlf.", "Rum"], ["Anna", "12", "1"], ["", "", ""], ["Bo", "13", "2"]]
    assert [part[1] for part in shapes(grid(rows))] == [rows[0], rows[0]]


def test_a_list_below_a_table_does_not_take_its_header() -> None:
    rows = [
        ["Vare", "Pris", "Lager"],
        ["Sav", "12,50", "3"],
        ["Søm", "9,95", "7"],
        ["", "", ""],
        ["Anna", "33 12 45 67", "anna@havn.dk"],
        ["Bo", "33 12 45 68", "bo@havn.dk"],
    ]
    assert shapes(grid(rows)) == [("", rows[0], rows[1:3]), ("", ["", "", ""], rows[4:])]
    pairs = [row[:2] for row in rows]
    assert shapes(grid(pairs))[1:] == ["Anna: 33 12 45 67", "Bo: 33 12 45 68"]


def test_a_total_below_a_blank_row_keeps_the_header_above() -> None:
    rows = [["Nr.", "Vare", "Pris"], ["1", "Sav", "12,50"], ["", "", ""], ["I alt", "", "12,50"]]
    assert shapes(grid(rows))[1] == ("", rows[0], rows[3:])


def test_tables_beside_each_other_have_titles_of_their_own() -> None:
    rows = [
        ["Priser", "", "", "Personale", ""],
        ["Vare", "Pris", "", "Navn", "Lokal"],
        ["Sav", "12,50", "", "Anna", "142"],
        ["Søm", "9,95", "", "Bo", "143"],
    ]
    assert shapes(grid(rows)) == [
        *("Priser", ("Priser", ["Vare", "Pris"], [["Sav", "12,50"], ["Søm", "9,95"]])),
        *("Personale", ("Personale", ["Navn", "Lokal"], [["Anna", "142"], ["Bo", "143"]])),
    ]


def test_a_blank_column_in_a_long_table_parts_no_tables() -> None:
    rows = [["Navn", "Lokal", "", "By", "Postnr."], *[["Anna", "142", "", "Køge", "4600"]] * 60]
    assert [part[1] for part in shapes(grid(rows))] == [["Navn", "Lokal", "By", "Postnr."]]


@pytest.mark.parametrize(
    "rows",
    [
        [["Anna Holm", "Køge", "x"], ["Bo Lund", "Greve", "y"], ["Carla Sø", "Faxe", "z"]],
        [["Mandag", "Yoga", "Sal A"], ["Tirsdag", "Svømning", "Sal B"]],
        [["Yoga", "Sal A", "Bo"], ["Svømning", "Sal B", "Carl"], ["Dans", "Sal A", "Per"]],
    ],
)
def test_text_like_the_text_below_it_names_no_columns(rows: list[list[str]]) -> None:
    assert shapes(grid(rows)) == [("", ["", "", ""], rows)]


@pytest.mark.parametrize(
    "rows",
    [
        [["Full Name", "City", "Note"], ["Ann Hill", "Leeds", "x"], ["Bob Lund", "York", "y"]],
        [["Hold", "Mandag", "Tirsdag"], ["Yoga", "Sal A", "Sal B"], ["Dans", "Sal B", "Sal A"]],
        [["Kode", "Ja", "Nej"], ["A", "Ja", ""], ["B", "", "Nej"]],
        [["Medlem", "Klub", "Rolle"], ["Anna Holm", "Sejl", "x"], ["Bo Lund", "Ro", "y"]],
    ],
)
def test_words_that_name_columns_above_text(rows: list[list[str]]) -> None:
    assert shapes(grid(rows)) == [("", rows[0], rows[1:])]


@pytest.mark.parametrize(
    "header",
    [
        ["Rum", "08:00", "09:00", "10:00"],
        ["Rum", "8.00-9.00", "9.00-10.00", "10.00-11.00"],
        ["Uge", "27", "28", "29"],
        ["", "08:00", "09:00", "10:00"],
    ],
)
def test_rising_times_and_weeks_name_columns(header: list[str]) -> None:
    rows = [header, ["A1", "Anna", "", "Bo"], ["A2", "", "Carl", ""]]
    assert shapes(grid(rows)) == [("", header, rows[1:])]


def test_numbers_above_numbers_name_no_columns() -> None:
    rows = [["Rum", "5", "7", "9"], ["Sal", "6", "2", "4"], ["Loft", "3", "8", "1"]]
    assert shapes(grid(rows)) == [("", ["", "", "", ""], rows)]


def test_a_name_of_two_columns_is_told_apart() -> None:
    rows = [["Navn", "Telefon", "Telefon"], ["Anna", "11", "12"], ["Bo", "13", "14"]]
    assert shapes(grid(rows)) == [("", ["Navn", "Telefon", "Telefon (2)"], rows[1:])]


def test_a_column_without_a_name_has_its_value_alone() -> None:
    rows = [["", "Barn", "Voksen"], ["Yoga", "10", "20"], ["Svømning", "30", "40"]]
    assert shapes(grid(rows)) == [("", ["", "Barn", "Voksen"], rows[1:])]


def test_keys_and_values_become_lines() -> None:
    rows = [["Telefon", "33 12 45 67"], ["E-mail", "post@havnen.dk"], ["Adresse:", "Havnevej 1"]]
    assert shapes(grid(rows)) == [
        "Telefon: 33 12 45 67",
        "E-mail: post@havnen.dk",
        "Adresse: Havnevej 1",
    ]


def test_two_fields_of_one_thing_are_lines() -> None:
    rows = [["Kontakt", "Anna"], ["Telefon", "33 12 45 67"]]
    assert shapes(grid(rows)) == ["Kontakt: Anna", "Telefon: 33 12 45 67"]
    rows = [["Navn", "Telefon"], ["Anna", "33 12 45 67"], ["Bo", "33 12 45 68"]]
    assert shapes(grid(rows)) == [("", rows[0], rows[1:])]


def test_a_table_that_only_arranges_text_is_text() -> None:
    long = "Vi holder åbent hele sommeren, og alle er velkomne til at komme forbi. " * 4
    assert shapes(grid([["Velkommen", long], ["Kontakt", long]])) == [
        "Velkommen",
        long.strip(),
        "Kontakt",
        long.strip(),
    ]
    assert shapes(grid([["Navn", "Pris"], ["A", "1"]], layout=True)) == ["Navn: Pris", "A: 1"]


def test_a_header_that_the_format_states_is_believed() -> None:
    rows = [["10", "20"], ["1", "2"], ["3", "4"]]
    assert shapes(grid(rows, header_rows=1)) == [("", ["10", "20"], rows[1:])]


def test_a_header_repeated_on_the_next_page_is_no_row() -> None:
    rows = [["Vare", "Pris"], ["Hammer", "100"], ["Vare", "Pris"], ["Søm", "25"]]
    assert shapes(grid(rows)) == [("", rows[0], [rows[1], rows[3]])]


def test_spans_are_placed_as_html_places_them() -> None:
    a, b, c, d, e = map(GridCell, "abcde")
    cells = placed([[(a, 2, 1), (b, 1, 2)], [(c, 1, 1), (d, 1, 1)], [(e, 1, 3)]])
    assert cells == [[a, b, b], [a, c, d], [e, e, e]]


def test_a_huge_span_takes_no_room() -> None:
    cell, other = GridCell("a"), GridCell("b")
    cells = placed([[(cell, 65_535, 1_000_000)], [(other, 1, 1)]])
    assert len(cells) == 2
    assert len(cells[0]) <= 1_001


def test_an_empty_grid_is_nothing() -> None:
    assert tables_of(Grid([])) == []
    assert tables_of(grid([["", " "]])) == []


def test_a_caption_is_the_title_of_the_table() -> None:
    rows = [["Vare", "Pris"], ["Hammer", "100"], ["Søm", "25"]]
    text, table = tables_of(grid(rows, caption="Tabel 1: Priser"))
    assert text == "Tabel 1: Priser"
    assert isinstance(table, Table)
    assert table.title == "Tabel 1: Priser"


def test_lines_of_an_address_or_of_hours_name_no_column() -> None:
    rows = [["Åbent", "Mandag 9-15\nFredag 9-12"], ["Adresse", "Torvet 1\n4000 Roskilde"]]
    assert shapes(grid(rows)) == [
        "Åbent: Mandag 9-15 Fredag 9-12",
        "Adresse: Torvet 1 4000 Roskilde",
    ]
    rows = [["Vare", "Pris\n2026"], ["Sand", "10"], ["Grus", "20"]]
    assert shapes(grid(rows)) == [("", ["Vare", "Pris 2026"], rows[1:])]


def test_months_name_columns_and_dates_below_dates_do_not() -> None:
    def day(month: int) -> GridCell:
        return GridCell(f"{month}. md.", date(2026, month, 1))

    amounts = [GridCell("Løn"), GridCell("10", 10), GridCell("20", 20)]
    months = [GridCell("Konto"), day(1), day(2)]
    ((_, columns, body),) = shapes(grid([months, amounts, amounts]))  # type: ignore[misc]
    assert columns == ["Konto", "1. md.", "2. md."]
    assert body == [["Løn", "10", "20"]] * 2
    ((_, columns, body),) = shapes(grid([months, months, months]))  # type: ignore[misc]
    assert (columns, len(body)) == (["", "", ""], 3)


def test_a_title_within_the_stated_header_takes_no_row() -> None:
    title = GridCell("Priser 2026")
    rows = [[title, title], ["Vare", "Pris"], ["Hammer", "100"], ["Søm", "25"]]
    assert shapes(grid(rows, header_rows=2)) == [
        "Priser 2026",
        ("Priser 2026", ["Vare", "Pris"], rows[2:]),
    ]
    assert shapes(grid(rows, header_rows=1))[-1] == ("Priser 2026", ["Vare", "Pris"], rows[2:])


def test_a_repeated_header_is_no_row_among_headings() -> None:
    rows = [
        ["Hold", "Pris"],
        ["Medlemmer", ""],
        ["Yoga", "100"],
        ["Hold", "Pris"],
        ["Svømning", "90"],
        ["Løb", "80"],
    ]
    ((_, _, body),) = shapes(grid(rows))  # type: ignore[misc]
    assert [row[1] for row in body] == ["Yoga", "Svømning", "Løb"]
