"""Parts of running text become one text whose offsets of pages and rows are exact."""

from __future__ import annotations

from kilde.documents.arrange import arrange
from kilde.documents.content import PageStart, Table
from kilde.documents.split import split
from kilde.types import Document

PRICES = Table(["Vare", "Pris"], [["Hammer", "100"], ["Søm", "25"]], title="Tabel 1")


def words(text: str) -> int:
    return len(text.split())


def test_rows_stand_in_the_text_at_their_offsets() -> None:
    made = arrange(["# Priser", "Før.", PRICES, "Efter."], "a")
    rows = [made.text[row.start : row.end] for row in made.rows]
    assert rows == ["Vare: Hammer\nPris: 100\n\n", "Vare: Søm\nPris: 25\n\n"]
    assert [row.caption for row in made.rows] == ["Tabel 1", "Tabel 1"]
    assert made.text.startswith("# Priser\n\nFør.\n\nVare")
    assert made.text.endswith("\n\nEfter.\n\n")


def test_a_document_is_cut_around_its_rows() -> None:
    made = arrange(["# Priser", "Før.", PRICES, "Efter."], "a")
    document = Document("a", made.text, rows=made.rows, language="da")
    pieces = split(document, words)
    assert "".join(made.text[piece.start : piece.end] for piece in pieces) == made.text
    assert [piece.row is None for piece in pieces] == [True, False, False, True]
    assert [piece.heading_path for piece in pieces] == [
        "Priser",
        "Priser > Tabel 1",
        "Priser > Tabel 1",
        "Priser",
    ]


def test_a_cell_that_looks_like_a_heading_is_none() -> None:
    table = Table(["", "B"], [["# Nummer", "1"], ["x", "2"], ["---", "3"]])
    made = arrange(["# Titel", table], "a")
    pieces = split(Document("a", made.text, rows=made.rows, language="da"), words)
    assert {piece.heading_path for piece in pieces} == {"Titel"}


def test_a_sentence_over_a_page_break_stays_whole() -> None:
    parts = [
        PageStart(),
        "Første side. Gebyret for for sen",
        PageStart(continues=True),
        "aflevering er 150 kr. Det opkræves straks.",
        PageStart(recognized=True),
        "Tredje side.",
    ]
    made = arrange(parts, "a")
    assert "for sen aflevering" in made.text
    assert made.text[made.pages[1] :].startswith("aflevering")
    assert made.recognized == (3,)
    document = Document("a", made.text, pages=made.pages, language="da", markdown=False)
    pieces = [(made.text[p.start : p.end].strip(), p.page) for p in split(document, words)]
    assert pieces == [
        ("Første side. Gebyret for for sen aflevering er 150 kr.", 1),
        ("Det opkræves straks.", 2),
        ("Tredje side.", 3),
    ]


def test_blank_pages_keep_their_number() -> None:
    made = arrange([PageStart(), "Et.", PageStart(), PageStart(), "Tre."], "a")
    document = Document("a", made.text, pages=made.pages, markdown=False)
    assert [piece.page for piece in split(document, words)] == [1, 3]
