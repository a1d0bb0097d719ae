"""New facts: an agent reads documents, or learnt from questions and answers about them.

A folder holds ``documents/*.md`` and ``qa.jsonl`` (``question``, ``reference``, ``documents``).
Some of the questions are the test. The adapter learns from the others, which are about the same
documents, and from rows made of all documents with templates: what is asked was there to be learnt.

The references are long, and a right answer in other words is far from them in ROUGE-L. So it is
measured as well how much of what each arm says the question's own documents support, whether it
looked them up or not.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.deciding import arms
from benchmarks.report import Report, Target, say
from benchmarks.tuning import work
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.said import ARMS
from kilde.evaluation.statistics import interval
from kilde.grounding import ground
from kilde.tuning.checks.duplicates import NearIndex, shingles
from kilde.types import Claim, Hit, Passage
from kilde.workspace import Workspace
from kilde.workspace.comparing import compare, said_in
from kilde.workspace.evaluation import build_testset
from kilde.workspace.tuning import build_dataset

AGENT = "seniors"
_METRICS = ("task", "token_f1", "grounded", "retrieval_recall", "answered", "seconds")
_TEMPLATES = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="with documents/ and qa.jsonl")
    parser.add_argument("--test", type=int, default=60, metavar="N", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train without the test questions, ask all arms, and put rag beside tuned."""
    report = Report("decide facts", arms.COLUMNS)
    asked = [json.loads(line) for line in (args.folder / "qa.jsonl").open(encoding="utf-8")]
    with work.workspace(args.cache, f"facts-{args.model}-{args.test}") as ws:
        work.write_agent(ws, AGENT, _definition("quotes"))
        say("indexing the documents")
        ws.knowledge.add([args.folder / "documents"], collection="health")
        ids = {Path(one.source).name: one.id for one in ws.knowledge.documents()}
        test, rest = drawn(asked, args.test, args.seed)
        _write(ws, "test", [_question(one, ids) for one in test])
        build_testset(ws, AGENT, _file(ws, "test"), limit=args.test, replace_old=True)
        rows = [work.row(one["question"], one["reference"], "en") for one in rest]
        # An agent that quotes has no model that could write rows: they are made with templates.
        build_dataset(
            ws, AGENT, "documents", name="made", limit=_TEMPLATES, test_share=0.0, replace_old=True
        )
        made = [
            work.row(row.question, row.answer, "en")
            for row in ws.datasets.load("made").rows
            if not row.declines
        ]
        work.write_agent(ws, AGENT, _definition(args.model))
        work.write_rows(ws, AGENT, _apart(rows + made, test))
        trained = work.trained(ws, AGENT, work.settings_of(args))
        comparison = compare(ws, AGENT, arms=ARMS, adapter=trained.adapter, progress=work.Told())
        arms.tabled(report, comparison, _METRICS)
        # A training that was cut short has no target.
        arms.ahead(report, comparison, "rag", "tuned", judged=not args.max_steps)
        table_supported(report, supported(ws, comparison), judged=not args.max_steps)
        arms.reported(ws, comparison, report)
        card = ws.registry.get(trained.adapter)
    report.notes += [
        f"{args.model}; {card.rows} rows in {trained.minutes:.1f} minutes of training",
        *comparison.notes,
    ]
    return report


def drawn(
    asked: list[dict[str, Any]], count: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Test questions, each with an answer of its own, and all others whose answer is none of
    theirs."""
    order = asked.copy()
    random.Random(seed).shuffle(order)
    test = list({one["reference"]: one for one in order}.values())[:count]
    held = {one["reference"] for one in test}
    return test, [one for one in order if one["reference"] not in held]


def supported(ws: Workspace, comparison: Comparison) -> dict[str, dict[str, float]]:
    """By arm and question: the share of claims (0..1) that the question's own documents support.

    The metric ``grounded`` holds answers against what was found, and so says nothing of arms that
    look nothing up. Who declines or says nothing has 0, for all questions have an answer.
    """
    questions = {one.id: one for one in ws.testsets.load(comparison.testset).questions}
    found: dict[str, dict[str, float]] = {}
    for said in said_in(ws, comparison):
        hits = [_whole(ws, name) for name in questions[said.question].documents]
        claims: tuple[Claim, ...] = ()
        if said.answer is not None and not said.answer.abstained:
            claims = ground(said.answer.text, hits, "en").claims
        share = sum(claim.supported for claim in claims) / max(len(claims), 1)
        found.setdefault(said.arm, {})[said.question] = share
    return found


def table_supported(
    report: Report, found: Mapping[str, Mapping[str, float]], *, judged: bool
) -> None:
    """A row for each arm, and one for rag less tuned, whose interval is not to reach 0."""

    def add(name: str, values: list[float], bounds: tuple[float, float], target: bool) -> None:
        spread = interval(values, bounds=bounds)
        cells: dict[str, str | int | float | None] = {
            "arm": name,
            "metric": "supported",
            "questions": len(values),
            "mean": sum(values) / len(values),
            "low": spread.low if spread else None,
            "high": spread.high if spread else None,
        }
        report.add(cells, Target(">=", 0.0) if target else None, "low" if target else "")

    for arm, shares in found.items():
        add(arm, list(shares.values()), (0.0, 1.0), False)
    if {"rag", "tuned"} <= found.keys():
        rag, tuned = found["rag"], found["tuned"]
        add("rag - tuned", [rag[one] - tuned[one] for one in rag], (-1.0, 1.0), judged)


@cache
def _whole(ws: Workspace, name: str) -> Hit:
    """A document as one passage."""
    document = ws.knowledge.document(name)
    length = len(document.text)
    passage = Passage(name, name, 0, "text", document.text, 0, length, language=document.language)
    (told,) = (one for one in ws.knowledge.documents() if one.id == name)
    return Hit(passage, told, 1.0)


def _apart(rows: list[dict[str, Any]], test: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that ask nothing that the test asks, not even nearly."""
    index = NearIndex()
    for number, one in enumerate(test):
        index.add(number, shingles(one["question"]))
    return [row for row in rows if not any(index.near(shingles(row["messages"][0]["content"])))]


def _question(one: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    documents = [ids[name] for name in one["documents"] if name in ids]
    return {
        "question": one["question"],
        "reference": one["reference"],
        "documents": documents,
        "answerable": True,
        "language": "en",
    }


def _definition(model: str) -> dict[str, Any]:
    return {
        "name": "Seniors",
        "instructions": "You answer questions about health in later life, briefly and plainly.",
        "collections": ["health"],
        "model": model,
        "max_words": 80,
    }


def _file(ws: Workspace, name: str) -> Path:
    return ws.path / f"{name}.jsonl"


def _write(ws: Workspace, name: str, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    _file(ws, name).write_text(text, encoding="utf-8")
