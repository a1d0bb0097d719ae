"""An EPUB written by hand: a zip with a list of pages and the pages.

The well-known library for it is under the AGPL, which this project does not use even for its tests.
"""

from __future__ import annotations

import html
import zipfile
from collections.abc import Sequence
from pathlib import Path

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>{language}</dc:language>
<dc:creator>{author}</dc:creator>
<meta property="dcterms:modified">2026-09-01T00:00:00Z</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}
</manifest>
<spine>{spine}</spine>
</package>
"""
_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 lang="{language}">
<head><title>{title}</title></head>
<body>{body}</body>
</html>
"""


def write_epub(
    path: Path,
    chapters: Sequence[tuple[str, str]],
    *,
    identifier: str,
    title: str,
    language: str,
    author: str,
) -> None:
    """Write a book; ``chapters`` are titles with the XHTML of their bodies."""
    names = [f"chapter-{number}.xhtml" for number in range(1, len(chapters) + 1)]
    items = "\n".join(
        f'<item id="c{place}" href="{name}" media-type="application/xhtml+xml"/>'
        for place, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{place}"/>' for place in range(len(names)))
    links = "".join(
        f'<li><a href="{name}">{html.escape(heading)}</a></li>'
        for name, (heading, _) in zip(names, chapters, strict=True)
    )
    package = _PACKAGE.format(
        identifier=html.escape(identifier),
        title=html.escape(title),
        language=language,
        author=html.escape(author),
        items=items,
        spine=spine,
    )
    contents = f'<nav epub:type="toc"><ol>{links}</ol></nav>'
    with zipfile.ZipFile(path, "w") as book:
        # The type comes first and uncompressed, so that it can be told from the first bytes.
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in [
            ("META-INF/container.xml", _CONTAINER),
            ("book.opf", package),
            ("nav.xhtml", _PAGE.format(language=language, title=html.escape(title), body=contents)),
            *(
                (name, _PAGE.format(language=language, title=html.escape(heading), body=body))
                for name, (heading, body) in zip(names, chapters, strict=True)
            ),
        ]:
            book.writestr(name, text, zipfile.ZIP_DEFLATED)
