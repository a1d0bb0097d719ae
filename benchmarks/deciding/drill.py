"""Ten edits of the example's documents: what it takes until each arm tells the new truth.

An adapter is trained on the documents first, so that it shows how stale it becomes.
"""

from __future__ import annotations

import argparse
import tomllib

from benchmarks.report import Report, Target
from benchmarks.tuning import work
from kilde.demo.example import make_workspace
from kilde.evaluation.drill_result import Drill
from kilde.workspace import Workspace
from kilde.workspace.drilling import drill
from kilde.workspace.tuning import build_dataset

AGENT = "health"
COLUMNS = ("arm", "work", "seconds", "asked", "new", "stale", "wrong")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--edits", type=int, default=10, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    parser.add_argument("--rows", type=int, default=200, metavar="N", help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Edit, ask, let each arm do its work, and ask again."""
    report = Report("decide drill", COLUMNS)
    with work.workspace(args.cache, "drill", lambda folder: make_workspace("en", folder)[0]) as ws:
        for name in ("health", "site"):
            ws.knowledge.add([ws.path / name], collection=name)
        # Rows are made with templates while the agent quotes.
        _answer_with(ws, "quotes")
        build_dataset(ws, AGENT, "documents", limit=args.rows, test_share=0.0, replace_old=True)
        _answer_with(ws, args.model)
        trained = work.trained(ws, AGENT, work.settings_of(args))
        found = drill(
            ws,
            AGENT,
            edits=args.edits,
            adapter=trained.adapter,
            epochs=args.epochs,
            seed=args.seed,
            progress=work.Told(),
        )
    tabled(report, found)
    report.notes.insert(
        0, f"{trained.adapter} was trained on {args.rows} rows of the documents before the edits"
    )
    return report


def tabled(report: Report, found: Drill) -> None:
    """Two rows for each arm, before and after its work, and what else there is to know."""
    for cost in found.costs:
        if cost.skipped:
            report.notes.append(f"{cost.arm} was not drilled: {cost.skipped}")
            continue
        for asked, told in (("before the work", cost.before), ("after it", cost.after)):
            last = asked == "after it"
            cells = {
                "arm": cost.arm,
                "work": cost.work,
                "seconds": cost.seconds if last else None,
                "asked": asked,
                **dict(told),
            }
            judged = last and cost.arm == "rag"
            report.add(cells, Target("<=", 0.1) if judged else None, "stale" if judged else "")
    even = "no break-even"
    if found.break_even is not None:
        even = f"break-even at {found.break_even:.1f} rounds of changes a month"
    report.notes += [
        f"{len(found.edits)} edits; {even}, with {found.questions_per_month:,} questions a month",
        *found.notes,
    ]


def _answer_with(ws: Workspace, model: str) -> None:
    """The agent quotes; what is trained is a model."""
    definition = tomllib.loads((ws.path / "agents" / f"{AGENT}.toml").read_text(encoding="utf-8"))
    work.write_agent(ws, AGENT, definition | {"model": model})
