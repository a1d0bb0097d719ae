"""``--json``: the result of a command, rendered with the type its schema is made from.

The schemas in ``docs/json`` and the output come from the same types, so the two cannot differ.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import click

from kilde.cli.terminal import SafeStream, escape_json

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def print_json(command: str, result: object) -> None:
    """Print the result of a command as its schema in ``docs/json`` describes, in UTF-8."""
    dumped: bytes = adapter(command).dump_json(result, indent=2, by_alias=True)
    rendered = escape_json(dumped.decode())
    # A console has an encoding of its own; files and pipes get the encoding of JSON.
    if isinstance(sys.stdout, SafeStream) and not sys.stdout.isatty():
        sys.stdout.write_utf8(rendered + "\n")
    else:
        click.echo(rendered)


@cache
def adapter(command: str) -> Any:
    """Pydantic's adapter for the result of a command."""
    from pydantic import TypeAdapter

    from kilde.cli.results import result_types

    return TypeAdapter(result_types()[command])
