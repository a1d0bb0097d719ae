"""How datasets, test sets and training rows look on a terminal, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.json_output import print_json
from kilde.cli.terminal import error_text, single_line, style
from kilde.errors import StoreError

if TYPE_CHECKING:
    from kilde.named_sets import CardT, NamedSets
    from kilde.tuning.checks import Finding
    from kilde.tuning.data.dataset import DatasetCard
    from kilde.tuning.data.rows import Row

# More documents than these are not named in a note.
_SHOWN = 3
_LEVELS = {"refuse": "To mend before {}", "warn": "To look at", "note": "Good to know"}


def made(card: DatasetCard, verb: str) -> None:
    """Print what was made of a dataset, and what should be known of it."""
    click.echo(
        f"{verb} {card.name} ({card.method}): {card.rows} rows to learn from, {card.test_rows} to "
        "test with."
    )
    for note in notes(card):
        click.echo(f"Note: {note}.")
    if not card.test_rows:
        click.echo(
            "Without test rows nothing can tell whether an adapter is better than what answers "
            "now, so it will not be promoted by itself. Bring some with --test FILE, or build it "
            "again from more questions and documents.",
            err=True,
        )


def notes(card: DatasetCard) -> tuple[str, ...]:
    """What should be known of a dataset, in words."""
    if not card.shared:
        return card.notes
    names = ", ".join(card.shared[:_SHOWN]) + (", …" if len(card.shared) > _SHOWN else "")
    return (*card.notes, f"rows to learn from and rows to test with are both about {names}")


def findings(
    command: str, found: Sequence[Finding], as_json: bool, *, nothing: str, before: str
) -> int:
    """Print what a check found by level, the gravest first; returns the exit code.

    ``nothing`` is said where it found nothing; ``before`` is what the gravest findings forbid.
    """
    if as_json:
        print_json(command, list(found))
    elif not found:
        click.echo(nothing)
    else:
        for level, heading in _LEVELS.items():
            some = [finding for finding in found if finding.level == level]
            if some:
                click.echo(style(f"{heading.format(before)} ({len(some)})", bold=True))
            for finding in some:
                click.echo(f"  {finding.kind}: {single_line(finding.message)}")
                click.echo(style(f"    {single_line(finding.hint)}", dim=True))
    return 1 if any(finding.level == "refuse" for finding in found) else 0


def cards(
    command: str,
    sets: NamedSets[CardT],
    as_json: bool,
    *,
    nothing: str,
    heading: Sequence[str],
    line: Callable[[CardT], Sequence[str]],
) -> int:
    """Print the card of every set as a line, and name damaged ones; returns the exit code.

    ``nothing`` is said where there are no sets.
    """
    found, damaged = [], []
    for name in sets.names():
        try:
            found.append(sets.card(name))
        except StoreError as error:
            damaged.append(f"{name} is damaged: {error_text(error)}")
    if as_json:
        print_json(command, found)
    elif found:
        show.table([heading, *map(line, found)])
    elif not damaged:
        click.echo(nothing)
    for told in damaged:
        click.echo(told, err=True)
    return 1 if damaged else 0


def row(number: int, shown: Row) -> None:
    """Print a row: where it comes from, its turns, and its answers."""
    answers = [("answer", shown.answer)]
    if shown.method == "kto":
        answers = [("good answer" if shown.good else "bad answer", shown.answer)]
    elif shown.method == "dpo":
        answers = [("better", shown.answer), ("worse", shown.rejected)]
    declines = ", declines" if shown.declines else ""
    heading = style(f"{number}", bold=True)
    click.echo(f"\n{heading} {single_line(str(shown.lineage))} ({shown.language}{declines})")
    for name, text in [*((turn.role, turn.content) for turn in shown.prompt), *answers]:
        click.echo(f"  {name}: " + text.strip().replace("\n", "\n    "))
