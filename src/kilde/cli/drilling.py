"""The command that edits documents in a copy of the workspace, to see what a change costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kilde.cli.comparing import Arms
from kilde.cli.json_output import json_option, print_json
from kilde.cli.numbers import Fraction
from kilde.cli.session import ModelCommand, Session, pass_session, progress
from kilde.cli.terminal import single_line

if TYPE_CHECKING:
    from kilde.evaluation.drill_result import Drill


@click.command("drill", cls=ModelCommand)
@click.argument("agent")
@click.option(
    "--edits",
    metavar="N",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="As many documents are edited, one fact each: a number, a rule, a new document or a "
    "withdrawn one in turn.",
)
# A test compares it with what the workspace takes where nobody says, which would slow the help.
@click.option(
    "--arms",
    metavar="NAME,…",
    type=Arms(),
    default="plain,rag,tuned,rag+tuned",
    show_default=True,
    help="Which arms are asked; the tuned ones answer with one adapter, which is trained again.",
)
@click.option("--model", metavar="NAME", default="", help="Answer with it. Default: the agent's.")
@click.option(
    "--adapter",
    metavar="NAME",
    default="",
    help="The adapter of the tuned arms before they are retrained. Default: the one that answers, "
    "or the newest.",
)
# A test compares it with that of kilde tune.
@click.option(
    "--epochs",
    metavar="X",
    type=Fraction(0, 10_000, min_open=True),
    help="See every row as often at most; it stops when held-out rows get no better. Default: 2 to "
    "6, so that 1,600 rows are seen in all.",
)
@click.option(
    "--questions-per-month",
    metavar="N",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="How many questions are asked in a month, for the break-even.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of which facts are drawn, and of the training.",
)
@json_option
@pass_session
def drill_command(session: Session, /, as_json: bool, **options: Any) -> None:
    """Measure what a change of the documents costs each arm of AGENT.

    Documents are edited in a copy of the workspace. Each arm is asked about the edits before and
    after its own work: a sync for retrieval, a training for adapters. The workspace itself is not
    touched.
    """
    from kilde.workspace.drilling import drill

    done = drill(session.workspace, progress=progress(), **options)
    if as_json:
        print_json("drill", done)
    else:
        _show(done)


def _show(done: Drill) -> None:
    from kilde.cli import show

    many = "s" * (len(done.edits) != 1)
    click.echo(f"{len(done.edits)} edit{many} in a copy of the workspace:")
    for edit in done.edits:
        before, after = edit.before or "nothing", edit.after or "nothing"
        click.echo("  " + single_line(f"{edit.kind}: {edit.document}: {before} → {after}"))
    click.echo("\nShares of answers that tell the new truth, the stale one, or neither (wrong):")
    show.table(
        [
            ("ARM", "WORK", "SECONDS", "PER ANSWER", "BEFORE THE WORK", "AFTER IT"),
            *(
                (
                    cost.arm,
                    cost.work,
                    f"{cost.seconds:.1f}",
                    f"{cost.answer_seconds:.2f} s",
                    _shares(cost.before),
                    _shares(cost.after),
                )
                for cost in done.costs
                if not cost.skipped
            ),
        ]
    )
    for cost in done.costs:
        if cost.skipped:
            click.echo(single_line(f"{cost.arm} was skipped: {cost.skipped}"))
    click.echo()
    if done.break_even is not None:
        click.echo(
            f"From {done.break_even:.1f} rounds of such changes per month on, retraining costs "
            f"more computing time than retrieval adds to {done.questions_per_month} answers."
        )
    for note in done.notes:
        click.echo(f"Note: {single_line(note)}.")
    click.echo(f"Next: kilde advise {done.agent}")


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
