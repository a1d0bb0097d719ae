"""Scores of answers: a number from 0 to 1, or none where there is nothing to score."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.evaluation.scores import contained, exact, fields, token_f1

WORDS = st.lists(st.sampled_from(["at", "8", "på", "Åvej", "kl"]), min_size=1, max_size=6).map(
    " ".join
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("aå", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", max_size=2), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("answer", "reference", "values"),
    [
        ("At 6 PM.", "at 6 pm", (1, 1, 1)),
        ("It opens at 6 pm.", "6 PM", (0, 1, 4 / 7)),
        ("6 at pm", "at 6 pm", (0, 0, 1)),
        ("Kl. 8.00 på ÅVEJ", "kl. 8.00 på Åvej", (1, 1, 1)),
        ("sixteen", "6", (0, 0, 0)),
        ("A\u030abent pa\u030a fredag", "Åbent på fredag", (1, 1, 1)),  # marks of their own
        ("the the the", "the cat", (0, 0, 2 / 5)),
        ("", "at six", (0, 0, 0)),
    ],
)
def test_texts(answer: str, reference: str, values: tuple[float, float, float]) -> None:
    found = [score(answer, reference) for score in (exact, contained, token_f1)]
    assert [score.value for score in found] == pytest.approx(list(values))
    assert all(score.why for score in found if score.value == 0)


def test_nothing_to_compare_with_is_no_zero() -> None:
    assert token_f1("six", "…").value is None and contained("six", "").value is None
    assert exact("", "…").value is None
    assert fields("{}", "no JSON").value is None


@given(WORDS, WORDS)
def test_texts_in_general(one: str, other: str) -> None:
    f1 = token_f1(one, other).value
    assert f1 is not None and 0 <= f1 <= 1 and f1 == token_f1(other, one).value
    assert token_f1(one, one).value == exact(one, one).value == 1
    assert contained(f"so {one} said", one).value == 1
    if exact(one, other).value:
        assert f1 == contained(one, other).value == 1


@pytest.mark.parametrize(
    ("answer", "reference", "value", "why"),
    [
        ('{"a": 1, "b": [2]}', '{"b": [2], "a": 1}', 1, ""),
        ('{"a": 1, "b": [3]}', '{"a": 1, "b": [2]}', 0.5, "b.0: 3 instead of 2"),
        ('{"a": true}', '{"a": 1}', 0, "a: true instead of 1"),
        ('{"a": 1.0, "b": [2]}', '{"a": 1, "b": [2.0]}', 1, ""),
        ('{"a": 1.5}', '{"a": 1}', 0, "a: 1.5 instead of 1"),
        ('{"a": 1, "more": 2}', '{"a": 1}', 0.5, "more: 2 instead of nothing"),
        ("{}", '{"a": []}', 0, "a: nothing instead of []"),
        ("no form", '{"a": 1}', 0, "it is no JSON"),
        ('"x"', '"y"', 0, 'all: "x" instead of "y"'),
    ],
)
def test_forms(answer: str, reference: str, value: float, why: str) -> None:
    score = fields(answer, reference)
    assert score.value == value
    assert score.why.startswith(why)


@given(JSON, JSON)
def test_forms_in_general(one: object, other: object) -> None:
    score = fields(json.dumps(one), json.dumps(other))
    assert score.value is not None and 0 <= score.value <= 1
    assert fields(json.dumps(one), json.dumps(one)).value == 1
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        assert score.value < 1 and score.why
