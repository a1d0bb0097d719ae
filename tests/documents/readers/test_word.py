"""Word files are read as Word shows them."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from kilde.documents.arrange import arrange
from kilde.documents.content import Prose
from kilde.documents.readers.word import read
from kilde.errors import LoadError

from .word_file import docx, field, merged, p, r, style, table

NOTE = '<w:r><w:footnoteReference w:id="2"/></w:r>'


def prose(data: bytes) -> Prose:
    (content,) = read(data, "a.docx", "")
    assert isinstance(content, Prose)
    return content


def text(data: bytes) -> str:
    return arrange(prose(data).parts, "a.docx").text.strip("\n")


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ("<w:r><w:t>Reception</w:t><w:tab/><w:tab/><w:t>33 12</w:t></w:r>", "Reception 33 12"),
        ("<w:r><w:t>10</w:t><w:noBreakHyphen/><w:t>14</w:t></w:r>", "10-14"),
        (r("10\u201114"), "10-14"),
        ("<w:r><w:t>Tempe</w:t><w:softHyphen/><w:t>ratur</w:t></w:r>", "Temperatur"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:cr/><w:t>c</w:t></w:r>", "a\nb\nc"),
        ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/><w:t> 5 mg</w:t></w:r>', "≥ 5 mg"),
        (r("\uf0a3 5", '<w:rFonts w:ascii="Symbol"/>') + r(" mg"), "≤ 5 mg"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "✓"),
        (r("ü", '<w:rFonts w:ascii="Wingdings"/>') + r(" ja"), "✓ ja"),
        (r("10") + r("6", '<w:vertAlign w:val="superscript"/>'), "10⁶"),
        (r("&lt; 5 mg &amp; &gt; 2"), "< 5 mg & > 2"),
        ("<w:hyperlink>" + r("Se her") + "</w:hyperlink>", "Se her"),
        ("<w:sdt><w:sdtContent>" + r("Nordhus") + "</w:sdtContent></w:sdt>", "Nordhus"),
        ('<w:fldSimple w:instr="REF a">' + r("nr. 7") + "</w:fldSimple>", "nr. 7"),
        (field("PAGEREF b", "12"), "12"),
        (field("IF " + field("MERGEFIELD a", "x") + " = 1", "ja"), "ja"),
        (
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox>'
            '</w:ffData></w:fldChar><w:instrText>FORMCHECKBOX</w:instrText>'
            '<w:fldChar w:fldCharType="end"/></w:r>',
            "☒",
        ),
        ("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num>"
         "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>", "1/2"),
        ("<w:ins>" + r("9.200") + "</w:ins><w:del><w:r><w:delText>8.500</w:delText></w:r></w:del>",
         "9.200"),
        ("<w:moveFrom>" + r("a") + "</w:moveFrom><w:moveTo>" + r("b") + "</w:moveTo>", "b"),
        ("<w:ins><w:del>" + r("a") + "</w:del></w:ins>" + r("b"), "b"),
    ],
)  # fmt: skip
def test_characters_are_those_that_word_shows(run: str, shown: str) -> None:
    assert text(docx(p(run))) == shown


def test_hidden_text_is_left_out_and_counted() -> None:
    styles = (
        "<w:docDefaults><w:rPrDefault><w:rPr/></w:rPrDefault></w:docDefaults>"
        + style("Secret", "<w:rPr><w:vanish/></w:rPr>", kind="character")
        + style("Memo", "<w:rPr><w:vanish/></w:rPr>")
        + style("Internal", '<w:basedOn w:val="Memo"/>')
    )
    body = (
        p("Løn: ", r("41.000", "<w:vanish/>"), r(" kr.", "<w:vanish/>"), "aftales.")
        + p(r("skjult", '<w:rStyle w:val="Secret"/>'), r("vist", '<w:vanish w:val="0"/>'))
        + p("intern", style="Internal")
        + p(r("undtaget", '<w:vanish w:val="false"/>'), style="Internal")
        + p(r("web", "<w:webHidden/>"))
    )
    content = prose(docx(body, styles=styles))
    assert list(content.parts) == ["Løn: aftales.", "vist", "undtaget", "web"]
    assert content.omitted == {"hidden passages": 3}


def test_text_that_is_hidden_by_default_is_left_out() -> None:
    defaults = "<w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault>"
    body = p(r("vist", '<w:vanish w:val="0"/>'), "skjult")
    assert text(docx(body, styles=f"<w:docDefaults>{defaults}</w:docDefaults>")) == "vist"


def test_crossed_out_prices_are_left_out_and_counted() -> None:
    content = prose(docx(p("Pris: ", r("150 kr.", "<w:strike/>"), " 200 kr.")))
    assert list(content.parts) == ["Pris: 200 kr."]
    assert content.omitted == {"crossed-out passages": 1}


def test_a_deleted_end_of_paragraph_joins_two() -> None:
    body = p("Leje ", mark="<w:del/>") + p("betales forud.")
    assert text(docx(body)) == "Leje betales forud."


def test_tracked_rows_of_a_table() -> None:
    rows = table(["Vare", "Pris"], ["Sand", "10"], ["Grus", "20"])
    rows = rows.replace(
        "<w:tr><w:tc><w:p><w:pPr></w:pPr>" + r("Sand"),
        "<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:pPr></w:pPr>" + r("Sand"),
    )
    assert text(docx(rows)) == "Vare: Grus\nPris: 20"


def test_notes_stand_after_the_sentence_with_their_mark() -> None:
    notes = (
        '<w:footnote w:id="-1" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="2">{p("<w:r><w:footnoteRef/></w:r>", " Dog højst 25.000 kr.")}'
        "</w:footnote>"
    )
    ends = f'<w:endnote w:id="2">{p("Se bilag 4.")}</w:endnote>'
    body = p("Depositum", NOTE, " er tre måneder. Huslejen betales forud.") + p(
        "Aftalen gælder.", NOTE.replace("footnote", "endnote")
    )
    assert text(docx(body, footnotes=notes, endnotes=ends)) == (
        "Depositum er tre måneder. (Dog højst 25.000 kr.) Huslejen betales forud.\n\n"
        "Aftalen gælder. (Se bilag 4.)"
    )


def test_a_note_in_a_table_stands_in_its_cell() -> None:
    notes = f'<w:footnote w:id="2">{p("Uden moms.")}</w:footnote>'
    rows = table(["Vare", "Pris"], ["Sand", p("10 kr.", NOTE)], ["Grus", "20 kr."])
    assert "Pris: 10 kr. (Uden moms.)" in text(docx(rows, footnotes=notes))


def test_a_note_of_a_hidden_or_deleted_sentence_is_left_out() -> None:
    notes = f'<w:footnote w:id="2">{p("Skjult.")}</w:footnote>'
    hidden = NOTE.replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")
    body = p("Vist.", hidden, f"<w:del>{NOTE}</w:del>")
    assert text(docx(body, footnotes=notes)) == "Vist."


def box(content: str) -> str:
    inner = f"<w:txbxContent>{content}</w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>'
        f"{inner}</wps:txbx></wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>"
        f"{inner}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def test_a_text_box_stands_once_after_its_paragraph() -> None:
    body = p("Luk vandet.", box(p("Vigtigt!")), " Sluk lyset.") + p(
        box(p("Skjult")).replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")
    )
    assert text(docx(body)) == "Luk vandet. Sluk lyset.\n\nVigtigt!"


def test_an_old_form_is_read_where_the_new_one_is_empty() -> None:
    old = (
        "<w:pict><v:textbox><w:txbxContent>"
        + p("Kun her")
        + "</w:txbxContent></v:textbox></w:pict>"
    )
    run = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16"/>'
        f"<mc:Fallback>{old}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert text(docx(p(run))) == "Kun her"


SECTION = (
    '<w:sectPr>{title}<w:headerReference w:type="default" r:id="header1"/>'
    '<w:headerReference w:type="first" r:id="header2"/>'
    '<w:footerReference w:type="default" r:id="footer1"/>'
    '<w:footerReference w:type="even" r:id="footer2"/></w:sectPr>'
)


def page(style: str = "") -> str:
    return f'<w:fldSimple w:instr="{style or "PAGE"}">{r("1")}</w:fldSimple>'


def margins(title: str, settings: str) -> str:
    section = SECTION.format(title=title)
    return text(
        docx(
            f"<w:p><w:pPr>{section}</w:pPr>{r('Brødtekst.')}</w:p>{section}",
            header1=p("Sag 88") + p("Nordhus A/S"),
            header2=p("Fortroligt"),
            footer1=p("Vicevært 22 33 44 55", "<w:r><w:tab/></w:r>", "Side ", page(), " af ",
                      field("NUMPAGES", "5")) + p(page()),
            footer2=p("Side ", page(), "<w:r><w:tab/></w:r>", "Vicevært 22 33 44 55"),
            settings=settings,
        )
    )  # fmt: skip


def test_headers_and_footers_stand_once_without_page_numbers() -> None:
    assert margins("", "<w:evenAndOddHeaders/>") == (
        "Sag 88\n\nNordhus A/S\n\nBrødtekst.\n\nVicevært 22 33 44 55"
    )


def test_a_header_of_first_pages_counts_only_where_it_is_shown() -> None:
    assert margins("<w:titlePg/>", "").count("Fortroligt") == 1
    assert "Fortroligt" not in margins('<w:titlePg w:val="0"/>', "")


def test_a_text_box_and_a_table_in_a_header() -> None:
    header = p(box(p("Telefon 70 10"))) + table(["Dok.", "R-7"])
    section = '<w:sectPr><w:headerReference w:type="default" r:id="header1"/></w:sectPr>'
    assert text(docx(p("Tekst.") + section, header1=header)) == (
        "Telefon 70 10\n\nDok.: R-7\n\nTekst."
    )


def test_contents_and_indexes_are_left_out() -> None:
    styles = style("Indhold1", "", "toc 1") + style("Overskrift1", "", "heading 1")
    begin = '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC \\o</w:instrText></w:r>'
    separate = '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    gallery = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
        f"</w:docPartObj></w:sdtPr><w:sdtContent>{p('Indhold')}</w:sdtContent></w:sdt>"
    )
    body = (
        gallery
        + p(begin, separate, "1 Gebyr", field("PAGEREF _1", "3"))
        + p("2 Frist", end)
        + p("Gebyr 3", style="Indhold1")
        + p("Gebyr", style="Overskrift1")
        + p("150 kr.")
    )
    assert text(docx(body, styles=styles)) == "# Gebyr\n\n150 kr."


def test_headings_by_style_outline_and_title() -> None:
    styles = (
        style("Titel", "", "Title")
        + style("Overskrift2", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>', "heading 2")
        + style("Kapitel", '<w:basedOn w:val="Overskrift2"/>')
        + style("Tekst", '<w:basedOn w:val="Overskrift2"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>')
    )
    clause = "Lejer skal til enhver tid vedligeholde lejemålet og betale for skader."
    body = (
        p("Husorden", style="Titel")
        + p("<w:r><w:t>Ro</w:t><w:br/><w:t>og orden</w:t></w:r>", style="Kapitel")
        + p("Brød", style="Tekst")
        + p(clause, style="Overskrift2")
        + p("# Ikke en overskrift")
        + p("Tekst") + p("---")
    )  # fmt: skip
    assert text(docx(body, styles=styles)).split("\n\n") == [
        "# Husorden",
        "## Ro og orden",
        "Brød",
        clause,
        "    # Ikke en overskrift",
        "Tekst",
        "    ---",
    ]


def test_rows_carry_headers_and_caption_and_merged_cells_fill() -> None:
    styles = style("Billedtekst", "", "caption")
    rows = table(
        [merged("Ydelse", down="restart"), merged("Pris", across=2)],
        [merged("", down="continue"), "2025", "2026"],
        [merged("Bad", down="restart"), "40 kr.", "45 kr."],
        [merged("", down="continue"), "50 kr.", "55 kr."],
        header_rows=2,
    )
    document = arrange(
        prose(docx(p("Tabel 1: Takster", style="Billedtekst") + rows, styles=styles)).parts, "a"
    )
    assert [row.caption for row in document.rows] == ["Tabel 1: Takster"] * 2
    assert [document.text[row.start : row.end].split("\n")[:3] for row in document.rows] == [
        ["Ydelse: Bad", "Pris 2025: 40 kr.", "Pris 2026: 45 kr."],
        ["Ydelse: Bad", "Pris 2025: 50 kr.", "Pris 2026: 55 kr."],
    ]


def test_a_caption_below_belongs_to_the_table_above() -> None:
    number = field("SEQ Tabel", "2")
    body = table(["Vare", "Pris"], ["Sand", "10"], ["Grus", "20"]) + p("Tabel ", number, ": Priser")
    document = arrange(prose(docx(body)).parts, "a")
    assert {row.caption for row in document.rows} == {"Tabel 2: Priser"}


def test_a_small_table_in_a_cell_is_readable_and_a_large_one_has_rows() -> None:
    small = "<w:p/>" + table(["Etage", "2. sal"])
    large = table(["Vare", "Pris"], ["Sand", "10"], ["Grus", "20"])
    body = table(["Åbent:", "9-15"], ["Adresse:", p("Torvet 1") + small]) + table(["Spalte", large])
    shown = text(docx(body))
    assert "Adresse: Torvet 1 Etage: 2. sal" in shown
    assert "Vare: Sand\nPris: 10" in shown


def test_one_cell_is_a_frame_around_text() -> None:
    assert text(docx(table([p("Husk!") + p("Nøgle.")]))) == "Husk!\n\nNøgle."


def test_what_is_passed_over_is_counted() -> None:
    drawing = (
        "<w:r><w:drawing><a:graphic><a:graphicData>{}</a:graphicData></a:graphic></w:drawing></w:r>"
    )
    body = p("Se figur.", drawing.format("<c:chart/>"), drawing.format("<pic:pic/>"))
    comments = "<w:comment>" + p("Er det rigtigt?") + "</w:comment>"
    assert prose(docx(body, comments=comments * 2)).omitted == {
        "charts": 1,
        "pictures": 1,
        "comments": 2,
    }


def test_strict_open_xml_is_read() -> None:
    data = rewritten(
        docx(p("Streng form.")),
        lambda xml: xml.replace(
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        ),
    )
    assert text(data) == "Streng form."


def rewritten(data: bytes, change) -> bytes:  # type: ignore[no-untyped-def]
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            is_body = entry.filename == "word/document.xml"
            new.writestr(entry.filename, change(content) if is_body else content)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_declared_entities_are_refused(encoding: str) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><w:document>&c;</w:document>'
    with pytest.raises(LoadError, match="entities"):
        read(rewritten(docx(""), lambda _: bomb.encode(encoding)), "a.docx", "")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    depth = 20_000
    body = "<w:sdt><w:sdtContent>" * depth + p("a") + "</w:sdtContent></w:sdt>" * depth
    with pytest.raises(LoadError, match="nested"):
        read(docx(body), "a.docx", "")
