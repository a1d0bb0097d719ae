"""What a comparison takes beyond the bare answers: keeping, scoring, intervals, tests.

The same questions are asked of the same agent, bare and in a comparison, in turns; each turn has a
test set of its own, so that nothing is known already.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.metrics import median
from benchmarks.report import Report, Target, say
from benchmarks.tuning import work
from kilde.demo.example import make_workspace
from kilde.types import Arm
from kilde.workspace.comparing import compare
from kilde.workspace.evaluation import build_testset

AGENT = "health"
_RAG, _PLAIN = Arm(retrieval=True, adapter=False), Arm(retrieval=False, adapter=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--test", type=int, default=12, metavar="N", help="(%(default)s)")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Ask bare and in a comparison, in turns."""
    report = Report(
        "decide overhead", ("turn", "bare s", "compare s", "ratio"), digits={"ratio": 3}
    )
    ratios = []
    with work.workspace(
        args.cache, "overhead", lambda folder: make_workspace("en", folder)[0]
    ) as ws:
        for name in ("health", "site"):
            ws.knowledge.add([ws.path / name], collection=name)
        ws.trial_agent(AGENT, model=args.model).ask("When are you open?")  # loads what is needed
        for turn in range(args.turns):
            name = f"turn-{turn}"
            build_testset(
                ws,
                AGENT,
                ws.path / "health.test.jsonl",
                name=name,
                limit=args.test,
                seed=turn,
                replace_old=True,
            )
            questions = ws.testsets.load(name).questions
            agent = ws.trial_agent(AGENT, model=args.model)
            say(f"turn {turn + 1} of {args.turns}")
            began = time.perf_counter()
            for arm in (_PLAIN, _RAG):
                for question in questions:
                    agent.ask(question.question, retrieval=arm.retrieval, adapter=False)
            bare = time.perf_counter() - began
            began = time.perf_counter()
            compare(ws, AGENT, testset=name, arms=(_PLAIN, _RAG), model=args.model)
            compared = time.perf_counter() - began
            ratios.append(compared / bare)
            report.add(
                {"turn": str(turn + 1), "bare s": bare, "compare s": compared, "ratio": ratios[-1]}
            )
    report.add({"turn": "median", "ratio": median(ratios)}, Target("<=", 1.05), "ratio")
    report.notes.append(f"{args.model}; {args.test} questions to plain and to rag in each turn")
    return report
