"""The command that shows the trainings: those under way, those at their end, and those stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.names import agent_key
from kilde.cli.session import Session, pass_session
from kilde.cli.terminal import single_line
from kilde.cli.times import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kilde.cli.results import ListedRun
    from kilde.tuning.training.runs import Run
    from kilde.workspace import Workspace


@click.command("runs")
@click.argument("agent", required=False)
@json_option
@pass_session
def runs_command(session: Session, agent: str | None, as_json: bool) -> None:
    """List the trainings, of all agents or of AGENT, newest first: how far each has come."""
    workspace = session.workspace
    if agent is not None:
        agent = agent_key(workspace, agent, lambda: (run.agent for run in workspace.runs.list()))
    runs = [_listed(workspace, run) for run in workspace.runs.list(agent)]
    if as_json:
        print_json("runs", runs)
    elif not runs:
        click.echo("No trainings yet. Train one: kilde tune AGENT")
    else:
        _show_runs(runs)


def _listed(workspace: Workspace, run: Run) -> ListedRun:
    from kilde.cli.results import ListedRun
    from kilde.tuning.training.process import read_progress

    told = read_progress(workspace.runs.folder(run.id) / "progress.jsonl")
    losses = [line["loss"] for line in told if "loss" in line]
    held_out = [line["eval_loss"] for line in told if "eval_loss" in line]
    return ListedRun(
        run.id,
        run.agent,
        run.dataset,
        "stopped" if workspace.runs.stopped(run) else run.stage,
        told[-1]["step"] if told else 0,
        told[-1]["of"] if told else None,
        losses[-1] if losses else None,
        held_out[-1] if held_out else None,
        run.started_at,
        run.ended_at,
        run.adapter,
        run.promoted,
        run.message,
    )


def _show_runs(runs: Sequence[ListedRun]) -> None:
    show.table(
        [
            ("RUN", "AGENT", "DATASET", "STAGE", "STEP", "LOSS", "STARTED", "ADAPTER"),
            *(
                (
                    run.run,
                    run.agent,
                    run.dataset,
                    run.stage,
                    f"{run.step} of {run.steps}" if run.steps else "",
                    "" if run.loss is None else f"{run.loss:.3f}",
                    local(run.started_at),
                    run.adapter + (", promoted" if run.promoted else ""),
                )
                for run in runs
            ),
        ]
    )
    newest = {run.agent: run for run in reversed(runs)}
    for run in newest.values():
        if run.stage in ("stopped", "failed"):
            why = f": {single_line(run.message)}" if run.message else "."
            click.echo(f"\n{run.run} {'failed' if run.stage == 'failed' else 'was stopped'}{why}")
            click.echo(f"To go on with it: kilde tune {run.agent} --resume")
