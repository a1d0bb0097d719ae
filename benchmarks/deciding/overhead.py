"""What a comparison takes beyond the bare answers: keeping, scoring, intervals, tests.

A comparison notes how long each answer took, so both times are of one run: asking the same once
more without it would find half of the prompts in the model's cache. Each turn has questions of its
own, so that nothing is known already.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.metrics import median
from benchmarks.report import Report, Target, say
from benchmarks.tuning import work
from kilde.demo.example import make_workspace
from kilde.types import Arm
from kilde.workspace.comparing import compare, said_in
from kilde.workspace.evaluation import build_testset

AGENT = "health"
_RAG, _PLAIN = Arm(retrieval=True, adapter=False), Arm(retrieval=False, adapter=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--test", type=int, default=12, metavar="N", help="(%(default)s)")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Compare in turns, and hold the time of each beside that of its answers."""
    columns = ("turn", "answers", "answers s", "compare s", "ratio")
    report = Report("decide overhead", columns, digits={"ratio": 3})
    ratios = []
    # Nothing is kept: what was asked already would cost a comparison nothing.
    with work.workspace(None, "overhead", lambda folder: make_workspace("en", folder)[0]) as ws:
        for name in ("health", "site"):
            ws.knowledge.add([ws.path / name], collection=name)
        ws.trial_agent(AGENT, model=args.model).ask("When are you open?")  # loads what is needed
        for turn in range(args.turns):
            name, file = f"turn-{turn}", ws.path / f"{AGENT}.test.jsonl"
            build_testset(ws, AGENT, file, name=name, limit=args.test, seed=turn)
            say(f"turn {turn + 1} of {args.turns}")
            began = time.perf_counter()
            found = compare(ws, AGENT, testset=name, arms=(_PLAIN, _RAG), model=args.model)
            compared = time.perf_counter() - began
            said = said_in(ws, found)
            bare = sum(one.seconds for one in said)
            ratios.append(compared / bare)
            cells = {"answers s": bare, "compare s": compared, "ratio": ratios[-1]}
            report.add({"turn": str(turn + 1), "answers": len(said), **cells})
    report.add({"turn": "median", "ratio": median(ratios)}, Target("<=", 1.05), "ratio")
    report.notes.append(f"{args.model}; {args.test} questions to plain and to rag in each turn")
    return report
