"""How fast do files become passages, against the embedder alone; and does memory stay flat?

Speed: the embedder alone embeds exactly the texts that indexing makes it embed, before and after
every indexing run, so that a machine that gets slower meanwhile slows both. Memory: every size is
indexed in a process of its own with vectors that come at once, for what is measured is what the
rest holds on to; one run with the real embedder shows what that adds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.embedders import DEFAULT, Instant
from benchmarks.metrics import mean, median
from benchmarks.report import Report, Target, say
from benchmarks.synthetic import Synthetic
from kilde.embedding import Embedder, open_embedder
from kilde.knowledge.base import KnowledgeBase

MIN_SPEED = 0.85
# What "flat" is taken to mean: the peak may be so many times that of the smallest size.
MAX_GROWTH = 1.25
_FULL = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument(
        "--passages", nargs="+", type=int, default=[1_000, 10_000], help="sizes for memory"
    )
    parser.add_argument("--full", action="store_true", help="measure memory at 100,000 as well")
    parser.add_argument(
        "--timed", type=int, default=1_000, help="size for speed; 0 leaves it out (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=2, help="of the speed (%(default)s)")
    parser.add_argument("--embedder", default=DEFAULT, help="name in the catalogue (%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Measure memory in fresh processes, then speed in this one."""
    report = Report(
        "ingest",
        ("measure", "passages", "files", "embedder", "passages/s", "peak MB", "ratio"),
        digits={"passages/s": 1, "peak MB": 0, "ratio": 2},
    )
    sizes = sorted({*args.passages, *([_FULL] if args.full else [])})
    _memory(report, sizes, args.embedder)
    if args.timed:
        _speed(report, args.timed, args.rounds, args.embedder)
    return report


def _memory(report: Report, sizes: list[int], embedder: str) -> None:
    first: float | None = None
    for size in sizes:
        for kind in ("instant", "real") if size == sizes[0] else ("instant",):
            say(f"memory: {size:,} passages, {kind} embedder")
            found = _in_fresh_process(size, kind, embedder)
            if kind == "instant" and first is None:
                first = found["peak_mb"]
            growth = found["peak_mb"] / first if first and kind == "instant" else None
            last = kind == "instant" and size == sizes[-1] and len(sizes) > 1
            report.add(
                {
                    "measure": "memory",
                    "passages": size,
                    "files": int(found["files"]),
                    "embedder": kind,
                    "passages/s": found["passages"] / found["seconds"],
                    "peak MB": found["peak_mb"],
                    "ratio": growth,
                },
                Target("<=", MAX_GROWTH) if last else None,
                "ratio" if last else "",
            )
    report.notes.append(
        "instant: random unit vectors without a model, so that memory (and passages/s) are those "
        "of everything but embedding; the ratio is to the smallest size"
    )


def _speed(report: Report, size: int, rounds: int, name: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        recorder = Instant(name, record=True)
        files = Synthetic(recorder.tokenizer, seed=1).write(base / "files", size)
        _index(base / "files", base / "recorded", recorder)
        texts = recorder.texts
        embedder = open_embedder(name)
        embedder.embed_passages(texts[:50])
        alone, whole = [_alone(embedder, texts)], []
        for turn in range(rounds):
            say(f"speed: round {turn + 1} of {rounds}, {len(texts):,} texts")
            began = time.perf_counter()
            embedded = _index(base / "files", base / f"store-{turn}", embedder)
            whole.append(embedded / (time.perf_counter() - began))
            alone.append(_alone(embedder, texts))
        embedder.close()
    ratios = [
        rate / mean(alone[turn : turn + 2]) for turn, rate in enumerate(whole)
    ]  # each run against the two around it
    cells: dict[str, str | int | float | None] = {
        "passages": len(texts),
        "files": files,
        "embedder": "real",
    }
    report.add(cells | {"measure": "embedder alone", "passages/s": median(alone)})
    report.add(
        cells | {"measure": "end to end", "passages/s": median(whole), "ratio": median(ratios)},
        Target(">=", MIN_SPEED),
        "ratio",
    )
    report.notes.append(
        "end to end: files on disk to stored and indexed passages, summaries included; the ratio "
        "is to the embedder alone on the same texts, run before and after"
    )


def _alone(embedder: Embedder, texts: list[str]) -> float:
    began = time.perf_counter()
    embedder.embed_passages(texts)
    return len(texts) / (time.perf_counter() - began)


def _index(files: Path, store: Path, embedder: Embedder) -> int:
    """Index a folder of files; returns how many texts were embedded."""
    store.mkdir()
    knowledge = KnowledgeBase(
        store / "knowledge",
        root=store,
        embedder=lambda: embedder,
        max_tokens=200,
        keep=timedelta(days=1),
    )
    report = knowledge.add([files])
    if report.failed:
        raise RuntimeError(f"{len(report.failed)} files failed, first: {report.failed[0]}")
    return report.passages_embedded


def _in_fresh_process(size: int, kind: str, embedder: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", str(size), kind, embedder],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peak_mb() -> float:
    """The most memory this process has held, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory from before the exec
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _child(size: int, kind: str, name: str) -> None:
    embedder: Embedder = open_embedder(name) if kind == "real" else Instant(name)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        files = Synthetic(embedder.tokenizer).write(base / "files", size)
        before = _peak_mb()
        began = time.perf_counter()
        passages = _index(base / "files", base / "store", embedder)
        seconds = time.perf_counter() - began
    found = {
        "files": files,
        "passages": passages,
        "seconds": seconds,
        "before_mb": before,
        "peak_mb": _peak_mb(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    _child(int(sys.argv[1]), sys.argv[2], sys.argv[3])
