"""Write docs/cli.md from the commands, and docs/json/*.schema.json from the types of results.

python scripts/generate_docs.py           # write
python scripts/generate_docs.py --check   # name what differs from the code; exit 1 if any does
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kilde.cli.json_output import adapter
from kilde.cli.main import cli
from kilde.cli.results import result_types

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = """\
# Commands

<!-- Written by scripts/generate_docs.py from the commands themselves; do not edit. -->

"""
TAIL = """\
## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | done, but with failures, each of them named on stderr; or the operation failed |
| 2 | wrong use: an option, a name that does not exist, a setting |
| 130 | stopped with Ctrl-C |

## JSON

With `--json` a command prints its result to stdout, in UTF-8, as its schema in [json/](json/)
describes; messages and progress go to stderr. Exit codes are the same.

## Environment

| variable | meaning |
|---|---|
| `KILDE_WORKSPACE` | the workspace, where `--workspace` is not given |
| `KILDE_CACHE` | the folder of the models, instead of the user's cache |
| `KILDE_OFFLINE` | `1`: never fetch a model |
| `KILDE_TRACEBACK` | `1` shows where an unexpected error happened |
| `NO_COLOR` | no colours, also on terminals |
"""


def pages() -> dict[Path, str]:
    """Every generated file and its text."""
    found = {DOCS / "cli.md": reference()}
    for command in result_types():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"kilde {command} --json",
        }
        schema |= {
            key: value
            for key, value in adapter(command).json_schema(mode="serialization").items()
            if key != "title"
        }
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        found[DOCS / "json" / f"{command.replace(' ', '-')}.schema.json"] = text
    return found


def reference() -> str:
    """The text of docs/cli.md."""
    sections = [section(context) for context in contexts(click.Context(cli, info_name="kilde"))]
    return HEAD + "\n".join(sections) + "\n" + TAIL


def contexts(parent: click.Context) -> Iterator[click.Context]:
    """A command and those below it, in the order of the help text."""
    yield parent
    if isinstance(parent.command, click.Group):
        for name in parent.command.list_commands(parent):
            command = parent.command.get_command(parent, name)
            assert command is not None
            yield from contexts(click.Context(command, parent=parent, info_name=name))


def section(context: click.Context) -> str:
    """One command: how to call it, what it does, its options."""
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [
        f"## {context.command_path}",
        "",
        f"`{usage}`",
        "",
        inspect.cleandoc(command.help or ""),
    ]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        lines += ["", "| option | meaning |", "|---|---|"]
        lines += [f"| `{spelling(option)}` | {meaning(option)} |" for option in options]
    name = context.command_path.removeprefix("kilde ")
    if name in result_types():
        file = f"{name.replace(' ', '-')}.schema.json"
        lines += ["", f"The JSON is described by [{file}](json/{file})."]
    return "\n".join(lines) + "\n"


def spelling(option: click.Option) -> str:
    """``-k N`` or ``--lang da|en``, with the bars escaped for a table."""
    value = option.metavar or (
        "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else ""
    )
    return " ".join(
        part for part in (", ".join([*option.opts, *option.secondary_opts]), value) if part
    ).replace("|", "\\|")


def meaning(option: click.Option) -> str:
    """The help of an option, with its default where that is shown."""
    default = f" Default: {option.default}." if option.show_default else ""
    return (option.help or "") + default


def main() -> int:
    """Write the files, or compare them."""
    wanted = pages()
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    stale += [path for path in (DOCS / "json").glob("*") if path not in wanted]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(DOCS.parent)} is not what the code says")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8", newline="\n")
        else:
            path.unlink()
        print(path.relative_to(DOCS.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
