"""A fixed form: the example's week plans, with the rules looked up, learnt, both or neither.

The documents of the example say how people should exercise, not the house rules of a plan; those
stand in the training rows alone, as a habit of an organisation does.
"""

from __future__ import annotations

import argparse

from benchmarks.deciding import arms
from benchmarks.report import Report
from benchmarks.tuning import work
from kilde.demo.example import make_workspace
from kilde.demo.week_plan import COUNTS, rows
from kilde.evaluation.said import ARMS
from kilde.workspace.comparing import compare
from kilde.workspace.evaluation import build_testset

AGENT = "week-plan"
_METRICS = ("task", "form_exact", "schema", "seconds")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--test", type=int, default=60, metavar="N", help="(%(default)s)")
    parser.add_argument("--rows", type=int, default=COUNTS["train"], help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train on the example's rows, ask all arms, and put tuned beside rag."""
    report = Report("decide form", arms.COLUMNS)
    with work.workspace(
        args.cache, "week-plan-en", lambda folder: make_workspace("en", folder)[0]
    ) as ws:
        ws.knowledge.add([ws.path / "planning"], collection="planning")
        work.write_rows(ws, AGENT, rows("en", "train", args.rows))
        build_testset(ws, AGENT, ws.path / f"{AGENT}.test.jsonl", limit=args.test, replace_old=True)
        trained = work.trained(ws, AGENT, work.settings_of(args))
        comparison = compare(ws, AGENT, arms=ARMS, adapter=trained.adapter, progress=work.Told())
        arms.tabled(report, comparison, _METRICS)
        # A training that was cut short has no target.
        arms.ahead(report, comparison, "tuned", "rag", judged=not args.max_steps)
        arms.reported(ws, comparison, report)
    report.notes += [
        f"{args.rows} rows in {trained.minutes:.1f} minutes of training",
        *comparison.notes,
    ]
    return report
