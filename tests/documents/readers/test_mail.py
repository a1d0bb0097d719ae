"""Mails begin with their sender, date, recipients and subject; attachments are documents."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from kilde.documents.mail_body import unflowed
from kilde.errors import LoadError

from ..conftest import Load

CSV = "Vare;Pris\nÆbler;12,50\n"


def mail(body: str | None = "Hej alle\n\nVi ses på fredag.\n", **headers: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    defaults = {
        "From": "Lise Møller <lise@firma.dk>",
        "To": "kontor@firma.dk",
        "Subject": "Ny leverandør af frugt",
        "Date": "Tue, 03 Mar 2026 09:12:00 +0100",
    }
    for name, value in (defaults | headers).items():
        if value:
            message[name] = value
    if body is not None:
        message.set_content(body)
    return message


def attach(message: EmailMessage, name: str, data: str | bytes, mime: str = "text/csv") -> None:
    content = data.encode() if isinstance(data, str) else data
    main, sub = mime.split("/")
    message.add_attachment(content, maintype=main, subtype=sub, filename=name)


def test_a_mail_begins_with_who_wrote_it_to_whom_and_when(load_file: Load) -> None:
    (document,) = load_file("a.eml", mail(Cc="Per <per@firma.dk>").as_bytes())
    assert document.text.startswith(
        "Mail fra: Lise Møller <lise@firma.dk>\n"
        "Sendt: 3. marts 2026 kl. 09:12\n"
        "Til: kontor@firma.dk\n"
        "Cc: Per <per@firma.dk>\n"
        "Emne: Ny leverandør af frugt\n"
        "\n"
        "Hej alle\n\nVi ses på fredag."
    )
    assert document.title == "Ny leverandør af frugt"
    assert document.metadata["from"] == "Lise Møller <lise@firma.dk>"
    assert document.metadata["date"] == datetime.fromisoformat("2026-03-03T09:12+01:00")
    # All header lines are quoted together.
    (row,) = document.rows
    assert document.text[row.start : row.end].startswith("Mail fra: ")
    assert document.text[row.start : row.end].endswith("frugt\n\n")


@pytest.mark.parametrize(
    ("body", "subject", "lines"),
    [
        (
            "Liebe Kolleginnen und Kollegen, die Kantine ist am Freitag geschlossen.",
            "Kantine",
            "E-Mail von: Lise Møller <lise@firma.dk>\nGesendet: 3. März 2026, 09:12 Uhr\nAn: ",
        ),
        (
            "Dear all, the canteen is closed on Friday. Please bring your own lunch.",
            "Canteen",
            "Email from: Lise Møller <lise@firma.dk>\nSent: 3 March 2026 09:12\nTo: ",
        ),
        (
            "Beste collega's, de kantine is vrijdag gesloten. Neem zelf je lunch mee.",
            "Kantine",
            "E-mail van: Lise Møller <lise@firma.dk>\nVerzonden: 3 maart 2026 09:12\nAan: ",
        ),
        (
            "Hej alla, matsalen är stängd på fredag. Ta med er egen lunch till jobbet.",
            "Matsalen",
            "Mejl från: Lise Møller <lise@firma.dk>\nSkickat: 3 mars 2026 kl. 09:12\nTill: ",
        ),
        (
            "Hei alle sammen, kantina er stengt på fredag. Ta med dere egen matpakke.",
            "Kantina",
            "E-post fra: Lise Møller <lise@firma.dk>\nSendt: 3. mars 2026 kl. 09:12\nTil: ",
        ),
    ],
)
def test_header_lines_are_in_the_language_of_the_mail(
    load_file: Load, body: str, subject: str, lines: str
) -> None:
    (document,) = load_file("a.eml", mail(body, Subject=subject).as_bytes())
    assert document.text.startswith(lines)


def test_a_time_that_is_known_as_universal_only_says_so(load_file: Load) -> None:
    (document,) = load_file("a.eml", mail(Date="Tue, 03 Mar 2026 08:12:00 +0000").as_bytes())
    assert "Sendt: 3. marts 2026 kl. 08:12 UTC\n" in document.text


def test_a_date_that_is_none_is_shown_as_it_stands(load_file: Load) -> None:
    raw = b"From: a@b.dk\nSubject: x\nDate: 3. marts\n\nVi ses.\n"
    (document,) = load_file("a.eml", raw)
    assert ": 3. marts\n" in document.text


def test_headers_in_plain_utf8_or_cp1252_are_read(load_file: Load) -> None:
    text = "From: Åse <a@b.dk>\nSubject: Rødgrød\n\nVi ses.\n"
    for encoding in ("utf-8", "cp1252"):
        (document,) = load_file("a.eml", text.encode(encoding))
        assert document.title == "Rødgrød"
        assert document.metadata["from"] == "Åse <a@b.dk>"


def test_attachments_are_documents_with_the_mail_as_their_source(load_file: Load) -> None:
    message = mail()
    attach(message, "priser.csv", CSV)
    attach(message, "note.txt", "Husk nøglen.", "text/plain")
    text, prices, note = load_file("a.eml", message.as_bytes())
    assert "Vedhæftet: priser.csv, note.txt\n" in text.text
    assert text.omitted == {}
    assert (prices.id, prices.source) == ("a.eml#priser.csv", "a.eml")
    assert prices.text == "Vare: Æbler\nPris: 12,50\n\n"
    assert (note.id, note.text) == ("a.eml#note.txt", "Husk nøglen.")


def test_attachments_of_the_same_name_are_told_apart(load_file: Load) -> None:
    message = mail()
    attach(message, "a.txt", "Den ene.", "text/plain")
    attach(message, "a.txt", "Den anden.", "text/plain")
    documents = load_file("a.eml", message.as_bytes())
    assert [document.id for document in documents[1:]] == ["a.eml#a.txt", "a.eml#a (2).txt"]


def test_sheets_of_an_attached_workbook_keep_their_names(load_file: Load) -> None:
    import io

    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.Workbook()
    for title in ("Nord", "Syd"):
        sheet = book.create_sheet(title)
        sheet.append(["Vare", "Antal"])
        sheet.append(["Sav", 3])
    book.remove(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    message = mail()
    attach(message, "lager.xlsx", buffer.getvalue(), "application/octet-stream")
    documents = load_file("a.eml", message.as_bytes())
    assert [document.id for document in documents[1:]] == [
        "a.eml#lager.xlsx#Nord",
        "a.eml#lager.xlsx#Syd",
    ]


def test_attachments_that_cannot_be_read_are_counted(load_file: Load) -> None:
    message = mail()
    attach(message, "arkiv.zip", b"PK", "application/zip")
    attach(message, "dagsorden.pdf", b"%PDF", "application/pdf")
    attach(message, "tom.csv", "a;b\n")
    (document,) = load_file("a.eml", message.as_bytes())
    assert document.omitted == {"attachments": 3}
    assert "Vi ses på fredag." in document.text


def test_an_attachment_without_a_name_is_known_by_its_type(load_file: Load) -> None:
    message = mail()
    message.add_attachment(CSV.encode(), maintype="text", subtype="csv")
    _, table = load_file("a.eml", message.as_bytes())
    assert table.id == "a.eml#attachment.csv"


def test_a_name_with_folders_is_only_a_name(load_file: Load) -> None:
    message = mail()
    attach(message, "..\\hemmeligt/priser.csv", CSV)
    _, table = load_file("a.eml", message.as_bytes())
    assert table.id == "a.eml#priser.csv"


def test_pictures_within_the_text_are_no_attachments(load_file: Load) -> None:
    message = mail()
    message.add_alternative("<p>Vi ses på fredag.</p><img src='cid:logo'>", subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    page.add_related(b"\x89PNG", "image", "png", cid="<logo>", filename="logo.png")
    (document,) = load_file("a.eml", message.as_bytes())
    assert document.omitted == {}
    attach(message, "foto.png", b"\x89PNG", "image/png")
    (document,) = load_file("b.eml", message.as_bytes())
    assert document.omitted == {"attachments": 1}


def test_attached_mails_are_documents_with_their_own_attachments(load_file: Load) -> None:
    inner = mail("Prisen er 40 kr.\n", Subject="Tilbud", From="Per <per@firma.dk>")
    attach(inner, "priser.csv", CSV)
    outer = mail()
    outer.add_attachment(inner)
    text, offer, prices = load_file("a.eml", outer.as_bytes())
    assert "Vedhæftet: Tilbud.eml\n" in text.text
    assert offer.id == "a.eml#Tilbud.eml"
    assert offer.text.startswith("Mail fra: Per <per@firma.dk>\n")
    assert prices.id == "a.eml#Tilbud.eml#priser.csv"


def test_mails_in_mails_are_read_to_a_bounded_depth(load_file: Load) -> None:
    message = mail("Den inderste.\n", Subject="0")
    for number in range(1, 6):
        outer = mail(f"Nummer {number}.\n", Subject=str(number))
        outer.add_attachment(message)
        message = outer
    documents = load_file("a.eml", message.as_bytes())
    assert [document.title for document in documents] == ["5", "4", "3", "2"]
    assert documents[-1].omitted == {"attachments": 1}


def test_a_mail_without_text_has_its_attachment(load_file: Load) -> None:
    message = mail(" \n")
    attach(message, "priser.csv", CSV)
    text, table = load_file("a.eml", message.as_bytes())
    assert text.text.startswith("Mail fra: Lise")
    assert table.text == "Vare: Æbler\nPris: 12,50\n\n"


def test_a_mail_without_text_or_attachment_that_can_be_read(load_file: Load) -> None:
    message = mail(" \n")
    attach(message, "arkiv.zip", b"PK", "application/zip")
    with pytest.raises(LoadError, match="no text"):
        load_file("a.eml", message.as_bytes())


def test_a_plain_version_that_only_points_to_the_html_is_not_the_text(load_file: Load) -> None:
    message = mail("Denne mail kan kun vises som HTML: https://firma.dk/" + "x" * 40)
    message.add_alternative(
        "<h2>Åbningstider</h2><p>"
        + "Vi holder åbent i påsken fra skærtorsdag til og med mandag, men kun om formiddagen, "
        "og caféen er lukket alle fem dage på grund af ombygning.</p>" * 2,
        subtype="html",
    )
    (document,) = load_file("a.eml", message.as_bytes())
    assert "Vi holder åbent i påsken" in document.text
    assert "\nÅbningstider\n" in document.text
    assert "kan kun vises" not in document.text


def test_plain_text_is_taken_where_both_say_the_same(load_file: Load) -> None:
    message = mail("Vi ses på fredag kl. 10.\n")
    message.add_alternative("<p>Vi ses på <b>fredag</b> kl. 10.</p>", subtype="html")
    (document,) = load_file("a.eml", message.as_bytes())
    assert document.text.count("fredag") == 1


def test_html_alone_is_shown_without_marks(load_file: Load) -> None:
    raw = (
        "From: a@b.dk\nSubject: Møde\nMIME-Version: 1.0\n"
        "Content-Type: text/html; charset=latin-1\n\n"
        "<h1>Hej</h1><p>Vi ses <b>på</b> mødet.</p>\n"
    )
    (document,) = load_file("a.eml", raw.encode("latin-1"))
    assert document.text.endswith("\n\nHej\n\nVi ses på mødet.\n\n")
    assert document.title == "Møde"


def test_tables_of_the_html_are_rows(load_file: Load) -> None:
    message = mail("Her er priserne.\n\nVare Pris\nÆbler 12,50\nPærer 14,00\n")
    message.add_alternative(
        "<p>Her er priserne.</p><table><tr><th>Vare</th><th>Pris</th></tr>"
        "<tr><td>Æbler</td><td>12,50</td></tr><tr><td>Pærer</td><td>14,00</td></tr></table>",
        subtype="html",
    )
    (document,) = load_file("a.eml", message.as_bytes())
    assert "Vare: Æbler\nPris: 12,50\n\nVare: Pærer" in document.text


def test_all_text_parts_are_read_in_their_order(load_file: Load) -> None:
    raw = (
        "From: a@b.dk\nSubject: Referat\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=x\n\n"
        "--x\nContent-Type: text/plain\n\nBilaget er her.\n"
        '--x\nContent-Type: text/csv; name="a.csv"\n\nVare;Pris\nSav;40\n'
        "--x\nContent-Type: text/plain\n\nHilsen fra Per\n--x--\n"
    )
    text, table = load_file("a.eml", raw)
    assert text.text.endswith("Bilaget er her.\n\nHilsen fra Per\n\n")
    assert table.id == "a.eml#a.csv"


def test_a_mail_whose_boundaries_are_lost_is_a_text(load_file: Load) -> None:
    raw = (
        "From: a@b.dk\nSubject: x\nContent-Type: multipart/mixed; boundary=y\n\nVi ses på fredag.\n"
    )
    (document,) = load_file("a.eml", raw)
    assert document.text.endswith("\n\nVi ses på fredag.\n\n")


def test_an_invitation_in_the_text_is_counted_and_not_named(load_file: Load) -> None:
    raw = (
        "From: a@b.dk\nSubject: x\nMIME-Version: 1.0\n"
        "Content-Type: multipart/alternative; boundary=y\n\n"
        "--y\nContent-Type: text/plain\n\nVi ses.\n"
        "--y\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--y--\n"
    )
    (document,) = load_file("a.eml", raw)
    assert document.text == "Email from: a@b.dk\nSubject: x\n\nVi ses.\n\n"
    assert document.omitted == {"attachments": 1}


def test_quoted_replies_are_kept(load_file: Load) -> None:
    body = "Ja tak.\n\nDen 2. marts 2026 skrev Per:\n> Kommer du på fredag?\n"
    (document,) = load_file("a.eml", mail(body).as_bytes())
    assert "Den 2. marts 2026 skrev Per:\n> Kommer du på fredag?" in document.text


def test_flowed_text_is_put_together(load_file: Load) -> None:
    raw = (
        "From: a@b.dk\nSubject: x\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n"
        "Kurset er flyttet fra \nonsdag til torsdag.\nHusk det.\n> Hvornår \n> er det?\n"
        "-- \nPer\n"
    )
    (document,) = load_file("a.eml", raw)
    assert "Kurset er flyttet fra onsdag til torsdag.\nHusk det.\n> Hvornår er det?\n--\nPer" in (
        document.text
    )


def test_flowed_text_with_blanks_that_are_no_text() -> None:
    assert unflowed("Kurs \nus er flyttet.", joined=True) == "Kursus er flyttet."


def test_a_table_of_aligned_columns_in_a_mail_has_rows(load_file: Load) -> None:
    (document,) = load_file(
        "a.eml",
        "From: a@havn.dk\nSubject: Priser\nContent-Type: text/plain; charset=utf-8\n\n"
        "Her er de nye priser.\n\nVare        Pris\nSav        12,50\nBor     1.250,00\n",
    )
    assert document.text.endswith(
        "Her er de nye priser.\n\nVare: Sav\nPris: 12,50\n\nVare: Bor\nPris: 1.250,00\n\n"
    )


def test_people_separated_by_semicolons_are_all_read(load_file: Load) -> None:
    mail = 'From: a@x.dk\nTo: "Lund, Bo" <b@x.dk>; c@x.dk\nSubject: Møde\n\nMødet er kl. 14.\n'
    (document,) = load_file("a.eml", mail)
    assert 'Til: "Lund, Bo" <b@x.dk>, c@x.dk\n' in document.text


def test_the_place_of_a_picture_is_no_text(load_file: Load) -> None:
    mail = "From: a@x.dk\nSubject: Møde\n\nMødet er kl. 14.\n[cid:image001.png@01DC]\nHilsen Anna\n"
    (document,) = load_file("a.eml", mail)
    assert "cid" not in document.text and "Hilsen Anna" in document.text
