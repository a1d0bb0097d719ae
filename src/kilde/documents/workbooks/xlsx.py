"""Office Open XML workbooks (``.xlsx``, ``.xlsm``): the parts of the archive, read as streams."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from kilde.documents.workbooks.package import Package
from kilde.documents.workbooks.rich_text import StringReader
from kilde.documents.workbooks.sheets import Sheet, Workbook
from kilde.documents.workbooks.stored import Styles, show
from kilde.documents.workbooks.xlsx_cells import (
    CellReader,
    SharedStrings,
    area_of,
    number,
    plain,
)
from kilde.documents.workbooks.xml import is_true
from kilde.language.clean import clean


@dataclass(slots=True)
class _Entry:
    """A sheet as the workbook lists it."""

    name: str
    part: str
    visible: bool


def read_xlsx(archive: zipfile.ZipFile, name: str) -> Workbook:
    """The visible sheets of a workbook.

    Raises what :mod:`zipfile` raises for a damaged archive, ``ValueError`` for parts that are no
    XML or missing, and :class:`LoadError`, with ``name`` as the source, for too many cells.
    """
    package = Package(archive)
    parts = {relation.kind: relation.target for relation in package.relations("").values()}
    main = parts.get("officeDocument", "xl/workbook.xml")
    styles = Styles(language=_language(package, parts.get("core-properties", "docProps/core.xml")))
    entries = list(_entries(package, main, styles))
    parts = {relation.kind: relation.target for relation in package.relations(main).values()}
    _read_formats(package, parts.get("styles", "xl/styles.xml"), styles)
    strings = _shared_strings(package, parts.get("sharedStrings", "xl/sharedStrings.xml"))
    workbook = Workbook()
    stored = []
    for entry in entries:
        if not entry.visible:
            workbook.omitted["hidden sheets"] += 1
            continue
        sheet = Sheet(entry.name)
        cells = CellReader(sheet, strings, styles.struck, name)
        cells.read(package, entry.part)
        _read_related(package, entry.part, sheet)
        workbook.sheets.append(sheet)
        stored.append((sheet, cells.rows))
    show(stored, styles)
    return workbook


def _entries(package: Package, main: str, styles: Styles) -> Iterator[_Entry]:
    """The sheets of cells that the workbook lists; sheets of a chart are none."""
    relations = package.relations(main)
    entries: list[tuple[str, str, bool]] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "workbookPr":
            styles.since_1904 = is_true(attributes.get("date1904"))
        elif element == "sheet":
            relation = next((v for key, v in attributes.items() if key.endswith(":id")), "")
            visible = attributes.get("state", "visible") == "visible"
            entries.append((clean(attributes.get("name", "")), relation, visible))

    if not package.parse(main, start):
        raise ValueError("it has no workbook")
    for sheet, id, visible in entries:
        relation = relations.get(id)
        if relation is not None and relation.kind == "worksheet":
            yield _Entry(sheet, relation.target, visible)


def _shared_strings(package: Package, part: str) -> SharedStrings:
    """The strings that cells refer to by number."""
    strings = SharedStrings()
    reader = StringReader()

    def end(element: str) -> None:
        reader.end(element)
        if element == "si":
            text, struck, formatted = reader.take()
            if formatted:
                strings.formatted[len(strings.texts)] = struck
            strings.texts.append(plain(text))

    package.parse(part, reader.start, end, reader.text)
    return strings


def _read_formats(package: Package, part: str, styles: Styles) -> None:
    inside: list[str] = []
    struck_fonts: set[int] = set()
    fonts = 0

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal fonts
        if element == "numFmt" and inside[-1:] == ["numFmts"]:
            styles.codes[number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif element == "font" and inside[-1:] == ["fonts"]:
            fonts += 1
        elif element == "strike" and inside[-2:] == ["fonts", "font"]:
            if is_true(attributes.get("val", "1")):
                struck_fonts.add(fonts - 1)
        elif element == "xf" and inside[-1:] == ["cellXfs"]:
            if number(attributes.get("fontId")) in struck_fonts:
                styles.struck.add(len(styles.numbers))
            styles.numbers.append(number(attributes.get("numFmtId")))
        inside.append(element)

    def end(_: str) -> None:
        inside.pop()

    package.parse(part, start, end)


def _language(package: Package, part: str) -> str:
    """The language in the properties of the workbook."""
    inside: list[str] = []
    texts: list[str] = []

    def start(element: str, _: dict[str, str]) -> None:
        inside.append(element)

    def end(_: str) -> None:
        inside.pop()

    def text(run: str) -> None:
        if inside[-1] == "language":
            texts.append(run)

    package.parse(part, start, end, text)
    return "".join(texts).strip()


def _read_related(package: Package, part: str, sheet: Sheet) -> None:
    """What belongs to a sheet and stands in parts of its own: tables, comments, charts."""
    for kind, target in package.relations(part).values():
        if kind == "table":
            _read_table(package, target, sheet)
        elif kind == "comments":
            sheet.omitted["comments"] += _count(package, target, "comment")
        elif kind == "drawing":
            related = package.relations(target).values()
            sheet.omitted["charts"] += sum(r.kind in ("chart", "chartEx") for r in related)
    sheet.omitted = +sheet.omitted


def _read_table(package: Package, part: str, sheet: Sheet) -> None:
    def start(element: str, attributes: dict[str, str]) -> None:
        area = area_of(attributes.get("ref", "")) if element == "table" else None
        height = number(attributes.get("headerRowCount", "1"))
        if area is not None and height:
            sheet.headers.append(area._replace(bottom=area.top + height - 1))

    package.parse(part, start)


def _count(package: Package, part: str, wanted: str) -> int:
    count = 0

    def start(element: str, _: dict[str, str]) -> None:
        nonlocal count
        count += element == wanted

    package.parse(part, start)
    return count
