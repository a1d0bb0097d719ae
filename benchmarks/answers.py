"""Are answers right, do their citations hold the answer, and do agents decline when they should?

Questions come from ``qa.jsonl`` (``question``, ``answers``, ``is_impossible``, ``split``) and
documents from ``corpus.jsonl`` of the same folder. A sample is drawn by a seed from each split; the
text of an answer counts as right when it holds one of the gold phrases.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kilde
from benchmarks.beir import jsonl
from benchmarks.metrics import bootstrap, mean, median, precision_recall_f1
from benchmarks.report import Cell, Report, Target, say
from kilde.errors import LoadError
from kilde.language.detect import detect
from kilde.types import Answer, Document

# By generator and language: share of answerable questions whose gold phrase must stand in a cited
# span.
TARGETS = {("quotes", "da"): 0.75}
_AGENT = "benchmark"
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold phrases; none means that the documents do not answer it."""

    text: str
    gold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer was worth. ``cited`` tells for each citation whether its span holds gold."""

    answerable: bool
    abstained: bool
    right: bool
    found: bool
    cited: tuple[bool, ...]
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="with corpus.jsonl and qa.jsonl")
    parser.add_argument(
        "--generator",
        action="append",
        metavar="NAME",
        help="quotes, or a model of the catalogue; may be repeated (quotes)",
    )
    parser.add_argument("--answerable", type=int, default=200, help="per split (%(default)s)")
    parser.add_argument("--unanswerable", type=int, default=100, help="per split (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (%(default)s)")
    parser.add_argument(
        "--grounding", default="strict", choices=("strict", "flag", "off"), help="(%(default)s)"
    )


def run(args: argparse.Namespace) -> Report:
    """Index the folder once and ask the same questions of every generator."""
    report = Report(
        "answers",
        ("set", "split", "generator", *summary([])),
        digits={"p50 s": 2},
    )
    documents, language = _documents(args.folder)
    samples = sample(
        list(jsonl(args.folder / "qa.jsonl")), args.answerable, args.unanswerable, args.seed
    )
    with tempfile.TemporaryDirectory() as temporary, kilde.init(Path(temporary) / "ws") as ws:
        say(f"{args.folder.name}: indexing {len(documents):,} documents")
        ws.knowledge.add_documents(documents)
        for generator in args.generator or ["quotes"]:
            (Path(temporary) / "ws" / "agents" / f"{_AGENT}.toml").write_text(
                _definition(generator, language, args.grounding), encoding="utf-8"
            )
            agent = ws.agent(_AGENT)
            for split, questions in samples.items():
                say(f"{args.folder.name}: asking {generator} {len(questions)} questions ({split})")
                outcomes = [_asked(agent, question) for question in questions]
                cells = {"set": args.folder.name, "split": split, "generator": generator}
                bound = TARGETS.get((generator, language))
                report.add(
                    cells | summary(outcomes),
                    Target(">=", bound) if bound else None,
                    "gold in cited span" if bound else "",
                )
    report.notes += [
        "gold in hits: the passages that were found hold the phrase, the most an answer can reach",
        "citations with gold: share of all citations for answerable questions",
        "abstain: declining is right for exactly the unanswerable questions",
        f"grounding {args.grounding}, seed {args.seed}; 95 %: bootstrap of 'gold in answer'",
    ]
    return report


def sample(
    records: Sequence[dict[str, Any]], answerable: int, unanswerable: int, seed: int
) -> dict[str, list[Question]]:
    """Questions by split, drawn without replacement; a split with fewer gives all it has."""
    chosen: dict[str, list[Question]] = {}
    for split in sorted({record.get("split", "all") for record in records}):
        draw = random.Random(f"{seed} {split}")
        mine = [record for record in records if record.get("split", "all") == split]
        if any("answers" not in record for record in mine):
            raise LoadError(
                "qa.jsonl", "its questions have no 'answers'", hint="Give a set with gold phrases."
            )
        chosen[split] = []
        for impossible, count in ((False, answerable), (True, unanswerable)):
            pool = [r for r in mine if bool(r.get("is_impossible")) == impossible]
            drawn = draw.sample(pool, min(count, len(pool)))
            chosen[split] += [
                Question(r["question"], () if impossible else tuple(filter(None, r["answers"])))
                for r in drawn
            ]
    return chosen


def holds(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text holds one of the phrases, case and punctuation aside.

    A phrase begins where a word begins; the last word may go on ("Normandi" is found in
    "Normandiet", for the languages here inflect at the end), a number may not.

    >>> holds("I det 10. og 11. århundrede.", ["10. OG 11. århundrede"])
    True
    >>> holds("I 1948", ["19"])
    False
    """
    within = f" {normalised(text)} "
    for phrase in map(normalised, phrases):
        if phrase and f" {phrase}{' ' if phrase[-1].isdigit() else ''}" in within:
            return True
    return False


def normalised(text: str) -> str:
    """Words in lower case, one blank between them."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def judged(answer: Answer, gold: Sequence[str], seconds: float) -> Outcome:
    """What an answer is worth against the gold phrases."""
    return Outcome(
        answerable=bool(gold),
        abstained=answer.abstained,
        right=not answer.abstained and holds(answer.text, gold),
        found=any(holds(hit.passage.text, gold) for hit in answer.trace.hits),
        cited=tuple(holds(citation.quote, gold) for citation in answer.citations),
        seconds=seconds,
    )


def summary(outcomes: Sequence[Outcome]) -> dict[str, Cell]:
    """The columns of the report, from the outcomes of one sample."""
    asked = [outcome for outcome in outcomes if outcome.answerable]
    right = [float(outcome.right) for outcome in asked]
    low, high = bootstrap(right)
    precision, recall, f1 = precision_recall_f1(
        [outcome.abstained for outcome in outcomes],
        [not outcome.answerable for outcome in outcomes],
    )
    return {
        "answerable": len(asked),
        "unanswerable": len(outcomes) - len(asked),
        "gold in hits": mean([float(outcome.found) for outcome in asked]),
        "gold in answer": mean(right),
        "95 %": f"{low:.3f} … {high:.3f}",
        "citations with gold": mean([float(held) for o in asked for held in o.cited]),
        "gold in cited span": mean([float(any(outcome.cited)) for outcome in asked]),
        "abstain P": precision,
        "abstain R": recall,
        "abstain F1": f1,
        "p50 s": median([outcome.seconds for outcome in outcomes]),
    }


def _asked(agent: Any, question: Question) -> Outcome:
    began = time.perf_counter()
    answer = agent.ask(question.text)
    return judged(answer, question.gold, time.perf_counter() - began)


def _documents(folder: Path) -> tuple[list[Document], str]:
    corpus = list(jsonl(folder / "corpus.jsonl"))
    counts = Counter(detect(record["text"]) for record in corpus)
    language = counts.most_common(1)[0][0]
    documents = [
        Document(
            id=record["_id"],
            text=record["text"],
            title=record.get("title") or "",
            language=language,
            markdown=False,
        )
        for record in corpus
        if record["text"].strip()
    ]
    return documents, language


def _definition(generator: str, language: str, grounding: str) -> str:
    return (
        'name = "Benchmark"\n'
        'instructions = "Answer the question from the documents, in one or two sentences."\n'
        f'language = "{language}"\nmodel = "{generator}"\ngrounding = "{grounding}"\n'
    )
