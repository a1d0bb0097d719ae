"""XML that would fill the memory with entities, or fetch a file or a page through one."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from kilde.errors import LoadError

from .conftest import Load, make_docx, make_epub, make_odt, make_pptx, make_xlsx

SECRET = "kvantespring-4711"
LARGEST = 1_000_000
"""Characters; a bomb that went off would be a hundred times as long."""


class Web(BaseHTTPRequestHandler):
    """Remembers that it was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(SECRET.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    Web.asked = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def bomb() -> str:
    """A definition of ``x`` as 100 million letters."""
    levels = "".join(f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 8))
    return f'<!ENTITY x0 "{"lol" * 4}">{levels}<!ENTITY x "&x7;">'


def quadratic() -> str:
    return f'<!ENTITY y "{"lol" * 50_000}"><!ENTITY x "{"&y;" * 1000}">'


ATTACKS: dict[str, Callable[[Path, str], str]] = {
    "bomb": lambda _file, _web: bomb(),
    "quadratic": lambda _file, _web: quadratic(),
    "file": lambda file, _web: f'<!ENTITY x SYSTEM "{file.as_uri()}">',
    "passwd": lambda _file, _web: '<!ENTITY x SYSTEM "file:///etc/passwd">',
    "page": lambda _file, web: f'<!ENTITY x SYSTEM "{web}/x">',
    "parameter": lambda _file, web: f'<!ENTITY % p SYSTEM "{web}/p"> %p; <!ENTITY x "y">',
    "parameter file": lambda file, _web: (
        f'<!ENTITY % p SYSTEM "{file.as_uri()}"> <!ENTITY % q "<!ENTITY x \'%p;\'>"> %q;'
    ),
}


def armed(xml: str, definitions: str, word: str) -> str:
    """An XML text with definitions, and ``&x;`` in the place of a word."""
    declaration, _, body = xml.partition("?>") if xml.startswith("<?xml") else ("", "", xml)
    body = body.lstrip()
    if body.startswith("<!DOCTYPE"):
        body = body.partition(">")[2].lstrip()
    root = body[1:].replace(">", " ").replace("/", " ").split()[0]
    assert word in body
    head = f"{declaration}?>\n" if declaration else '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<!DOCTYPE {root} [{definitions}]>\n{body.replace(word, 'before &x; after')}"


ARCHIVES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a.docx": (make_docx, "word/document.xml", "Ring til lægen."),
    "b.docx": (make_docx, "docProps/core.xml", "Dosering"),
    "a.xlsx": (make_xlsx, "xl/worksheets/sheet1.xml", "Vare"),
    "b.xlsx": (make_xlsx, "xl/workbook.xml", "Ark1"),
    "a.pptx": (make_pptx, "ppt/slides/slide1.xml", "Første møde"),
    "a.odt": (make_odt, "content.xml", "Overskrift på ø"),
    "a.epub": (make_epub, ".xhtml", "Det var en mørk nat."),
    "b.epub": (make_epub, ".opf", "Bogen"),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ARCHIVES)
def test_entities_in_office_files(
    load_file: Load, tmp_path: Path, web: str, name: str, attack: str
) -> None:
    make, part, word = ARCHIVES[name]
    make(tmp_path / f"plain.{name}")
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    changed = 0
    with (
        zipfile.ZipFile(tmp_path / f"plain.{name}") as old,
        zipfile.ZipFile(tmp_path / name, "w") as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(part) and word in content.decode():
                content = armed(content.decode(), ATTACKS[attack](secret, web), word).encode()
                changed += 1
            new.writestr(entry.filename, content)
    assert changed
    harmless(load_file, name)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["a.xhtml", "a.html"])
def test_entities_in_pages(
    load_file: Load, tmp_path: Path, web: str, name: str, attack: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Some text.</p></body></html>'
    (tmp_path / name).write_text(armed(page, ATTACKS[attack](secret, web), "text"))
    harmless(load_file, name)


def harmless(load_file: Load, name: str) -> None:
    """The file is refused, or read without what an entity stood for."""
    try:
        documents = load_file(name)
    except LoadError as error:
        assert SECRET not in str(error)
        documents = []
    for document in documents:
        shown = f"{document.text} {document.title} {document.metadata}"
        assert SECRET not in shown
        assert "root:" not in shown
        assert len(shown) < LARGEST
    assert Web.asked == []
