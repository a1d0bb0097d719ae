"""How the outcome of a training looks: figures, the gate's judgement, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kilde.cli import show
from kilde.cli.terminal import single_line, style

if TYPE_CHECKING:
    from kilde.tuning.tune import Tuned

# As many rows are shown after a training for a check that did not pass.
_SHOWN = 3
_LONGEST = 300


def report(tuned: Tuned, folder: Path) -> None:
    """Print the figures of a training, whose files are in ``folder``, and what the gate said."""
    card = tuned.card
    figures = [f"{card.metrics['steps']:.0f} steps"] if "steps" in card.metrics else []
    if speed := _tokens_per_second(folder):
        figures.append(f"{speed:,.0f} tokens/s")
    for name in ("loss", "held_out_loss"):
        if name in card.metrics:
            figures.append(f"{name.replace('held_out_', 'held-out ')} {card.metrics[name]:.3f}")
    click.echo(f"Trained {card.name} on {card.rows} rows in {card.seconds / 60:.1f} minutes.")
    click.echo(", ".join(figures))
    if left_out := int(card.metrics.get("rows_left_out", 0)):
        click.echo(
            f"{left_out} of the rows were left out, for no document of {card.agent} answers them: "
            "add the documents to its collections."
        )
    if card.gate is not None:
        click.echo()
        gate(card.gate, worse=_SHOWN, name=card.name)


def next_steps(tuned: Tuned, *, pinned: str = "") -> None:
    """Print whether the adapter answers now, and what to type next.

    ``pinned`` is the adapter that the agent's file names, which goes before the promoted one.
    """
    card = tuned.card
    click.echo()
    if tuned.promoted:
        judged = "" if card.passed else ", by --force"
        click.echo(f"Promoted{judged}: {card.name} answers for {card.agent} from now on.")
        steps = [
            (f'kilde ask "…" --agent {card.agent}', "try it"),
            (f"kilde adapter show {card.name}", "how it came to be"),
            (f"kilde adapter rollback {card.agent}", "let answer what answered before"),
        ]
    else:
        why = "nobody judged it, for there are no test rows"
        if card.passed is False:
            why = "the gate did not let it through"
        click.echo(f"Not promoted: {why}. {card.name} is kept.")
        force = " --force" if card.passed is False else ""
        steps = [
            (f'kilde ask "…" --agent {card.agent} --adapter {card.name}', "try it"),
            (f"kilde adapter show {card.name}", "how it came to be"),
            (f"kilde adapter promote {card.name}{force}", "let it answer all the same"),
        ]
        if card.gate is None:
            steps.append((f"kilde dataset split {card.dataset}", "set test rows apart"))
    show.table([(f"  {command}", what) for command, what in steps])
    if tuned.promoted and pinned and pinned != card.name:
        click.echo(
            f"But agents/{card.agent}.toml says adapter = {pinned!r}, and that line goes before.",
            err=True,
        )


def gate(judged: Mapping[str, Any], *, worse: int | None = None, name: str = "") -> None:
    """Print a gate's judgement, with so many of the rows that show why it did not pass (all).

    ``name`` is the adapter's, whose card holds the other rows.
    """
    against = judged["against"] or "the model alone"
    click.echo(f"At the gate, against {against}:")
    show.table(
        [
            ("CHECK", "QUESTIONS", "BEFORE", "AFTER", "PASSED"),
            *(
                (
                    check["name"],
                    str(check["questions"]),
                    f"{check['before']:.2f}",
                    f"{check['after']:.2f}",
                    "yes" if check["passed"] else "no",
                )
                for check in judged["checks"]
            ),
        ]
    )
    before, after = judged["seconds"]
    if before and after:
        click.echo(f"An answer took {before:.1f} s before, and takes {after:.1f} s now.")
    for note in judged.get("notes", ()):  # cards of older versions have none
        click.echo(f"Note: {single_line(note)}.")
    for check in judged["checks"]:
        if not check["passed"]:
            rows = [row for row in judged["worse"] if row["check"] == check["name"]]
            _worse(check, rows, len(rows) if worse is None else worse, name)


def _worse(
    check: Mapping[str, Any], rows: list[Mapping[str, str]], shown: int, adapter: str
) -> None:
    count = check.get("worse", len(rows))
    told = f"{count} rows"
    if len(rows) > shown:
        told += f", {len(rows) - shown} more of them in kilde adapter show {adapter}"
    elif count > len(rows):
        told += f", the worst {len(rows)} here"
    click.echo("\n" + style(f"Worse at {check['name']}", bold=True) + f" ({told})")
    for row in rows[:shown]:
        click.echo(f"  {_line(row['question'])}")
        for name in ("wanted", "before", "after", "why"):
            if row[name]:
                click.echo(f"    {name}: {_line(row[name])}")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _tokens_per_second(folder: Path) -> float:
    """How fast the last part of a training was, for one that was stopped has several."""
    from kilde.tuning.training.process import read_progress

    lines: Iterable[Mapping[str, Any]] = read_progress(folder / "progress.jsonl")
    told = [line for line in lines if line.get("seconds") and line.get("tokens")]
    return float(told[-1]["tokens"] / told[-1]["seconds"]) if told else 0.0
