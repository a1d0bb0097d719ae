"""Encodings that Nordic offices really have, and what cleaning may not do."""

from __future__ import annotations

import pytest

from kilde.documents.text import decode
from kilde.errors import LoadError
from kilde.language.clean import clean

SHORT = [
    "Rødgrød med fløde på Ærø",
    "Hälsa och sjukvård",
    "å",
    "café – “citat” …",
    "Groß, één, 5 €",
]


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32"])
def test_short_texts_come_out_right(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("encoding", ["iso8859_15", "mac_roman", "cp850", "utf-16-le", "utf-16-be"])
def test_rarer_encodings(encoding: str) -> None:
    text = "Sygehuset på Fyn har åbent, også for søskende og ældre."
    assert decode(text.encode(encoding), "a.txt") == text


def test_a_price_in_euro_tells_the_encoding_that_has_the_sign() -> None:
    for text in ("Søm;12 €\nSav;9 €\n", "Nägel 5 €"):
        assert decode(text.encode("iso8859_15"), "a.csv") == text


DOS = ["på", "læge", "Lægen er på ferie", "hören", "Die Wärme", "Må man gå på græsset?", "caféen"]


@pytest.mark.parametrize("text", DOS)
@pytest.mark.parametrize("encoding", ["cp850", "cp865", "mac_roman", "cp1252"])
def test_few_letters_tell_an_old_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    "text", ["it’s “new” – he said", "Zoë’s café", "ÅBENT I PÅSKEN", "„Grüß Gott“"]
)
def test_signs_of_typography_in_the_usual_encoding(text: str) -> None:
    assert decode(text.encode("cp1252"), "a.txt") == text


def test_a_few_strange_bytes_in_utf8() -> None:
    text = "Sygehuset på Fyn har åbent, også for søskende og ældre på Ærø. " * 3
    assert decode(text.encode() + "Rød grød".encode("cp1252"), "a.txt") == f"{text}Rød grød"


def test_other_languages_are_left_to_detection() -> None:
    text = "Zażółć gęślą jaźń. Szpital jest otwarty codziennie od ósmej do szesnastej. " * 5
    assert decode(text.encode("cp1250"), "a.txt") == text


def test_a_stray_zero_is_removed_but_many_are_a_binary_file() -> None:
    assert clean(decode(b"word " * 100 + b"\x00end", "a.txt")).endswith("word end")
    with pytest.raises(LoadError, match="binary"):
        decode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00", "a.txt")
