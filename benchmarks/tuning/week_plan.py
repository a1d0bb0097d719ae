"""The example's agent ``week-plan``: plans that follow every house rule, before and after tuning.

Before, the model has the agent's instructions and examples; both times its answer is held to the
schema, so that form is not what is measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.metrics import mean, median
from benchmarks.report import Report, Target
from benchmarks.tuning import work
from benchmarks.tuning.work import Said
from kilde.demo.example import make_workspace
from kilde.demo.week_plan import COUNTS, LANGUAGES, RULES, Request, check, rows

AGENT = "week-plan"
TARGETS = {"every rule": Target(">=", 0.85), "minutes of training": Target("<=", 15.0)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="(%(default)s)")
    parser.add_argument(
        "--rows", type=int, default=COUNTS["train"], help="to train on (%(default)s)"
    )
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train on the made-up rows of a language and judge the plans for its test rows."""
    report = Report("tune week-plan", work.COLUMNS)
    test = rows(args.lang, "test", args.test or COUNTS["test"])
    questions = [row["messages"][0]["content"] for row in test]
    with work.workspace(
        args.cache, f"week-plan-{args.lang}", lambda folder: make_workspace(args.lang, folder)[0]
    ) as ws:
        work.write_rows(ws, AGENT, rows(args.lang, "train", args.rows))
        untuned = work.asked(ws.trial_agent(AGENT), questions, adapter=False)
        made = work.trained(ws, AGENT, work.settings_of(args))
        tuned = work.asked(ws.trial_agent(AGENT), questions, adapter=made.adapter)
    after = judged(test, tuned) | {"minutes of training": made.minutes}
    # A training that was cut short has no target.
    targets = {} if args.max_steps else TARGETS
    work.beside(report, args.lang, judged(test, untuned), after, targets)
    work.note_failures(report, f"{args.lang}, before", untuned)
    work.note_failures(report, f"{args.lang}, after", tuned)
    report.notes += [
        f"{args.rows} rows to train on, {len(test)} to test, half of these about a goal, an age "
        "and a level that no training row combines; an answer that failed follows no rule",
        "sentences are worded otherwise than in training; the phrases for goal, age and level are "
        "the same",
        "every rule: share of plans that break none; the other lines: share that keep that rule",
    ]
    return report


def judged(test: Sequence[Mapping[str, Any]], said: Sequence[Said]) -> dict[str, float]:
    """The share of plans that follow every rule, and each rule; and the median answer time."""
    broken = [
        {fault.rule for fault in check(Request(**row["request"]), one.text)}
        for row, one in zip(test, said, strict=True)
    ]
    shares = {"every rule": mean([float(not faults) for faults in broken])}
    shares |= {rule: mean([float(rule not in faults) for faults in broken]) for rule in RULES}
    return shares | {"p50 s": median([one.seconds for one in said if not one.failed])}
