"""Do the figures that decide hold: the arms' order on facts and on form, the statistics, the cost?

Each part goes the way of ``kilde compare`` or ``kilde drill`` in a workspace of its own. With
``--cache DIR`` that is kept, with its trainings and all answers: what was asked is not asked again.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.report import Report

PARTS = {
    "facts": "new facts of documents: retrieval beside training",
    "form": "plans in a fixed form: training beside retrieval",
    "statistics": "equal arms are not called different, and what can be found is found",
    "overhead": "what a comparison takes beyond the answers",
    "drill": "ten edits: seconds until each arm tells the new truth",
}
TRAINING = ("facts", "form", "drill")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark: one subcommand a part."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, about in PARTS.items():
        part = parts.add_parser(name, help=about, description=about)
        # After the part as well as before it; what is not given leaves the other as it is.
        part.add_argument(
            "--json", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        if name in TRAINING:
            part.add_argument("--cache", type=Path, help="keep the workspace here, use it again")
            part.add_argument("--max-steps", type=int, default=0, help="of a training (no limit)")
        _module(name).add_arguments(part)


def run(args: argparse.Namespace) -> Report:
    """Run the part that the command line names."""
    report: Report = _module(args.part).run(args)
    return report


def _module(part: str) -> Any:
    return import_module(f"benchmarks.deciding.{part}")
