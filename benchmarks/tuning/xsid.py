"""Commands as people say them, to intent and slots: xSID, a few hundred rows in small languages.

A folder holds ``LANG.valid.jsonl`` and ``LANG.test.jsonl`` with ``text``, ``intent`` and ``slots``
(a list of ``slot`` and ``value``). The form that the agent fills in is made of the training rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.beir import jsonl
from benchmarks.metrics import median
from benchmarks.report import Report
from benchmarks.tuning import work
from benchmarks.tuning.scores import command, commands_judged, one_of

AGENT, UNTUNED = "commands", "commands-untuned"
_SLOTS = 12
_EXAMPLES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="with LANG.valid.jsonl and so on")
    parser.add_argument("--lang", default="da", choices=("da", "nl", "en"), help="(%(default)s)")
    parser.add_argument("--train", default="valid", metavar="FILE", help="(%(default)s)")
    parser.add_argument("--test-file", default="test", metavar="FILE", help="(%(default)s)")
    parser.add_argument("--rows", type=int, default=0, help="to train on (all)")
    parser.add_argument("--before", type=int, default=100, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train on one file of a language, test on another."""
    report = Report("tune xsid", work.COLUMNS)
    train = list(jsonl(args.folder / f"{args.lang}.{args.train}.jsonl"))[: args.rows or None]
    test = list(jsonl(args.folder / f"{args.lang}.{args.test_file}.jsonl"))[: args.test or None]
    seen = {work.bare(record["text"]) for record in train}
    # Those that training rows repeat word for word come last, and are told apart.
    test.sort(key=lambda record: work.bare(record["text"]) in seen)
    new = sum(work.bare(record["text"]) not in seen for record in test)
    questions = [record["text"] for record in test]
    with work.workspace(args.cache, f"xsid-{args.lang}-{args.model}") as ws:
        work.write_agent(ws, AGENT, definition(train, args.lang, args.model))
        work.write_agent(ws, UNTUNED, definition(train, args.lang, args.model, told=True))
        work.write_rows(
            ws, AGENT, [work.row(one["text"], written(one), args.lang) for one in train]
        )
        asked = questions[: min(args.before, new)]
        untuned = work.asked(ws.trial_agent(UNTUNED), asked, adapter=False)
        made = work.trained(ws, AGENT, work.settings_of(args))
        tuned = work.asked(ws.trial_agent(AGENT), questions, adapter=made.adapter)
    name, first = f"{args.lang}.{args.test_file}", len(untuned)
    before = judged(untuned, test[:first]) if work.could_answer(untuned) else {}
    work.beside(report, f"{name}, first {first} new", before, judged(tuned[:first], test), {})
    after = judged(tuned[:new], test) | {"minutes of training": made.minutes}
    work.beside(report, f"{name}, new ({new})", {}, after, {})
    work.beside(report, f"{name}, all ({len(test)})", {}, judged(tuned, test), {})
    work.note_failures(report, f"{name}, before", untuned)
    work.note_failures(report, f"{name}, after", tuned)
    report.notes += [
        f"{len(train)} rows to train on ({args.lang}.{args.train}); new: the {new} of {len(test)} "
        "test rows that no training row repeats word for word",
        f"before: a prompt that names all intents and slots, with {_EXAMPLES} examples",
        f"{unknown(train, test):.1%} of the test rows have an intent or slot that no training row "
        "has: those cannot come out right",
        "slot F1: over pairs of slot and value, case and punctuation aside; exact: intent and all",
    ]
    return report


def judged(said: Sequence[work.Said], test: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The measures of the answers to the test rows."""
    wanted = [command(record) for record in test[: len(said)]]
    found = commands_judged([command(one.text) for one in said], wanted)
    return found | {"p50 s": median([one.seconds for one in said if not one.failed])}


def written(record: Mapping[str, Any]) -> str:
    """A row's form as the agent writes it."""
    slots = [{"slot": one["slot"], "value": one["value"]} for one in record["slots"]]
    form = {"intent": record["intent"], "slots": slots}
    return json.dumps(form, ensure_ascii=False, separators=(",", ":"))


def definition(
    train: Sequence[Mapping[str, Any]], language: str, model: str, *, told: bool = False
) -> dict[str, Any]:
    """The agent: a short instruction, the first rows as examples, and the form.

    A model that was not trained is ``told`` all intents and slots in its instructions.
    """
    names = [slot["slot"] for record in train for slot in record["slots"]]
    slot = {
        "type": "object",
        "additionalProperties": False,
        "required": ["slot", "value"],
        "properties": {"slot": one_of(names), "value": {"type": "string", "maxLength": 100}},
    }
    form = {
        "type": "object",
        "additionalProperties": False,
        "required": ["intent", "slots"],
        "properties": {
            "intent": one_of([record["intent"] for record in train]),
            "slots": {"type": "array", "maxItems": _SLOTS, "items": slot},
        },
    }
    examples = [{"question": one["text"], "answer": written(one)} for one in train[:_EXAMPLES]]
    instructions = "Say what the command wants: its intent, and its slots word by word."
    if told:
        intents = sorted({record["intent"] for record in train})
        instructions += f"\nIntents: {', '.join(intents)}.\nSlots: {', '.join(sorted(set(names)))}."
    return {
        "name": "Commands",
        "instructions": instructions,
        "language": language,
        "model": model,
        "retrieval": False,
        "grounding": "off",
        "max_words": 100,
        "examples": examples,
        "output": {"schema": form},
    }


def unknown(train: Sequence[Mapping[str, Any]], test: Sequence[Mapping[str, Any]]) -> float:
    """The share of test rows with an intent or a slot that training does not have."""
    known = set[str]().union(*map(_names, train))
    return sum(not _names(record) <= known for record in test) / len(test)


def _names(record: Mapping[str, Any]) -> set[str]:
    return {f"intent {record['intent']}", *(f"slot {one['slot']}" for one in record["slots"])}
