"""Commands that look after the knowledge base: its past states, its health, its index."""

from __future__ import annotations

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session, progress
from kilde.cli.terminal import single_line


@click.command("history", cls=ModelCommand)
@json_option
@pass_session
def history_command(session: Session, as_json: bool) -> None:
    """List the states of the documents that --as-of can go back to, oldest first."""
    versions = session.workspace.knowledge.history()
    if as_json:
        print_json("history", versions)
    elif not versions:
        click.echo("Nothing was stored yet. Add documents: kilde add FOLDER")
    else:
        show.table(
            [
                ("VERSION", "AT", "DOCUMENTS", "PASSAGES", "TAGS", "WHAT"),
                *(
                    (
                        str(state.version),
                        f"{state.at.astimezone():%Y-%m-%d %H:%M:%S}",
                        "" if state.documents is None else str(state.documents),
                        "" if state.passages is None else str(state.passages),
                        ", ".join(state.tags),
                        state.action,
                    )
                    for state in versions
                ),
            ]
        )


@click.command("tag", cls=ModelCommand)
@click.argument("name")
@pass_session
def tag_command(session: Session, name: str) -> None:
    """Call the documents as they are now NAME, for --as-of NAME; a tagged state is kept."""
    version = session.workspace.knowledge.tag(name)
    click.echo(f"Version {version} is now called {name!r}.")


@click.command("check", cls=ModelCommand)
@click.option("--repair", is_flag=True, help="Save what can be saved; kilde sync reads the rest.")
@json_option
@pass_session
def check_command(session: Session, repair: bool, as_json: bool) -> int:
    """Read everything that is stored and say what is wrong with it."""
    knowledge = session.workspace.knowledge
    faults = tuple(knowledge.check(repair=repair))
    repaired = repair and bool(faults) and not knowledge.check()
    if as_json:
        from kilde.cli.results import CheckResult

        print_json("check", CheckResult(faults, repaired))
    elif not faults:
        click.echo("All is well.")
    else:
        for fault in faults:
            click.echo(single_line(fault), err=True)
        if repaired:
            click.echo("Repaired. Read from their sources what was taken out: kilde sync")
        else:
            click.echo("Save what can be saved: kilde check --repair", err=True)
    return 1 if faults and not repaired else 0


@click.command("reindex", cls=ModelCommand)
@json_option
@pass_session
def reindex_command(session: Session, as_json: bool) -> int:
    """Make all passages anew, after a change of the embedder or of passage_tokens.

    The old ones serve until the new ones are complete.
    """
    report = session.workspace.knowledge.reindex(progress=progress())
    if as_json:
        print_json("reindex", report)
        return 1 if report.failed else 0
    return show.report(report)
