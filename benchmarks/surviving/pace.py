"""What reading files in other processes costs: the pace beside reading them in this one."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path

from benchmarks.embedders import DEFAULT, Instant
from benchmarks.metrics import median
from benchmarks.report import Report, Target, say
from kilde.documents.load import load
from kilde.documents.reader_pool import Limits, ReaderPool, shared_pool
from kilde.documents.sources import Found
from kilde.embedding import Embedder, open_embedder
from kilde.errors import LoadError
from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document

MIN_PACE = 0.95


class InProcess(ReaderPool):
    """Reads each file in this process when its turn comes."""

    def load_all(
        self, things: Iterable[Found], *, allow_private: bool = False, ocr: bool = True
    ) -> Iterator[tuple[Found, list[Document] | LoadError]]:
        """The documents of everything given, or why it cannot be read."""
        for found in things:
            try:
                yield found, load(found, allow_private=allow_private, ocr=ocr)
            except LoadError as error:
                yield found, error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--copies", type=int, default=4, help="of the files (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="of each kind (default: %(default)s)")
    parser.add_argument(
        "folder", nargs="?", type=Path, help="files; default: those of the example centre"
    )


def run(args: argparse.Namespace) -> Report:
    """Index the same files in both ways, in turns, with vectors at once and with real ones."""
    report = Report(
        "survive pace",
        ("vectors", "documents", "here s", "readers s", "ratio"),
        digits={"here s": 2, "readers s": 2, "ratio": 2},
    )
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        example = files("kilde.demo") / "centre" / "en"
        folder = args.folder or stack.enter_context(as_file(example))
        for copy in range(args.copies):
            shutil.copytree(folder, root / "files" / str(copy))
        for name, embedder in (("at once", Instant(DEFAULT)), ("real", open_embedder(DEFAULT))):
            _measure(report, root, name, embedder, args.rounds)
    report.notes.append("the ratio is the median of those of two runs next to each other")
    return report


def _measure(report: Report, root: Path, name: str, embedder: Embedder, rounds: int) -> None:
    here = InProcess(0, Limits())
    times: list[tuple[float, float]] = []
    documents = 0
    for turn in range(rounds + 1):
        say(f"vectors {name}: round {turn} of {rounds}")
        seconds = []
        for readers in (lambda: here, shared_pool):
            taken, documents = _index(root, embedder, readers)
            seconds.append(taken)
        if turn:  # the first one warms up
            times.append((seconds[0], seconds[1]))
    report.add(
        {
            "vectors": name,
            "documents": documents,
            "here s": median([alone for alone, _ in times]),
            "readers s": median([pooled for _, pooled in times]),
            "ratio": median([alone / pooled for alone, pooled in times]),
        },
        Target(">=", MIN_PACE),
        "ratio",
    )


def _index(root: Path, embedder: Embedder, readers: Callable[[], ReaderPool]) -> tuple[float, int]:
    """Seconds for indexing all files, and the number of documents."""
    with tempfile.TemporaryDirectory(dir=root) as workspace:
        base = KnowledgeBase(
            Path(workspace) / "knowledge",
            root=Path(workspace),
            embedder=lambda: embedder,
            max_tokens=200,
            keep=timedelta(days=1),
            readers=readers,
        )
        began = time.perf_counter()
        done = base.add(root / "files")
        return time.perf_counter() - began, len(done.added)
