"""All checks at once: nothing hides another finding, and no row is too odd to be looked at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilde.tuning.checks import Finding, worst
from kilde.tuning.checks.findings import LEVELS
from kilde.tuning.data.rows import Lineage, Method, Row
from kilde.types import Message

from .check_rows import METHODS, filler, find, row

LONG = (
    "You can order the vaccine at the desk or by telephone, on every weekday before ten; bring "
    "your card and your papers, and come early, for there are many who wait."
)


def test_everything_is_reported_at_once_the_gravest_first() -> None:
    rows = [
        row("When?", ""),
        row("Who am I?", "You are 010190-1234.", lineage=Lineage(documents=("secret-plan",))),
        row("How do I order it?", LONG),
        row("How do I order it?", LONG),
        row("How do I order it now?", LONG),
        row("How do I order it?", "You cannot order that anywhere…"),
        row("Where is the desk of the health centre?", "Ring på 86 12 34 56.", language="da"),
        row("And all?", "word " * 500, lineage=Lineage(documents=("gone",))),
        row("When?", "Half \ud83d a pair."),
        row("What is the code?", "password=hunter2x"),
        row("I do not know?", "Neither do I.", declines=True),
        Row("sft", (Message("assistant", "Hello."),), "Hello."),
    ]
    found = find(
        rows,
        test_rows=[row("Where is the desk of the health centre?", "Here.")],
        collection_of=lambda name: {"secret-plan": "boss"}.get(name),
        agent={"collections": ["default"], "language": "en"},
        context=300,
        count_tokens=lambda text: len(text.split()),
        model_languages=frozenset({"en"}),
    )
    assert set(found) == {
        "empty", "broken-text", "turns", "outside-collections", "lineage-broken", "test-overlap",
        "too-long", "cpr", "secret", "phone", "contradiction", "exact-duplicate",
        "near-duplicate", "truncated", "few-rows", "declining", "language-mix",
        "foreign-language", "model-language",
    }  # fmt: skip
    levels = [LEVELS.index(finding.level) for finding in found.values()]
    assert levels == sorted(levels)
    assert worst(found.values()) == "refuse"
    for finding in found.values():
        assert finding.message.endswith((".", "…"))
        assert finding.hint.endswith(".")
        assert list(finding.rows) == sorted(set(finding.rows))
        finding.message.encode()


@pytest.mark.parametrize("method", METHODS)
def test_sound_rows_are_let_pass(method: Method) -> None:
    rows = filler(60, method=method, rejected="Nobody here can tell." if method == "dpo" else "")
    if method == "kto":
        rows += filler(40, method=method, good=False)[20:]
        rows = rows[:20] + rows[60:] + rows[40:60]
    found = find(rows, context=4096, count_tokens=len, agent={"language": "en"})
    assert set(found) == {"few-rows"}
    assert worst(found.values()) == "note"


def test_the_worst_of_none() -> None:
    assert worst([]) is None
    assert worst([Finding("a", "note", "", ""), Finding("b", "warn", "", "")]) == "warn"


ODD = [
    "", " ", "\n", "\x00", "\ud800", "\udfff\ud800", "👍🏽", "e\u0301", "\u202eright to left", "{",
    "[]", '{"a":', "null", "1e999", "a" * 100_000, "word " * 20_000, "([{" * 30_000, '"' * 9_999,
    "ﷺ" * 100, "x" * 50_000 + "@", "1" * 100_000, "+1 " * 30_000, "İ" * 50 + "cpr 0101901234",
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_rows_do_not_stop_the_checks(method: Method, number: int) -> None:
    text = ODD[number]
    rows = [
        row(text, "Yes.", method=method, language="und"),
        row("And?", text, method=method, rejected=text, language="und", history=(text, text)),
        Row(method, (), text, lineage=Lineage(file=text[:50], line=3)),
        row("What else?", "No.", method=method, rejected="Yes."),
    ]
    found = find(
        rows,
        test_rows=rows[:3],
        context=512,
        count_tokens=lambda said: len(said.encode()),
        agent={"output": {"schema": {"type": "object"}}, "language": "en"},
    )
    for finding in found.values():
        assert len(finding.message) < 1500


TEXTS = st.text(st.characters(), max_size=40)
TURNS = st.builds(Message, st.sampled_from(["user", "assistant", "system"]), TEXTS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Row,
            method=st.sampled_from(METHODS),
            prompt=st.lists(TURNS, max_size=3).map(tuple),
            answer=TEXTS,
            rejected=TEXTS,
            good=st.booleans(),
            declines=st.booleans(),
            language=st.sampled_from(["und", "da", "xx"]),
        ),
        max_size=12,
    ),
    st.sampled_from(METHODS),
)
def test_any_rows_give_findings_about_rows_that_are_there(rows: list[Row], method: Method) -> None:
    found = find(rows, method=method, test_rows=rows[:2])
    for finding in found.values():
        assert all(0 <= index < len(rows) for index in finding.rows)
        assert list(finding.rows) == sorted(set(finding.rows))
