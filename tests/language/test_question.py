"""A very long question is searched for by its two ends, an ordinary one as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.language.question import SEARCHED, shortened


@given(st.text(max_size=SEARCHED))
def test_what_is_not_long_stays_as_it_is(question: str) -> None:
    assert shortened(question) == question


@given(st.sampled_from(["word ", "x", "å", " ", "\n", "a b "]), st.integers(1, 60_000))
def test_it_is_bounded_and_done_once(part: str, times: int) -> None:
    short = shortened(part * times)
    assert len(short) <= SEARCHED
    assert shortened(short) == short


def test_both_ends_stay_and_no_word_is_cut() -> None:
    words = ["first", *(f"word{number}" for number in range(5_000)), "last"]
    kept = shortened(" ".join(words)).split()
    assert (kept[0], kept[-1]) == ("first", "last")
    assert set(kept) <= set(words)


def test_a_text_without_blanks_is_cut_where_it_must_be() -> None:
    assert len(shortened("x" * 100_000)) == SEARCHED


@pytest.mark.parametrize(
    "long",
    ["{} " + "x" * 10_000, "x" * 10_000 + " {}", "東京" * 5_000 + " {}", "{} " + "a\u200d" * 5_000],
)
def test_a_run_that_is_cut_leaves_no_words_that_nobody_wrote(long: str) -> None:
    """Each half of it would be a word that stands nowhere, for which the question is declined."""
    question = "How much does the director earn a year?"
    assert shortened(long.format(question)) == question
