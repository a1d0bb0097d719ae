"""Rich Text Format is read as Word shows it."""

from __future__ import annotations

import pytest

from kilde.documents.arrange import arrange
from kilde.documents.content import Prose
from kilde.documents.readers.rtf import read

_HEAD = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Calibri;}{\f1\fcharset2 Symbol;}"
    rb"{\f2\fcharset238 Arial CE;}}{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2 toc 1;}"
    rb"{\s3 caption;}}{\info{\title Brev}{\author Ib}}\f0 "
)


def prose(body: bytes) -> Prose:
    (content,) = read(_HEAD + body + b"}", "a.rtf", "")
    assert isinstance(content, Prose)
    return content


def text(body: bytes) -> str:
    return arrange(prose(body).parts, "a.rtf").text.strip("\n")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (rb"Reception\tab 33 12", "Reception 33 12"),
        (rb"kl. 10\_14", "kl. 10-14"),
        (rb"33\~12", "33\u00a012"),
        (rb"Tempe\-ratur", "Temperatur"),
        (rb"a\line b", "a\nb"),
        (rb"f\'f8de", "føde"),
        (rb"\uc1 \u8805\'3e 5", "≥ 5"),
        (rb"\uc0 \u8805 5", "≥5"),
        (rb"\u-10179 ?\u-8704 ?", "😀"),
        (rb"{\f1\'b3} 5 mg", "≥ 5 mg"),
        (rb"{\f2\'b9}", "ą"),
        (rb"10{\super 6}", "10⁶"),
        (rb"{\b fed} {\i kursiv} *x* < & >", "fed kursiv *x* < & >"),
        (rb"a{\v skjult}b\v c\v0 d", "abd"),
        (rb"{\strike 150}200", "200"),
        (rb"{\deleted a}{\revised b}", "b"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}", "link"),
        (rb"{\field{\*\fldinst TOC \\o}{\fldrslt Gebyr\tab 3\par}}Tekst", "Tekst"),
        (rb"\s2 Gebyr 3\par\pard Tekst", "Tekst"),
        (rb"\'93citat\'94 \lquote x\rquote", "“citat” ‘x’"),
        (rb"{\*\unknown x}y", "y"),
        (rb"\bin3 }}}y", "y"),
        (rb"\s1 Gebyr\par\pard Pris", "# Gebyr\n\nPris"),
        (rb"\outlinelevel1 Gebyr\par\pard Pris", "## Gebyr\n\nPris"),
        (rb"Se:\par{\listtext 1.\tab}a.\par{\listtext\f1\'b7\tab}b.\par", "Se:\n1. a.\n- b."),
        (rb"Husk.{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt Boks\par}}}\par", "Husk.\n\nBoks"),
        (rb"}}}}} y", "y"),
    ],
)
def test_characters_are_those_that_word_shows(body: bytes, shown: str) -> None:
    assert text(body) == shown


def test_a_note_stands_after_its_sentence() -> None:
    note = rb"{\super\chftn{\footnote\pard\plain{\super\chftn} Uden varme.}}"
    body = rb"Leje" + note + b" er 9.200. Den betales."
    assert text(body) == "Leje er 9.200. (Uden varme.) Den betales."


def test_rows_carry_their_header_and_merged_cells_fill() -> None:
    body = (
        rb"\pard\s3 Takster\par\pard"
        rb"\trowd\trhdr\cellx1000\cellx2000\cellx3000\pard\intbl Vare\cell Pris\cell Ventetid\cell"
        rb"\row\trowd\clvmgf\cellx1000\cellx2000\cellx3000\pard\intbl Sand\cell 10\cell 3\cell\row"
        rb"\trowd\clvmrg\cellx1000\cellx3000\pard\intbl\cell 20\cell\row\pard Efter"
    )
    document = arrange(prose(body).parts, "a")
    assert [dict(row.values) for row in document.rows] == [
        {"Vare": "Sand", "Pris": "10", "Ventetid": "3"},
        {"Vare": "Sand", "Pris": "20", "Ventetid": "20"},
    ]
    assert {row.caption for row in document.rows} == {"Takster"}


def test_headers_footers_and_what_is_passed_over() -> None:
    body = (
        rb"{\header Sag 88\par}{\footer Side {\field{\*\fldinst PAGE}{\fldrslt 1}} af "
        rb"{\field{\*\fldinst NUMPAGES}{\fldrslt 3}}\tab Vicev\'e6rt 22 33\par}"
        rb"Tekst.{\*\annotation Nej}{\pict 010203}{\v skjult}\par"
    )
    content = prose(body)
    assert content.parts == ["Sag 88", "Tekst.", "Vicevært 22 33"]
    assert content.title == "Brev"
    assert content.omitted == {"comments": 1, "pictures": 1, "hidden passages": 1}


def test_groups_may_nest_to_any_depth() -> None:
    assert text(b"{" * 100_000 + b"y" + b"}" * 100_000) == "y"
