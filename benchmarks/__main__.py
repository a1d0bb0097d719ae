"""The command line: ``python -m benchmarks SUBJECT``; exits with 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import say, to_json
from kilde.errors import KildeError

SUBJECTS = {
    "retrieval": "does search find the right document?",
    "ingest": "how fast do files become passages, and in how much memory?",
    "search": "how long does a search take as the knowledge base grows?",
    "cold": "how long until the first line of help, and what does an import load?",
    "answers": "are answers right, and are their citations?",
    "tune": "what does tuning gain, and how fast is it?",
    "decide": "do the figures that decide hold?",
    "reading": "are documents read as people see them?",
    "survive": "does a workspace survive what happens to it?",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark, print its table and its JSON, and tell by the status if targets hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    for name, about in SUBJECTS.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument(
            "--json", type=Path, metavar="FILE", help="write the JSON there instead of printing it"
        )
        import_module(f"benchmarks.{name}").add_arguments(command)
    args = parser.parse_args(arguments)
    try:
        report = import_module(f"benchmarks.{args.subject}").run(args)
    except KildeError as error:
        say(f"{error.message}\n{error.hint}")
        return 2
    print(report.table())
    if args.json:
        args.json.write_text(to_json(report, indent=2) + "\n", encoding="utf-8")
    else:
        print(to_json(report))
    return 0 if report.met else 1


if __name__ == "__main__":
    sys.exit(main())
