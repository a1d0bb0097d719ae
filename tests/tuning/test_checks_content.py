"""Rows that are empty, broken, cut off, in the wrong form, or contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kilde.tuning.data.rows import Row
from kilde.types import Message

from .check_rows import filler, find, row

GOOD = row("When is it open?", "From eight to four.")


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (row("When?", ""), "empty"),
        (row("When?", " \n\u200b "), "empty"),
        (row("  ", "At eight."), "empty"),
        (row("When?", "At eight.", history=("Hello", "")), "empty"),
        (Row("sft", (), "At eight."), "empty"),
        (row("When?", "At eight.", method="dpo"), "empty"),
        (row("When?", "👍"), ""),
        (row("When?", "8"), ""),
        (row("When?", "At \ud83d eight."), "broken-text"),
        (row("When \udc00?", "At eight."), "broken-text"),
        (row("When?", "At eight 😀."), ""),
        (Row("sft", (Message("assistant", "Hello."),), "At eight."), "turns"),
        (Row("sft", (Message("user", "A"), Message("user", "B")), "At eight."), "turns"),
        (Row("sft", (Message("system", "Be kind."), Message("user", "A")), "B."), "turns"),
        (row("When?", "At eight.", history=("Hello", "Hello!")), ""),
        (row("When?", "At eight.", method="dpo", rejected="At EIGHT"), "no-preference"),
        (row("When?", "At eight.", method="dpo", rejected="At nine."), ""),
        (row("When?", "At eight.", method="dpo", rejected=" "), "empty"),
    ],
)
def test_content(bad: Row, kind: str) -> None:
    found = find([bad, row("Where?", "Here.", method=bad.method, rejected="There.")])
    content = {"empty", "broken-text", "turns", "no-preference", "wrong-method"} & set(found)
    assert content == ({kind} if kind else set())
    if kind:
        assert (found[kind].rows, found[kind].level) == ((0,), "refuse")


def test_rows_of_another_method() -> None:
    found = find([GOOD, row("When?", "Now.", method="kto")], method="sft")
    assert found["wrong-method"].rows == (1,)


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        ("You can order it at...", True),
        ("You can order it at…", True),
        ('She said "come…"', True),
        ("Bring your card, your papers,", True),
        ("Bring your card and your pa-", True),
        ("It is open (except on Sundays", True),
        ("The form asks for [name, address", True),
        ('The sign says "closed on Sunday.', True),
        ("Der Zettel sagt: „geschlossen am Sonntag.", True),
        ("The sign says “closed on Sunday.", True),
        ("Run this:\n```\nkilde sync", True),
        ("It is open (except on Sundays).", False),
        ("a) Bring your card\nb) Come early", False),
        ("See you then :(", False),
        ("See you then :-) 8)", False),
        ('The screen is 24" wide.', False),
        ('The sign says "closed".', False),
        ("Skiltet siger »lukket«, og døren er låst.", False),
        ("Der Zettel sagt „zu“.", False),
        ("It’s the patients’ own choice", False),
        ("500 kr", False),
        ('{"intent": "find", "slots":[]}', False),
        ('{"intent": "find", "slots":[', True),
        ("Week 3 – 5", False),
    ],
)
def test_answers_that_look_cut(answer: str, cut: bool) -> None:
    found = find([GOOD, row("What then?", answer)])
    assert ("truncated" in found) is cut
    if cut:
        assert found["truncated"].rows == (1,)


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        ("You can order it at the desk on the", True),
        ("You can order it at the desk on the first floor.", False),
        ("First the desk opens.\n- then the laboratory on the first floor", False),
        ("Write to the people who run the site at www.strandby.example", False),
        ("Ask the desk", False),
    ],
)
def test_a_sentence_without_a_stop_among_many_with_one(answer: str, cut: bool) -> None:
    assert ("truncated" in find([*filler(20), row("What then?", answer)])) is cut


def test_where_many_end_without_a_stop_that_is_no_sign() -> None:
    rows = [row(f"Which is number {n}?", f"It is the one with {n} doors") for n in range(20)]
    assert "truncated" not in find(rows)


def test_answers_cut_at_one_length() -> None:
    words = "the laboratory opens early and closes late but only for those who have an order and "
    cut = [row(f"What of {n}?", (f"{n:04d} {words * 3}")[:200]) for n in range(4)]
    # Many short rows without a stop, so that the missing stop alone is no sign.
    rest = [row(f"Which is number {n}?", f"It is the one with {n} doors") for n in range(20)]
    assert find([*rest, *cut])["truncated"].rows == (20, 21, 22, 23)
    longer = row("And all?", "All of them are open. " * 12)
    assert "truncated" not in find([*rest, *cut, longer])
    varied = [row(f"What of {n}?", (f"{n:04d} {words * 3}")[: 200 - 7 * n]) for n in range(4)]
    assert "truncated" not in find([*rest, *varied])
    tokens = {r.answer.rstrip(): 64 for r in varied}
    found = find([*rest, *varied], count_tokens=lambda text: tokens.get(text, 10))
    assert found["truncated"].rows == (20, 21, 22, 23)


def test_an_answer_judged_bad_may_be_cut_or_out_of_form() -> None:
    rows = [row("When?", "At ei…", method="kto", good=False), row("Who?", "{}", method="kto")]
    found = find(rows, agent={"output": {"schema": {"type": "object"}}})
    assert not {"truncated", "schema"} & set(found)


FORM = {"output": {"schema": {
    "type": "object",
    "properties": {"label": {"enum": ["yes", "no"]}, "who": {"type": "string"}},
    "required": ["label"],
}}}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        ('{"label": "yes"}', False),
        ('{"label": "yes"', True),
        ('{"label": "perhaps"}', True),
        ("{}", True),
        ("yes", True),
        ("[" * 100_000, True),
        ('{"label": ' + "1" * 5000 + "}", True),
    ],
)
def test_schema(answer: str, broken: bool) -> None:
    rows = [row("May I?", '{"label": "no"}'), row("May she?", answer)]
    found = find(rows, agent=FORM)
    assert ("schema" in found) is broken
    if broken:
        assert (found["schema"].rows, found["schema"].level) == ((1,), "refuse")
        assert len(found["schema"].message) < 400
    assert "schema" not in find(rows)


def test_all_rows_that_break_the_schema_are_listed_and_no_secret_with_them() -> None:
    rows = [row(f"May {n}?", '{"label": "no", "who": 1}') for n in range(9)]
    rows[0] = row("May 0?", '{"label": "010190-1234"}')
    found = find(rows, agent=FORM)
    assert found["schema"].rows == tuple(range(9))
    assert "0101**-****" in found["schema"].message
    assert "010190-1234" not in " ".join(finding.message for finding in found.values())


@pytest.mark.parametrize(
    ("rows", "at_odds"),
    [
        ([row("Open?", "Yes."), row("open", "No.")], (0, 1)),
        ([row("Open?", "Yes."), row("open", "yes")], ()),
        ([row("Open?", "Yes."), row("Closed?", "No.")], ()),
        ([row("Open?", "Yes.", history=("A", "B")), row("Open?", "No.")], ()),
        ([row("Open?", "Yes.", method="kto"), row("Open?", "Yes.", method="kto", good=False)],
         (0, 1)),
        ([row("Open?", "Yes.", method="kto"), row("Open?", "No.", method="kto", good=False)], ()),
        ([row("Open?", "Yes.", method="kto"), row("Open?", "Yes!", method="kto"),
          row("Open?", "No.", method="kto", good=False)], ()),
        ([row("Open?", "Yes.", method="dpo", rejected="No."),
          row("Open?", "No.", method="dpo", rejected="Yes.")], (0, 1)),
        ([row("Open?", "Yes.", method="dpo", rejected="No."),
          row("Open?", "No.", method="dpo", rejected="Hm.")], (0, 1)),
        ([row("Open?", "Yes.", method="dpo", rejected="No."),
          row("Open?", "Yes.", method="dpo", rejected="Hm.")], ()),
        ([row("Open?", "Yes.", method="dpo", rejected="Yes."),
          row("Open?", "Yes.", method="dpo", rejected="No.")], ()),
    ],
)  # fmt: skip
def test_contradictions(rows: Sequence[Row], at_odds: tuple[int, ...]) -> None:
    found = find(rows)
    assert ("contradiction" in found) is bool(at_odds)
    if at_odds:
        assert (found["contradiction"].rows, found["contradiction"].level) == (at_odds, "warn")
