"""Ten edits of the example's documents: what it takes until each arm tells the new truth."""

from __future__ import annotations

import argparse

from benchmarks.report import Report, Target
from benchmarks.tuning import work
from kilde.demo.example import make_workspace
from kilde.workspace.drilling import drill

AGENT = "health"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--edits", type=int, default=10, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    parser.add_argument("--epochs", type=float, metavar="X", help="of the training (by rows)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Edit, ask, let each arm do its work, and ask again."""
    columns = ("arm", "work", "seconds", "asked", "new", "stale", "wrong")
    report = Report("decide drill", columns)
    with work.workspace(args.cache, "drill", lambda folder: make_workspace("en", folder)[0]) as ws:
        for name in ("health", "site"):
            ws.knowledge.add([ws.path / name], collection=name)
        found = drill(
            ws,
            AGENT,
            edits=args.edits,
            model=args.model,
            epochs=args.epochs,
            seed=args.seed,
            progress=work.Told(),
        )
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
    even = "never" if found.break_even is None else f"{found.break_even:.1f}"
    report.notes += [
        f"{len(found.edits)} edits; break-even at {even} rounds of changes a month, with "
        f"{found.questions_per_month:,} questions a month",
        *found.notes,
    ]
    return report
