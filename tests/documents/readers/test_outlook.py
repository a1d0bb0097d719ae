"""Mails of Outlook are read like any other, with their attachments."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest

from kilde.errors import LoadError

from ..conftest import Load
from .msg_file import Message, compound, msg

SUBJECT, SENDER, ADDRESS, SENT, BODY, HTML = 0x37, 0xC1A, 0x5D01, 0x39, 0x1000, 0x1013
NAME, MAIL, KIND = 0x3001, 0x39FE, 0xC15
FILE, MIME, DATA, CONTENT_ID = 0x3707, 0x370E, 0x3701, 0x3712
OFFER = {
    SUBJECT: "Ny leverandør",
    SENDER: "Lise Møller",
    ADDRESS: "lise@firma.dk",
    SENT: datetime(2026, 3, 3, 8, 12, tzinfo=UTC),
    BODY: "Hej alle\r\n\r\nFra 1. april leverer Frugtmanden i stedet for Grønt & Co.\r\n",
}
OFFICE = {NAME: "Kontoret", MAIL: "kontor@firma.dk", KIND: 1}
PER = {NAME: "Per", MAIL: "per@firma.dk", KIND: 2}
PRICES = {FILE: "priser.csv", MIME: "text/csv", DATA: "Vare;Pris\nÆbler;12,50\n".encode()}
TEXT = (
    "Mail fra: Lise Møller <lise@firma.dk>\n"
    "Sendt: 3. marts 2026 kl. 08:12 UTC\n"
    "Til: Kontoret <kontor@firma.dk>\n"
    "Cc: Per <per@firma.dk>\n"
    "Emne: Ny leverandør\n"
    "\n"
    "Hej alle\n\nFra 1. april leverer Frugtmanden i stedet for Grønt & Co.\n\n"
)


@pytest.mark.parametrize("encoding", ["", "cp1252"])
def test_a_message_has_its_sender_date_and_recipients(load_file: Load, encoding: str) -> None:
    (document,) = load_file("a.msg", msg(Message(OFFER, [OFFICE, PER]), encoding))
    assert document.text == TEXT
    assert document.title == "Ny leverandør"
    assert document.metadata["date"] == datetime(2026, 3, 3, 8, 12, tzinfo=UTC)
    assert document.metadata["from"] == "Lise Møller <lise@firma.dk>"


def test_the_time_is_that_of_the_sender_where_the_headers_have_it(load_file: Load) -> None:
    headers = "Received: from a\r\nDate: Tue, 3 Mar 2026 09:12:00 +0100\r\n"
    (document,) = load_file("a.msg", msg(Message({**OFFER, 0x7D: headers})))
    assert "\nSendt: 3. marts 2026 kl. 09:12\n" in document.text


def test_names_within_the_own_organisation_have_no_address(load_file: Load) -> None:
    directory = "/O=FIRMA/OU=EXCHANGE/CN=RECIPIENTS/CN=LISE"
    (document,) = load_file("a.msg", msg(Message({**OFFER, ADDRESS: "", 0xC1F: directory})))
    assert document.metadata["from"] == "Lise Møller"


def test_attachments_and_attached_messages_are_documents(load_file: Load) -> None:
    zipped = {FILE: "arkiv.zip", MIME: "application/zip", DATA: b"PK"}
    logo = {FILE: "logo.png", MIME: "image/png", CONTENT_ID: "a@b", DATA: b"\x89PNG"}
    inner = Message({SUBJECT: "Tilbud", SENDER: "Per", BODY: "Prisen er 40 kr."}, (), [PRICES])
    outer = Message(OFFER, [OFFICE], [PRICES, zipped, logo], [inner])
    text, prices, offer, offered = load_file("a.msg", msg(outer))
    assert text.omitted == {"attachments": 1}
    assert "\nVedhæftet: priser.csv, arkiv.zip, Tilbud.eml\n" in text.text
    assert (prices.id, prices.text) == ("a.msg#priser.csv", "Vare: Æbler\nPris: 12,50\n\n")
    assert offer.id == "a.msg#Tilbud.eml"
    assert offer.text.endswith("Emne: Tilbud\nVedhæftet: priser.csv\n\nPrisen er 40 kr.\n\n")
    assert offered.id == "a.msg#Tilbud.eml#priser.csv"


def test_an_attachment_as_large_as_a_file(load_file: Load) -> None:
    lines = "".join(f"Vare {number};{number}\n" for number in range(20_000))
    table = {FILE: "priser.csv", DATA: f"Vare;Pris\n{lines}".encode()}
    _, prices = load_file("a.msg", msg(Message(OFFER, (), [table])))
    assert len(prices.rows) == 20_000


def test_a_body_in_html_only(load_file: Load) -> None:
    page = "<html><body><p>Vi holder <b>lukket</b> i påsken.</p></body></html>"
    for encoding, codepage in (("utf-8", 65001), ("cp1252", 1252)):
        properties = {**OFFER, BODY: "", HTML: page.encode(encoding), 0x3FDE: codepage}
        (document,) = load_file("a.msg", msg(Message(properties)))
        assert document.text.endswith("\n\nVi holder lukket i påsken.\n\n")


def test_a_message_in_a_mail(load_file: Load) -> None:
    from .test_mail import attach, mail

    message = mail()
    attach(message, "tilbud.msg", msg(Message(OFFER, [OFFICE, PER])), "application/vnd.ms-outlook")
    _, offer = load_file("a.eml", message.as_bytes())
    assert (offer.id, offer.text) == ("a.eml#tilbud.msg", TEXT)


def test_messages_in_messages_are_read_to_a_bounded_depth(load_file: Load) -> None:
    message = Message({SUBJECT: "0", BODY: "Den inderste."})
    for number in range(1, 6):
        message = Message({SUBJECT: str(number), BODY: "Hej"}, messages=[message])
    documents = load_file("a.msg", msg(message))
    assert [document.title for document in documents] == ["5", "4", "3", "2"]
    assert documents[-1].omitted == {"attachments": 1}


def test_what_is_no_message(load_file: Load) -> None:
    whole = msg(Message(OFFER))
    with pytest.raises(LoadError, match="damaged"):
        load_file("a.msg", whole[:600])
    with pytest.raises(LoadError, match="damaged"):
        load_file("b.msg", b"Hej " * 1000)
    with pytest.raises(LoadError, match="no message of Outlook"):
        load_file("c.msg", compound({"WordDocument": b"Hej"}))


# "Mødet er flyttet til kl. 14.30." and "Prisen er 1.250 kr.", as Outlook stores them.
COMPRESSED = bytes.fromhex(
    "72000000820000004c5a46751a2f5f6703000a00726370673132356e3200f401f702a220071302807dc30af305d0"
    "5c2766380100054083049003306220666c7902402710e00a200f80207403116b6c002e2031342e33302e650aa350"
    "0510736503a0111131062e0e3001402761306b720513037d1510"
)


def test_a_message_whose_only_text_is_formatted(load_file: Load) -> None:
    (document,) = load_file("a.msg", msg(Message({0x37: "Møde", 0x1009: COMPRESSED})))
    assert document.text.endswith(
        "Emne: Møde\n\nMødet er flyttet til kl. 14.30.\n\nPrisen er 1.250\u00a0kr.\n\n"
    )


def test_formatted_text_that_stands_for_html(load_file: Load) -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}"
        rb"{\*\htmltag18 <html>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Vi \'e5bner kl. 8"
        rb"{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 og lukker kl. 16."
        rb"{\*\htmltag72 </p>}\htmlrtf \par}\htmlrtf0 }"
    )
    stored = struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf
    (document,) = load_file("a.msg", msg(Message({0x37: "Tider", 0x1009: stored})))
    assert "Vi åbner kl. 8\u00a0og lukker kl. 16.\n" in document.text


@pytest.mark.parametrize("data", [COMPRESSED[:11], b"\xff" * 40, COMPRESSED[:16] + b"\xff" * 20])
def test_damaged_formatted_text_is_named(load_file: Load, data: bytes) -> None:
    with pytest.raises(LoadError, match="its text is damaged"):
        load_file("a.msg", msg(Message({0x37: "Møde", 0x1009: data})))
