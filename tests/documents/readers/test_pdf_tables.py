"""Tables of PDFs: ruled and aligned, over several pages, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from reportlab.lib.enums import TA_JUSTIFY  # type: ignore[import-untyped]
from reportlab.lib.styles import (  # type: ignore[import-untyped]
    ParagraphStyle,
    getSampleStyleSheet,
)
from reportlab.platypus import (  # type: ignore[import-untyped]
    Paragraph,
    Spacer,
    Table,
)

from kilde.documents.arrange import arrange

from .pdf_file import Canvas, built, make, prose, tables, text, write, write_rows
from .test_pdf import LIBRARY, MEETING, POOL

GRID = ("GRID", (0, 0), (-1, -1), 0.5, "black")
NORMAL = getSampleStyleSheet()["BodyText"]
PRICES = [
    ["Lokale", "2025", "2026"],
    ["Store sal", "1.200 kr.", "1.250 kr."],
    ["Lille sal", "800 kr.", "825 kr."],
    ["Køkken", "150 kr.", "160 kr."],
    ["Hele huset", "12.000 kr.", "12.100 kr."],
]


def drawn(rows: list[list[str]], columns: tuple[float, ...], **options: Any) -> bytes:
    def page(drawing: Canvas) -> None:
        y = write(drawing, MEETING)
        y = write_rows(drawing, rows, columns, y - 14, **options)
        write(drawing, MEETING, y=y - 14)

    return make(page)


@pytest.mark.parametrize("style", [[GRID], [], [("LINEBELOW", (0, 0), (-1, -1), 0.5, "black")]])
def test_a_price_keeps_its_column_and_its_year(style: list[object]) -> None:
    table = Table(PRICES, colWidths=110, style=[*style, ("ALIGN", (1, 0), (-1, -1), "RIGHT")])
    assert tables(built(table)) == [PRICES]


def test_columns_without_lines_between_text() -> None:
    data = drawn(PRICES, (72, 300, 400), right=(1, 2))
    assert tables(data) == [PRICES]
    assert "Lokale: Lille sal\n2025: 800 kr.\n2026: 825 kr.\n" in text(data)


def test_header_cells_that_are_merged_and_wrapped() -> None:
    rows = [
        ["Hold", "Pris pr. måned", ""],
        ["", "2025", "2026"],
        [Paragraph("Svømning for begyndere og let øvede på hold", NORMAL), "150 kr.", "160 kr."],
        ["Yoga", "200 kr.", "210 kr."],
    ]
    style = [GRID, ("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0))]
    assert tables(built(Table(rows, colWidths=[120, 80, 80], style=style))) == [
        [
            ["Hold", "Pris pr. måned 2025", "Pris pr. måned 2026"],
            ["Svømning for begyndere og let øvede på hold", "150 kr.", "160 kr."],
            ["Yoga", "200 kr.", "210 kr."],
        ]
    ]


def test_units_below_the_header_and_a_caption_above() -> None:
    rows = [["Vare", "Pris", "Vægt"], ["", "kr.", "kg"], ["Mel", "12,50", "2"], ["Ris", "24", "1"]]
    style = [
        ("LINEABOVE", (0, 0), (-1, 0), 1, "black"),
        ("LINEBELOW", (0, 1), (-1, 1), 0.5, "black"),
        ("LINEBELOW", (0, -1), (-1, -1), 1, "black"),
    ]
    first = Table(PRICES, colWidths=110, style=[GRID])
    caption = Paragraph("Tabel 2. Varer på lager", NORMAL)
    second = Table(rows, colWidths=[100, 60, 60], style=style)
    data = built(first, Spacer(1, 30), caption, second)
    assert tables(data) == [
        PRICES,
        [["Vare", "Pris kr.", "Vægt kg"], ["Mel", "12,50", "2"], ["Ris", "24", "1"]],
    ]
    captions = {row.caption for row in arrange(prose(data).parts, "a.pdf").rows}
    assert captions == {"", "Tabel 2. Varer på lager"}


def test_cells_of_several_lines_without_rules() -> None:
    rows = [
        ["Ydelse", "Beskrivelse", "Pris"],
        ["Rengøring", "Vi gør rent i alle rum og vasker gul-", "500 kr."],
        ["", "vene en gang om ugen efter aftale", ""],
        ["Havearbejde", "Græsset slås hver anden uge", "300 kr."],
        ["Vinduer", "Alle vinduer pudses udvendigt og", "250 kr."],
        ["", "indvendigt hver måned", ""],
        ["Snerydning", "Fortovet ryddes før kl. 7", "150 kr."],
    ]
    assert tables(drawn(rows, (72, 180, 450), step=12)) == [
        [
            ["Ydelse", "Beskrivelse", "Pris"],
            [
                "Rengøring",
                "Vi gør rent i alle rum og vasker gulvene en gang om ugen efter aftale",
                "500 kr.",
            ],
            ["Havearbejde", "Græsset slås hver anden uge", "300 kr."],
            ["Vinduer", "Alle vinduer pudses udvendigt og indvendigt hver måned", "250 kr."],
            ["Snerydning", "Fortovet ryddes før kl. 7", "150 kr."],
        ]
    ]


def test_columns_as_close_as_words() -> None:
    """As a browser prints a table that has no style."""
    header = ["Dag", "Reception og telefon", "Motionscenter", "Bassin"]
    rows = [
        ["Mandag", "8.00-15.30", "6.30-19.00", "9.00-16.30"],
        ["Tirsdag", "8.00-15.30", "6.30-19.00", "9.00-14.00"],
        ["Torsdag", "8.45-17.00", "6.30-20.30", "9.00-16.30"],
        ["Fredag", "8.00-13.00", "lukket", "9.00-12.45"],
    ]

    def page(drawing: Canvas) -> None:
        columns = (72, 110, 211, 285)
        write_rows(drawing, [header], columns, 720, bold=True)
        write_rows(drawing, rows, columns, 704)

    assert tables(make(page)) == [[header, *rows]]


def test_cells_that_are_centred_in_height() -> None:
    def page(drawing: Canvas) -> None:
        write_rows(drawing, [["Kontor", "Hverdage", "Lørdag", "Bemærk"]], (72, 180, 280, 360), 730)
        y = 714.0
        for office, week, saturday, note in (
            ("Havnens kontor,\nsommer", "06.45-18.30", "06.45-\n18.30", "Bane 2 til biler"),
            ("Banegården", "07.00-18.30", "lukket", "Hittegods ved\nskranke 3 og\nautomat"),
            ("Havnens kontor,\nvinter", "07.00-18.10", "09.15-\n14.45", "Kun kort"),
        ):
            lines = [cell.split("\n") for cell in (office, week, saturday, note)]
            height = max(map(len, lines))
            for x, cell in zip((72, 180, 280, 360), lines, strict=True):
                write(drawing, "\n".join(cell), x=x, y=y - 6 * (height - len(cell)), step=12)
            y -= 12 * height + 4

    assert tables(make(page)) == [
        [
            ["Kontor", "Hverdage", "Lørdag", "Bemærk"],
            ["Havnens kontor, sommer", "06.45-18.30", "06.45-18.30", "Bane 2 til biler"],
            ["Banegården", "07.00-18.30", "lukket", "Hittegods ved skranke 3 og automat"],
            ["Havnens kontor, vinter", "07.00-18.10", "09.15-14.45", "Kun kort"],
        ]
    ]


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("repeated", [True, False])
def test_a_table_goes_on_over_pages(ruled: bool, repeated: bool) -> None:
    header = ["Nr.", "Vare", "Pris 2025", "Pris 2026"]
    rows = [[str(n), f"Vare {n}", f"{n * 10} kr.", f"{n * 11} kr."] for n in range(1, 81)]
    style = [("ALIGN", (2, 0), (3, -1), "RIGHT"), *([GRID] if ruled else [])]
    table = Table([header, *rows], [50, 150, 90, 90], repeatRows=int(repeated), style=style)
    data = built(Paragraph("Tabel 1: Varer", NORMAL), table, Paragraph("Med moms.", NORMAL))
    read = tables(data)
    assert len(read) == 3
    assert all(columns == header for columns, *_ in read)
    assert [row for _, *body in read for row in body] == rows
    arranged = arrange(prose(data).parts, "a.pdf")
    assert {row.caption for row in arranged.rows} == {"Tabel 1: Varer"}


def test_another_table_on_the_next_page_keeps_its_own_header() -> None:
    def page(rows: list[list[str]]) -> Callable[[Canvas], None]:
        return lambda drawing: write_rows(drawing, rows, (72, 300, 400)) and None

    other = [["Bane", "Voksne", "Børn"], ["Tennis", "60 kr.", "30 kr."], ["Padel", "90 kr.", "50"]]
    assert [table[0] for table in tables(make(page(PRICES), page(other)))] == [PRICES[0], other[0]]


def test_tables_beside_each_other() -> None:
    left = [["Dag", "Åbner"], ["Mandag", "8.00"], ["Tirsdag", "9.00"], ["Onsdag", "10.00"]]
    right = [["Vare", "Pris"], ["Kaffe", "20 kr."], ["Te", "15 kr."], ["Vand", "10 kr."]]
    both = Table([[Table(left, style=[GRID]), Table(right, style=[GRID])]], colWidths=200)
    assert tables(built(both)) == [left, right]
    again = [[*a, *b] for a, b in zip(right, [right[0], *left[1:]], strict=True)]
    assert tables(drawn(again, (72, 140, 300, 380))) == [right, [right[0], *left[1:]]]


def test_rows_under_a_heading_inside_the_table() -> None:
    rows = [["Billet", "Hverdag", "Weekend"], ["Voksne", "", ""], ["Enkelt", "45 kr.", "55 kr."]]
    rows += [["Børn", "", ""], ["Enkelt", "20 kr.", "25 kr."], ["Klip", "180 kr.", "200 kr."]]
    (table,) = tables(drawn(rows, (72, 260, 360)))
    assert table[1:] == [
        ["Voksne", "Enkelt", "45 kr.", "55 kr."],
        ["Børn", "Enkelt", "20 kr.", "25 kr."],
        ["Børn", "Klip", "180 kr.", "200 kr."],
    ]


def test_keys_and_values() -> None:
    rows = [["Navn:", "Anna Holm"], ["Telefon:", "33 12 45 67"], ["Åbent:", "Hver dag kl. 10-14"]]
    assert "Telefon: 33 12 45 67\n\nÅbent: Hver dag kl. 10-14" in text(drawn(rows, (72, 160)))


def test_a_table_with_vertical_rules_only() -> None:
    style = [("LINEAFTER", (0, 0), (-2, -1), 0.5, "black"), ("BOX", (0, 0), (-1, -1), 1, "black")]
    assert tables(built(Table(PRICES, colWidths=110, style=style))) == [PRICES]


def test_a_table_that_is_drawn_row_by_row_of_boxes() -> None:
    def page(drawing: Canvas) -> None:
        write_rows(drawing, PRICES, (76, 204, 304), 700, step=20)
        for row in range(5):
            for left, width in ((72, 128), (200, 100), (300, 100)):
                drawing.rect(left, 694 - 20 * row, width, 20)

    assert tables(make(page)) == [PRICES]


def test_what_is_no_table() -> None:
    justified = ParagraphStyle("justified", parent=NORMAL, alignment=TA_JUSTIFY)
    narrow = built(Paragraph(MEETING * 3, justified), leftMargin=200, rightMargin=200)
    assert tables(narrow) == []

    def columns(drawing: Canvas) -> None:
        write(drawing, LIBRARY)
        write(drawing, POOL, x=310)

    assert tables(make(columns)) == []
    contents = [[f"{n} Kapitel " + "." * 60, str(n * 7)] for n in range(1, 6)]
    read = drawn(contents, (72, 420))
    assert tables(read) == []
    assert f"2 Kapitel {'.' * 60} 14\n3 Kapitel" in text(read)
    items = [["a)", "et foto"], ["b)", "et pas"], ["c)", "et kort"], ["d)", "et brev"]]
    read = drawn(items, (72, 100))
    assert tables(read) == []
    assert "a) et foto\nb) et pas\nc) et kort\nd) et brev" in text(read)

    def letter(drawing: Canvas) -> None:
        write(drawing, "Anna Holm\nKajen 1\n9999 Havneby")
        write(drawing, "Havneby Kommune\nTeknik og Miljø\nTlf. 33 12 45 67", x=380)
        write(drawing, MEETING, y=650)

    assert tables(make(letter)) == []


def test_a_frame_around_text_is_no_table() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, MEETING)
        drawing.rect(60, 690, 400, 90)
        drawing.line(60, 735, 460, 735)

    assert tables(make(page)) == []


def test_a_ruled_header_on_every_page_is_left_out() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(drawing: Canvas) -> None:
            for x, cell in ((72, "Havnelauget"), (240, "Instruks 14"), (420, f"Side {number}")):
                drawing.rect(x - 4, 790, 160, 20)
                drawing.rect(x - 4, 770, 160, 20)
                write(drawing, cell, x=x, y=796)
                write(drawing, "Gælder alle", x=x, y=776)
            write(drawing, f"Møde nr. {number}. {MEETING}", y=700)

        return draw

    data = make(*(page(number) for number in range(1, 5)))
    assert tables(data) == []
    assert "Instruks" not in text(data)


def test_signs_of_notes_are_not_in_cells() -> None:
    def page(drawing: Canvas) -> None:
        write_rows(drawing, PRICES, (72, 300, 400), right=(1, 2))
        write(drawing, "1", x=402, y=732, size=6)
        write(drawing, "1", y=92, size=5)
        write(drawing, "Kun i weekenden.", x=76, y=90, size=8)

    data = make(page)
    assert tables(data) == [PRICES]
    assert text(data).endswith("Kun i weekenden.")
