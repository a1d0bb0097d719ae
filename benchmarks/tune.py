"""What does tuning gain, how long does it take, and what does it leave as it was?

Each part makes a workspace, trains an adapter there as ``kilde tune`` does, and asks the same test
questions before and after. With ``--cache DIR`` the workspace is kept: a training that came to its
end is not repeated, and one that was stopped goes on.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.report import Report

PARTS = {
    "week-plan": "plans after rules that stand in no prompt: the example's agent",
    "xsid": "commands in Danish or Dutch to intent and slots",
    "banking77": "one of 77 intents of bank customers",
    "kto": "thumbs move the style of answers, and not what they know",
    "speed": "tokens per second and memory beside plain `trl sft`",
    "reading": "short answers from documents that nothing was trained on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark: one subcommand a part."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, about in PARTS.items():
        part = parts.add_parser(name, help=about, description=about)
        # After the part as well as before it; what is not given leaves the other as it is.
        part.add_argument(
            "--json", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        part.add_argument("--cache", type=Path, help="keep the workspace here and use it again")
        part.add_argument("--max-steps", type=int, default=0, help="of each training (no limit)")
        part.add_argument("--test", type=int, metavar="N", help="ask fewer test questions")
        _module(name).add_arguments(part)


def run(args: argparse.Namespace) -> Report:
    """Run the part that the command line names."""
    report: Report = _module(args.part).run(args)
    return report


def _module(part: str) -> Any:
    return import_module(f"benchmarks.tuning.{part.replace('-', '_')}")
