"""The measures of ``tune`` against numbers worked out by hand, and its data; nothing is trained."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.report import Report, Target
from benchmarks.tune import PARTS
from benchmarks.tuning import banking77, kto, speed, week_plan, work, xsid
from benchmarks.tuning.scores import (
    balanced,
    command,
    commands_judged,
    holds_one,
    slot_f1,
)
from benchmarks.tuning.work import Said

from kilde.agents.form import schema_fault
from kilde.demo.week_plan import RULES, rows
from kilde.generation.quotes import Quotes
from kilde.protocols import GenerationRequest, Piece

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


def _said(text: str) -> Said:
    return Said(text, 1.0)


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


def test_sampling_draws_anew_for_every_question() -> None:
    class Inner(Quotes):
        def stream(self, request: GenerationRequest) -> Iterator[Piece]:
            asked.append(request)
            return iter(())

    asked: list[GenerationRequest] = []
    for seed, question in ((0, "a"), (0, "b"), (1, "a"), (0, "a")):
        kto.Sampled(Inner(), seed).stream(GenerationRequest((), question, (), "en"))
    assert len({request.seed for request in asked}) == 3
    assert asked[0] == asked[3]
    assert all(request.temperature == 1.0 and 0 <= request.seed < 2**31 for request in asked)


# Time


def test_the_rate_is_that_of_the_steady_steps() -> None:
    lines = ["{'loss': '2.1', 'num_tokens': '1.5e+03'}", "{'train_loss': 2, 'num_tokens': 9}", ""]
    assert [tokens for _, tokens in speed.timed(lines)] == [1500.0]
    assert speed.timed(["{'loss': 2.1, 'num_tokens': 1500.0, 'epoch': 1}"])[0][1] == 1500.0
    # The first step is not counted, and one that is held up does not count for much.
    run = speed.steady([(30.0, 100), (31.0, 200), (41.0, 300), (42.0, 400)], 1024.0)
    assert (run.rate, run.step) == (100.0, 1.0)


def test_before_and_after_stand_in_one_row() -> None:
    report = Report("test", work.COLUMNS)
    targets = {"right": Target(">=", 0.8)}
    work.beside(report, "en", {"right": 0.1}, {"right": 0.9, "minutes": 3.0}, targets)
    assert [row.met for row in report.rows] == [True, None]
    assert report.rows[1].cells["before"] is None
    work.note_failures(report, "en", [_said("x"), Said("", 0.1, failed="no")])
    assert report.notes == ["en: 1 of 2 failed (no)"]
