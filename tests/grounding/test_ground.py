"""What a source supports and what it does not, case by case and as properties."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grounding.parts import evidence

from kilde.grounding import ground
from kilde.types import Hit

_TABLE = tomllib.loads(Path(__file__).with_name("cases.toml").read_text(encoding="utf-8"))
_CASES = [
    pytest.param(*case, id=f"{kind}-{n}") for kind in _TABLE for n, case in enumerate(_TABLE[kind])
]


def supported(claim: str, *hits: Hit, language: str = "da") -> bool:
    found = ground(claim, hits, language)
    return bool(found.claims) and len(found.supported) == len(found.claims)


@pytest.mark.parametrize(("language", "source", "claim", "expected"), _CASES)
def test_a_source_supports_what_it_says_and_nothing_else(
    language: str, source: str, claim: str, expected: bool
) -> None:
    found = ground(claim, [evidence(source, language)], language)
    assert (len(found.supported) == len(found.claims) > 0) is expected, found.claims


def test_there_are_at_least_80_cases_in_four_languages() -> None:
    assert len(_CASES) >= 80
    assert {case.values[0] for case in _CASES} == {"da", "sv", "nl", "en"}


_ROW = "vaccine: Gul feber\nvoksen: 465\nbarn: 325\n"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("vaccine: Gul feber; voksen: 465; barn: 325", True),
        ("Gul feber: voksen 465.", True),
        ("Gul feber koster 465 for en voksen.", True),
        ("Gul feber koster 325 for et barn.", True),
        ("Gul feber koster 465 for et barn.", False),
        ("Gul feber koster 325 for en voksen.", False),
        ("Gul feber koster 466 for en voksen.", False),
        ("Hepatitis koster 465 for en voksen.", False),
        ("Vaccine til en voksen koster 465.", False),
        ("voksen: 46", False),
    ],
)
def test_the_columns_of_a_row_are_not_mixed_up(claim: str, expected: bool) -> None:
    assert supported(claim, evidence(_ROW, "da", kind="row", title="Priser")) is expected


def test_times_in_two_columns_of_a_row() -> None:
    hours = evidence("dag: mandag\nåbner: 8.00\nlukker: 16.00\n", "da", kind="row")
    assert supported("Mandag er der åbent fra 8 til 16.", hours)
    assert supported("Mandag: åbner 8.00, lukker 16.00.", hours)
    assert not supported("Mandag: åbner 16.00, lukker 8.00.", hours)
    assert not supported("Mandag lukker klinikken kl. 8.", hours)


def test_two_documents_do_not_make_a_third_statement() -> None:
    first = evidence("A-klinikken koster 7 kr.", "da", document="a")
    second = evidence("B-klinikken koster 9 kr.", "da", document="b")
    assert supported("A-klinikken koster 7 kr.", first, second)
    assert supported("B-klinikken koster 9 kr.", first, second)
    assert not supported("B-klinikken koster 7 kr.", first, second)
    place = evidence("Vaccinerne gives i Nordby.", "da", document="c")
    price = evidence("Vaccinerne koster 300 kr.", "da", document="e")
    assert not supported("Vaccinerne i Nordby koster 300 kr.", place, price)


def test_the_sentence_that_says_most_and_contradicts_decides() -> None:
    near = evidence("Den blå sal i huset ved parken rummer 40 gæster.", "da", document="a")
    far = evidence("Salen i huset ved parken rummer 30 gæster.", "da", document="b")
    assert not supported("Den blå sal i huset ved parken rummer 30 gæster.", near, far)


def test_the_title_names_the_subject_but_never_replaces_another() -> None:
    short = evidence("Den koster 465 kr.", "da", title="Gul feber")
    assert supported("Gul feber koster 465 kr.", short)
    other = evidence("Hepatitis koster 465 kr.", "da", title="Gul feber og andre vacciner")
    assert not supported("Gul feber koster 465 kr.", other)
    assert not supported("Gul feber: 465 kr.", other)
    number = evidence("Huset har plads til 465.", "da", title="Gul feber", heading="Priser")
    assert not supported("Prisen på gul feber er 465 kr.", number)


def test_quotations_with_marks_emoji_and_quotes() -> None:
    text = '# Regler\n\n- Husk dit sygesikringskort 😀 hver gang.\n- Sig "hej" i døren til lægen.\n'
    hit = evidence(text, "da", start=100)
    for claim in ("Husk dit sygesikringskort 😀 hver gang.", 'Sig "hej" i døren til lægen.'):
        (found,) = ground(claim, [hit], "da").claims
        (citation,) = found.citations
        assert citation.quote == claim
        assert text[citation.start - 100 : citation.end - 100] == claim


def test_summaries_are_no_source() -> None:
    assert not supported(
        "Huset er blåt indeni.", evidence("Huset er blåt indeni.", "da", kind="summary")
    )


def test_a_passage_in_an_unknown_language_is_read_as_the_claim_is() -> None:
    assert supported(
        "Gravide får vaccinen gratis.", evidence("Vaccinen er gratis for gravide.", "und")
    )
    assert not supported(
        "Gravide får ikke vaccinen gratis.", evidence("Vaccinen er gratis for gravide.", "und")
    )


def test_nothing_claims_nothing() -> None:
    assert ground("", [evidence("Huset er blåt.", "da")], "da").claims == ()
    assert ground("", [], "da").share is None
    assert ground("Huset er blåt.", [], "da").share == 0.0
    assert ground("Huset er blåt.", [evidence("", "da")], "da").share == 0.0


_WORDS = st.sampled_from(
    'klinikken åbent kl. 8.00 16 465 kr. ikke Nordby Anna. Hansen. mandag, 😀 "ja" \n\n - # pris: '
    "gul feber; undtagen? 1.500 B12 og men".split(" ")
)
_TEXTS = st.lists(_WORDS, max_size=40).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    answer=_TEXTS,
    passages=st.lists(_TEXTS, max_size=3),
    start=st.integers(0, 50),
    row=st.booleans(),
)
def test_spans_are_exact_and_supported_means_cited(
    answer: str, passages: list[str], start: int, row: bool
) -> None:
    hits = [
        evidence(text, "da", document=str(number), start=start, kind="row" if row else "text")
        for number, text in enumerate(passages)
    ]
    texts = {hit.document.id: "x" * start + hit.passage.text for hit in hits}
    for claim in ground(answer, hits, "da").claims:
        assert answer[claim.start : claim.end] == claim.text
        assert claim.supported == bool(claim.citations)
        assert claim.supported == (claim.reason == "")
        for citation in claim.citations:
            assert texts[citation.document.id][citation.start : citation.end] == citation.quote
            assert citation.quote.strip()
            assert 0.0 <= citation.coverage <= 1.0


@settings(max_examples=60, deadline=None)
@given(number=st.integers(2, 9999), other=st.integers(2, 9999))
def test_a_changed_number_is_never_supported(number: int, other: int) -> None:
    hit = evidence(f"Behandlingen på klinikken koster {number} kr.", "da")
    assert supported(f"Behandlingen på klinikken koster {other} kr.", hit) == (number == other)


def _long_passages() -> list[Hit]:
    sentence = "Klinikken i Nordby har åbent kl. {} og tilbyder vaccination nr. {} til gravide. "
    return [
        evidence("".join(sentence.format(p, n) for n in range(12)), "da", document=str(p))
        for p in range(8)
    ]


def test_an_answer_is_checked_in_less_than_50_ms() -> None:
    passages = _long_passages()
    answer = " ".join(
        f"Klinikken i Nordby tilbyder vaccination nr. {n} til gravide og andre." for n in range(12)
    )
    ground("Klinikken har åbent.", passages[:1], "da")  # loads the word lists
    best = 1.0
    for attempt in range(6):
        fresh = [evidence(f"{attempt} {hit.passage.text}", "da") for hit in passages]
        began = time.process_time()
        ground(answer, fresh, "da")
        best = min(best, time.process_time() - began)
    assert best < 0.05


def test_a_text_of_10000_characters_is_checked_in_seconds() -> None:
    text = "Klinikken har åbent på mandag for gravide. " * 240
    began = time.perf_counter()
    found = ground(text, _long_passages(), "da")
    assert len(found.claims) == 240
    assert time.perf_counter() - began < 5.0
    unbroken = "åben " * 2000
    assert len(ground(unbroken, _long_passages(), "da").claims) == 1
