"""Word, OpenDocument, RTF and EPUB, turned into Markdown.

kreuzberg 4 drops ``&``, ``<`` and ``>`` from the text of Word files, which can turn "below 5 mg"
(``< 5 mg``) into "5 mg". So these signs are replaced before it reads and put back afterwards.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib

from kilde.documents.content import Content, Prose
from kilde.documents.extract import check_archive, damaged, extract, title_of, unescape

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Private-use characters, one for each sign that XML writes as an entity.
_STAND_INS = {"&": "\ue010", "<": "\ue011", ">": "\ue012", '"': "\ue013", "'": "\ue014"}
_PUT_BACK = str.maketrans({stand_in: sign for sign, stand_in in _STAND_INS.items()})
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);")


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The text as Markdown, headings and tables included."""
    if mime != "application/rtf":  # the others are zip archives
        check_archive(data, name)
    if mime == _DOCX:
        data = _without_entities(data, name)
    result = extract(data, name, mime, markdown=True)
    text = unescape(result.content).translate(_PUT_BACK)
    return [Prose([text], title=title_of(result), markdown=True)]


def _without_entities(data: bytes, name: str) -> bytes:
    """The Word file with its entities written as characters; pictures are left out."""
    rewritten = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(rewritten, "w") as new:
            for entry in old.infolist():
                if entry.filename.startswith("word/media/"):
                    continue
                part = old.read(entry)
                if entry.filename.startswith("word/") and entry.filename.endswith(".xml"):
                    part = _ENTITY.sub(_character, part.decode("utf-8")).encode("utf-8")
                new.writestr(entry.filename, part)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise damaged(name, error) from error
    return rewritten.getvalue()


def _character(entity: re.Match[str]) -> str:
    character = html.unescape(entity[0])
    return _STAND_INS.get(character, character if character >= " " else "")
