"""What cleaning takes out of a text, and that it is done once."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from kilde.language.clean import clean


def test_line_ends_composition_and_invisible_characters() -> None:
    decomposed = unicodedata.normalize("NFD", "åben")
    assert clean(f"{decomposed}\r\nsyge\u00adhus\r\ufeffx\x0cy\u2028z") == "åben\nsygehus\nx\ny\nz"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\r" not in once
    assert "\x00" not in once


@given(st.text(st.characters()))
def test_a_clean_text_can_be_stored(text: str) -> None:
    """Surrogates are among what hypothesis draws here; UTF-8 has no form for them."""
    clean(text).encode("utf-8")
