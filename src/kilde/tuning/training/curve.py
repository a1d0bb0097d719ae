"""The loss over the steps of a training, as a picture.

Drawn in a process of its own: matplotlib writes a list of fonts and a folder of settings into the
user's home, and has the system's font cache renewed. There it is given a temporary folder and
finds the fonts that it brings along, and a program that draws with it itself keeps its settings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from kilde.errors import TuningError
from kilde.tuning.training.process import read_progress

_FILES = ("loss.png", "loss.svg")


def draw(folder: Path, title: str) -> None:
    """Draw ``loss.svg`` and ``loss.png`` of a run's folder, from its ``progress.jsonl``.

    Raises :class:`TuningError` if they cannot be drawn, and ``OSError`` if they cannot be written.
    """
    with TemporaryDirectory(prefix="kilde-curve-") as temporary:
        drawn = subprocess.run(  # noqa: S603  (this very Python)
            [sys.executable, "-P", "-m", __name__, str(folder), title, temporary],
            env=os.environ | {"MPLCONFIGDIR": temporary, "PATH": os.devnull},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if drawn.returncode != 0:
            reason = (drawn.stderr.strip() or f"exit code {drawn.returncode}").splitlines()[-1]
            raise TuningError(
                f"The loss curve could not be drawn: {reason}",
                hint=f"Check that {Path(temporary).parent} is writable and has room, then go on "
                "with --resume.",
            )
        for name in _FILES:
            shutil.copyfile(Path(temporary) / name, folder / name)


def _draw(folder: Path, title: str, target: Path) -> None:
    import matplotlib
    import matplotlib.figure

    lines = read_progress(folder / "progress.jsonl")
    figure = matplotlib.figure.Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, label in (("loss", "training rows"), ("eval_loss", "held-out rows")):
        # A step that was done again after a kill counts as it went the last time.
        points = {line["step"]: line[name] for line in lines if name in line}
        if points:
            steps = sorted(points)
            marker = "o" if name == "eval_loss" else None
            axes.plot(steps, [points[step] for step in steps], label=label, marker=marker)
    # Most of what is learnt lies far below the first losses.
    axes.set(title=title, xlabel="step", ylabel="loss", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(target / "loss.png", dpi=120)
    with matplotlib.rc_context({"svg.hashsalt": "kilde"}):  # the same curve, the same bytes
        figure.savefig(target / "loss.svg", metadata={"Date": None})


if __name__ == "__main__":
    _draw(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
