"""Layouts of PDFs as offices make them: leaflets, letters, forms, posters, opening hours."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pdf_file import Canvas, make, prose, tables, text, write, write_rows
from .test_pdf import LIBRARY, MEETING, POOL, joined

RAISED = Path(__file__).with_name("raised_digits.pdf")
PRICES = [
    ["Vare", "2024", "2025", "2026"],
    ["Tagrende", "189,00", "", "205,50"],
    ["Samlestykke", "", "99,00", "104,00"],
    ["Nedløb", "1.189,00", "1.195,00", "1.205,50"],
    ["Skruer", "", "29,50", ""],
]


def letters(drawing: Canvas, line: str, x: float, y: float, font: str = "Helvetica") -> float:
    """A line drawn letter by letter without its blanks, as browsers do; returns where it ends."""
    drawing.setFont(font, 10)
    for letter in line:
        if letter != " ":
            drawing.drawString(x, y, letter)
        x += drawing.stringWidth(letter, font, 10)
    return x


def raised(drawing: Canvas, x: float, y: float, *parts: tuple[str, float, float]) -> float:
    """Parts of a line with their sizes and how far they are raised; returns where they end."""
    for part, size, rise in parts:
        drawing.setFont("Helvetica", size)
        drawing.drawString(x, y + rise, part)
        x += drawing.stringWidth(part, "Helvetica", size)
    return x


@pytest.mark.parametrize(("size", "rise"), [(7, 3.3), (7, 4.5), (9, 4.5)])
def test_powers_and_labels_of_notes(size: float, rise: float) -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, MEETING)
        high = (size, rise)
        raised(
            drawing, 72, 600,
            ("Der er 10", 10, 0), ("6", *high), (" pr. ml og 10", 10, 0), ("-3", *high),
            (" mol. Gebyret er 250 kr.", 10, 0), ("1", *high), (" Den 1", 10, 0), ("st", *high),
            (" of May er fri, og arealet er 120 m", 10, 0), ("2", *high), (".", 10, 0),
        )  # fmt: skip
        raised(drawing, 72, 90, ("1", size * 0.8, rise * 0.8), (" Dog kun i 2026.", 8, 0))

    assert text(make(page)).endswith(
        "Der er 10⁶ pr. ml og 10⁻³ mol. Gebyret er 250 kr. (Dog kun i 2026.) Den 1st of May er "
        "fri, og arealet er 120 m²."
    )


def test_digits_that_the_font_raises() -> None:
    shown = text(RAISED.read_bytes())
    assert shown == "Vandet er 10⁶ gange renere. Prisen er 250 kr.¹ pr. m²."


def test_narrow_columns_of_numbers() -> None:
    header = ["Hold", *map(str, range(2015, 2027))]
    rows = [
        [f"Hold {n}", *(str(n * year % 977) if (n + year) % 5 else "" for year in range(12))]
        for n in range(1, 8)
    ]

    def page(drawing: Canvas) -> None:
        write(drawing, MEETING)
        columns = [72, *(130 + 27 * n for n in range(12))]
        write_rows(drawing, [header, *rows], columns, 640, right=range(1, 13))

    assert tables(make(page)) == [[header, *rows]]


@pytest.mark.parametrize("with_text", [True, False])
def test_tables_that_are_drawn_letter_by_letter(with_text: bool) -> None:
    def page(drawing: Canvas) -> None:
        if with_text:
            for number, line in enumerate(MEETING.split("\n")):
                letters(drawing, line, 72, 760 - 13 * number)
        for number, row in enumerate(PRICES):
            for column, (right, cell) in enumerate(zip((72, 190, 235, 280), row, strict=True)):
                left = right - (drawing.stringWidth(cell, "Helvetica", 10) if column else 0)
                letters(drawing, cell, left, 640 - 14 * number)

    data = make(page)
    assert tables(data) == [PRICES]
    assert not with_text or text(data).startswith(joined(MEETING))


def test_two_header_rows_of_single_words() -> None:
    rows = [
        ["Havn", "Afgang", "Ankomst", "Afgang", "Ankomst"],
        ["Nordby", "07.15", "07.55", "08.15", "08.55"],
        ["Sønderho", "09.15", "09.55", "", ""],
        ["Esbjerg", "11.15", "11.55", "12.15", "12.55"],
    ]

    def page(drawing: Canvas) -> None:
        write(drawing, "Sommer", x=150, y=700, bold=True)
        write(drawing, "Vinter", x=235, y=700, bold=True)
        write_rows(drawing, rows[:1], (72, 130, 169, 215, 254), 684, bold=True)
        write_rows(drawing, rows[1:], (72, 130, 169, 215, 254), 668)

    names = ["Sommer Afgang", "Sommer Ankomst", "Vinter Afgang", "Vinter Ankomst"]
    assert tables(make(page)) == [[["Havn", *names], *rows[1:]]]


def test_opening_hours_keep_their_days() -> None:
    hours = [
        ["Mandag", "kl. 10.00 – 14.00"],
        ["Tirsdag", "lukket"],
        ["Onsdag", "kl. 10.00 – 14.00"],
        ["Torsdag", "kl. 10.00 – 17.30"],
        ["Fredag", "kl. 9.00 – 12.00"],
        ["Lørdag og søndag", "lukket"],
    ]

    def page(drawing: Canvas) -> None:
        write(drawing, MEETING)
        write_rows(drawing, hours, (72, 180), 640, step=14)

    assert text(make(page)).endswith("\n\n".join(": ".join(pair) for pair in hours))


def test_hours_are_no_names_of_columns() -> None:
    hours = [
        ["Maandag", "9.00–17.00 uur"],
        ["Dinsdag", "gesloten"],
        ["Woensdag", "9.00–12.30 uur"],
        ["Donderdag", "alleen op afspraak"],
        ["Vrijdag", "9.00–12.00 uur"],
    ]
    shown = text(make(lambda drawing: write_rows(drawing, hours, (72, 180)) and None))
    assert "Maandag: 9.00–17.00 uur\n\nDinsdag: gesloten" in shown


def test_a_leaflet_of_three_columns_with_headings_lists_and_prices() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Velkommen", x=40, y=757, size=13, bold=True)
        write(drawing, LIBRARY, x=40, y=y - 9, step=11.25)
        y = write(drawing, "• et sundhedskort\n• en aftale", x=225, y=770.5, step=11.25)
        y = write(drawing, POOL, x=225, y=y - 10, step=11.25)
        y = write(drawing, "Priser", x=225, y=y - 22, size=13, bold=True)
        write_rows(drawing, [["Voksne", "45 kr."], ["Børn", "20 kr."]], (225, 300), y - 8)
        write(drawing, POOL.replace("Svømmehallen", "Museet"), x=410, y=768, step=11.25)

    shown = text(make(page)).split("\n\n")
    assert shown == [
        "# Velkommen",
        joined(LIBRARY),
        "- et sundhedskort\n- en aftale",
        joined(POOL),
        "# Priser",
        *shown[5:-1],
        joined(POOL).replace("Svømmehallen", "Museet"),
    ]
    assert " ".join(shown[5:-1]).split() == ["Voksne", "45", "kr.", "Børn", "20", "kr."]


def test_a_letter_with_an_address_and_a_reference_block() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, "Anna Holm\nKajen 1, 2. tv.\n9999 Havneby", y=759.5)
        drawing.setFont("Helvetica", 10)
        block = ("Teknik og Miljø", "Torvet 1", "Sagsnr. 2026-118", "Dato: 12. marts 2026")
        for number, line in enumerate(block):
            drawing.drawRightString(520, 765 - 13 * number, line)
        write(drawing, "Afgørelse om støj", y=660, size=13, bold=True)
        write(drawing, MEETING, y=640)
        write(drawing, "Havneby Kommune · Torvet 1 · Telefon 33 12 45 67", y=40, size=12)

    data = make(page)
    assert tables(data) == []
    assert text(data).split("\n\n") == [
        "Anna Holm\nKajen 1, 2. tv.\n9999 Havneby",
        "Teknik og Miljø\nTorvet 1\nSagsnr. 2026-118\nDato: 12. marts 2026",
        "# Afgørelse om støj",
        joined(MEETING),
        "Havneby Kommune · Torvet 1 · Telefon 33 12 45 67",
    ]


def test_what_heads_nothing_is_no_heading() -> None:
    def poster(drawing: Canvas) -> None:
        write(drawing, "Sommerfest 2026", size=30, bold=True)
        write(drawing, "Lørdag kl. 14-18\nEntré 50 kr.\nRing 33 12 45 67", y=700, size=20, step=40)
        write(drawing, MEETING, y=500)
        write(drawing, "Vel mødt!", y=400, size=20)

    shown = text(make(poster))
    assert shown.startswith("# Sommerfest 2026\n\nLørdag kl. 14-18\n\nEntré 50 kr.\n\nRing 33 12")
    assert shown.endswith("\n\nVel mødt!")


def test_levels_of_headings_where_only_some_are_in_the_outline() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Ordforklaring", size=20, bold=True)
        drawing.bookmarkPage("top")
        drawing.addOutlineEntry("Ordforklaring", "top", level=0)
        y = write(drawing, "Kontingent", y=y - 10, bold=True)
        write(drawing, MEETING, y=y - 4)

    assert text(make(page)).startswith("# Ordforklaring\n\n## Kontingent\n\nForeningen")


def test_forms_are_pairs() -> None:
    rows = [
        ["Navn:", "Anna Holm", "CPR-nr.:", "010203-1234"],
        ["Adresse:", "Kajen 1, 2. tv.", "Telefon:", "33 12 45 67"],
        ["Postnr. og by:", "9999 Havneby", "E-mail:", "anna@havn.example"],
    ]
    shown = text(make(lambda drawing: write_rows(drawing, rows, (72, 160, 290, 360)) and None))
    assert "Navn: Anna Holm\n\nCPR-nr.: 010203-1234\n\nAdresse: Kajen 1, 2. tv." in shown


def test_tables_below_each_other_with_other_columns() -> None:
    other = [["Ydelse", "Enhed", "Pris"], ["Svømmehal", "pr. dag", "5.400"], ["I alt", "", "6.090"]]

    def page(drawing: Canvas) -> None:
        y = write_rows(drawing, PRICES, (72, 200, 250, 300))
        y = write_rows(drawing, other[:1], (72, 450, 500), y - 10)
        wide = "Leje af bassin til foreninger, som ikke er hjemmehørende i kommunen"
        y = write_rows(drawing, [[wide, "pr. time", "690"]], (72, 450, 500), y)
        write_rows(drawing, other[1:], (72, 450, 500), y)

    first, second = tables(make(page))
    assert first == PRICES
    assert second[0] == other[0] and second[1][1:] == ["pr. time", "690"]


def test_a_heading_of_rows_in_bold_is_no_header() -> None:
    def page(drawing: Canvas) -> None:
        y = write_rows(drawing, [["Ydelse", "2025", "2026"]], (72, 200, 260), bold=True)
        for group, rows in (
            ("Børn", [["Dagpleje", "2.950", "3.050"], ["Vuggestue", "3.400", "3.525"]]),
            ("Ældre", [["Madservice", "55", "57"], ["Vask", "30", "31"]]),
        ):
            y = write(drawing, group, y=y, step=16, bold=True)
            y = write_rows(drawing, rows, (72, 200, 260), y)

    assert tables(make(page)) == [
        [
            ["", "Ydelse", "2025", "2026"],
            ["Børn", "Dagpleje", "2.950", "3.050"],
            ["Børn", "Vuggestue", "3.400", "3.525"],
            ["Ældre", "Madservice", "55", "57"],
            ["Ældre", "Vask", "30", "31"],
        ]
    ]


def test_dots_up_to_a_price() -> None:
    menu = [("Smørrebrød", "85 kr."), ("Fiskefilet", "120 kr."), ("Kaffe", "25 kr.")]

    def page(drawing: Canvas) -> None:
        for number, (dish, price) in enumerate(menu):
            write(drawing, f"{dish} {'.' * (90 - len(dish))} {price}", y=700 - 14 * number)

    lines = text(make(page)).split("\n")
    assert [(line.split()[0], line[-7:].lstrip(". ")) for line in lines] == menu


def test_the_asterisk_of_a_note_below_a_table() -> None:
    def page(drawing: Canvas) -> None:
        y = write_rows(drawing, [*PRICES, ["Kroge", "9*", "9", "10"]], (72, 200, 260, 320))
        write(drawing, "* Kun så længe lager haves.", y=y - 10)

    assert text(make(page)).endswith("* Kun så længe lager haves.")


def test_what_is_drawn_as_a_part_of_something_transparent_is_hidden() -> None:
    def page(drawing: Canvas) -> None:
        drawing.beginForm("secret")
        drawing.setFillAlpha(1)
        write(drawing, "Lønnen er 45.000 kr.", y=700)
        drawing.endForm()
        write(drawing, MEETING)
        drawing.saveState()
        drawing.setFillAlpha(0)
        drawing.doForm("secret")
        drawing.restoreState()

    data = make(page)
    assert text(data) == joined(MEETING)
    assert prose(data).omitted == {"hidden words": 4}


def test_the_size_of_a_page_may_be_inherited() -> None:
    """All of a page is read, also what stands above the height of a letter."""
    content = b"BT /F 12 Tf 72 820 Td (Alarmcentralen) Tj 0 -400 Td (Telefon 112) Tj ET"
    data = b"""%%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /Contents 4 0 R
  /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >> endobj
4 0 obj << /Length %d >> stream
%s
endstream endobj
trailer << /Root 1 0 R >>""" % (len(content), content)
    shown = prose(data)
    assert "Alarmcentralen" in str(shown.parts) and not shown.omitted
