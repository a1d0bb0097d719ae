"""Plain text is taken as it stands, but for tables that are set with tabs."""

from __future__ import annotations

from ..conftest import Load


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
