"""The measures of ``tune`` against numbers worked out by hand, and its data; nothing is trained."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.report import Report, Target
from benchmarks.tune import PARTS
from benchmarks.tuning import banking77, kto, passages, reading, speed, week_plan, work, xsid
from benchmarks.tuning.passages import Asked
from benchmarks.tuning.scores import (
    balanced,
    command,
    commands_judged,
    holds_one,
    slot_f1,
    squad_f1,
)
from benchmarks.tuning.work import Said

from kilde.agents.form import schema_fault
from kilde.demo.week_plan import RULES, rows
from kilde.errors import LoadError
from kilde.tuning.formats import read_rows

_RECORDS = [
    {
        "text": "Regner det i dag?",
        "intent": "weather/find",
        "slots": [
            {"slot": "weather/attribute", "value": "Regner"},
            {"slot": "datetime", "value": "i dag"},
        ],
    },
    {"text": "vis mine alarmer", "intent": "alarm/show", "slots": []},
]


def _said(text: str, *, declined: bool = False) -> Said:
    return Said(text, 1.0, declined=declined)


@pytest.mark.parametrize("part", [[], *([name] for name in PARTS)])
def test_help_tells_of_every_part(part: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tune", *part, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "--cache" in shown if part else all(name in shown for name in PARTS)


def test_what_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "reading", "--lang", "da"]) == 2
    assert main(["tune", "banking77", str(tmp_path / "nothing")]) == 2
    assert "train.jsonl" in capsys.readouterr().err


# Commands


def test_slots_are_counted_over_all_commands_together() -> None:
    wanted = [command(record) for record in _RECORDS]
    found = [
        command('{"intent":"weather/find","slots":[{"slot":"datetime","value":"I dag."}]}'),
        command('{"intent":"alarm/show","slots":[{"slot":"reference","value":"mine"}]}'),
    ]
    # One of two that were found is right, of two that were wanted.
    assert slot_f1(found, wanted) == 0.5
    assert commands_judged(found, wanted) == {
        "intent accuracy": 1.0,
        "slot F1": 0.5,
        "exact match": 0.0,
    }
    assert commands_judged(wanted, wanted)["exact match"] == 1.0
    assert slot_f1([command({})], [command({})]) == 1.0


def test_a_slot_that_is_said_twice_counts_twice() -> None:
    slot = {"slot": "x", "value": "1"}
    once, twice = command({"slots": [slot]}), command({"slots": [slot, slot]})
    assert slot_f1([twice], [once]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("text", ["", "no form", "[]", '{"slots": 1}', '{"slots": ["x"]}'])
def test_what_is_no_command_is_wrong_and_no_error(text: str) -> None:
    assert command(text).intent == ""
    assert not command(text).slots


def test_commands_become_rows_and_a_schema() -> None:
    definition = xsid.definition(_RECORDS, "da", "quotes")
    schema = definition["output"]["schema"]
    assert schema_fault(schema) == ""
    assert schema["properties"]["intent"]["enum"] == ["alarm/show", "weather/find"]
    assert command(xsid.written(_RECORDS[0])) == command(_RECORDS[0])
    assert list(schema["properties"]) == list(json.loads(xsid.written(_RECORDS[0])))
    assert xsid.unknown(_RECORDS[1:], _RECORDS) == 0.5
    assert xsid.judged([_said(xsid.written(one)) for one in _RECORDS], _RECORDS)["slot F1"] == 1.0


def test_rows_are_drawn_in_balance() -> None:
    items = [f"{label}{number}" for label in "abc" for number in range(9)] + ["d0"]
    drawn = balanced(items, lambda item: item[0], 10, seed=1)
    assert drawn == balanced(items, lambda item: item[0], 10, seed=1)
    assert len(set(drawn)) == 10
    assert Counter(item[0] for item in drawn) == {"a": 3, "b": 3, "c": 3, "d": 1}
    assert len(balanced(items, lambda item: item[0], 100, seed=1)) == len(items)


def test_an_intent_is_right_or_wrong() -> None:
    records = [{"text": "Where is it?", "label": "card_arrival"}] * 2
    said = [_said(banking77.written(records[0])), _said("")]
    assert banking77.judged(said, records)["accuracy"] == 0.5
    definition = banking77.definition(records, ["b", "a", "b"], "quotes")
    assert definition["output"]["schema"]["properties"]["intent"]["enum"] == ["a", "b"]


# Plans and styles


def test_plans_are_judged_rule_by_rule() -> None:
    test = rows("en", "test", 2)
    right = test[0]["messages"][1]["content"]
    plan = json.loads(right)
    spoilt = json.dumps(plan | {"advice": "Eat an apple."})
    assert week_plan.judged(test[:1], [_said(right)]) == {
        "every rule": 1.0,
        **dict.fromkeys(RULES, 1.0),
        "p50 s": 1.0,
    }
    found = week_plan.judged(test[:1], [_said(spoilt)])
    assert (found["every rule"], found["advice"], found["goal"]) == (0.0, 0.0, 1.0)
    failed = week_plan.judged(test[:1], [Said("", 0.1, failed="it does not know Danish")])
    assert failed["form"] == 0.0
    assert math.isnan(failed["p50 s"])


def test_the_everyday_questions_are_as_described() -> None:
    facts = kto.load_facts()
    asked = [fact.ask for fact in facts]
    again = [fact.again for fact in facts if fact.again]
    assert (len(asked), len(again)) == (200, 60)
    assert len({*asked, *again}) == 260
    for fact in facts:
        preferred, other = kto.in_styles(fact)
        assert (kto.style_of(preferred), kto.style_of(other)) == (True, False)
        assert holds_one(preferred, fact.fact)
        assert holds_one(other, fact.fact)
    assert kto.style_of("The answer is seven.") is None


# Reading


def test_words_are_counted_as_squad_counts_them() -> None:
    assert squad_f1("the red house", ["a red house"], "en") == 1.0
    assert squad_f1("den røde bus", ["røde bus", "grøn"], "da") == pytest.approx(0.8)
    assert squad_f1("", ["house"], "en") == 0.0
    assert squad_f1("house", [], "en") == 0.0
    assert squad_f1("A", ["the"], "en") == 0.0  # nothing but an article is no article


def test_no_english_passage_is_on_both_sides() -> None:
    found = passages.english()
    collections = {one.id: one.collection for one in found.documents}
    assert len(collections) == len(found.documents) >= 180
    assert {collections[one.passage] for one in found.train} == {"train"}
    assert {collections[one.passage] for one in found.test} == {"test"}
    texts = {one.id: one.text for one in found.documents}
    assert all(one.gold[0] in texts[one.passage] for one in found.test if one.gold)
    with pytest.raises(LoadError):
        passages.english(Path("nowhere"))


def test_danish_questions_that_teach_nothing_are_left_out(tmp_path: Path) -> None:
    corpus = [
        {"_id": f"p{n}", "title": "T", "text": f"Bussen kører klokken {n}."} for n in range(10)
    ]
    records = []
    for number in range(10):
        for answers in ([f"klokken {number}"], [""], ["klokken tolv"], ["x " * 11], []):
            records.append({"answers": answers, "is_impossible": not answers})
            records[-1] |= {"question": "Hvornår?", "context_id": f"p{number}"}
    for name, lines in (("corpus", corpus), ("qa", records)):
        text = "\n".join(map(json.dumps, lines))
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    found = passages.danish(tmp_path, seed=0)
    assert Counter(one.collection for one in found.documents) == {"train": 8, "test": 2}
    assert (len(found.train), found.left_out) == (16, 24)
    assert {one.gold for one in found.train if one.gold} <= {(f"klokken {n}",) for n in range(10)}
    # Tests keep all that can be judged.
    assert len(found.test) == 8
    assert found == passages.danish(tmp_path, seed=0)


def test_questions_are_drawn_with_a_share_that_has_no_answer() -> None:
    questions = [Asked(f"q{n}", ("x",) * (n % 2), "p", "en") for n in range(40)]
    for count, with_answer, without in ((12, 8, 4), (0, 20, 10), (400, 20, 20)):
        drawn = passages.drawn(questions, count, 1 / 3, seed=0)
        assert Counter(bool(one.gold) for one in drawn) == {True: with_answer, False: without}
    assert drawn != questions


def test_a_question_becomes_a_row_with_its_passage(tmp_path: Path) -> None:
    made = [
        passages.training_row(Asked("When?", ("6 pm",), "en-1", "en")),
        passages.training_row(Asked("Hvorfor?", (), "da-1", "da")),
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, made)), encoding="utf-8")
    first, second = read_rows(path)
    assert (first.answer, first.declines, first.lineage.documents) == ("6 pm", False, ("en-1",))
    assert (second.declines, second.language) == (True, "da")


def test_reading_is_summed_up_over_the_questions_it_belongs_to() -> None:
    def outcome(*, answerable: bool, declined: bool, f1: float = 0.0) -> reading.Outcome:
        grounded = None if declined else f1 > 0
        return reading.Outcome(answerable, declined, f1, f1 == 1.0, f1 > 0, grounded, 2.0)

    found = reading.summary(
        [
            outcome(answerable=True, declined=False, f1=1.0),
            outcome(answerable=True, declined=True),
            outcome(answerable=False, declined=True),
            outcome(answerable=False, declined=False),
        ]
    )
    assert (found["answerable"], found["unanswerable"]) == (2, 2)
    assert (found["F1"], found["F1, prompted"], found["contained"]) == (0.5, 1.0, 0.5)
    assert (found["declined, wrongly"], found["declined, rightly"]) == (0.5, 0.5)
    assert found["grounded"] == 0.5
    declined = reading.outcome(Asked("?", ("x",), "p", "en"), _said("", declined=True))
    assert (declined.f1, declined.declined, declined.grounded) == (0.0, True, None)


# Time


def test_the_rate_is_that_of_the_steady_steps() -> None:
    lines = ["{'loss': '2.1', 'num_tokens': '1.5e+03'}", "{'train_loss': 2, 'num_tokens': 9}", ""]
    assert [tokens for _, tokens in speed.timed(lines)] == [1500.0]
    assert speed.timed(["{'loss': 2.1, 'num_tokens': 1500.0, 'epoch': 1}"])[0][1] == 1500.0
    run = speed.steady([(30.0, 100), (31.0, 150), (34.0, 500)], 1024.0)
    assert (run.rate, run.step) == (100.0, 2.0)


def test_a_training_that_went_on_is_timed_as_a_whole() -> None:
    assert work.spent([{"seconds": 10.0}, {"seconds": 30.0}, {"seconds": 5.0}]) == 35.0
    assert work.spent([]) == 0.0


def test_before_and_after_stand_in_one_row() -> None:
    report = Report("test", work.COLUMNS)
    targets = {"right": Target(">=", 0.8)}
    work.beside(report, "en", {"right": 0.1}, {"right": 0.9, "minutes": 3.0}, targets)
    assert [row.met for row in report.rows] == [True, None]
    assert report.rows[1].cells["before"] is None
    work.note_failures(report, "en", [_said("x"), Said("", 0.1, failed="no")])
    assert report.notes == ["en: 1 of 2 failed (no)"]
