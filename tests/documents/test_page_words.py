"""Words of a page: paragraphs as they are read, and rows with what stands beside each other."""

from __future__ import annotations

from kilde.documents.content import Grid
from kilde.documents.page_words import Word, blocks


def words(*lines: str, paragraph: int = 0, top: float = 0, left: float = 0) -> list[Word]:
    """Lines of words in letters 10 wide and 20 high; blanks are as wide."""
    found = []
    for number, line in enumerate(lines):
        place = 0
        for text in line.split(" "):
            if text:
                x, y = left + 10 * place, top + 30 * number
                found.append(Word(text, x, y, x + 10 * len(text), y + 20, paragraph, number))
            place += len(text) + 1
    return found


def table_of(grid: str | Grid) -> list[list[str]]:
    assert isinstance(grid, Grid)
    return [[cell.text if cell else "" for cell in row] for row in grid.cells]


def test_paragraphs_and_lines() -> None:
    page = words("One is", "here.", paragraph=0) + words("Two.", paragraph=1, top=200)
    assert blocks(page) == ["One is\nhere.", "Two."]


def test_a_paragraph_that_goes_on_with_a_small_letter() -> None:
    page = words("After the decision of the", paragraph=0) + words("council.", paragraph=1, top=30)
    assert blocks(page) == ["After the decision of the\ncouncil."]


def test_divided_words_are_joined_and_hyphens_stay() -> None:
    pairs = {
        ("en sygedag-", "penge sats"): "en sygedagpenge sats",
        ("Anne-", "Marie"): "Anne-Marie",
        ("COVID-", "19"): "COVID-19",
        ("IT-", "udstyr"): "IT-udstyr",
        ("en A-", "kasse"): "en A-kasse",
        ("Syge-", "og barselsdagpenge"): "Syge-\nog barselsdagpenge",
        ("kl. 10 -", "14"): "kl. 10 -\n14",
    }
    for lines, joined in pairs.items():
        assert blocks(words(*lines)) == [joined]


def test_a_table_whose_columns_were_taken_for_columns_of_text() -> None:
    page = [
        *words("Prices from 1 January.", paragraph=0),
        *words("Ticket", "Single", "Ten rides", paragraph=1, top=60),
        *words("Adult", "45 kr.", "405 kr.", paragraph=2, top=61, left=200),
        *words("Child", "25 kr.", "", "", paragraph=3, top=59, left=400),
        *words("They are not refunded.", paragraph=4, top=180),
    ]
    before, grid, after = blocks(page)
    assert (before, after) == ("Prices from 1 January.", "They are not refunded.")
    assert table_of(grid) == [
        ["Ticket", "Adult", "Child"],
        ["Single", "45 kr.", "25 kr."],
        ["Ten rides", "405 kr.", ""],
    ]


def test_columns_of_text_are_no_table() -> None:
    left = words(*["a line of seven words or eight"] * 5, paragraph=0)
    right = words(*["another line of the second column here"] * 5, paragraph=1, left=400)
    assert all(isinstance(part, str) for part in blocks(left + right))


def test_words_that_do_not_line_up_are_no_table() -> None:
    page = words("aa    bb", "   cccc    d", "eeeeee   ffffff", "g         h         i")
    (part,) = blocks(page)
    assert isinstance(part, str)


def test_two_tables_one_below_the_other() -> None:
    first = words("A     B", "1     2", "3     4")
    second = words("C     D", "5     6", "7     8", top=500)
    assert [table_of(part)[0] for part in blocks(first + second)] == [["A", "B"], ["C", "D"]]


def test_no_words() -> None:
    assert blocks([]) == []
