"""Markdown is read as it is shown, with headings and lists as its only mark-up."""

from __future__ import annotations

from kilde.documents.content import Cell, Prose, Table
from kilde.documents.headings import headings
from kilde.documents.readers.markdown import read

from ..conftest import Load


def prose(source: str) -> Prose:
    (content,) = read(source.encode(), "a.md", "text/markdown")
    assert isinstance(content, Prose)
    return content


def shown(source: str) -> list[object]:
    parts: list[object] = []
    for part in prose(source).parts:
        if isinstance(part, Table):
            rows = [[c.text if isinstance(c, Cell) else c for c in row] for row in part.rows]
            parts.append((part.title, list(part.columns), rows))
        else:
            parts.append(part)
    return parts


def test_no_marks_of_emphasis_code_and_links() -> None:
    source = "Det er **ikke** *et* `krav_x`, se [siden](http://a.dk) og <https://b.dk>.\nMere."
    assert shown(source) == ["Det er ikke et krav_x, se siden og https://b.dk. Mere."]


def test_headings_of_both_kinds() -> None:
    assert shown("Om *os*\n===\n\ntekst\n\n### Tre ###\n\nx") == [
        "# Om os",
        "tekst",
        "### Tre",
        "x",
    ]


def test_a_fence_is_not_shown_and_its_comments_are_no_headings(load_file: Load) -> None:
    (document,) = load_file("a.md", "# A\n\n```bash\n# Installer\nsudo x\n```\n\n## B\n\nc")
    assert "```" not in document.text
    assert "    # Installer\n    sudo x" in document.text
    assert [heading.text for heading in headings(document.text)] == ["A", "B"]


def test_escaped_marks_are_resolved_and_make_no_heading(load_file: Load) -> None:
    (document,) = load_file("a.md", "# A\n\n\\# 5 pladser, 3 \\* 2\n\n1\\. juli")
    assert [heading.text for heading in headings(document.text)] == ["A"]
    assert "# 5 pladser, 3 * 2" in document.text
    assert "\n1. juli" in document.text


def test_a_footnote_stands_after_its_sentence() -> None:
    source = """Tilskuddet er 4.000 kr.[^1] om året. Søg nu.[^b]

[^1]: Det *reguleres* hvert
    år.

    Også i år.
[^b]: Senest i maj.

Slut. `[^1]` [^ukendt]
"""
    assert shown(source) == [
        "Tilskuddet er 4.000 kr. om året. (Det reguleres hvert år. Også i år.) "
        "Søg nu. (Senest i maj.)",
        "Slut. [^1] [^ukendt]",
    ]


def test_a_definition_in_a_fence_is_code() -> None:
    assert shown("x[^1]\n\n```\n[^1]: kode\n```\n") == ["x[^1]", "    [^1]: kode"]


def test_lists_keep_numbers_depth_and_boxes() -> None:
    source = "- a\n- b\n  1. c\n  2. d\n\n\n3. x\n3. y\n\n- [x] gjort\n- [ ] mangler\n"
    assert shown(source) == [
        "- a\n- b\n  1. c\n  2. d",
        "3. x\n4. y",
        "- ☑ gjort\n- ☐ mangler",
    ]


def test_tables_become_rows() -> None:
    source = "| Vare | Pris |\n|---|---:|\n| A \\| B | **80** |\n| C | ~~100~~ 90 |\n"
    assert shown(source) == [("", ["Vare", "Pris"], [["A | B", "80"], ["C", "90"]])]


def test_tables_in_html_become_rows() -> None:
    source = "# T\n\n<table><tr><th>a<th>b<tr><td rowspan=2>1<td>2<tr><td>3</table>\n\nslut"
    assert shown(source) == ["# T", ("", ["a", "b"], [["1", "2"], ["1", "3"]]), "slut"]


def test_html_and_comments_are_not_shown() -> None:
    source = "<!-- skjult\n\n-->\n\n> Et <b>citat</b><br>her <!-- x -->\n\n<details>\n\ninde\n"
    assert shown(source) == ["Et citat\nher", "inde"]


def test_struck_out_text_is_left_out_and_counted() -> None:
    content = prose("Pris: ~~100~~ <del>90</del> 80 kr.")
    assert content.parts == ["Pris: 80 kr."]
    assert content.omitted == {"struck-out passages": 2}


def test_pictures_breaks_and_mail_links() -> None:
    assert shown("![Kort over hallen](x.png)  \n[skriv](mailto:a@b.dk)\\\nny") == [
        "Kort over hallen\nskriv (a@b.dk)\nny"
    ]


def test_deep_nesting_is_no_error() -> None:
    assert shown("> " * 3_000 + "dybt")[:1] in ([], ["dybt"])
    assert "dybt" in repr(shown("> " * 40 + "dybt"))
