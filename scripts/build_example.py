"""Write the words once, in Markdown and TOML; this script dresses them as office files.

The example centre's Word, PowerPoint, Excel, PDF and EPUB documents are made from the sources in
`scripts/example/<language>/`. A source is named after the file that it becomes, with one suffix
more: `site/complaints.docx.md` becomes `site/complaints.docx`; of `site/notice.pdf.scan.md` a PDF
with a picture of its words is made. Two runs write the same bytes.

    python scripts/build_example.py            # writes into src/kilde/demo/centre/
    python scripts/build_example.py --to DIR   # writes the same tree elsewhere
"""

from __future__ import annotations

import argparse
import html
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import reportlab
from docx import Document
from epub import write_epub
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    ListFlowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Table,
)
from word_parts import add_footnote_mark, add_numbering, number_paragraph, write_footnotes

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "scripts" / "example"
TARGET = ROOT / "src" / "kilde" / "demo" / "centre"

MOMENT = datetime(2026, 1, 2, 9, 0, 0)
MOMENT_TEXT = "2026-01-02T09:00:00Z"
SCAN_SIZE = (1654, 2339)  # A4 at 200 dots per inch
# Pillow's own font has no å and no dash.
SCAN_FONT = Path(reportlab.__file__).with_name("fonts") / "Vera.ttf"
CENTRE = {"da": "Strandby Sundhedscenter", "en": "Strandby Health Centre"}
RULES = {"da": ("§ %1", "Stk. %2."), "en": ("Section %1.", "(%2)")}
PAGE_OF = {"da": "Side {page} af {pages}", "en": "Page {page} of {pages}"}


@dataclass(frozen=True)
class Block:
    """One piece of a source: `kind` is h1, h2, p, list, table or break; `lines` are its text.

    In a Word source, `rule` is a numbered heading, `clauses` are numbered paragraphs below it, and
    `note` is the footnote `[^1]` of the paragraph that ends with this mark.

    A table's lines are its rows, cells parted by a tab; its first line is the header.
    """

    kind: str
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines as one running line."""
        return " ".join(self.lines)


@dataclass(frozen=True)
class Source:
    """One source file, already told apart: its language, its words and where it goes."""

    language: str
    text: str
    target: Path

    @property
    def blocks(self) -> list[Block]:
        """The Markdown of the source as blocks."""
        return list(parse(self.text))


def parse(text: str) -> Iterator[Block]:
    """Markdown's smallest useful part: #, ##, paragraphs, `- ` lists, | tables and --- breaks.

    >>> [block.kind for block in parse("# Hello\\n\\nSome words.\\n\\n- one\\n- two")]
    ['h1', 'p', 'list']
    """
    for chunk in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in chunk.splitlines()]
        if lines == ["---"]:
            yield Block("break")
        elif lines[0].startswith("## "):
            yield Block("h2", (lines[0][3:],))
        elif lines[0].startswith("# "):
            yield Block("h1", (lines[0][2:],))
        elif lines[0].startswith("- "):
            joined = re.sub(r"\n(?!- )", " ", "\n".join(lines))
            yield Block("list", tuple(line.removeprefix("- ") for line in joined.splitlines()))
        elif lines[0].startswith("§ "):
            yield Block("rule", (lines[0][2:],))
        elif lines[0].startswith("1. "):
            yield Block("clauses", tuple(line.removeprefix("1. ") for line in lines))
        elif lines[0].startswith("[^1]: "):
            yield Block("note", (lines[0].removeprefix("[^1]: "), *lines[1:]))
        elif lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            kept = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
            yield Block("table", tuple("\t".join(row) for row in kept))
        else:
            yield Block("p", tuple(lines))


def write_docx(source: Source) -> None:
    """A Word document with real heading styles and real tables."""
    document = Document()
    properties = document.core_properties
    properties.author = properties.last_modified_by = CENTRE[source.language]
    properties.created = properties.modified = MOMENT
    properties.language = source.language
    kinds = {block.kind for block in source.blocks}
    rules = add_numbering(document, RULES[source.language]) if "rule" in kinds else 0
    note = next((block.text for block in source.blocks if block.kind == "note"), "")
    for block in source.blocks:
        if block.kind in ("h1", "h2"):
            document.add_heading(block.text, level=int(block.kind[1]))
        elif block.kind == "rule":
            number_paragraph(document.add_heading(block.text, level=2), rules, 0)
        elif block.kind == "clauses":
            for line in block.lines:
                clause = document.add_paragraph(line.removesuffix("[^1]"))
                number_paragraph(clause, rules, 1)
                if line.endswith("[^1]"):
                    add_footnote_mark(clause, 1)
        elif block.kind == "note":
            continue
        elif block.kind == "list":
            for item in block.lines:
                document.add_paragraph(item, style="List Bullet")
        elif block.kind == "table":
            rows = [line.split("\t") for line in block.lines]
            table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
            for row, cells in zip(table.rows, rows, strict=True):
                for cell, words in zip(row.cells, cells, strict=True):
                    cell.text = words
        elif block.kind == "break":
            document.add_page_break()
        else:
            document.add_paragraph(block.text)
    properties.title = next(block.text for block in source.blocks if block.kind == "h1")
    document.save(str(source.target))
    if note:
        write_footnotes(source.target, {1: note})
    settle(source.target)


def write_pptx(source: Source) -> None:
    """A presentation: every # starts a slide, what follows is its body."""
    show = Presentation()
    properties = show.core_properties
    properties.author = properties.last_modified_by = CENTRE[source.language]
    properties.created = properties.modified = MOMENT
    blocks = source.blocks
    properties.title = blocks[0].text
    frame = None
    for block in blocks:
        if block.kind == "h1":
            slide = show.slides.add_slide(show.slide_layouts[1])
            slide.shapes.title.text = block.text
            frame = slide.placeholders[1].text_frame
            continue
        if frame is None:
            raise ValueError(f"{source.target.name}: text before the first slide title")
        for line in block.lines if block.kind == "list" else (block.text,):
            paragraph = frame.add_paragraph() if frame.text else frame.paragraphs[0]
            paragraph.text = line
    show.save(str(source.target))
    settle(source.target)


def write_xlsx(source: Source) -> None:
    """A workbook: each [[sheet]] has a title, columns and rows; numbers stay numbers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for content in tomllib.loads(source.text)["sheet"]:
        sheet = book.create_sheet(content["title"])
        sheet.append(content["columns"])
        for row in content["rows"]:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for number, column in enumerate(sheet.iter_cols(values_only=True), start=1):
            widest = max(len(str(value)) for value in column if value is not None)
            sheet.column_dimensions[get_column_letter(number)].width = widest + 2
        sheet.freeze_panes = "A2"
    book.properties.creator = CENTRE[source.language]
    book.properties.created = MOMENT
    book.save(source.target)
    settle(source.target)


class NumberedCanvas(Canvas):
    """A canvas that waits for the last page, so that each footer can name the number of pages."""

    language = "en"

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._waiting: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802 (reportlab's name)
        """Keep the page; it is drawn when all are known."""
        self._waiting.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Draw every page with its footer."""
        for number, state in enumerate(self._waiting, start=1):
            self.__dict__.update(state)
            label = PAGE_OF[self.language].format(page=number, pages=len(self._waiting))
            self.setFont("Helvetica", 9)
            self.drawString(25 * mm, 14 * mm, CENTRE[self.language])
            self.drawRightString(A4[0] - 25 * mm, 14 * mm, label)
            super().showPage()
        super().save()


class DanishCanvas(NumberedCanvas):
    """The same, in Danish."""

    language = "da"


def write_pdf(source: Source) -> None:
    """A PDF with real text; every --- in the source starts a page."""
    body = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=15.5, spaceAfter=7)
    blue = HexColor("#12476b")
    bold = "Helvetica-Bold"
    first = ParagraphStyle("h1", body, fontName=bold, fontSize=20, leading=26, textColor=blue)
    second = ParagraphStyle("h2", body, fontName=bold, fontSize=14, leading=19, spaceBefore=6)
    styles = {"h1": first, "h2": second, "p": body}
    story: list[Flowable] = []
    for block in source.blocks:
        if block.kind == "break":
            story.append(PageBreak())
        elif block.kind == "list":
            items = [Paragraph(html.escape(item, quote=False), body) for item in block.lines]
            story.append(ListFlowable(items, bulletType="bullet", start="•", leftIndent=14))
        elif block.kind == "table":
            story.append(_pdf_table(block, body))
        elif block.kind in styles:
            story.append(Paragraph(html.escape(block.text, quote=False), styles[block.kind]))
        else:
            raise ValueError(f"{source.target.name}: a PDF source cannot hold a {block.kind}")
    SimpleDocTemplate(
        str(source.target),
        pagesize=A4,
        leftMargin=25 * mm,
        rightMargin=25 * mm,
        title=source.blocks[0].text,
        author=CENTRE[source.language],
        lang=source.language,
        invariant=1,
    ).build(story, canvasmaker=DanishCanvas if source.language == "da" else NumberedCanvas)


def _pdf_table(block: Block, style: ParagraphStyle) -> Table:
    """A ruled table with a grey header, numbers to the right."""
    rows = [line.split("\t") for line in block.lines]
    table = Table(rows, hAlign="LEFT", spaceAfter=10)
    table.setStyle(
        [
            ("FONT", (0, 0), (-1, -1), style.fontName, 10),
            ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 10),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e6e6e6")),
            ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
            ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#808080")),
        ]
    )
    return table


def write_scan(source: Source) -> None:
    """A PDF that holds nothing but a picture of its words, as a scanner makes it."""
    image = Image.new("L", SCAN_SIZE, 255)
    draw = ImageDraw.Draw(image)
    place = 260
    for block in source.blocks:
        size = 58 if block.kind == "h1" else 36
        for line in block.lines:
            draw.text((200, place), line, font=ImageFont.truetype(SCAN_FONT, size), fill=0)
            place += size + 24
        place += 40
    drawn = image.rotate(0.4, fillcolor=255).point(lambda grey: 255 if grey > 128 else 0, "1")
    canvas = Canvas(str(source.target), pagesize=A4, invariant=1)
    canvas.drawInlineImage(drawn, 0, 0, *A4)
    canvas.save()


def write_book(source: Source) -> None:
    """A book: the first # is its title, every later one starts a chapter."""
    chapters: list[tuple[str, list[str]]] = []
    for block in source.blocks:
        if block.kind == "h1":
            chapters.append((block.text, []))
        chapters[-1][1].append(_xhtml(block))
    write_epub(
        source.target,
        [(title, "\n".join(parts)) for title, parts in chapters],
        identifier=f"strandby-{source.target.stem}-{source.language}",
        title=source.blocks[0].text,
        language=source.language,
        author=CENTRE[source.language],
    )
    settle(source.target)


def _xhtml(block: Block) -> str:
    """One block as XHTML."""
    if block.kind == "list":
        items = "".join(f"<li>{html.escape(item, quote=False)}</li>" for item in block.lines)
        return f"<ul>{items}</ul>"
    return f"<{block.kind}>{html.escape(block.text, quote=False)}</{block.kind}>"


def settle(path: Path) -> None:
    """Give every entry of a zip the same moment, so that building twice gives the same bytes."""
    with zipfile.ZipFile(path) as old:
        entries = [(entry.filename, old.read(entry)) for entry in old.infolist()]
    stamp = re.compile(
        rb'(<dcterms:(?:modified|created)[^>]*>|<meta property="dcterms:modified">)[^<]*'
    )
    with zipfile.ZipFile(path, "w") as new:
        for name, content in entries:
            if name.endswith(("core.xml", ".opf")):
                content = stamp.sub(rb"\g<1>" + MOMENT_TEXT.encode(), content)
            entry = zipfile.ZipInfo(name, MOMENT.timetuple()[:6])
            plain = name == "mimetype"
            entry.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            new.writestr(entry, content)


WRITERS: dict[str, Callable[[Source], None]] = {
    ".docx": write_docx,
    ".epub": write_book,
    ".pdf": write_pdf,
    ".pptx": write_pptx,
    ".scan": write_scan,
    ".xlsx": write_xlsx,
}


def build(target: Path) -> list[Path]:
    """Write every office file under `target`; the paths written, sorted."""
    written = []
    for path in sorted(SOURCES.rglob("*.*.*")):
        relative = path.relative_to(SOURCES).with_suffix("")
        out = target / relative
        out.parent.mkdir(parents=True, exist_ok=True)
        write = WRITERS[out.suffix]
        out = out.with_suffix("") if out.suffix == ".scan" else out
        write(Source(relative.parts[0], path.read_text(encoding="utf-8"), out))
        written.append(out)
    return written


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the example centre's office files.")
    parser.add_argument("--to", type=Path, default=TARGET, metavar="DIR", help="where to write")
    for path in build(parser.parse_args().to):
        print(f"{path.stat().st_size:>7}  {path}")


if __name__ == "__main__":
    main()
