"""How the outcome of a training looks: figures, the gate's judgement, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kilde.cli import show

if TYPE_CHECKING:
    from kilde.tuning.tune import Tuned

# As many rows are shown for a check that did not pass; the card has more.
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
    if card.gate is not None:
        _gate(card.gate)


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


def _gate(gate: Mapping[str, Any]) -> None:
    against = gate["against"] or "the model alone"
    click.echo(f"\nAt the gate, against {against}:")
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
                for check in gate["checks"]
            ),
        ]
    )
    before, after = gate["seconds"]
    click.echo(f"An answer took {before:.1f} s before, and takes {after:.1f} s now.")
    for check in gate["checks"]:
        if not check["passed"]:
            _worse(check["name"], [row for row in gate["worse"] if row["check"] == check["name"]])


def _worse(check: str, rows: list[Mapping[str, str]]) -> None:
    more = f", {len(rows) - _SHOWN} more in the adapter's card" if len(rows) > _SHOWN else ""
    click.echo("\n" + click.style(f"Worse at {check}", bold=True) + f" ({len(rows)} rows{more})")
    for row in rows[:_SHOWN]:
        click.echo(f"  {_line(row['question'])}")
        for name in ("wanted", "before", "after", "why"):
            if row[name]:
                click.echo(f"    {name}: {_line(row[name])}")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _tokens_per_second(folder: Path) -> float:
    """How fast the last part of a training was, for one that was stopped has several."""
    from kilde.tuning.process import read_progress

    lines: Iterable[Mapping[str, Any]] = read_progress(folder / "progress.jsonl")
    told = [line for line in lines if line.get("seconds") and line.get("tokens")]
    return float(told[-1]["tokens"] / told[-1]["seconds"]) if told else 0.0
