"""A document that is too short to tell its language takes that of the documents around it."""

from __future__ import annotations

from pathlib import Path

import pytest

import kilde

DANISH = (
    "# Åbningstider\n\nBiblioteket har åbent hver dag fra klokken ti, og om torsdagen "
    "er der også åbent om aftenen, hvis der er arrangementer. Ring, hvis du har spørgsmål.\n"
)
ENGLISH = (
    "# Opening hours\n\nThe library is open every day from ten o'clock, and on Thursdays "
    "it is also open in the evening when there are events. Call us if you have questions.\n"
)


@pytest.mark.parametrize(("text", "expected"), [(DANISH, "da"), (ENGLISH, "en")])
def test_a_list_of_numbers_takes_the_language_of_its_folder(
    tmp_path: Path, text: str, expected: str, minilm: str
) -> None:
    with kilde.init(tmp_path / "ws") as workspace:
        folder = workspace.path / "docs"
        folder.mkdir()
        (folder / "a.csv").write_text("Vagt;12 34;21\nReception;56 78;22\n", encoding="utf-8")
        (folder / "z.md").write_text(text, encoding="utf-8")
        workspace.knowledge.add(folder)
        languages = {ref.id: ref.language for ref in workspace.knowledge.documents()}
        assert languages == {"docs/a.csv": expected, "docs/z.md": expected}
        summary = workspace.knowledge.document("docs/a.csv").summary
        assert ("rækker" if expected == "da" else "rows") in summary


def test_words_of_another_language_outweigh_the_neighbours(tmp_path: Path, minilm: str) -> None:
    with kilde.init(tmp_path / "ws") as workspace:
        (workspace.path / "a.md").write_text(DANISH, encoding="utf-8")
        (workspace.path / "b.csv").write_text("Name;Phone\nSmith;12\n", encoding="utf-8")
        (workspace.path / "c.md").write_text("The pool is closed today.\n", encoding="utf-8")
        workspace.knowledge.add([workspace.path / name for name in ("a.md", "b.csv", "c.md")])
        languages = {ref.id: ref.language for ref in workspace.knowledge.documents()}
        assert languages == {"a.md": "da", "b.csv": "en", "c.md": "en"}


def test_headers_tell_the_language_of_a_small_table(tmp_path: Path, minilm: str) -> None:
    with kilde.init(tmp_path / "ws") as workspace:
        text = "Navn,By\nÅse Ørsted,Ærø\nJürgen Groß,Köln\n"
        (workspace.path / "a.csv").write_text(text, encoding="utf-8")
        workspace.knowledge.add(workspace.path / "a.csv")
        (ref,) = workspace.knowledge.documents()
        assert ref.language == "da"
