"""Rows become questions and questions rows; files of either are told apart, never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.check_rows import agent, row

from kilde.agents.phrases import abstention
from kilde.demo.week_plan import to_jsonl as week_plan
from kilde.errors import ConfigError
from kilde.evaluation.testset import Question
from kilde.tuning.checks import Finding
from kilde.tuning.checks.questions import check_learnt, check_questions, without_asked
from kilde.tuning.data.questions import read_any, to_questions, to_rows
from kilde.tuning.data.rows import Lineage, Row
from kilde.types import Message

FORM = {"type": "object", "required": ["goal"]}
DECLINED = abstention("en", ())


def written(folder: Path, *lines: object) -> Path:
    path = folder / "given.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_row_is_a_question_with_its_answer() -> None:
    here = Lineage(documents=("a.md",), read=("b.md",))
    (found,) = to_questions([row("And then?", "At ten.", history=("Hi", "Hello"), lineage=here)])
    history = (Message("user", "Hi"), Message("assistant", "Hello"))
    assert found == Question("And then?", ("At ten.",), ("a.md",), language="en", history=history)
    (back,) = to_rows([found], file="t")
    assert (back.question, back.answer, back.history) == ("And then?", "At ten.", history)
    assert str(back.lineage) == "t:1" and back.lineage.documents == ("a.md",)
    assert to_questions(to_rows([found])) == (found,)


def test_declining_is_an_unanswerable_question_and_its_sentence_no_reference() -> None:
    told = row("Who is king?", DECLINED, declines=True)
    formed = row("Who is king?", '{"goal": "none"}', declines=True)
    plain, form = to_questions([told, formed], FORM)
    assert not plain.answerable and plain.references == ()
    assert not form.answerable and form.references == ('{"goal": "none"}',)
    assert form.schema == FORM
    assert to_rows([plain])[0].answer == DECLINED and to_rows([plain])[0].declines


def test_of_thumbs_a_good_answer_is_right_and_a_bad_one_is_none() -> None:
    cited = Lineage(documents=("wrong.md",))
    rows = [
        row("When?", "At nine.", method="kto", good=False, lineage=cited),
        row("Where?", "Here.", method="kto", good=False, lineage=cited),
        row("where?", "There.", method="kto"),
        row("Where?", "Yonder.", method="kto"),
        row("Where?", "Nowhere.", method="kto", good=False),
    ]
    when, where = to_questions(rows)
    assert (when.question, when.references, when.documents) == ("When?", (), ())
    assert (where.question, where.references) == ("Where?", ("Yonder.",))


def test_of_a_pair_the_better_answer_is_right() -> None:
    (found,) = to_questions([row("When?", "At ten.", method="dpo", rejected="At nine.")])
    assert found.references == ("At ten.",)


def test_rows_that_ask_the_same_after_another_conversation_stay() -> None:
    history = (Message("user", "Is the library open?"), Message("assistant", "Yes."))
    other = (Message("user", "May I swim in the harbour?"), Message("assistant", "Yes."))
    asked = Question("And on Fridays?", ("No.",), history=history)
    rows = [
        Row("sft", (*before, Message("user", "And on Fridays?")), "No.")
        for before in (history, other, ())
    ]
    assert without_asked(rows, [asked]) == rows[1:2]


def test_the_week_plans_of_the_example(tmp_path: Path) -> None:
    path = tmp_path / "week-plan.test.jsonl"
    path.write_text(week_plan("da", "test", 60), encoding="utf-8")
    questions, notes = read_any(path, FORM)
    assert len(questions) == 60 and notes == ()
    assert {one.language for one in questions} == {"da"} and questions[0].schema == FORM
    assert 0 < sum(not one.answerable for one in questions) < 30
    assert all(json.loads(one.reference)["goal"] for one in questions)


def test_own_form_gets_what_it_does_not_say(tmp_path: Path) -> None:
    own = {"type": "string"}
    path = written(
        tmp_path,
        {"question": "Hvornår åbner biblioteket om mandagen?", "reference": "Klokken ni."},
        {"question": "When?", "language": "sv", "schema": own},
    )
    (first, second), _ = read_any(path, FORM)
    assert (first.language, first.schema) == ("da", FORM)
    assert (second.language, second.schema) == ("sv", own)


CHAT = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([], "it holds no questions"),
        ([{"question": "A?"}, CHAT], r"questions \(line 1\) and rows to learn from \(line 2\)"),
        ([{"text": "A?"}, {"q": "B?"}], r"jsonl:1: it is neither(.|\n)*jsonl:2: it is neither"),
        ([{"question": "A?", "answer": "a"}, {"q": 1}], r"1: answer is not a key(.|\n)*:2: "),
        ([{"question": "A?", **CHAT}], "messages is not a key"),
        ([CHAT, {"text": "A?"}], "2: it has none of these sets of keys"),
        ([{"messages": []}, {"messages": 5}], r"jsonl:1: (.|\n)*jsonl:2: "),
    ],
)
def test_a_file_of_neither_form_or_both_is_refused(
    tmp_path: Path, lines: list[object], fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault):
        read_any(written(tmp_path, *lines))


def test_broken_lines_among_unknown_ones_are_told_as_well(tmp_path: Path) -> None:
    path = tmp_path / "given.jsonl"
    path.write_text('{\n{"text": 1}\n[]\n')
    with pytest.raises(ConfigError) as told:
        read_any(path)
    lines = {fault.removeprefix(f"{path.as_posix()}:")[:2] for fault in told.value.faults}
    assert lines == {"1:", "2:", "3:"}


# Checks

GOOD = [
    Question("When does the library open?", ("At nine.",), ("lib",), language="en"),
    Question("Who repairs the lift?", ("The caretaker.",), ("lift",), language="en"),
    Question("What does a canoe cost?", answerable=False, language="en"),
]
HOMES = {"lib": "health", "lift": "health", "salary": "secret"}


def find(questions: list[Question], **settings: Any) -> dict[str, Finding]:
    found = list(check_questions(questions, definition=agent(**settings), collection_of=HOMES.get))
    assert len({one.kind for one in found}) == len(found), "one finding for each kind"
    return {one.kind: one for one in found}


def test_nothing_is_wrong_with_good_ones() -> None:
    assert find(GOOD, collections=["health"]) == {}


@pytest.mark.parametrize(
    ("change", "kind", "level", "rows"),
    [
        (lambda _: [], "no-questions", "refuse", ()),
        (lambda good: good[:1], "one-question", "warn", ()),
        (lambda good: good[2:], "all-unanswerable", "warn", ()),
        (lambda good: good[:2], "all-answerable", "warn", ()),
        (lambda good: [*good, Question("Why?")], "no-reference", "warn", (3,)),
        (
            lambda good: [*good, Question("when DOES the library open", ("at nine",))],
            "exact-duplicate", "warn", (3,),
        ),
        (
            lambda good: [*good, Question("When does the library opens?", ("At ten.",))],
            "near-duplicate", "warn", (3,),
        ),
        (
            lambda good: [*good, Question("When does the library open?", ("At ten.",))],
            "contradiction", "warn", (0, 3),
        ),
        (
            lambda good: [*good, Question("When does the library open?", answerable=False)],
            "contradiction", "warn", (0, 3),
        ),
        (
            lambda good: [*good, Question("Where?", ("Here.",), ("gone",))],
            "missing-documents", "warn", (3,),
        ),
        (
            lambda good: [*good, Question("Who earns that?", ("He.",), ("salary",))],
            "outside-collections", "warn", (3,),
        ),
        (
            lambda good: [*good, Question("Hvor?", ("Her.",), language="da")],
            "language-mix", "note", (),
        ),
        (
            lambda good: [*good, Question("Which?", ("text",), schema=FORM)],
            "reference-form", "warn", (3,),
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(
    change: Callable[[list[Question]], list[Question]],
    kind: str,
    level: str,
    rows: tuple[int, ...],
) -> None:
    found = find(change(GOOD), collections=["health"])
    assert (found[kind].level, found[kind].rows) == (level, rows)
    assert found[kind].message and found[kind].hint


def test_the_same_twice_with_one_right_answer_in_common_is_no_contradiction() -> None:
    again = Question("When does the library open?", ("Nine sharp.", "At nine."))
    assert set(find([*GOOD, again])) == {"exact-duplicate"}
    later = Question(again.question, ("At ten.",), history=(Message("user", "In May?"),
                     Message("assistant", "Yes.")))  # fmt: skip
    assert "contradiction" not in find([*GOOD, later])


def test_an_agent_of_all_collections_has_none_outside() -> None:
    assert find([*GOOD, Question("Who earns that?", ("He.",), ("salary",))]) == {}


def test_what_was_learnt_is_named_by_the_question() -> None:
    rows = [
        row("who repairs the LIFT", "Nobody."),
        row("When does the library opens?", "At nine."),
        row("Is it raining?", "Yes."),
    ]
    exact, near = check_learnt(GOOD, rows, "the dataset 'x'")
    assert (exact.kind, exact.level, exact.rows) == ("test-overlap", "refuse", (1,))
    assert "2 “Who repairs the lift?”" in exact.message and "dataset 'x'" in exact.message
    assert (near.kind, near.level, near.rows) == ("near-test-overlap", "warn", (0,))
    assert without_asked(rows, GOOD) == rows[2:]
    assert check_learnt(GOOD, rows[2:], "x") == [] and without_asked(rows, []) == rows
