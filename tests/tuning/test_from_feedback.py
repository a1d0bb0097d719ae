"""What people said of answers becomes rows to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from kilde.agents.phrases import abstention
from kilde.tuning.data.from_feedback import feedback_rows
from kilde.tuning.data.rows import METHODS, Lineage, Row
from kilde.tuning.data.splitting import split
from kilde.types import (
    Answer,
    Citation,
    DocumentRef,
    Feedback,
    Hit,
    Message,
    Passage,
    Trace,
    Usage,
)

AT = datetime(2026, 5, 1, tzinfo=UTC)


def ref(name: str) -> DocumentRef:
    return DocumentRef(name, name.title(), name, "health", "en", "0")


def hit(name: str) -> Hit:
    return Hit(Passage(f"{name}#0", name, 0, "text", "x", 0, 1), ref(name), 1.0)


def answer(
    name: str,
    text: str = "At eight.",
    *,
    question: str = "When do you open?",
    agent: str = "health",
    search_text: str = "",
    messages: Sequence[Message] = (),
    abstained: bool = False,
) -> Answer:
    cited = () if abstained else (Citation(ref("b"), "b#0", 0, 1, "x", None, "", 1.0),)
    trace = Trace(
        hits=(hit("a"), hit("b")),
        summaries=(),
        arm="rag",
        model="quotes",
        adapter=None,
        store_version=1,
        search_text=search_text or question,
        language="en",
        messages=tuple(messages),
        prompt_hash="",
        raw_text=text,
        usage=Usage(),
        timings={},
    )
    nearest = (ref("a"),) if abstained else ()
    return Answer(name, agent, question, text, (), cited, abstained, nearest, trace, AT)


def judged(
    given: Answer, rating: Literal["up", "down"], correction: str = "", *, hours: int = 0
) -> tuple[Feedback, Answer]:
    at = AT + timedelta(hours=hours)
    return Feedback(f"f{hours}", given.id, given.agent, rating, correction, at), given


def said(rows: Sequence[Row]) -> list[tuple[str, str, bool]]:
    return [(row.answer, row.rejected, row.good) for row in rows]


GOOD = judged(answer("g", "At eight."), "up", hours=1)
BAD = judged(answer("b", "At nine."), "down", hours=2)
CORRECTED = judged(answer("c", "At ten."), "down", "At eight, except on Sundays.", hours=3)


def test_sft_learns_good_answers_and_corrections() -> None:
    rows = feedback_rows([CORRECTED, BAD, GOOD], "sft")
    assert said(rows) == [("At eight.", "", True), ("At eight, except on Sundays.", "", True)]
    assert rows[0].prompt == (Message("user", "When do you open?"),)
    assert rows[0].lineage == Lineage(documents=("b",), answers=("g",), read=("b", "a"))
    assert {row.method for row in rows} == {"sft"}
    assert {row.language for row in rows} == {"en"}


def test_kto_learns_every_label_and_corrections_as_good() -> None:
    assert said(feedback_rows([CORRECTED, BAD, GOOD], "kto")) == [
        ("At eight.", "", True),
        ("At nine.", "", False),
        ("At ten.", "", False),
        ("At eight, except on Sundays.", "", True),
    ]


def test_dpo_prefers_corrections_and_good_answers_to_the_same_question() -> None:
    rows = feedback_rows([CORRECTED, BAD, GOOD], "dpo")
    assert said(rows) == [
        ("At eight.", "At nine.", True),
        ("At eight, except on Sundays.", "At ten.", True),
        ("At eight.", "At ten.", True),
    ]
    assert rows[0].lineage == Lineage(("b",), ("g", "b"), read=("b", "a"))


def test_dpo_makes_no_pairs_across_questions_or_agents() -> None:
    other_agent = judged(answer("x", "At nine.", agent="site"), "down")
    other_question = judged(answer("y", "At nine.", question="When do you close?"), "down")
    assert feedback_rows([GOOD, other_agent, other_question], "dpo") == []
    spelled = judged(answer("z", "At nine.", question="when do  you open?"), "down")
    assert len(feedback_rows([GOOD, spelled], "dpo")) == 1


def test_a_good_answer_with_a_better_one() -> None:
    pair = judged(answer("g", "At eight."), "up", "At 8 am.")
    assert said(feedback_rows([pair], "sft")) == [("At 8 am.", "", True)]
    assert said(feedback_rows([pair], "dpo")) == [("At 8 am.", "At eight.", True)]
    assert said(feedback_rows([pair], "kto")) == [("At eight.", "", True), ("At 8 am.", "", True)]


def found(name: str, text: str) -> Hit:
    passage = Passage(f"{name}#0", name, 0, "text", text, 0, len(text), language="en")
    return Hit(passage, ref(name), 1.0)


def test_a_correction_stands_on_what_supports_it() -> None:
    hits = (found("b", "The library opens at nine."), found("c", "The pool opens at eight."))
    wrong = answer("w", "The library opens at nine.")
    wrong = replace(wrong, trace=replace(wrong.trace, hits=hits))
    right, nowhere = (
        feedback_rows([judged(wrong, "down", text)], "sft")[0].lineage
        for text in ("The pool opens at eight.", "Ask the caretaker, whose name is Bramble.")
    )
    assert right == Lineage(("c",), ("w",), read=("b", "c"))
    assert nowhere == Lineage((), ("w",), read=("b", "c"))


def test_rows_about_different_documents_leave_a_test() -> None:
    """However many other documents were found for each of the questions."""
    pairs = []
    for number in range(20):
        asked = answer(f"a{number}", f"At {number}.", question=f"When is number {number}?")
        cited = replace(asked.citations[0], document=ref(f"d{number}"))
        pairs.append(judged(replace(asked, citations=(cited,)), "up", hours=number))
    rows = feedback_rows(pairs, "sft")
    first, second = split(rows, share=0.2)
    assert (len(first), len(second)) == (16, 4)
    assert all({"a", "b"} < set(row.lineage.all_documents) for row in rows)


def test_a_follow_up_comes_from_the_documents_of_the_answers_before_it() -> None:
    def one(name: str, text: str, document: str, hours: int) -> Answer:
        said = answer(name, text, question=FIRST)
        trace = replace(said.trace, hits=(hit(document),))
        at = AT + timedelta(hours=hours)
        return replace(said, trace=trace, citations=(), at=at)

    before = [
        one("later", "Four weeks.", "z", 9),
        one("other", "Two weeks.", "y", -1),
        one("e", "Four weeks.", "x", -2),
    ]

    def given(agent: str, question: str) -> list[Answer]:
        return before if (agent, question) == ("health", FIRST) else []

    (row,) = feedback_rows([judged(follow_up(*TURNS), "up")], "sft", given=given)
    assert row.lineage == Lineage(("b",), ("f", "e"), read=("b", "a", "x"))
    # Where none of them says what stands in the conversation, it may have been any of them.
    del before[2]
    (row,) = feedback_rows([judged(follow_up(*TURNS), "up")], "sft", given=given)
    assert row.lineage.all_documents == ("b", "a", "y")


def test_the_newest_rating_of_a_text_counts_and_corrections_stay() -> None:
    first = judged(answer("1", "At ten."), "down", "At eight.", hours=1)
    second = judged(answer("2", "At ten."), "down", hours=2)
    assert said(feedback_rows([first, second], "sft")) == [("At eight.", "", True)]
    third = judged(answer("3", "At ten."), "up", hours=3)
    assert said(feedback_rows([first, second, third], "kto")) == [("At ten.", "", True)]


def test_no_row_is_there_twice() -> None:
    again = [judged(answer(str(n), "At ten."), "down", "At eight.", hours=n) for n in range(3)]
    for method, count in {"sft": 1, "kto": 2, "dpo": 1}.items():
        assert len(feedback_rows(again, method)) == count  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_nothing_comes_of_nothing(method: Literal["sft", "kto", "dpo"]) -> None:
    assert feedback_rows([], method) == []


def test_declining_is_learnt_where_it_was_right() -> None:
    text = abstention("en", (ref("a"),))
    declined = answer("d", text, abstained=True)
    (good,) = feedback_rows([judged(declined, "up")], "sft")
    assert good.declines
    assert good.answer == abstention("en", ())
    (bad,) = feedback_rows([judged(declined, "down")], "kto")
    assert (bad.good, bad.declines) == (False, False)
    corrected = judged(answer("c"), "down", abstention("en", ()))
    assert feedback_rows([corrected], "dpo")[0].declines


FIRST, SECOND = "How long may I borrow books?", "And how many?"
TURNS = (Message("user", FIRST), Message("assistant", "Four weeks."))
EXAMPLE = (Message("user", "Do you have parking?"), Message("assistant", "Yes."))


def follow_up(*turns: Message, search_text: str = f"{FIRST} {SECOND} {SECOND}") -> Answer:
    messages = (Message("system", "Answer."), *turns, Message("user", f"[Document 1]\n{SECOND}"))
    return answer("f", "Twelve.", question=SECOND, search_text=search_text, messages=messages)


@pytest.mark.parametrize(
    ("given", "history"),
    [
        (follow_up(*TURNS), TURNS),
        (follow_up(*EXAMPLE, *TURNS), TURNS),
        (follow_up(*EXAMPLE), ()),  # what it follows up is not there: it stands alone
        (follow_up(*TURNS, search_text=SECOND), ()),
        (answer("f", question=SECOND, search_text=f"{FIRST} {SECOND} {SECOND}"), ()),
    ],
    ids=["history", "after examples", "examples alone", "standing alone", "no prompt"],
)
def test_a_follow_up_keeps_the_turns_that_it_follows(
    given: Answer, history: tuple[Message, ...]
) -> None:
    (row,) = feedback_rows([judged(given, "up")], "sft")
    assert row.history == history
    assert row.question == SECOND


def test_turns_are_kept_as_far_as_the_question_reaches_back() -> None:
    more = (Message("user", "And for films?"), Message("assistant", "One week."))
    text = f"{FIRST} And for films? {SECOND} {SECOND}"
    (row,) = feedback_rows([judged(follow_up(*TURNS, *more, search_text=text), "up")], "sft")
    assert row.history == TURNS + more
    (same,) = feedback_rows([judged(replace(follow_up(*TURNS), id="g"), "up")], "sft")
    assert same.id != row.id
