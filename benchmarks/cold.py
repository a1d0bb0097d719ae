"""How long until the first line of help, against a bare interpreter; and what an import loads.

The two are started alternately, so that whatever else the machine does slows both.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.metrics import median
from benchmarks.report import Report, Target

MAX_RATIO = 8.0
HEAVY = (
    "httpx lancedb numpy onnxruntime openai pyarrow pydantic pypdfium2 rich sqlalchemy tokenizers "
    "xllamacpp"
).split()

_IMPORT = "import kilde"
_HELP = """
import contextlib, io, sys
from kilde.cli.main import main
kept, sys.argv = sys.argv, ["kilde", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
sys.argv = kept
"""
_LOADED = """
import json, sys
print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument("--runs", type=int, default=15, help="pairs of starts (%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Start interpreters and look at their clocks and modules."""
    report = Report(
        "cold",
        ("command", "median ms", "ratio", "heavy libraries", "which"),
        digits={"median ms": 1, "ratio": 2},
    )
    bare = [sys.executable, "-c", "pass"]
    imported, base = paired([sys.executable, "-c", _IMPORT], bare, args.runs)
    report.add({"command": "python -c pass", "median ms": base})
    _loaded_row(report, "import kilde", _IMPORT, imported, imported / base)
    script = Path(sys.executable).parent / ("kilde.exe" if sys.platform == "win32" else "kilde")
    if not script.exists() or not _has_command_line():
        report.notes.append(
            "kilde --help: not measured, for this interpreter has no kilde command; "
            "install the project (pip install -e .)"
        )
        return report
    helped, base = paired([str(script), "--help"], bare, args.runs)
    report.add(
        {"command": "kilde --help", "median ms": helped, "ratio": helped / base},
        Target("<=", MAX_RATIO),
        "ratio",
    )
    _loaded_row(report, "kilde --help, its modules", _HELP, None, None)
    report.notes.append("ratio: to a bare interpreter, started in turns with it")
    return report


def paired(command: Sequence[str], other: Sequence[str], runs: int) -> tuple[float, float]:
    """Median milliseconds of two commands, run alternately; the first pair is not counted."""
    first, second = [], []
    for _ in range(runs + 1):
        first.append(_milliseconds(command))
        second.append(_milliseconds(other))
    return median(first[1:]), median(second[1:])


def loaded(code: str, names: Sequence[str] = HEAVY) -> list[str]:
    """Which of the modules a fresh interpreter has loaded after running the code."""
    done = subprocess.run(
        [sys.executable, "-c", code + "\n" + _LOADED, json.dumps(list(names))],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _loaded_row(
    report: Report, command: str, code: str, took: float | None, ratio: float | None
) -> None:
    heavy = loaded(code)
    report.add(
        {
            "command": command,
            "median ms": took,
            "ratio": ratio,
            "heavy libraries": len(heavy),
            "which": ", ".join(heavy) or "none",
        },
        Target("<=", 0),
        "heavy libraries",
    )


def _has_command_line() -> bool:
    try:
        return find_spec("kilde.cli.main") is not None
    except ModuleNotFoundError:
        return False


def _milliseconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1e3
