"""The command that follows a document to the adapters it is in, and an adapter back."""

from __future__ import annotations

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import Session, pass_session


@click.command("lineage")
@click.argument("name")
@json_option
@pass_session
def lineage_command(session: Session, name: str, as_json: bool) -> None:
    """Show what was made of the document NAME, or what the adapter NAME was made of.

    A document is named by its id, as kilde list shows it; an adapter as AGENT@NUMBER.
    """
    from kilde.workspace.lineage import lineage

    traced = lineage(session.workspace, name)
    if as_json:
        print_json("lineage", list(traced))
    else:
        show.table([("WHAT", "NAME", ""), *((one.kind, one.name, one.detail) for one in traced)])
