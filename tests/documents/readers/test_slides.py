"""Presentations are read slide by slide, as they are shown."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from kilde.documents.content import Cell, PageStart, Prose, Table
from kilde.documents.readers.slides import read
from kilde.errors import LoadError

from ..conftest import Load

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def presentation() -> Any:
    from pptx import Presentation

    return Presentation()


def saved(show: Any) -> bytes:
    stream = BytesIO()
    show.save(stream)
    return stream.getvalue()


def changed(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The file with the XML of one part changed."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == part:
                text = change(content.decode())
                assert text != content.decode()
                content = text.encode()
            new.writestr(entry.filename, content)
    return stream.getvalue()


def prose(data: bytes) -> Prose:
    (content,) = read(data, "a.pptx", MIME)
    assert isinstance(content, Prose)
    return content


def shown(data: bytes) -> list[object]:
    """Texts as they are, ``"/"`` for the start of a slide, tables as columns and rows."""
    parts: list[object] = []
    for part in prose(data).parts:
        match part:
            case PageStart():
                parts.append("/")
            case Table():
                rows = [[c.text if isinstance(c, Cell) else c for c in row] for row in part.rows]
                parts.append((list(part.columns), rows))
            case _:
                parts.append(part)
    return parts


def titled(show: Any, title: str, body: str = "", layout: int = 1) -> Any:
    slide = show.slides.add_slide(show.slide_layouts[layout])
    slide.shapes.title.text = title
    if body:
        slide.placeholders[1].text = body
    return slide


def box(shapes: Any, text: str, left: float, top: float) -> Any:
    from pptx.util import Inches

    added = shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))
    added.text_frame.text = text
    return added


def test_speaker_notes_stand_with_their_own_slide() -> None:
    show = presentation()
    for number in range(1, 5):
        slide = titled(show, f"Titel {number}", f"tekst {number}")
        if number % 2 == 0:
            slide.notes_slide.notes_text_frame.text = f"Noter til {number}."
    assert shown(saved(show)) == [
        *("/", "# Titel 1", "- tekst 1", "/", "# Titel 2", "- tekst 2", "Noter til 2."),
        *("/", "# Titel 3", "- tekst 3", "/", "# Titel 4", "- tekst 4", "Noter til 4."),
    ]


def test_bullets_are_those_that_are_shown() -> None:
    show = presentation()
    titled(show, "Forside", "Undertitel", layout=0)
    slide = titled(show, "Liste", "en\nto\nindrykket")
    slide.placeholders[1].text_frame.paragraphs[2].level = 1
    box(slide.shapes, "Uden punkt", 1, 6)
    assert shown(saved(show)) == [
        *("/", "# Forside", "Undertitel"),
        *("/", "# Liste", "- en\n- to\n  - indrykket", "Uden punkt"),
    ]


def test_automatic_numbers_are_read() -> None:
    show = presentation()
    titled(show, "Liste", "en\nto\ntre")

    def number(xml: str) -> str:
        bullet = '<a:pPr><a:buAutoNum type="arabicParenR" startAt="2"/></a:pPr>'
        return re.sub(
            r"<a:p>(?:<a:pPr/>)?(?=<a:r>(?:(?!</a:r>).)*<a:t>(?:en|to|tre)<)", f"<a:p>{bullet}", xml
        )

    data = changed(saved(show), "ppt/slides/slide1.xml", number)
    assert shown(data) == ["/", "# Liste", "2) en\n3) to\n4) tre"]


def test_text_boxes_are_read_from_top_left_and_groups_inside() -> None:
    show = presentation()
    slide = titled(show, "T", layout=5)
    box(slide.shapes, "nederst", 1, 6)
    box(slide.shapes, "højre", 5, 2)
    box(slide.shapes, "venstre", 1, 2.05)
    group = slide.shapes.add_group_shape()
    inner = group.shapes.add_group_shape()
    box(inner.shapes, "i gruppe", 1, 4)
    assert shown(saved(show)) == ["/", "# T", "venstre", "højre", "i gruppe", "nederst"]


def test_tables_with_merged_cells_become_rows() -> None:
    from pptx.util import Inches

    show = presentation()
    slide = titled(show, "T", layout=5)
    frame = slide.shapes.add_table(3, 3, Inches(1), Inches(1), Inches(6), Inches(2))
    cells = ["Hold", "Dag", "Tid", "Yoga", "man", "10-12", "", "tir", "11-13"]
    for cell, text in zip(frame.table.iter_cells(), cells, strict=True):
        cell.text = text
    frame.table.cell(1, 0).merge(frame.table.cell(2, 0))
    assert shown(saved(show))[2:] == [
        (["Hold", "Dag", "Tid"], [["Yoga", "man", "10-12"], ["Yoga", "tir", "11-13"]])
    ]


def test_charts_are_read_as_rows_with_their_number_format() -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    show = presentation()
    slide = titled(show, "T", layout=5)
    data: Any = CategoryChartData(number_format="0.0%")  # type: ignore[no-untyped-call]
    data.categories = ["2024", "2025"]
    data.add_series("Andel", (0.151, 0.2))
    data.add_series("Mål", (0.1, None))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    slide.shapes.add_chart(kind, Inches(1), Inches(1), Inches(4), Inches(3), data)
    assert shown(saved(show))[2:] == [
        (["", "Andel", "Mål"], [["2024", "15.1 %", "10.0 %"], ["2025", "20.0 %", None]])
    ]


def test_hidden_slides_are_counted_and_keep_their_number(load_file: Load) -> None:
    show = presentation()
    for number in range(1, 4):
        titled(show, f"Titel {number}", f"tekst {number}")
    show.slides[1]._element.set("show", "0")
    (document,) = load_file("a.pptx", saved(show))
    assert "Titel 2" not in document.text
    assert document.omitted == {"hidden slides": 1}
    assert len(document.pages) == 3
    assert document.text[document.pages[2] :].startswith("# Titel 3")


def test_hidden_and_struck_out_text_is_left_out() -> None:
    show = presentation()
    slide = titled(show, "T", layout=5)
    box(slide.shapes, "skjult", 1, 1)._element.nvSpPr.cNvPr.set("hidden", "1")
    price = box(slide.shapes, "100 kr. ", 1, 2).text_frame.paragraphs[0]
    price.runs[0]._r.get_or_add_rPr().set("strike", "sngStrike")
    price.add_run().text = "80 kr."
    content = prose(saved(show))
    assert list(content.parts)[1:] == ["# T", "80 kr."]
    assert content.omitted == {"hidden shapes": 1, "struck-out passages": 1}


def test_slide_numbers_dates_and_footers_are_left_out() -> None:
    show = presentation()
    slide = titled(show, "T", layout=5)
    for kind, text in (("sldNum", "7"), ("ftr", "Fortroligt"), ("dt", "1/1/26")):
        shape = box(slide.shapes, text, 1, 1)._element
        placeholder = shape.nvSpPr.nvPr.get_or_add_ph()
        placeholder.set("type", kind)
    assert shown(saved(show)) == ["/", "# T"]


def test_line_breaks_tabs_and_raised_digits() -> None:
    show = presentation()
    slide = titled(show, "En\vtitel", layout=5)
    frame = box(slide.shapes, "Reception\t33 12\vlinje to, 10", 1, 1).text_frame
    run = frame.paragraphs[0].add_run()
    run.text = "6"
    run._r.get_or_add_rPr().set("baseline", "30000")
    assert shown(saved(show)) == ["/", "# En titel", "Reception 33 12\nlinje to, 10⁶"]


def test_a_line_that_looks_like_a_heading_is_text() -> None:
    show = presentation()
    box(titled(show, "T", layout=5).shapes, "# 5 pladser", 1, 1)
    assert shown(saved(show)) == ["/", "# T", "    # 5 pladser"]


def test_comments_are_counted() -> None:
    show = presentation()
    titled(show, "T", "x")
    target = "ppt/slides/_rels/slide1.xml.rels"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
    link = f'<Relationship Id="rId99" Type="{kind}" Target="../comments/comment1.xml"/>'
    data = changed(
        saved(show), target, lambda xml: xml.replace("</Relationships>", f"{link}</Relationships>")
    )
    stream = BytesIO(data)
    names = "http://schemas.openxmlformats.org/presentationml/2006/main"
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(
            "ppt/comments/comment1.xml",
            f'<p:cmLst xmlns:p="{names}"><p:cm><p:text>a</p:text></p:cm><p:cm/></p:cmLst>',
        )
    content = prose(stream.getvalue())
    assert content.omitted == {"comments": 2}
    assert "a" not in content.parts


def test_a_diagram_is_read_as_a_list() -> None:
    show = presentation()
    titled(show, "T", layout=5)
    main = "http://schemas.openxmlformats.org/drawingml/2006"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/diagramData"
    frame = (
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='9' name='d'/><p:cNvGraphicFramePr/>"
        "<p:nvPr/></p:nvGraphicFramePr><p:xfrm/><a:graphic><a:graphicData uri='x'>"
        f"<d:relIds xmlns:d='{main}/diagram' r:dm='rId50'/></a:graphicData></a:graphic>"
        "</p:graphicFrame></p:spTree>"
    )
    link = f'<Relationship Id="rId50" Type="{kind}" Target="../diagrams/data1.xml"/>'
    data = changed(
        saved(show), "ppt/slides/slide1.xml", lambda xml: xml.replace("</p:spTree>", frame)
    )
    data = changed(
        data,
        "ppt/slides/_rels/slide1.xml.rels",
        lambda xml: xml.replace("</Relationships>", f"{link}</Relationships>"),
    )
    points = "".join(
        f'<d:pt modelId="{n}"><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>'
        for n, text in ((1, "Leder"), (2, "Anden"), (3, "Første"))
    )
    stream = BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(
            "ppt/diagrams/data1.xml",
            f'<d:dataModel xmlns:d="{main}/diagram" xmlns:a="{main}/main"><d:ptLst>{points}'
            '<d:pt modelId="9" type="pres"/></d:ptLst><d:cxnLst>'
            '<d:cxn modelId="5" srcId="1" destId="2" srcOrd="1"/>'
            '<d:cxn modelId="6" srcId="1" destId="3" srcOrd="0"/></d:cxnLst></d:dataModel>',
        )
    assert shown(stream.getvalue())[2:] == ["- Leder\n  - Første\n  - Anden"]


def test_a_slide_of_a_picture_says_so() -> None:
    show = presentation()
    slide = titled(show, "T", layout=5)
    slide.shapes.add_picture(BytesIO(_PIXEL), 0, 0)._element.nvPicPr.cNvPr.set("descr", "")
    assert prose(saved(show)).omitted == {"pictures": 1}


_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


def test_a_file_that_declares_entities_is_refused() -> None:
    show = presentation()
    titled(show, "T", "x")
    data = changed(
        saved(show),
        "ppt/slides/slide1.xml",
        lambda xml: xml.replace("?>", '?><!DOCTYPE x [<!ENTITY y "z">]>', 1),
    )
    with pytest.raises(LoadError, match="declares XML entities"):
        read(data, "a.pptx", MIME)
