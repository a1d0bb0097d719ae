"""One of 77 intents for what a bank's customer writes: Banking77, with a thousand rows.

A folder holds ``train.jsonl`` and ``test.jsonl`` with ``text`` and ``label``. The agent fills in a
form with one field, held to the 77 intents before and after.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.beir import jsonl
from benchmarks.metrics import bootstrap, mean, median
from benchmarks.report import Report
from benchmarks.tuning import work
from benchmarks.tuning.scores import balanced, command, one_of

AGENT, UNTUNED = "intents", "intents-untuned"
_EXAMPLES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="with train.jsonl and test.jsonl")
    parser.add_argument("--rows", type=int, default=1000, help="to train on (%(default)s)")
    parser.add_argument("--before", type=int, default=100, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train on rows that are balanced over the intents, test on others."""
    report = Report("tune banking77", work.COLUMNS)
    every = list(jsonl(args.folder / "train.jsonl"))
    train = balanced(every, lambda one: one["label"], args.rows, args.seed)
    seen = {work.bare(record["text"]) for record in train}
    test = [
        record
        for record in jsonl(args.folder / "test.jsonl")
        if work.bare(record["text"]) not in seen
    ]
    test = balanced(test, lambda one: one["label"], args.test or 500, args.seed)
    questions = [record["text"] for record in test]
    intents = [record["label"] for record in every]
    with work.workspace(args.cache, f"banking77-{args.model}") as ws:
        work.write_agent(ws, AGENT, definition(train, intents, args.model))
        work.write_agent(ws, UNTUNED, definition(train, intents, args.model, told=True))
        work.write_rows(ws, AGENT, [work.row(one["text"], written(one), "en") for one in train])
        untuned = work.asked(ws.trial_agent(UNTUNED), questions[: args.before], adapter=False)
        made = work.trained(ws, AGENT, work.settings_of(args))
        tuned = work.asked(ws.trial_agent(AGENT), questions, adapter=made.adapter)
    after = judged(tuned, test) | {"minutes of training": made.minutes}
    first = len(untuned)
    before = judged(untuned, test) if work.could_answer(untuned) else {}
    work.beside(report, f"first {first}", before, judged(tuned[:first], test), {})
    work.beside(report, f"all {len(test)}", {}, after, {})
    work.note_failures(report, "before", untuned)
    work.note_failures(report, "after", tuned)
    low, high = bootstrap(_right(tuned, test))
    report.notes += [
        f"{len(train)} rows to train on and {len(test)} to test, each balanced over "
        f"{len(set(intents))} intents, seed {args.seed}, none of which stands in both",
        f"before: a prompt that names all intents, with {_EXAMPLES} examples",
        f"95 % of the accuracy after: {low:.3f} … {high:.3f} (bootstrap)",
    ]
    return report


def judged(said: Sequence[work.Said], test: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Accuracy and the median answer time."""
    seconds = [one.seconds for one in said if not one.failed]
    return {"accuracy": mean(_right(said, test)), "p50 s": median(seconds)}


def _right(said: Sequence[work.Said], test: Sequence[Mapping[str, Any]]) -> list[float]:
    return [
        float(command(one.text).intent == record["label"])
        for one, record in zip(said, test, strict=False)
    ]


def written(record: Mapping[str, Any]) -> str:
    """A row's form as the agent writes it."""
    return json.dumps({"intent": record["label"]}, ensure_ascii=False, separators=(",", ":"))


def definition(
    train: Sequence[Mapping[str, Any]], intents: Sequence[str], model: str, *, told: bool = False
) -> dict[str, Any]:
    """The agent: a short instruction, the first rows as examples, and the form.

    A model that was not trained is ``told`` all intents in its instructions.
    """
    instructions = "Say what the bank's customer wants."
    if told:
        instructions += f"\nIntents: {', '.join(sorted(set(intents)))}."
    form = {
        "type": "object",
        "additionalProperties": False,
        "required": ["intent"],
        "properties": {"intent": one_of(intents)},
    }
    return {
        "name": "Intents",
        "instructions": instructions,
        "language": "en",
        "model": model,
        "retrieval": False,
        "grounding": "off",
        "max_words": 30,
        "examples": [
            {"question": one["text"], "answer": written(one)} for one in train[:_EXAMPLES]
        ],
        "output": {"schema": form},
    }
