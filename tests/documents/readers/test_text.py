"""Plain text is taken as it stands, but for what is set as a table."""

from __future__ import annotations

import pytest

from ..conftest import Load

ALIGNED = """Takster 2026

Vare              Pris      Lager
-------------------------------
Hængelås      1.250,00         12
Kæde             89,95      1.250

Ring på 33 12 45 67.
"""
TABS = "Liste\n\nNavn\tLokal\nÅse Ørsted\t0142\nBo\t0143\n\nRing før kl. 15.\n"
BARS = "| Vare  | Pris  |\n|-------|-------|\n| Sav   | 12,50 |\n| Søm   |  9,95 |\n"


def test_a_table_with_tabs_has_rows(load_file: Load) -> None:
    content = "Navn\tTlf\r\nÅse\t12345678\r\nBo\t\r\n".encode("utf-16")
    (document,) = load_file("lager16.txt", content)
    assert document.text == "Navn: Åse\nTlf: 12345678\n\nNavn: Bo\n\n"


def test_tabs_within_text_are_kept(load_file: Load) -> None:
    for text in ("Punkt\tet\nog en linje mere", "1.\tHandsker på\n2.\tHjelm på", "a\tb"):
        (document,) = load_file("a.txt", text)
        assert document.text == text


def test_a_log_has_no_rows(load_file: Load) -> None:
    text = "2026-03-03 09:12\tINFO\tstarted\n2026-03-03 09:13\tINFO\tstopped"
    for name in ("a.log", "a.txt"):
        (document,) = load_file(name, text)
        assert (document.text, document.rows) == (text, ())


def test_a_table_of_aligned_columns_has_rows(load_file: Load) -> None:
    (document,) = load_file("a.txt", ALIGNED)
    assert document.text == (
        "Takster 2026\n\nVare: Hængelås\nPris: 1.250,00\nLager: 12\n\n"
        "Vare: Kæde\nPris: 89,95\nLager: 1.250\n\nRing på 33 12 45 67.\n\n"
    )
    assert [list(row.values.values()) for row in document.rows] == [
        ["Hængelås", 1250.0, 12],
        ["Kæde", 89.95, 1250],
    ]


def test_tables_within_text_have_rows(load_file: Load) -> None:
    (document,) = load_file("a.txt", TABS)
    assert document.text == (
        "Liste\n\nNavn: Åse Ørsted\nLokal: 0142\n\nNavn: Bo\nLokal: 0143\n\nRing før kl. 15.\n\n"
    )
    (document,) = load_file("a.txt", BARS)
    assert document.text == "Vare: Sav\nPris: 12,50\n\nVare: Søm\nPris: 9,95\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "Afsender         Modtager\nHavnen           Køge Kommune\nKajen 4          Torvet 1",
        "Navn        Havnekontoret\nTelefon     33 12 45 67\nE-mail      post@havn.dk",
        "Vi har åbent        Ring på telefon\nhele ugen fra       33 12 45 67 hvis\n"
        "kl. 8 til 16        du vil vide mere",
        "1.  Handsker på\n2.  Hjelm på\n3.  Briller på",
        "Vi skriver  angående\nsagen  om havnen  fra\ni  går.",
        "> Vare   Pris\n> Sav    12,50\n> Søm     9,95",
    ],
)
def test_text_that_is_aligned_and_no_table(load_file: Load, text: str) -> None:
    (document,) = load_file("a.txt", text)
    assert (document.text, document.rows) == (text, ())
