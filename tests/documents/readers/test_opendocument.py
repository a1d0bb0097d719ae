"""OpenDocument texts are read as LibreOffice shows them."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from kilde.documents.arrange import arrange
from kilde.documents.content import Prose
from kilde.documents.readers.opendocument import read
from kilde.errors import LoadError

_NAMES = "office text table style drawing xsl-fo-compatible".split()
_NAMESPACES = " ".join(
    f"xmlns:{ {'drawing': 'draw', 'xsl-fo-compatible': 'fo'}.get(name, name) }="
    f'"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in _NAMES
)
STYLES = (
    '<style:style style:name="Secret" style:family="text">'
    '<style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="Struck" style:family="text">'
    '<style:text-properties style:text-line-through-style="solid"/></style:style>'
    '<style:style style:name="Raised" style:family="text">'
    '<style:text-properties style:text-position="super 58%"/></style:style>'
    '<text:list-style style:name="Law">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-prefix="§ "/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>'
    '<text:list-level-style-number text:level="3" style:num-format="1" text:display-levels="3"/>'
    "</text:list-style>"
    '<text:list-style style:name="Dots"><text:list-level-style-bullet text:level="1"/>'
    "</text:list-style>"
)


def odt(body: str, styles: str = "", content: str = STYLES) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {_NAMESPACES}><office:automatic-styles>{content}"
            f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        )
        archive.writestr(
            "styles.xml",
            f"<office:document-styles {_NAMESPACES}>{styles}</office:document-styles>",
        )
    return file.getvalue()


def prose(data: bytes) -> Prose:
    (content,) = read(data, "a.odt", "")
    assert isinstance(content, Prose)
    return content


def text(body: str, styles: str = "") -> str:
    return arrange(prose(odt(body, styles)).parts, "a.odt").text.strip("\n")


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ("Reception<text:tab/>33 12", "Reception 33 12"),
        ('Leje<text:s text:c="2"/>9.200', "Leje 9.200"),
        ("kl. 10\u201114", "kl. 10-14"),
        ("a<text:line-break/>b", "a\nb"),
        ("en\n   linje", "en linje"),
        ('10<text:span text:style-name="Raised">6</text:span>', "10⁶"),
        ('a<text:span text:style-name="Secret">b</text:span>c', "ac"),
        ('a<text:span text:style-name="Struck">b</text:span>c', "ac"),
        ("Se<office:annotation><text:p>x</text:p></office:annotation> bilag", "Se bilag"),
        ("&lt; 5 &amp; *x* _y_ [a](b)", "< 5 & *x* _y_ [a](b)"),
        ("<text:a>link</text:a>", "link"),
        (
            "Husk.<draw:frame><draw:text-box><text:p>Boks</text:p></draw:text-box></draw:frame>",
            "Husk.\n\nBoks",
        ),
    ],
)
def test_characters_are_those_that_are_shown(inner: str, shown: str) -> None:
    assert text(f"<text:p>{inner}</text:p>") == shown


def test_numbers_of_lists_and_headings() -> None:
    def item(inner: str) -> str:
        return f"<text:list-item>{inner}</text:list-item>"

    def listed(*items: str, style: str = "Law", more: str = "") -> str:
        return f'<text:list text:style-name="{style}"{more}>{"".join(items)}</text:list>'

    outline = (
        '<text:outline-style><text:outline-level-style text:level="1" style:num-format="I" '
        'style:num-suffix="."/></text:outline-style>'
    )
    deep = "<text:list>" + item("<text:p>dyb.</text:p>") + "</text:list>"
    below = "<text:list>" + item(f"<text:p>a.</text:p>{deep}") + item("<text:p>b.</text:p>")
    body = (
        '<text:h text:outline-level="1">Regler</text:h>'
        + listed(item(f"<text:p>Et.</text:p>{below}</text:list>"), item("<text:p>To.</text:p>"))
        + "<text:p>Mellem.</text:p>"
        + listed(item("<text:p>Tre.</text:p>"), more=' text:continue-numbering="true"')
        + listed(item("<text:p>Forfra.</text:p>"))
        + listed(item("<text:p>Prik.</text:p>"), style="Dots")
        + '<text:h text:outline-level="1">Slut</text:h>'
    )
    assert [line for line in text(body, outline).split("\n") if line] == [
        "# I. Regler",
        "§ 1 Et.",
        "a) a.",
        "1.a.1 dyb.",
        "b) b.",
        "§ 2 To.",
        "Mellem.",
        "§ 3 Tre.",
        "§ 1 Forfra.",
        "- Prik.",
        "# II. Slut",
    ]


def test_notes_stand_after_their_sentence() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Uden varme.</text:p></text:note-body></text:note>"
    )
    assert text(f"<text:p>Leje{note} er 9.200 kr. Den betales forud.</text:p>") == (
        "Leje er 9.200 kr. (Uden varme.) Den betales forud."
    )


def test_merged_cells_fill_and_hidden_rows_are_counted() -> None:
    def row(*cells: str, more: str = "") -> str:
        return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"

    def cell(shown: str, more: str = "") -> str:
        return f"<table:table-cell{more}><text:p>{shown}</text:p></table:table-cell>"

    table = (
        "<table:table><table:table-header-rows>"
        + row(cell("Vare"), cell("Pris"))
        + "</table:table-header-rows>"
        + row(cell("Sand", ' table:number-rows-spanned="2"'), cell("10"))
        + row("<table:covered-table-cell/>", cell("20 | 30"))
        + row(cell("Løn"), cell("1"), more=' table:visibility="collapse"')
        + "</table:table>"
    )
    content = prose(odt(table))
    assert (
        arrange(content.parts, "a").text == "Vare: Sand\nPris: 10\n\nVare: Sand\nPris: 20 | 30\n\n"
    )
    assert content.omitted == {"hidden rows": 1}


def test_headers_contents_and_deleted_text() -> None:
    master = (
        '<office:master-styles><style:master-page style:name="Standard"><style:header>'
        "<text:p>Sag 88</text:p></style:header><style:footer><text:p>Side "
        "<text:page-number>1</text:page-number> af <text:page-count>3</text:page-count></text:p>"
        '</style:footer></style:master-page><style:master-page style:name="Unused">'
        "<style:header><text:p>Andet</text:p></style:header></style:master-page>"
        "</office:master-styles>"
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>slettet</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>Gebyr 3</text:p></text:index-body>"
        "</text:table-of-content><text:p>Tekst.</text:p>"
    )
    assert text(body, master) == "Sag 88\n\nTekst."


def test_deep_nesting_and_entities_are_errors() -> None:
    deep = "<text:section>" * 20_000 + "<text:p>a</text:p>" + "</text:section>" * 20_000
    with pytest.raises(LoadError, match="nested"):
        read(odt(deep), "a.odt", "")
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>')
    with pytest.raises(LoadError, match="entities"):
        read(file.getvalue(), "a.odt", "")
