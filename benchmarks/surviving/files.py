"""Mutated files of every format beside good ones: what each costs, and that nothing else is lost.

They go the way of ``kilde add``: read, made into passages, stored and checked.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path

from benchmarks.embedders import DEFAULT, Instant
from benchmarks.report import Report, Target, say
from benchmarks.surviving.mutations import mutated
from benchmarks.surviving.originals import write_originals
from kilde.documents.formats import format_of
from kilde.knowledge.base import KnowledgeBase

OUTCOMES = ("read", "refused", "crashed", "over a limit")
# Files in one workspace, and good ones among them.
_BATCH = 500
_GOOD = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--count", type=int, default=10_000, help="files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=1_800, help="stop after so long (default: %(default)s)"
    )
    parser.add_argument(
        "folder", nargs="*", type=Path, help="originals; default: one of every format"
    )


def run(args: argparse.Namespace) -> Report:
    """Add batches of mutated files until all are done or the time is up."""
    report = Report("survive files", ("format", "files", *OUTCOMES, "lost", "tracebacks"))
    outcomes: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    began = time.monotonic()
    with (
        as_file(files("kilde.demo") / "centre" / "en") as example,
        tempfile.TemporaryDirectory() as made,
    ):
        write_originals(Path(made))
        originals = _originals(args.folder or [example, Path(made)])
        embedder = Instant(DEFAULT)
        for start in range(0, args.count, _BATCH):
            if time.monotonic() - began > args.seconds:
                report.notes.append(f"stopped after {args.seconds:g} s with {start} files")
                break
            say(f"files {start:,} to {min(start + _BATCH, args.count):,}")
            chance = random.Random(f"{args.seed}-{start}")
            count = min(_BATCH, args.count - start)
            with tempfile.TemporaryDirectory() as temporary:
                _batch(Path(temporary), originals, chance, count, embedder, outcomes, totals)
    for suffix, counts in sorted(outcomes.items()):
        report.add({"format": suffix, "files": counts.total(), **{o: counts[o] for o in OUTCOMES}})
    all_of_them = sum(outcomes.values(), Counter[str]())
    whole = {"format": "all", "files": all_of_them.total()} | {o: all_of_them[o] for o in OUTCOMES}
    cells = whole | {"lost": totals["lost"], "tracebacks": totals["tracebacks"]}
    report.add(cells, Target("<=", 0), "lost")
    report.add({"format": "all", "tracebacks": totals["tracebacks"]}, Target("<=", 0), "tracebacks")
    report.notes.append(
        f"seed {args.seed}; crashed: the reader's process ended and was replaced; lost: good files "
        "beside them that were not stored whole, or faults that kilde check names afterwards"
    )
    return report


def _originals(folders: list[Path]) -> list[Path]:
    """All files that Kilde reads, but for large ones: mutating those takes longer."""
    return [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and format_of(path.name) and path.stat().st_size < 500_000
    ]


def _batch(
    root: Path,
    originals: list[Path],
    chance: random.Random,
    count: int,
    embedder: Instant,
    outcomes: dict[str, Counter[str]],
    totals: Counter[str],
) -> None:
    names = dict(_write(root / "docs", originals, chance, count))
    base = KnowledgeBase(
        root / "knowledge",
        root=root,
        embedder=lambda: embedder,
        max_tokens=200,
        keep=timedelta(days=1),
    )
    try:
        done = base.add(root / "docs")
        faults = base.check()
    except Exception:  # noqa: BLE001  (what is counted here)
        traceback.print_exc()
        totals["tracebacks"] += 1
        return
    stored = {document.source for document in base.documents()}
    failed = {failure.source: failure.reason for failure in done.failed}
    for name, good in names.items():
        source = f"docs/{name}"
        if good:
            totals["lost"] += source not in stored
        else:
            kind = _outcome(failed.get(source, ""), source in stored)
            outcomes.setdefault(Path(name).suffix, Counter())[kind] += 1
    for fault in faults:
        say(f"check: {fault}")
        totals["lost"] += 1
    shutil.rmtree(root / "docs")


def _outcome(reason: str, stored: bool) -> str:
    if "crashed its reader" in reason:
        return "crashed"
    if "took longer than" in reason or "of memory" in reason or "than is taken over" in reason:
        return "over a limit"
    return "refused" if reason and not stored else "read"


def _write(
    folder: Path, originals: list[Path], chance: random.Random, count: int
) -> Iterator[tuple[str, bool]]:
    """Write the files; yields their names and whether they are good."""
    folder.mkdir()
    by_suffix: dict[str, list[Path]] = {}
    for path in originals:
        by_suffix.setdefault(path.suffix.lower(), []).append(path)
    for number in range(count):
        suffix = chance.choice(sorted(by_suffix))
        data = chance.choice(by_suffix[suffix]).read_bytes()
        name = f"{number:05}{suffix}"
        (folder / name).write_bytes(mutated(data, chance))
        yield name, False
    for number in range(_GOOD):
        name = f"{number * count // _GOOD:05}-good.md"
        (folder / name).write_text(f"# Room {number}\n\nRoom {number} opens at eight.\n", "utf-8")
        yield name, True
