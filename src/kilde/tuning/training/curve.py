"""The loss over the steps of a training, as a picture."""

from __future__ import annotations

from pathlib import Path

from kilde.errors import MissingExtra
from kilde.tuning.training.process import read_progress

try:
    import matplotlib
    import matplotlib.figure
except ImportError as error:
    raise MissingExtra("tune", "Drawing the loss curve") from error


def draw(folder: Path, title: str) -> None:
    """``loss.svg`` and ``loss.png`` of a run's folder, from its ``progress.jsonl``."""
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
    figure.savefig(folder / "loss.png", dpi=120)
    with matplotlib.rc_context({"svg.hashsalt": "kilde"}):  # the same curve, the same bytes
        figure.savefig(folder / "loss.svg", metadata={"Date": None})
