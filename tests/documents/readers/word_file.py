"""Word files written as raw XML, with what their programs write and python-docx cannot."""

from __future__ import annotations

import zipfile
from io import BytesIO

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMESPACES = (
    f'xmlns:w="{_W}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def docx(body: str, **parts: str) -> bytes:
    """A Word file; ``parts`` are the contents of its other parts (``styles="<w:style …/>"``)."""
    file = BytesIO()
    links = "".join(
        f'<Relationship Id="{name}" Type="{_RELATIONSHIPS}/{name.rstrip("123")}" '
        f'Target="{name}.xml"/>'
        for name in parts
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.'
            'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            '"application/xml"/><Override PartName="/word/document.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" '
            f'Type="{_RELATIONSHIPS}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>",
        )
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {_NAMESPACES}>{content}</w:{name}>")
    return file.getvalue()


def p(*runs: str, style: str = "", number: str = "", level: int | None = 0, mark: str = "") -> str:
    """A paragraph; a run without mark-up is text. ``mark`` is what its mark's ``w:rPr`` holds."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if number:
        place = "" if level is None else f'<w:ilvl w:val="{level}"/>'
        properties += f'<w:numPr>{place}<w:numId w:val="{number}"/></w:numPr>'
    properties += f"<w:rPr>{mark}</w:rPr>" if mark else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(map(_run, runs))}</w:p>"


def r(text: str, properties: str = "") -> str:
    """A run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def table(*rows: list[str], header_rows: int = 0) -> str:
    """A table; a cell without mark-up is text."""
    lines = []
    for number, row in enumerate(rows):
        header = "<w:trPr><w:tblHeader/></w:trPr>" if number < header_rows else ""
        cells = (
            cell if cell.startswith("<w:tc>") else f"<w:tc>{_block(cell)}</w:tc>" for cell in row
        )
        lines.append(f"<w:tr>{header}{''.join(cells)}</w:tr>")
    return f"<w:tbl>{''.join(lines)}</w:tbl>"


def merged(text: str, across: int = 1, down: str = "") -> str:
    """A cell over several columns; ``down`` is ``restart`` or ``continue``."""
    merge = f'<w:vMerge w:val="{down}"/>' if down else ""
    return f'<w:tc><w:tcPr><w:gridSpan w:val="{across}"/>{merge}</w:tcPr>{_block(text)}</w:tc>'


def field(code: str, result: str) -> str:
    """A complex field."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{_run(result)}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def level(place: int, text: str, form: str = "decimal", more: str = "") -> str:
    """A level of a list."""
    return (
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def lists(*definitions: str, **overrides: str) -> str:
    """List definitions 0, 1, …; lists 1, 2, … use them, and ``x2_0="…"`` is list x2 over 0."""
    numbers = {str(place + 1): (str(place), "") for place in range(len(definitions))}
    for name, content in overrides.items():
        number, _, definition = name.partition("_")
        numbers[number] = (definition, content)
    return "".join(
        f'<w:abstractNum w:abstractNumId="{place}">{content}</w:abstractNum>'
        for place, content in enumerate(definitions)
    ) + "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{definition}"/>{content}</w:num>'
        for number, (definition, content) in numbers.items()
    )


def style(name: str, content: str, shown: str = "", kind: str = "paragraph") -> str:
    """A style with its properties."""
    return (
        f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{shown or name}"/>'
        f"{content}</w:style>"
    )


def _run(text: str) -> str:
    return text if text.startswith("<") else r(text)


def _block(cell: str) -> str:
    return cell if cell.startswith("<") else p(cell)
