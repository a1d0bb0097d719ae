"""The language table: every row is complete, and fits the libraries that it names."""

from __future__ import annotations

import pytest
import simplemma
import Stemmer

from kilde.language.table import Language, languages

ROWS = [pytest.param(row, id=code) for code, row in languages().items()]


def test_the_languages() -> None:
    assert set(languages()) == {"da", "sv", "no", "nl", "de", "en"}


@pytest.mark.parametrize("row", ROWS)
def test_row_is_complete(row: Language) -> None:
    assert row.name and row.stemmer in Stemmer.algorithms()
    assert len(row.stop_words) > 80
    assert len(row.negations) >= 8
    assert len(row.abbreviations) >= 25
    assert len(row.follow_up) >= 15
    if row.dictionary:
        assert "" in row.links
    for words in (row.stop_words, row.negations, row.abbreviations, row.follow_up):
        assert all(word == word.lower() for word in words)
    # They stand without their stop, as the last word before it does.
    assert not [word for word in row.abbreviations if word.endswith(".")]


@pytest.mark.parametrize(
    ("code", "word"),
    [("da", "hus"), ("sv", "hus"), ("no", "hus"), ("nl", "huis"), ("de", "haus")],
)
def test_the_dictionary_of_a_compounding_language_knows_its_words(code: str, word: str) -> None:
    assert simplemma.is_known(word, languages()[code].dictionary)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        languages()["xx"] = languages()["da"]  # type: ignore[index]
