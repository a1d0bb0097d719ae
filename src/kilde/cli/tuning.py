"""The command that tunes an agent: it trains an adapter, has it judged and says what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kilde.cli.json_output import json_option, print_json
from kilde.cli.numbers import Fraction
from kilde.cli.session import ModelCommand, Session, pass_session, progress
from kilde.cli.terminal import single_line, style
from kilde.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kilde.tuning.checks import Finding
    from kilde.workspace import Workspace

_ARGUMENTS = f"{__name__}.arguments"
_POSITIVE = Fraction(0, 10_000, min_open=True)


class _Remembering(ModelCommand):
    """A command that remembers how it was called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments, which parsing uses up."""
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


# Without defaults, so that what was given can be told; they stand in tuning/training/settings.py,
# which would slow the help text, and a test compares them.
@click.command("tune", cls=_Remembering)
@click.argument("agent")
@click.option("--dataset", metavar="NAME", help="The rows. Default: those named as the agent.")
@click.option(
    "--method",
    type=click.Choice(["sft", "kto", "dpo"]),
    help="Refuse rows that are for another method; the rows decide which one it is.",
)
@click.option(
    "--with-context/--no-context",
    default=None,
    help="Learn with documents in the prompt, or without. Default: as the agent answers.",
)
@click.option(
    "--document-tokens",
    metavar="N",
    type=click.IntRange(1),
    help="As many tokens of documents are in a prompt at most. Default: 400.",
)
@click.option(
    "--epochs",
    metavar="X",
    type=_POSITIVE,
    help="See every row as often at most; it stops when held-out rows get no better. Default: 2 to "
    "6, so that 1,600 rows are seen in all; for kto and dpo 1 to 3, so that 200 are.",
)
@click.option(
    "--learning-rate",
    metavar="X",
    type=Fraction(0, 1, min_open=True),
    help="Default: 0.001 for sft, 3e-05 for kto, 3e-05 for dpo.",
)
@click.option("--batch", metavar="N", type=click.IntRange(1), help="Rows per step. Default: 4.")
@click.option(
    "--at-once",
    metavar="N",
    type=click.IntRange(1),
    help="As many of them are computed together: fewer need less memory. Default: as fit.",
)
@click.option("--rank", metavar="N", type=click.IntRange(1), help="Of the LoRA. Default: 16.")
@click.option(
    "--alpha", metavar="N", type=click.IntRange(1), help="Its scale times its rank. Default: 32."
)
@click.option("--max-steps", metavar="N", type=click.IntRange(1), help="Stop after so many steps.")
@click.option(
    "--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), help="Of what is drawn. Default: 0."
)
@click.option("--force", is_flag=True, help="Promote it whatever the gate says; it is recorded.")
@click.option("--resume", is_flag=True, help="Go on with the newest training that was stopped.")
@click.option("--detach", is_flag=True, help="Train in the background; the terminal may close.")
@json_option
@click.pass_context
@pass_session
def tune_command(
    session: Session,
    ctx: click.Context,
    /,
    agent: str,
    dataset: str | None,
    method: str | None,
    with_context: bool | None,
    force: bool,
    resume: bool,
    detach: bool,
    as_json: bool,
    **numbers: float | None,
) -> None:
    """Train an adapter for AGENT; it answers if it is no worse than what answers now.

    First the rows are checked, at last the adapter answers the test rows beside what answers now:
    the gate. Needs the extra: pip install "kilde[tune]".
    """
    from kilde.workspace import tuning

    given: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    if resume and (given or dataset or method or with_context is not None):
        raise click.UsageError("--resume goes on with what that training began with.")
    workspace = session.workspace
    key = _ready(workspace, agent, dataset or "", method, resume)
    if detach:
        if not resume:
            # What is refused is told here, and not in a log that nobody reads.
            _warn(_passed(workspace, dataset or key))
        _detach(workspace, key, ctx.meta[_ARGUMENTS], as_json)
        return
    try:
        if resume:
            tuned = tuning.resume(workspace, key, force=force, progress=progress())
        else:
            from kilde.tuning.training.settings import TuneSettings

            tuned = tuning.tune(
                workspace,
                key,
                dataset=dataset or "",
                settings=TuneSettings(**given),
                with_context=with_context,
                force=force,
                on_findings=_warn,
                progress=progress(),
            )
    except KeyboardInterrupt:
        if any(run.stage != "done" for run in workspace.runs.list(key)[:1]):
            click.echo(f"\nStopped. To go on: kilde tune {key} --resume", err=True)
        raise
    if as_json:
        print_json("tune", tuned)
    else:
        from kilde.cli import tuned as report

        report.report(tuned, workspace.runs.folder(tuned.run.id))
        report.next_steps(tuned, pinned=workspace.definition(key).adapter)


def _ready(workspace: Workspace, agent: str, dataset: str, method: str | None, resume: bool) -> str:
    """The agent's key, when all is well that can be told before a model is loaded."""
    from kilde.tuning.extra import need_extra
    from kilde.workspace import tuning

    need_extra()
    key, definition = workspace.agent_file(agent)
    if resume:
        tuning.unfinished(workspace, key)
    else:
        card = tuning.dataset_of(workspace, key, dataset).card
        if method is not None and card.method != method:
            raise ConfigError(
                [f"The rows of the dataset {card.name!r} are for {card.method}, not for {method}."],
                hint=f"Leave out --method, or build rows for {method}: kilde dataset build {key} "
                f"--from … --method {method}",
            )
    tuning.base_of(workspace, key, definition)
    with workspace.runs.alone(key):
        return key


def _passed(workspace: Workspace, dataset: str) -> Sequence[Finding]:
    """What was found in the rows. Raises :class:`TuningError` where that refuses the training."""
    from kilde.tuning.checks import raise_refused
    from kilde.workspace import tuning

    findings = tuning.check_dataset(workspace, dataset)
    raise_refused(findings, dataset)
    return findings


def _detach(workspace: Workspace, key: str, arguments: Sequence[str], as_json: bool) -> None:
    from kilde.cli import detached

    again = ["tune", *(argument for argument in arguments if argument != "--detach")]
    started = detached.start(workspace, again)
    if as_json:
        print_json("tune", started)
        return
    click.echo(f"The training of {key} goes on without this terminal, as process {started.pid}.")
    click.echo(f"How far it is: kilde runs {key}\nWhat it says:  {started.log}")


def _warn(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.level == "warn":
            mark = style(f"Warning ({finding.kind}): ", fg="yellow")
            click.echo(f"{mark}{single_line(f'{finding.message} {finding.hint}')}", err=True)
