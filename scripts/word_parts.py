"""Automatic numbering and footnotes for Word documents, which python-docx cannot add itself."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from docx.document import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"


def add_numbering(document: Document, levels: tuple[str, ...]) -> int:
    """Define a list whose levels show these texts, such as ``"§ %1"``; returns its number."""
    numbering = document.part.numbering_part.element
    abstract = 1 + max(
        int(one.get(qn("w:abstractNumId"))) for one in numbering.findall(qn("w:abstractNum"))
    )
    shown = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        f'<w:lvlText w:val="{escape(text)}"/></w:lvl>'
        for level, text in enumerate(levels)
    )
    definition = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{abstract}">'
        f'<w:multiLevelType w:val="multilevel"/>{shown}</w:abstractNum>'
    )
    first = numbering.find(qn("w:num"))
    first.addprevious(definition)
    return int(numbering.add_num(abstract).numId)


def number_paragraph(paragraph: Paragraph, list_number: int, level: int) -> None:
    """Let a paragraph be numbered by a list."""
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_numId().val = list_number
    properties.get_or_add_ilvl().val = level


def add_footnote_mark(paragraph: Paragraph, note: int) -> None:
    """Set the mark of a footnote at the end of a paragraph."""
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), str(note))
    paragraph.add_run()._r.append(reference)


def write_footnotes(path: Path, notes: dict[int, str]) -> None:
    """Add the texts of the footnotes to a saved document."""
    shown = "".join(
        f'<w:footnote w:id="{note}"><w:p><w:r><w:footnoteRef/></w:r>'
        f'<w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
        for note, text in notes.items()
    )
    with zipfile.ZipFile(path) as old:
        entries = {entry.filename: old.read(entry) for entry in old.infolist()}
    entries["word/footnotes.xml"] = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:footnotes {nsdecls('w')}>{shown}</w:footnotes>"
    ).encode()
    override = f'<Override PartName="/word/footnotes.xml" ContentType="{_TYPE}"/>'
    relation = f'<Relationship Id="rIdNotes" Type="{_RELATION}" Target="footnotes.xml"/>'
    for name, end, added in (
        ("[Content_Types].xml", "</Types>", override),
        ("word/_rels/document.xml.rels", "</Relationships>", relation),
    ):
        entries[name] = entries[name].replace(end.encode(), (added + end).encode())
    with zipfile.ZipFile(path, "w") as new:
        for name, content in entries.items():
            new.writestr(name, content)
