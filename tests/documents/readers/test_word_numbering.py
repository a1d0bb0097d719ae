"""Automatic numbers are those that Word shows."""

from __future__ import annotations

import pytest

from kilde.documents.content import Prose
from kilde.documents.readers.word import read
from kilde.documents.word.numbering import Level, formatted

from .word_file import docx, level, lists, p, style, table

LEGAL = level(0, "§ %1") + level(1, "Stk. %2.") + level(2, "%3)", "lowerLetter")
OUTLINE = level(0, "%1.") + level(1, "%1.%2") + level(2, "%1.%2.%3")


def lines(body: str, numbering: str, styles: str = "") -> list[str]:
    (content,) = read(docx(body, numbering=numbering, styles=styles), "a.docx", "")
    assert isinstance(content, Prose)
    return [line for part in content.parts if isinstance(part, str) for line in part.split("\n")]


def items(numbering: str, *places: tuple[str, int]) -> list[str]:
    """The numbers of items of lists."""
    body = "".join(p("x.", number=number, level=depth) for number, depth in places)
    return [line.removesuffix("x.").strip() for line in lines(body, numbering)]


def test_paragraphs_of_a_law() -> None:
    body = (
        p("Kontingent", number="1")
        + p("Det er 1.800 kr.", number="1", level=1)
        + p("Eksklusion sker ved:", number="1", level=1)
        + p("restance,", number="1", level=2)
        + p("vold.", number="1", level=2)
        + p("Ophør", number="1")
        + p("Foreningen ophører.", number="1", level=1)
    )
    assert lines(body, lists(LEGAL)) == [
        "# § 1 Kontingent",
        "Stk. 1. Det er 1.800 kr.",
        "Stk. 2. Eksklusion sker ved:",
        "a) restance,",
        "b) vold.",
        "# § 2 Ophør",
        "Stk. 1. Foreningen ophører.",
    ]


def test_levels_restart_below_and_go_on_where_they_must_not() -> None:
    order = [("1", 0), ("1", 1), ("1", 1), ("1", 2), ("1", 0), ("1", 1), ("1", 2)]
    assert items(lists(OUTLINE), *order) == ["1.", "1.1", "1.2", "1.2.1", "2.", "2.1", "2.1.1"]
    never = level(0, "%1.") + level(1, "%2)", more='<w:lvlRestart w:val="0"/>')
    assert items(lists(never), ("1", 0), ("1", 1), ("1", 0), ("1", 1)) == ["1.", "1)", "2.", "2)"]
    first = OUTLINE.replace(
        '<w:lvl w:ilvl="2">', '<w:lvl w:ilvl="2"><w:lvlRestart w:val="1"/>'
    ).replace("%1.%2.%3", "%3)")
    order = [("1", 0), ("1", 1), ("1", 2), ("1", 1), ("1", 2), ("1", 0), ("1", 2)]
    assert items(lists(first), *order)[2::2] == ["1)", "2)", "1)"]


def test_lists_over_one_definition_share_a_count_until_one_starts_anew() -> None:
    start = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = lists(OUTLINE, x2_0="", x3_0=start)
    order = [("1", 0), ("x2", 0), ("x3", 0), ("x3", 0), ("x3", 1)]
    assert items(numbering, *order) == ["1.", "2.", "1.", "2.", "2.1"]


def test_a_list_may_replace_a_level() -> None:
    other = f'<w:lvlOverride w:ilvl="0">{level(0, "(%1)", "upperRoman")}</w:lvlOverride>'
    assert items(lists(OUTLINE, x2_0=other), ("x2", 0), ("x2", 0)) == ["(I)", "(II)"]


def test_numbers_start_where_the_list_says() -> None:
    numbering = lists(level(0, "%1.")).replace('<w:start w:val="1"/>', '<w:start w:val="5"/>')
    assert items(numbering, ("1", 0), ("1", 0)) == ["5.", "6."]


def test_legal_numbering_is_decimal_on_all_levels() -> None:
    numbering = level(0, "%1", "upperRoman") + level(1, "%1.%2", more="<w:isLgl/>")
    assert items(lists(numbering), ("1", 0), ("1", 0), ("1", 1)) == ["I", "II", "2.1"]


def test_what_follows_a_number() -> None:
    numbering = lists(level(0, "Nr. %1:", more='<w:suff w:val="nothing"/>'))
    assert lines(p("Sand.", number="1"), numbering) == ["Nr. 1:Sand."]


def test_bullets_and_levels_without_number() -> None:
    numbering = lists(level(0, "\uf0b7", "bullet"), level(0, "", "none"))
    body = p("Sand", number="1") + p("Grus", number="1") + p("Tekst", number="2")
    assert lines(body, numbering) == ["- Sand", "- Grus", "Tekst"]


def test_numbers_come_from_styles_and_what_they_are_based_on() -> None:
    heading = '<w:pPr><w:numPr>{}<w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = (
        style("H1", heading.format(""), "heading 1")
        + style("H2", heading.format('<w:ilvl w:val="1"/>'), "heading 2")
        + style("Own", '<w:basedOn w:val="H2"/>', "Own heading")
        + style(
            "None", '<w:basedOn w:val="H1"/><w:pPr><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
        )
        + style("Clause", heading.format(""), "Clause")
    )
    numbering = lists(
        level(0, "%1.", more='<w:pStyle w:val="H1"/>')
        + level(1, "%1.%2", more='<w:pStyle w:val="H2"/>')
        + level(2, "%1.%2.%3", more='<w:pStyle w:val="Clause"/>')
    )
    body = (
        p("Formål", style="H1")
        + p("Navn", style="H2")
        + p("Bilag", style="None")
        + p("Sted", style="Own")
        + p("Det er her.", style="Clause")
        + p("Uden nummer.", style="Clause", number="0", level=None)
    )
    assert lines(body, numbering, styles) == [
        "# 1. Formål",
        "## 1.1 Navn",
        "# Bilag",
        "## 1.2 Sted",
        "1.2.1 Det er her.",
        "Uden nummer.",
    ]


def test_a_list_style_leads_to_its_list() -> None:
    styles = style(
        "Law", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>', kind="numbering"
    )
    assert items_with_styles(styles) == ["§ 1 x.", "§ 2 x."]


def items_with_styles(styles: str) -> list[str]:
    numbering = lists(LEGAL, '<w:numStyleLink w:val="Law"/>')
    return lines(p("x.", number="2") + p("x.", number="2"), numbering, styles)


def test_deleted_and_hidden_paragraphs_are_not_counted() -> None:
    body = (
        p("Sand.", number="1")
        + p("<w:del><w:r><w:delText>Grus.</w:delText></w:r></w:del>", number="1", mark="<w:del/>")
        + p("<w:r><w:rPr><w:vanish/></w:rPr><w:t>Ler.</w:t></w:r>", number="1", mark="<w:vanish/>")
        + p("Muld.", number="1")
    )
    assert lines(body, lists(level(0, "%1."))) == ["1. Sand.", "2. Muld."]


def test_an_empty_item_is_counted() -> None:
    body = p("Sand.", number="1") + p(number="1") + p("Muld.", number="1")
    assert lines(body, lists(level(0, "%1."))) == ["1. Sand.", "3. Muld."]


def test_cells_show_their_numbers_even_without_text() -> None:
    rows = table(
        ["Nr.", "Vare", "Pris"],
        [p(number="1"), "Sand", "10"],
        [p(number="1"), p("Grus", number="1", level=1), "20"],
    )
    (content,) = read(docx(rows, numbering=lists(OUTLINE)), "a.docx", "")
    assert isinstance(content, Prose)
    (found,) = content.parts
    assert not isinstance(found, str | type(None))
    shown = [[getattr(cell, "text", cell) for cell in row] for row in found.rows]  # type: ignore[union-attr]
    assert shown == [["1.", "Sand", "10"], ["2.", "2.1 Grus", "20"]]


@pytest.mark.parametrize(
    ("form", "count", "shown"),
    [
        ("decimal", 12, "12"),
        ("decimalZero", 3, "03"),
        ("lowerLetter", 27, "aa"),
        ("upperLetter", 2, "B"),
        ("lowerRoman", 14, "xiv"),
        ("upperRoman", 1999, "MCMXCIX"),
        ("upperRoman", 10**8, "100000000"),
        ("lowerLetter", 10**8, "100000000"),
        ("ordinal", 22, "22."),
        ("unknown", 4, "4"),
    ],
)
def test_number_formats(form: str, count: int, shown: str) -> None:
    assert formatted(count, Level(format=form), "da") == shown


@pytest.mark.parametrize(("count", "shown"), [(1, "1st"), (12, "12th"), (23, "23rd")])
def test_english_ordinals(count: int, shown: str) -> None:
    assert formatted(count, Level(format="ordinal"), "en") == shown


def test_numbers_with_leading_zeros() -> None:
    custom = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback>'
        '<w:numFmt w:val="decimal"/></mc:Fallback></mc:AlternateContent>'
        '<w:lvlText w:val="%1"/></w:lvl>'
    )
    assert items(lists(custom), ("1", 0), ("1", 0)) == ["001", "002"]
