"""Web pages are read as a browser shows them."""

from __future__ import annotations

import pytest

from kilde.documents.content import Cell, Prose, Table
from kilde.documents.headings import headings
from kilde.documents.readers.html import read

from ..conftest import Load

Shown = str | tuple[str, list[str], list[list[str]]]


def page(source: str, mime: str = "text/html") -> Prose:
    (content,) = read(source.encode(), "page.html", mime)
    assert isinstance(content, Prose)
    return content


def shown(source: str, mime: str = "text/html") -> list[Shown]:
    """Texts as they are, tables as ``(title, columns, rows of texts)``."""
    parts: list[Shown] = []
    for part in page(source, mime).parts:
        if isinstance(part, Table):
            rows = [[_text(cell) for cell in row] for row in part.rows]
            parts.append((part.title, list(part.columns), rows))
        else:
            assert isinstance(part, str)
            parts.append(str(part))
    return parts


def _text(cell: object) -> str:
    return cell.text if isinstance(cell, Cell) else str(cell or "")


def test_emphasis_leaves_no_marks() -> None:
    assert shown("<p>Badehætte er <b>ikke</b> et <em>krav</em>: <code>x_y</code>*.</p>") == [
        "Badehætte er ikke et krav: x_y*."
    ]


def test_headings_and_line_breaks() -> None:
    assert shown("<h1>Om <i>os</i></h1><h3>Nr.\n 2</h3><p>Vej 1<br>8000 By</p>") == [
        "# Om os",
        "### Nr. 2",
        "Vej 1\n8000 By",
    ]


def test_a_line_that_looks_like_markup_is_text() -> None:
    source = "<h1>A</h1><p># 5 pladser<br>---<br>```</p><p>&lt;!-- x</p><h2>B</h2><p>c</p>"
    text = "\n\n".join(str(part) for part in shown(source))
    assert [heading.text for heading in headings(text)] == ["A", "B"]
    assert "# 5 pladser" in text
    assert "\\" not in text


def test_lists_keep_their_numbers_and_depth() -> None:
    source = """<ul><li>a<li>b<ul><li>c</ul></ul>
    <ol start=3><li>x<li value=7>y<li>z</ol><ol type=a><li>p<li>q</ol>"""
    assert shown(source) == ["- a\n- b\n  - c", "3. x\n7. y\n8. z", "a. p\nb. q"]


def test_a_list_of_cards_keeps_its_headings() -> None:
    source = "<ul><li><h3>Hvornår?</h3><p>Mandag.</p><li><h3>Hvor?</h3><p>Her.</p></ul>"
    assert shown(source) == ["### Hvornår?", "Mandag.", "### Hvor?", "Her."]


def test_a_term_stays_with_its_definition() -> None:
    source = "<dl><dt>Telefon:</dt><dd>33 12</dd><dt>Tid<dd>man 8-16<dd>tir 9-17</dl>"
    assert shown(source) == ["Telefon: 33 12", "Tid: man 8-16; tir 9-17"]


def test_preformatted_text_keeps_its_lines() -> None:
    assert shown("<pre>\n# kode\n  indrykket\n</pre><p>b</p>") == [
        "    # kode\n      indrykket",
        "b",
    ]


def test_links_show_the_address_that_they_dial() -> None:
    source = """<p><a href="/x">Se mere</a>, <a href="mailto:a@b.dk?subject=x">skriv</a>,
    <a href="tel:+4533121212">33 12 12 12</a>, <a href="tel:33121213">ring</a></p>"""
    assert shown(source) == ["Se mere, skriv (a@b.dk), 33 12 12 12, ring (33121213)"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='color:red; display : none'>HEMMELIG</div>",
        "<p style='visibility:hidden'>HEMMELIG</p>",
        "<p hidden>HEMMELIG</p>",
        "<span aria-hidden=true>HEMMELIG</span>",
        "<style>.x, #y{color:red;display:none!important}</style><p class='a x'>HEMMELIG</p>",
        "<style>p{margin:0}#y{display:none}</style><div id=y><p>HEMMELIG</p></div>",
        "<template><p>HEMMELIG</p></template>",
        "<noscript>HEMMELIG</noscript>",
        "<script>var a = 'HEMMELIG'</script>",
        "<select><option>HEMMELIG</select>",
        "<dialog><p>HEMMELIG</p></dialog>",
        "<!-- HEMMELIG -->",
        "<table><tr><td>a<td>b<tr style='display:none'><td>HEMMELIG<td>d</table>",
        "<div class='cookie-banner'><p>HEMMELIG kl. 8.30</p></div>",
    ],
)
def test_what_is_not_shown_is_not_read(hidden: str) -> None:
    text = repr(shown(f"<body><p>Åben.</p>{hidden}<p>Slut.</p>"))
    assert "HEMMELIG" not in text
    assert "Åben." in text
    assert "Slut." in text


@pytest.mark.parametrize(
    "seen",
    [
        "<style>@media print{.x{display:none}}</style><p class=x>SES</p>",
        "<style>.x{display:none}.x{display:block}</style><p class=x>SES</p>",
        "<style>.x{display:none}.x.open{display:block}</style><p class='x open'>SES</p>",
        "<style>.x{display:none}</style><p class=x style='display:block'>SES</p>",
        "<style>.menu .x{display:none}</style><p class=x>SES</p>",
        "<details><summary>Spørgsmål</summary><p>SES</p></details>",
        "<header><h1>SES</h1></header>",
        "<article><footer>SES</footer></article>",
        "<main><aside>SES</aside></main>",
    ],
)
def test_what_is_shown_is_read(seen: str) -> None:
    assert "SES" in repr(shown(f"<body>{seen}"))


@pytest.mark.parametrize(
    "old",
    [
        "<del>100</del>",
        "<s>100</s>",
        "<span style='text-decoration: line-through'>100</span>",
        "<span class=before>100</span>",
    ],
)
def test_struck_out_prices_are_left_out_and_counted(old: str) -> None:
    content = page(f"<style>.before{{text-decoration:line-through}}</style><p>{old} <ins>80</ins>")
    assert content.parts == ["80"]
    assert content.omitted == {"struck-out passages": 1}


def test_raised_digits_are_not_joined_to_the_number() -> None:
    assert shown("<p>10<sup>6</sup> m<sup>2</sup> CO<sub>2</sub> 1<sup>st</sup></p>") == [
        "10⁶ m² CO2 1st"
    ]


def test_a_footnote_stands_after_its_sentence() -> None:
    source = """<p>Prisen er 80 kr.<sup><a href="#n1" id="r1">1</a></sup> om året. Mere her.</p>
    <ol><li id="n1">Gælder fra 2026. <a href="#r1">↩</a></li></ol>"""
    assert shown(source) == ["Prisen er 80 kr. om året. (Gælder fra 2026.) Mere her."]


def test_spans_captions_and_two_header_rows() -> None:
    source = """<table><caption>Sommer</caption><thead><tr><th rowspan=2>Dag<th colspan=2>Hal</tr>
    <tr><th>Åbner<th>Lukker</thead><tr><td rowspan=2>Mandag<td>6.30<td>8.30
    <tr><td>14.00<td>20.00<tr><td>Søndag<td colspan=2>Lukket</table>"""
    assert shown(source) == [
        "Sommer",
        (
            "Sommer",
            ["Dag", "Hal Åbner", "Hal Lukker"],
            [
                ["Mandag", "6.30", "8.30"],
                ["Mandag", "14.00", "20.00"],
                ["Søndag", "Lukket", "Lukket"],
            ],
        ),
    ]


def test_a_layout_table_is_text() -> None:
    source = """<table role=presentation><tr><td><h2>Venstre</h2><p>En.</p>
    <td><table><tr><th>a<th>b<tr><td>1<td>2</table></table>"""
    assert shown(source) == ["## Venstre", "En.", ("", ["a", "b"], [["1", "2"]])]


def test_a_table_in_a_cell_of_a_table_stays_readable() -> None:
    source = """<table><tr><th>Sted<th>Tider<tr><td>Hal<td>
    <table><tr><th>Dag<th>Tid<tr><td>Man<td>8-16<tr><td>Tir<td>9-17</table></table>"""
    assert shown(source) == [
        ("", ["Sted", "Tider"], [["Hal", "Dag: Man, Tid: 8-16; Dag: Tir, Tid: 9-17"]])
    ]


def test_header_and_footer_keep_contact_details_in_a_passage_of_their_own() -> None:
    source = """<body><nav><a href=/>Forside</a> <a href=/a>Priser 2026</a></nav>
    <h1>Hal</h1><p>Åben.</p><footer><h4>Rådhuset</h4><p>Tlf. 33 12 12 12</p>
    <ul><li><a href=/c>Cookies</a></ul><p>© 2020–2026</p></footer>"""
    assert shown(source) == ["# Hal", "Åben.", ("", ["", ""], [["Rådhuset", "Tlf. 33 12 12 12"]])]


def test_a_footer_is_the_same_passage_on_every_page(load_file: Load) -> None:
    source = "<body><h1>{0}</h1><p>Om {0}.</p><footer>Vejen 14, 8999 By, tlf. 33121212</footer>"
    rows = []
    for name in ("a", "b"):
        (document,) = load_file(f"{name}.html", source.format(name))
        (row,) = document.rows
        rows.append(document.text[row.start : row.end])
    assert rows[0] == rows[1] == "Vejen 14, 8999 By, tlf. 33121212\n\n"


def test_empty_elements_of_xhtml_do_not_swallow_the_page() -> None:
    source = "<?xml version='1.0'?><html><head><title/><script src='x'/></head><body><p>Her.</p>"
    assert shown(source, "application/xhtml+xml") == ["Her."]


def test_entities_and_invisible_signs(load_file: Load) -> None:
    (document,) = load_file("a.html", "<p>8&nbsp;&aring;r &amp; be&shy;ta<wbr>ling &lt; 5</p>")
    assert document.text == "8 år & betaling < 5"


def test_deep_nesting_is_read() -> None:
    assert shown("<div>" * 20_000 + "dybt") == ["dybt"]
    assert "dybt" in repr(shown("<ul><li>" * 2_000 + "dybt"))
    assert "dybt" in repr(shown("<table><tr><td>" * 300 + "dybt"))


def test_a_page_of_nothing_shown_is_told(load_file: Load) -> None:
    from kilde.errors import LoadError

    with pytest.raises(LoadError, match="no text"):
        load_file("a.html", "<body><script>x</script>")
