"""Commands for the models on this computer."""

from __future__ import annotations

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import pull


@click.group("model")
def model_command() -> None:
    """List, fetch and delete the models on this computer.

    They are kept once per user, for all workspaces. With KILDE_OFFLINE=1 none is fetched.
    """


@model_command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models that Kilde knows, and which of them are here."""
    from kilde.cli.results import ListedModel
    from kilde.models.cache import installed
    from kilde.models.catalogue import load_catalogue

    here = {model.name for model in installed()}
    models = [
        ListedModel(
            name=model.name,
            role=model.role,
            about=model.about,
            megabytes=model.megabytes,
            licence=model.licence,
            languages=None if model.languages is None else tuple(sorted(model.languages)),
            context=model.context,
            installed=model.name in here,
            pullable=model.pullable,
        )
        for model in load_catalogue().values()
    ]
    if as_json:
        print_json("model list", models)
        return
    show.table(
        [
            ("NAME", "ROLE", "MB", "HERE", "LICENCE", "ABOUT"),
            *(
                (
                    model.name,
                    model.role,
                    str(model.megabytes),
                    "yes" if model.installed else "no" if model.pullable else "by hand",
                    model.licence,
                    model.about,
                )
                for model in models
            ),
        ]
    )


@model_command.command("pull")
@click.argument("name")
@click.option("--accept-licence", is_flag=True, help="Accept the terms that a model may have.")
def pull_model(name: str, accept_licence: bool) -> None:
    """Fetch the model NAME once, and check it; one that is here already costs no connection.

    Its files are read whole and compared with their hashes; a damaged one is fetched again.
    """
    path = pull(name, accept_licence=accept_licence)
    click.echo(f"{name} is here: {path.parent}")


@model_command.command("remove")
@click.argument("name")
def remove_model(name: str) -> None:
    """Delete the files of the model NAME from this computer."""
    from kilde.models.cache import remove

    remove(name)
    click.echo(f"Removed {name}.")
