"""E-books are read chapter by chapter, in reading order."""

from __future__ import annotations

from pathlib import Path

from epub import write_epub

from kilde.documents.arrange import arrange
from kilde.documents.content import Prose
from kilde.documents.readers.epub import read


def test_chapters_in_order_without_the_table_of_contents(tmp_path: Path) -> None:
    chapters = [
        ("Åbent", "<h1>Åbent</h1><p>Vi holder åbent <b>ikke</b> om søndagen.</p>"),
        ("Pris", "<h1>Pris &amp; gebyr</h1><p>Under &lt; 5 kg er gratis.</p>"),
    ]
    path = tmp_path / "a.epub"
    write_epub(path, chapters, identifier="x", title="Bogen", language="da", author="Ingen")
    (content,) = read(path.read_bytes(), "a.epub", "")
    assert isinstance(content, Prose)
    text = arrange(content.parts, "a").text
    assert content.title == "Bogen"
    assert text.count("Åbent") == 1
    assert text.index("# Åbent") < text.index("om søndagen") < text.index("# Pris & gebyr")
