"""Does a workspace survive what happens to it: kills, and files that are not what they seem?"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.report import Report

PARTS = {
    "kills": "kill -9 at the system calls of each command, then one command that heals",
    "files": "mutated files of every format beside good ones",
    "bombs": "small files that become large or slow",
    "pace": "what reading files in other processes costs",
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
        _module(name).add_arguments(part)


def run(args: argparse.Namespace) -> Report:
    """Run the part that the command line names."""
    report: Report = _module(args.part).run(args)
    return report


def _module(part: str) -> Any:
    return import_module(f"benchmarks.surviving.{part}")
