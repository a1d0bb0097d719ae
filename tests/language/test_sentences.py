"""Sentences tile the text, and know what does not end one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.language.sentences import sentences
from kilde.language.table import languages


def parts(text: str, language: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text, language)]


_PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Ring kl. 8.00.",
                " ",
                "\n",
                "\n\n",
                "- ",
                "# A",
                "| a | b |",
                "?",
                "…",
                "f.eks.",
                "»Ja!«",
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=25,
).map("".join)


@given(_PIECES, st.sampled_from([*languages(), "und"]))
def test_spans_are_a_partition(text: str, language: str) -> None:
    spans = sentences(text, language)
    assert "".join(text[start:end] for start, end in spans) == text
    place = 0
    for start, end in spans:
        assert start == place < end
        place = end
    assert place == len(text)
    if text.strip():
        assert all(text[start:end].strip() for start, end in spans)


@pytest.mark.parametrize("code", list(languages()))
def test_no_abbreviation_of_the_table_ends_a_sentence(code: str) -> None:
    for word in sorted(languages()[code].abbreviations):
        text = f"Abc {word}. Def ghi. Jkl."
        assert parts(text, code) == [f"Abc {word}. Def ghi.", "Jkl."], word


@pytest.mark.parametrize(
    ("code", "text", "count"),
    [
        ("da", "Ring kl. 8.00. Vi svarer.", 2),
        ("da", "Det koster ca. 1.500 kr. om året. Ring!", 2),
        ("da", "Mødet er den 3. maj. Kom!", 2),
        ("da", "Spørg dr. Hansen. Han ved det.", 2),
        ("da", "Er du syg? Så ring. Ellers vent…", 3),
        ("da", "Han sagde: ”Kom!” Så gik vi.", 2),
        ("sv", "Ring t.ex. Anna. Hon svarar kl. 8.", 2),
        ("no", "Ta med f.eks. Pass. Vi hjelper deg.", 2),
        ("nl", "Bel bijv. Anna. Zij weet het.", 2),
        ("de", "Fragen Sie z.B. Dr. Meier. Er hilft.", 2),
        ("en", "Ask Dr. Smith, e.g. Monday. He knows.", 2),
        ("en", "J. R. Smith wrote it. Read it.", 2),
        ("en", "First line\n\nSecond line", 2),
        ("en", "- one thing\n- another thing", 2),
        ("en", "# Heading\nText follows here.", 2),
        ("en", "Name: Anna\nPrice: 100", 2),
        ("und", "One. Two.", 2),
    ],
)
def test_counts(code: str, text: str, count: int) -> None:
    assert len(sentences(text, code)) == count, parts(text, code)


def test_nothing() -> None:
    assert sentences("", "da") == []
    assert sentences(" \n", "da") == [(0, 2)]
