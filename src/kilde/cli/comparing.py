"""Commands that measure: one arm of an agent on its test, or arms beside each other."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING, Any

import click

from kilde.cli.json_output import json_option, print_json
from kilde.cli.numbers import Fraction
from kilde.cli.session import ModelCommand, Session, pass_session, progress

if TYPE_CHECKING:
    from kilde.evaluation.comparison import Comparison
    from kilde.types import Arm

# As they are in kilde.evaluation.said, which would have to be loaded to show a line of help.
NAMES = ("plain", "rag", "tuned", "rag+tuned")


def _arm(name: str) -> Arm:
    from kilde.evaluation.said import ARMS

    return next(arm for arm in ARMS if arm.name == name)


class Arms(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Names of arms with commas between them."""

    name = "arms"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Arm, ...]:
        """The arms. Fails for a name that is none, and where there is none."""
        names = [name.strip() for name in str(value).split(",") if name.strip()]
        wrong = [name for name in names if name not in NAMES]
        if wrong or not names:
            told = ", ".join(map(repr, wrong)) or "nothing"
            self.fail(f"{told}: there is {', '.join(NAMES)}.", param, ctx)
        return tuple(_arm(name) for name in names)


def _asking(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is asked, and of which model."""
    for option in (
        json_option,
        click.option(
            "--seed",
            metavar="N",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="The seed of the first sample; each further one has the next.",
        ),
        click.option(
            "--temperature",
            metavar="T",
            type=Fraction(0, 2),
            default=0.0,
            show_default=True,
            help="Over 0, words are drawn instead of the likeliest being taken.",
        ),
        click.option(
            "--samples",
            metavar="N",
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="Ask every question so often; needs a --temperature.",
        ),
        click.option(
            "--adapter",
            metavar="NAME",
            default="",
            help="The adapter of the tuned arms. Default: the one that answers, or the newest.",
        ),
        click.option(
            "--model", metavar="NAME", default="", help="Answer with it. Default: the agent's."
        ),
        click.option(
            "--testset", metavar="NAME", default="", help="The questions. Default: the agent's."
        ),
    ):
        command = option(command)
    return command


@click.command("eval", cls=ModelCommand)
@click.argument("agent")
@click.option(
    "--arm",
    type=click.Choice(NAMES),
    help="Which arm is asked. Default: as the agent answers.",
)
@_asking
@pass_session
def eval_command(session: Session, /, arm: str | None, as_json: bool, **options: Any) -> int:
    """Ask AGENT the questions of a test set, and score what it says.

    Answers are kept: kilde compare does not ask for them again. Exits with 1 if the arm cannot be
    asked.
    """
    from kilde.workspace.comparing import evaluate

    done = evaluate(
        session.workspace, arm=_arm(arm) if arm else None, progress=progress(), **options
    )
    return _told(session, "eval", done, as_json)


@click.command("compare", cls=ModelCommand)
@click.argument("agent")
@click.option(
    "--arms",
    metavar="NAME,…",
    type=Arms(),
    default=",".join(NAMES),
    show_default=True,
    help="Which arms are asked: with retrieval or without, with an adapter or without.",
)
@click.option(
    "--judge", metavar="MODEL", default="", help="A model that judges the answers as well."
)
@_asking
@pass_session
def compare_command(session: Session, /, as_json: bool, **options: Any) -> int:
    """Ask arms of AGENT the questions of a test set, and say how they differ.

    What was asked before is not asked again: run it once more after it was stopped. An arm that
    cannot be asked is skipped. Exits with 1 if none can.
    """
    from kilde.workspace.comparing import compare

    done = compare(session.workspace, progress=progress(), **options)
    return _told(session, "compare", done, as_json, {arm.name for arm in options["arms"]})


def _told(
    session: Session,
    command: str,
    done: Comparison,
    as_json: bool,
    wanted: Set[str] = frozenset(NAMES),
) -> int:
    """Show what was measured; 0 if any of the arms that are ``wanted`` could be asked."""
    from kilde.cli.compared import show
    from kilde.workspace.comparing import folder_of

    asked = [run for run in done.arms if not run.skipped]
    failed = not wanted & {run.arm for run in asked}
    if as_json:
        print_json(command, done)
        return 1 if failed else 0
    show(done)
    if failed:
        click.echo("No arm could be asked.", err=True)
        return 1
    click.echo(f"\nKept in {folder_of(session.workspace, done)}")
    if len(asked) > 1:
        click.echo(f"Next: kilde advise {done.agent}")
    return 0
