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


@pytest.mark.parametrize(
    "text",
    [
        "Tilskuddet er 5.000 kr. (Dog højst 25.000 kr. for unge.)|Der er 21 grader.",
        "Tilskuddet er 5.000 kr.\n(Dog højst 25.000 kr. for unge.)|Der er 21 grader.",
        "Tilskuddet gives én gang. (Jf. § 3 i loven)|Temperaturen er 21 grader.",
        "Tilskuddet gives én gang. (Se § 3. Søg i god tid.) (Dog ikke i 2027.)|Vi svarer.",
        "Tilskuddet gives én gang (se § 3. Søg i god tid.) om året.|Vi svarer.",
    ],
)
def test_a_parenthesis_belongs_to_the_sentence_before_it(text: str) -> None:
    assert parts(text.replace("|", " "), "da") == text.split("|")


@pytest.mark.parametrize(
    "text",
    [
        "Sagen afgøres af bestyrelsen.|(3) Fristen er 14 dage.",
        "Prisen er 50 kr.\n\n|(Børn er gratis.)",
        "|(Børn er gratis.)|Voksne betaler 50 kr.",
        "Priser\n|(Alle priser er inkl. moms.)",
    ],
)
def test_a_parenthesis_without_a_sentence_before_it_stands_alone(text: str) -> None:
    expected = [part.strip() for part in text.split("|") if part.strip()]
    assert parts(text.replace("\n|", "\n").replace("|", " ").strip(), "da") == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. Voksne: 450 kr.\n|2. Børn t.o.m. 18 år: 250 kr.\n|3. Familier: 900 kr.",
        "a) navn og adresse\n|b) cpr-nr. og tlf.nr.\n|c) budget for hele perioden",
        "§ 1 Foreningens hjemsted er Nykøbing F.\n|§ 2 Formålet er skak.",
        "2. Formålet er at ro osv.\n|3.1. Enhver kan optages.",
        "Kl. 9.15 Oplæg ved prof. Jens Rye fra Aalborg\n|Kl. 10.30 Pause",
    ],
)
def test_the_next_item_of_a_list_begins_a_sentence(text: str) -> None:
    assert parts(text.replace("|", ""), "da") == [part.strip() for part in text.split("|")]


def test_a_time_or_a_heading_of_one_word_belongs_to_what_follows() -> None:
    text = "10.30 a.m. Welcome by the mayor. 1. Name. The club is called Oak."
    assert parts(text, "en") == [
        "10.30 a.m. Welcome by the mayor.",
        "1. Name. The club is called Oak.",
    ]
    assert parts("Ad pkt. 4. Forslag. Det blev vedtaget.", "da") == [
        "Ad pkt. 4. Forslag. Det blev vedtaget."
    ]


def test_a_heading_is_one_sentence() -> None:
    assert parts("# 3. Forslag: Åbent lørdag. Nr. 2\nBo foreslår det. Det faldt.", "da") == [
        "# 3. Forslag: Åbent lørdag. Nr. 2",
        "Bo foreslår det.",
        "Det faldt.",
    ]
