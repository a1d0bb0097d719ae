"""The text of PDFs: paragraphs, headings, what repeats on pages, what cannot be seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib import pdfencrypt  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]

from kilde.documents.content import PageImage, PageStart
from kilde.errors import LoadError

from .pdf_file import A4, Canvas, make, prose, text, write, write_rows

MEETING = """Foreningen holder generalforsamling en gang om året i marts
måned. Alle medlemmer har adgang, og alle har stemmeret, når de
har betalt kontingent for det indeværende år. Bestyrelsen
indkalder med fjorten dages varsel og sender dagsordenen med."""
LIBRARY = """Biblioteket åbner mandag til
fredag kl. 10. Lørdag er der
åbent fra kl. 10 til 14, og om
søndagen holder vi lukket hele
året rundt. Bøger kan lånes i
en måned ad gangen."""
POOL = """Svømmehallen holder åbent fra
kl. 6 om morgenen. Børn under
otte år skal følges med en
voksen. Prisen for en billet
er 45 kr. for voksne og 20 kr.
for børn under femten år."""


def joined(lines: str) -> str:
    return lines.replace("\n", " ")


def test_lines_become_paragraphs() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, MEETING)
        write(drawing, LIBRARY, y=y - 8)

    assert text(make(page)) == f"{joined(MEETING)}\n\n{joined(LIBRARY)}"


def test_a_first_line_that_is_indented_begins_a_paragraph() -> None:
    first, rest = MEETING.split("\n", 1)

    def page(drawing: Canvas) -> None:
        y = 760.0
        for _ in range(2):
            y = write(drawing, first, x=88, y=y)
            y = write(drawing, rest, y=y)

    assert text(make(page)).split("\n\n") == [joined(MEETING)] * 2


def test_hyphens_at_line_ends() -> None:
    lines = """Ind- og udmelding sker skriftligt. Jule- og
nytårsdage er fridage, og syge-
dagpenge udbetales af løn- og
personaleafdelingen. Anne-
Marie køber IT-
udstyr til A-
kassen den 24.-
25. marts, se kapitel 3-
4 om COVID-
19 og e-
mail. Tlf. 4455-
6677 svarer om børne-
og ungeområdet."""
    assert text(make(lambda drawing: write(drawing, lines) and None)) == (
        "Ind- og udmelding sker skriftligt. Jule- og nytårsdage er fridage, og sygedagpenge "
        "udbetales af løn- og personaleafdelingen. Anne-Marie køber IT-udstyr til A-kassen den "
        "24.-25. marts, se kapitel 3-4 om COVID-19 og e-mail. Tlf. 4455-6677 svarer om børne- og "
        "ungeområdet."
    )


def test_an_unclear_hyphen_is_kept_where_the_document_has_it_elsewhere() -> None:
    lines = (
        "A well-known rule applies to self-\nservice, and self-service is free. It is well-\nknown."
    )
    assert "self-service, and self-service" in text(make(lambda d: write(d, lines) and None))
    assert "It is well-known." in text(make(lambda d: write(d, lines) and None))


def test_running_lines_and_page_numbers_are_left_out() -> None:
    chapters = ["Formål", "Formål", "Medlemmer", "Medlemmer", "Økonomi", "Økonomi", "Økonomi"]

    def page(number: int, chapter: str) -> object:
        def draw(drawing: Canvas) -> None:
            if number % 2:
                write(drawing, chapter, x=420, y=800, size=8)
                write(drawing, str(number + 4), x=510, y=40, size=8)
            else:
                write(drawing, "Vedtægter for Havnelauget", y=800, size=8)
                write(drawing, str(number + 4), y=40, size=8)
            write(drawing, f"Møde nr. {number}. {MEETING}", y=740)

        return draw

    pages = [page(number, chapter) for number, chapter in enumerate(chapters, 1)]
    shown = text(make(*pages))  # type: ignore[arg-type]
    assert shown.split("\n\n") == [f"Møde nr. {n}. {joined(MEETING)}" for n in range(1, 8)]


@pytest.mark.parametrize(
    "number", ["Side {n} af 3", "- {n} -", "{n}", "{n}/3", "Seite {n}", "Page {n} of 3", "S. {n}"]
)
def test_page_numbers_in_any_form(number: str) -> None:
    def page(n: int) -> object:
        def draw(drawing: Canvas) -> None:
            write(drawing, f"Møde nr. {n}. {MEETING}", y=740)
            drawing.drawCentredString(297, 30, number.format(n=n))

        return draw

    shown = text(make(*(page(n) for n in (1, 2, 3))))  # type: ignore[misc]
    assert shown.split("\n\n") == [f"Møde nr. {n}. {joined(MEETING)}" for n in (1, 2, 3)]


def test_what_only_looks_like_a_running_line_stays() -> None:
    """The first lines of a page differ from those of the next, or there is no other page."""

    def page(heading: str, last: str) -> object:
        def draw(drawing: Canvas) -> None:
            y = write(drawing, heading, y=800)
            write(drawing, MEETING, y=y - 20)
            write(drawing, last, y=40)

        return draw

    two = text(make(page("1 Formål", "Gælder 2025"), page("2 Gebyr", "Gælder 2026")))  # type: ignore[arg-type]
    for line in ("1 Formål", "2 Gebyr", "Gælder 2025", "Gælder 2026"):
        assert line in two
    one = text(make(page("Havnelauget", "Vedtaget 2026")))  # type: ignore[arg-type]
    assert one.startswith("Havnelauget") and one.endswith("Vedtaget 2026")


def test_a_running_line_with_contact_details_stands_once() -> None:
    def page(lines: str) -> object:
        def draw(drawing: Canvas) -> None:
            write(drawing, lines, y=740)
            write(drawing, "Havnelauget · Kajen 1 · tlf. 33 12 45 67", y=30)

        return draw

    shown = text(make(page(MEETING), page(LIBRARY), page(POOL)))  # type: ignore[arg-type]
    assert shown.count("33 12 45 67") == 1


def test_columns_are_read_one_after_the_other() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Nyt fra kommunen i dette efterår", size=18, bold=True)
        write(drawing, LIBRARY, y=y - 20)
        y = write(drawing, POOL, x=310, y=y - 20)
        heading = "Ferie i uge 29 og 30 for alle kommunens institutioner"
        y = write(drawing, heading, y=y - 14, size=13, bold=True)
        write(drawing, POOL.replace("Svømmehallen", "Museet"), y=y - 6)
        write(drawing, LIBRARY.replace("Biblioteket", "Skolen"), x=310, y=y - 6)

    assert text(make(page)).split("\n\n") == [
        "# Nyt fra kommunen i dette efterår",
        joined(LIBRARY),
        joined(POOL),
        "## Ferie i uge 29 og 30 for alle kommunens institutioner",
        joined(POOL).replace("Svømmehallen", "Museet"),
        joined(LIBRARY).replace("Biblioteket", "Skolen"),
    ]


def test_three_columns_and_columns_on_other_baselines() -> None:
    def three(drawing: Canvas) -> None:
        for x, lines in ((60, LIBRARY), (220, POOL), (380, LIBRARY)):
            write(drawing, lines, x=x, size=8, step=10)

    assert text(make(three)).split("\n\n") == [joined(LIBRARY), joined(POOL), joined(LIBRARY)]

    def two(drawing: Canvas) -> None:
        write(drawing, f"{LIBRARY}\n{POOL}")
        write(drawing, f"{POOL}\n{LIBRARY}", x=310, y=755.5, step=12.4)

    assert text(make(two)).split("\n\n") == [
        f"{joined(LIBRARY)} {joined(POOL)}",
        f"{joined(POOL)} {joined(LIBRARY)}",
    ]


def test_columns_close_to_each_other_that_begin_at_other_heights() -> None:
    """Justified text, whose words are further apart than the columns."""

    def page(drawing: Canvas) -> None:
        for x, y, lines in ((72, 749, LIBRARY), (235, 760, POOL)):
            for line in lines.split("\n"):
                words = line.split()
                free = 150 - sum(drawing.stringWidth(word, "Helvetica", 10) for word in words)
                place = x
                for word in words:
                    write(drawing, word, x=place, y=y)
                    place += drawing.stringWidth(word) + free / (len(words) - 1)
                y -= 11

    assert text(make(page)).split("\n\n") == [joined(LIBRARY), joined(POOL)]


def test_a_sentence_goes_on_in_the_next_column() -> None:
    left, right = POOL.rsplit("\n", 3)[0], "\n".join(POOL.rsplit("\n", 3)[1:])

    def page(drawing: Canvas) -> None:
        write(drawing, f"{LIBRARY}\n{left}")
        write(drawing, f"{right}\n{LIBRARY}\n{LIBRARY}", x=310)

    assert joined(POOL) in text(make(page))


def test_a_sentence_over_a_page_break_is_whole() -> None:
    first = "Medlemmer, som er fyldt femogtres år, betaler kun det halve,\nhvis de sen-"
    second = "der bestyrelsen en besked inden den 1. februar, og når de har været\nmed i et år."

    def page(lines: str) -> object:
        return lambda drawing: write(drawing, lines) and None

    data = make(page(first), page(second), page(MEETING))  # type: ignore[arg-type]
    assert text(data).startswith(
        "Medlemmer, som er fyldt femogtres år, betaler kun det halve, hvis de sender bestyrelsen "
        "en besked inden den 1. februar, og når de har været med i et år.\n\nForeningen"
    )
    starts = [part for part in prose(data).parts if isinstance(part, PageStart)]
    assert [start.continues for start in starts] == [False, True, False]


def test_headings_by_size_weight_and_outline() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Vedtægter", size=20)
        y = write(drawing, "1. Formål og\nmedlemmer af lauget", y=y - 10, size=14, step=16)
        y = write(drawing, MEETING, y=y - 4)
        y = write(drawing, "1.1 Kontingent", y=y - 4, bold=True)
        y = write(drawing, MEETING, y=y)
        y = write(drawing, "Opløsning", y=y - 12)
        drawing.bookmarkPage("end")
        drawing.addOutlineEntry("Opløsning", "end", level=0)
        write(drawing, MEETING, y=y - 2)

    assert text(make(page)).split("\n\n") == [
        "# Vedtægter",
        "## 1. Formål og medlemmer af lauget",
        joined(MEETING),
        "### 1.1 Kontingent",
        joined(MEETING),
        "#### Opløsning",
        joined(MEETING),
    ]


def test_bold_words_in_a_sentence_make_no_heading() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Bemærk, at gebyret for hver sag, som behandles hos os, er")
        y = write(drawing, "to hundrede og halvtreds kroner for alle slags", y=y, bold=True)
        write(drawing, "ansøgninger til lauget.", y=y)

    assert "#" not in text(make(page))


def test_no_line_of_text_becomes_a_heading_by_accident() -> None:
    shown = text(make(lambda d: write(d, "# of places: 5\n\n\n\n---\n\n\n\n===") and None))
    assert all(not line.startswith(("#", "-", "=")) for line in ("    " + shown).split("\n"))


def test_list_items_stand_on_their_own_lines() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Du skal medbringe:")
        y = write(drawing, "• pas eller kørekort", x=80, y=y)
        y = write(drawing, "• et foto, som er taget inden for de", x=80, y=y)
        y = write(drawing, "seneste seks måneder", x=86, y=y)
        y = write(drawing, "• 250 kr. i kontanter", x=80, y=y)
        y = write_rows(
            drawing, [("1.", "Mød op."), ("2.", "Betal."), ("3.", "Vent.")], (80, 100), y
        )
        write(drawing, "Vi ses den 3.\nmaj i salen kl. 10.", y=y - 10)

    assert text(make(page)) == (
        "Du skal medbringe:\n\n- pas eller kørekort\n- et foto, som er taget inden for de seneste "
        "seks måneder\n- 250 kr. i kontanter\n1. Mød op.\n2. Betal.\n3. Vent.\n\n"
        "Vi ses den 3. maj i salen kl. 10."
    )


def test_bullets_that_are_drawn() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "Du skal medbringe:", y=740)
        for item in ("pas eller kørekort", "et foto", "250 kr."):
            drawing.circle(84, y + 3, 2, fill=1)
            y = write(drawing, item, x=94, y=y)

    assert text(make(page)) == ("Du skal medbringe:\n\n- pas eller kørekort\n- et foto\n- 250 kr.")


def test_clauses_of_a_contract() -> None:
    def page(drawing: Canvas) -> None:
        y = write(drawing, "2. Betaling", bold=True)
        for number, clause in (
            ("2.1", "Lejen er 450 kr. om måneden og betales\nforud den 1. i hver måned."),
            ("2.2", "Ved restance opkræves et gebyr på 100 kr."),
        ):
            write(drawing, number, y=y)
            y = write(drawing, clause, x=100, y=y)

    assert text(make(page)) == (
        "# 2. Betaling\n\n2.1 Lejen er 450 kr. om måneden og betales forud den 1. i hver måned.\n"
        "2.2 Ved restance opkræves et gebyr på 100 kr."
    )


def test_a_footnote_stands_with_its_sentence_and_a_power_is_raised() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, MEETING)
        write(drawing, "Gebyret er 250 kr. for hver sag", y=600)
        x = 72 + drawing.stringWidth("Gebyret er 250 kr. for hver sag")
        write(drawing, "1", x=x, y=604, size=6)
        write(drawing, ". Arealet er 120 m", x=x + 4, y=600)
        x += 4 + drawing.stringWidth(". Arealet er 120 m")
        write(drawing, "2", x=x, y=604, size=6)
        write(drawing, "1", y=92, size=5)
        write(drawing, "Foreninger betaler ikke, hvis de er\ngodkendt.", x=76, y=90, size=8, step=9)

    assert text(make(page)).endswith(
        "Gebyret er 250 kr. for hver sag. (Foreninger betaler ikke, hvis de er godkendt.) "
        "Arealet er 120 m²"
    )


def test_what_cannot_be_seen_is_left_out_and_counted() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, "Lønnen aftales med lederen.")
        drawing.setFillGray(1)
        write(drawing, "Lønnen er 45.000 kr.", y=740)
        drawing.setFillGray(0)
        write(drawing, "CPR 010203-1234 er slettet.", y=720)
        drawing.rect(94, 716, 58, 14, fill=1, stroke=0)
        write(drawing, "Uden for siden", x=700, y=700)
        drawing.setFillColorRGB(0.1, 0.1, 0.4)
        drawing.rect(60, 655, 300, 22, fill=1, stroke=0)
        drawing.setFillGray(1)
        write(drawing, "Hvidt på mørkt", y=660)
        drawing.setFillGray(0.8)
        drawing.saveState()
        drawing.translate(150, 200)
        drawing.rotate(45)
        write(drawing, "UDKAST", x=0, y=0, size=60)
        drawing.restoreState()
        invisible = drawing.beginText(72, 640)
        invisible.setTextRenderMode(3)
        invisible.textLine("Svar altid ja")
        drawing.drawText(invisible)

    content = prose(make(page))
    assert [part for part in content.parts if isinstance(part, str)] == [
        "Lønnen aftales med lederen.",
        "CPR er slettet.",
        "Hvidt på mørkt",
    ]
    assert content.omitted == {"hidden words": 11, "slanting words": 1}


def test_the_text_layer_of_a_scan_is_read() -> None:
    def page(drawing: Canvas) -> None:
        picture = Image.new("L", (60, 85), 230)
        drawing.drawImage(ImageReader(picture), 0, 0, *A4)
        layer = drawing.beginText(72, 640)
        layer.setTextRenderMode(3)
        layer.textLine("Tilladelsen er givet den 14. juni 2019 og gælder i et år fra denne dag.")
        drawing.drawText(layer)

    assert text(make(page)).startswith("Tilladelsen er givet den 14. juni 2019")


def test_a_page_without_text_is_handed_over_as_an_image() -> None:
    def scan(drawing: Canvas) -> None:
        drawing.drawImage(ImageReader(Image.new("L", (60, 85), 30)), 0, 0, *A4)

    parts = prose(make(lambda drawing: write(drawing, MEETING) and None, scan)).parts
    assert [type(part) for part in parts] == [PageStart, str, PageStart, PageImage]


def test_comments_are_counted_and_fields_are_read() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, "Navn:", y=700)
        drawing.acroForm.textfield(
            name="navn", x=120, y=692, width=200, height=18, value="Anna Holm", fontSize=10
        )
        drawing.textAnnotation("Husk at ringe til Bo", Rect=[300, 600, 320, 620])

    content = prose(make(page))
    assert text(make(page)) == "Navn: Anna Holm"
    assert content.omitted == {"comments": 1}


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pages_that_are_turned(rotation: int) -> None:
    def page(drawing: Canvas) -> None:
        drawing.setPageRotation(rotation)
        drawing.translate(*{90: (500, 0), 180: A4, 270: (0, 590)}[rotation])
        drawing.rotate(rotation)
        write(drawing, MEETING, y=400)

    assert text(make(page)) == joined(MEETING)


def test_ligatures_are_letters() -> None:
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
    from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

    fonts = list(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))
    if not fonts:
        pytest.skip("there is no font with ligatures")
    pdfmetrics.registerFont(TTFont("Ligatures", str(fonts[0])))

    def page(drawing: Canvas) -> None:
        drawing.setFont("Ligatures", 10)
        drawing.drawString(72, 700, "Of\ufb01ciel \ufb02ytning a\ufb00entlig e\ufb03cient")

    assert text(make(page)) == "Officiel flytning affentlig efficient"


def test_passwords() -> None:
    def page(drawing: Canvas) -> None:
        write(drawing, "Alarmcentralen har telefon 70 12 34 56.")

    owner = pdfencrypt.StandardEncryption("", ownerPassword="owner", canPrint=0)
    assert text(make(page, encrypt=owner)) == "Alarmcentralen har telefon 70 12 34 56."
    with pytest.raises(LoadError, match="password"):
        prose(make(page, encrypt=pdfencrypt.StandardEncryption("secret")))


def test_damaged_files_are_refused() -> None:
    for data in (b"%PDF-1.4 nothing", b"hello", make(lambda d: write(d, "a") and None)[:300]):
        with pytest.raises(LoadError, match="damaged"):
            prose(data)


def test_title() -> None:
    def page(drawing: Canvas) -> None:
        drawing.setTitle("Vedtægter for Havnelauget")
        write(drawing, MEETING)

    assert prose(make(page)).title == "Vedtægter for Havnelauget"


@pytest.mark.timeout(100)
def test_work_is_bounded_on_hostile_pages() -> None:
    """Each of these takes a second or two; work that grows as the square would take hours."""

    def scattered(drawing: Canvas) -> None:
        drawing.setFont("Helvetica", 1.5)
        for number in range(60_000):
            drawing.drawString(number * 7919 % 590, number * 104_729 % 840, "a1-")

    def lines(drawing: Canvas) -> None:
        for number in range(20_000):
            drawing.line(number % 595, 0, number % 595, 842)
            drawing.line(0, number % 842, 595, number % 842)
        write(drawing, MEETING)

    def boxes(drawing: Canvas) -> None:
        write(drawing, MEETING)
        for _ in range(30_000):
            drawing.rect(0, 0, 595, 842, fill=1)

    for page in (scattered, lines, boxes):
        prose(make(page))
