"""Are documents read as a person sees them, and are questions about them answered right?

A folder of small cases (``benchmarks/data/reading.toml`` says what is right in each) gives a score
per format; folders of organisations (``documents/`` and ``questions.jsonl``) give one per kind of
question. The report of an earlier version, written with ``--json``, stands beside the scores with
``--before``.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from shutil import copy2
from typing import Any

import kilde
from benchmarks.beir import jsonl
from benchmarks.report import Report, say
from kilde.types import Answer, Document, Failure, Message

_AGENT = "reader"
_MARKS = re.compile(r"[\s|*_]+")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


@dataclass(frozen=True, slots=True)
class Case:
    """What is right in one file: texts of its documents, and answers to questions about it."""

    file: str
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    lacks_values: tuple[object, ...] = ()
    refused: str = ""
    questions: tuple[tuple[str, str], ...] = ()


@dataclass
class Score:
    """How many checks were right, and which were not."""

    right: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, right: bool, what: str) -> None:
        """Count one check."""
        self.right += right
        self.total += 1
        if not right:
            self.wrong.append(what)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the cases, or organisations")
    parser.add_argument(
        "--beside", type=Path, metavar="DIR", help="documents that are indexed beside each case"
    )
    parser.add_argument("--before", type=Path, metavar="FILE", help="the JSON of an earlier report")
    parser.add_argument("--wrong", action="store_true", help="print every check that failed")


def run(args: argparse.Namespace) -> Report:
    """Read the cases, or ask the organisations' questions."""
    organisations = sorted(args.folder.glob("*/questions.jsonl"))
    if organisations:
        scores = of_organisations([path.parent for path in organisations])
    else:
        scores = of_cases(args.folder, args.beside)
    before = _before(args.before) if args.before else {}
    report = Report("reading", ("of", "right", "total", "before"))
    for name, score in scores.items():
        report.add(
            {"of": name, "right": score.right, "total": score.total, "before": before.get(name)}
        )
        if args.wrong:
            for what in score.wrong:
                say(f"{name}: {what}")
    return report


def cases() -> list[Case]:
    """The cases of ``reading.toml``."""
    table = resources.files("benchmarks") / "data" / "reading.toml"
    rows = tomllib.loads(table.read_text(encoding="utf-8"))["case"]
    return [Case(**{key: _frozen(value) for key, value in row.items()}) for row in rows]


def of_cases(folder: Path, beside: Path | None) -> dict[str, Score]:
    """The scores per format: of texts, of answers over the file alone, and beside others."""
    scores: dict[str, Score] = defaultdict(Score)
    for case in cases():
        path = folder / case.file
        if not path.exists():
            say(f"{path} is missing")
            continue
        kind = path.suffix.removeprefix(".")
        for what, right in checked(path, case):
            scores[f"{kind}: text"].add(right, f"{case.file}: {what}")
        for what, right in answered(path, case, None):
            scores[f"{kind}: answers"].add(right, f"{case.file}: {what}")
        if beside is not None:
            for what, right in answered(path, case, beside):
                scores[f"{kind}: answers among others"].add(right, f"{case.file}: {what}")
    return dict(sorted(scores.items()))


def checked(path: Path, case: Case) -> Iterator[tuple[str, bool]]:
    """Each check of the texts of a file, with whether it holds."""
    with _read([path]) as (workspace, failed):
        refs = workspace.knowledge.documents()
        documents = [workspace.knowledge.document(ref.id) for ref in refs]
        if case.refused:
            reasons = " ".join(failure.reason for failure in failed)
            yield f"refused: {case.refused}", not documents and case.refused in reasons
            return
        yield "is read", bool(documents)
        text = "\n".join(document.text for document in documents)
        plain = normalised(text)
        for wanted in case.holds:
            yield f"holds {wanted!r}", normalised(wanted) in plain
        for unwanted in case.lacks:
            yield f"lacks {unwanted!r}", unwanted not in text
        for wanted in case.once:
            yield f"holds {wanted!r} once", plain.count(normalised(wanted)) == 1
        if case.order:
            places = [plain.find(normalised(wanted)) for wanted in case.order]
            yield f"order of {len(places)} texts", -1 not in places and places == sorted(places)
        for value in case.lacks_values:
            yield f"lacks the value {value}", value not in list(_values(documents))


def answered(path: Path, case: Case, beside: Path | None) -> Iterator[tuple[str, bool]]:
    """Each question about a file, with whether the first line of the answer holds the gold."""
    if not case.questions:
        return
    with _read([path, *([beside] if beside else [])]) as (workspace, _):
        agent = workspace.agent(_AGENT)
        for question, gold in case.questions:
            answer = agent.ask(question)
            right = not answer.abstained and normalised(gold) in normalised(_first(answer))
            yield f"{question} -> {answer.text[:160]!r}", right


def of_organisations(folders: Sequence[Path]) -> dict[str, Score]:
    """The scores per kind of question, over all organisations."""
    scores: dict[str, Score] = defaultdict(Score)
    for folder in folders:
        say(f"{folder.name}: indexing")
        with _read([folder / "documents"]) as (workspace, _):
            agent = workspace.agent(_AGENT)
            for row in jsonl(folder / "questions.jsonl"):
                answer = _asked(agent, row)
                right = (
                    not answer.abstained and is_right(answer.text, _first(answer), row)
                    if row["answerable"]
                    else answer.abstained
                )
                what = f"{row['id']} {row['question']} -> {answer.text[:160]!r}"
                scores[row["kind"]].add(right, what)
                for suffix in {Path(name).suffix for name in row["documents"]}:
                    scores[f"documents {suffix}"].add(right, what)
                scores[f"organisation {folder.name}"].add(right, what)
    return dict(sorted(scores.items()))


def is_right(text: str, first: str, row: Mapping[str, Any]) -> bool:
    """Whether an answer holds the gold, and its ``first`` line nothing that it must not."""
    shown, first = normalised(text), normalised(first)
    gold = [normalised(phrase) for phrase in row.get("gold") or ()]
    every = [normalised(phrase) for phrase in row.get("gold_all") or ()]
    golden = any(phrase in shown for phrase in gold) if gold else all(p in shown for p in every)
    unwanted = any(normalised(phrase) in first for phrase in row.get("must_not") or ())
    return golden and (not unwanted or any(phrase in first for phrase in (*gold, *every)))


def normalised(text: str) -> str:
    """Text as it is compared: NFKC, lower case, plain dashes, a blank for white space and marks."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _MARKS.sub(" ", _DASHES.sub("-", plain)).strip()


def _first(answer: Answer) -> str:
    """The first sentence or row of an answer."""
    return answer.claims[0].text if answer.claims else answer.text


def _asked(agent: Any, row: Mapping[str, Any]) -> Answer:
    """The answer to a question after those that were asked before it."""
    history: list[Message] = []
    for earlier in row.get("history") or ():
        text = agent.ask(earlier, history=tuple(history)).text
        history += [Message("user", earlier), Message("assistant", text)]
    answer: Answer = agent.ask(row["question"], history=tuple(history))
    return answer


def _values(documents: Iterable[Document]) -> Iterator[object]:
    for document in documents:
        for row in document.rows:
            yield from row.values.values()


@contextmanager
def _read(paths: Sequence[Path]) -> Iterator[tuple[Any, tuple[Failure, ...]]]:
    """A workspace over files and folders, with an agent that quotes, and what was not read."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        with kilde.init(root) as workspace:
            (root / "agents" / f"{_AGENT}.toml").write_text(
                'name = "Reader"\ninstructions = "Answer from the documents."\nmodel = "quotes"\n',
                encoding="utf-8",
            )
            # Copied, so that ids are names of files and not paths of this computer.
            sources = [Path(copy2(path, root)) if path.is_file() else path for path in paths]
            report = workspace.knowledge.add(sources)
            yield workspace, report.failed


def _before(path: Path) -> dict[str, int]:
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return {row["of"]: row["right"] for row in rows}


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
