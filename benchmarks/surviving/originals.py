"""Good files of the formats that the example centre has none of, made on the spot."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

_ROWS = [("Item", "Price"), ("Apples", "12"), ("Pears", "10"), ("Plums", "15")]
_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns"
_MIME = "application/vnd.oasis.opendocument"
_XLS = Path(__file__).parents[2] / "tests" / "documents" / "hostile" / "prices.xls"


def write_originals(folder: Path) -> None:
    """Write one small file of each format into a folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = "".join("\t".join(row) + "\n" for row in _ROWS)
    (folder / "prices.tsv").write_text(lines, encoding="utf-8")
    (folder / "prices.ndjson").write_text('{"item": "Apples", "price": 12}\n' * 20, "utf-8")
    (folder / "hours.rtf").write_text(
        r"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\f0\fs24 Opening hours\par "
        r"The laboratory opens at \b eight\b0 , also on \'e6\'f8\'e5 days.\par}",
        encoding="ascii",
    )
    (folder / "notes.rst").write_text("Hours\n=====\n\nThe shop opens at nine.\n", "utf-8")
    columns = {name: [row[place] for row in _ROWS[1:]] for place, name in enumerate(_ROWS[0])}
    pq.write_table(pa.table(columns), folder / "prices.parquet")
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in _ROWS
    )
    sheet = f'<office:spreadsheet><table:table table:name="A">{cells}</table:table>'
    _opendocument(folder / "prices.ods", "spreadsheet", f"{sheet}</office:spreadsheet>")
    text = '<text:h text:outline-level="1">Hours</text:h><text:p>The shop opens at nine.</text:p>'
    _opendocument(folder / "hours.odt", "text", f"<office:text>{text}</office:text>")
    if _XLS.exists():
        shutil.copy(_XLS, folder)


def _opendocument(path: Path, kind: str, body: str) -> None:
    spaces = " ".join(
        f'xmlns:{name}="{_NAMESPACE}:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"{_MIME}.{kind}")
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{_NAMESPACE}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{_MIME}.{kind}"/></manifest:manifest>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body>{body}</office:body>"
            "</office:document-content>",
        )
