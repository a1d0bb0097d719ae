"""How long does a search take as the knowledge base grows, beside embedding the question?

Passages get random vectors at once, questions are embedded by the real model, so that only the
search is measured. Embedding and search take turns on every question: both meet the same caches
and the same neighbours on the machine, and their ratio holds where their times drift.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from benchmarks.embedders import DEFAULT, Instant
from benchmarks.metrics import median, percentile
from benchmarks.report import Report, Target, say
from benchmarks.synthetic import Synthetic
from kilde.embedding import open_embedder
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.search import CITABLE, DEPTH, Scope
from kilde.knowledge.store import PassageStore
from kilde.language.analysis import question_terms

MAX_RATIO = 4.0
MAX_GROWTH = 1.5
# The sizes that the targets are about.
LARGE, MEDIUM = 100_000, 10_000
_WARM_UP = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument(
        "--passages",
        nargs="+",
        type=int,
        default=[1_000, MEDIUM, LARGE],
        help="sizes of the knowledge base (%(default)s)",
    )
    parser.add_argument("--questions", type=int, default=200, help="per size (%(default)s)")
    parser.add_argument("--embedder", default=DEFAULT, help="name in the catalogue (%(default)s)")
    parser.add_argument("--cache", type=Path, help="keep the stores here and use them again")


def run(args: argparse.Namespace) -> Report:
    """Build and search a store of every size."""
    columns = (
        "passages",
        "embed p50",
        "embed p95",
        "words p50",
        "meaning p50",
        "search p50",
        "search p95",
        "ratio",
    )
    report = Report("search", columns, digits=dict.fromkeys(columns, 2))
    middle: dict[int, float] = {}
    with ExitStack() as stack:
        cache = args.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for size in sorted(args.passages):
            middle[size] = _measure(report, size, cache, args.embedder, args.questions)
    if LARGE in middle and MEDIUM in middle:
        report.add(
            {"passages": f"{MEDIUM:,} → {LARGE:,}", "ratio": middle[LARGE] / middle[MEDIUM]},
            Target("<=", MAX_GROWTH),
            "ratio",
        )
    report.notes += [
        "milliseconds, warm; ratio: search p50 to embed p50, and in the last line large to medium",
        "words, meaning: the two searches of the store by themselves, without embedding",
        "passages have random vectors and are made of invented sentences",
    ]
    return report


def _measure(report: Report, size: int, cache: Path, name: str, asked: int) -> float:
    embedder = open_embedder(name)
    stand_in = Instant(name, questions=embedder)
    made = Synthetic(embedder.tokenizer)
    store = cache / f"search-{size}"
    knowledge = KnowledgeBase(
        store, root=store, embedder=lambda: stand_in, max_tokens=200, keep=timedelta(days=1)
    )
    if knowledge.version is None:
        say(f"{size:,} passages: indexing")
        knowledge.add_documents(made.documents(size))
    say(f"{size:,} passages: asking")
    questions = Synthetic(embedder.tokenizer, seed=2).questions(asked + _WARM_UP)
    for question in questions[asked:]:
        knowledge.search(question)
    embedding, searching = in_turns(embedder.embed_query, knowledge.search, questions[:asked])
    view = PassageStore(store).latest()
    assert view is not None
    where = Scope(None).filter(CITABLE)
    terms = {question: question_terms(question, ("en",)) for question in questions}
    vectors = {question: embedder.embed_query(question) for question in questions}
    words, meaning = in_turns(
        lambda question: view.lexical(terms[question], where, DEPTH, ()),
        lambda question: view.dense(vectors[question], where, DEPTH, ()),
        questions,
    )
    embedder.close()
    report.add(
        {
            "passages": size,
            "embed p50": median(embedding),
            "embed p95": percentile(embedding, 95),
            "words p50": median(words),
            "meaning p50": median(meaning),
            "search p50": median(searching),
            "search p95": percentile(searching, 95),
            "ratio": median(searching) / median(embedding),
        },
        Target("<=", MAX_RATIO) if size == LARGE else None,
        "ratio" if size == LARGE else "",
    )
    return median(searching)


def in_turns(
    one: Callable[[str], object], other: Callable[[str], object], texts: Sequence[str]
) -> tuple[list[float], list[float]]:
    """The milliseconds that each of two functions takes for each text, called alternately."""
    first, second = [], []
    for text in texts:
        began = time.perf_counter()
        one(text)
        between = time.perf_counter()
        other(text)
        first.append((between - began) * 1e3)
        second.append((time.perf_counter() - between) * 1e3)
    return first, second
