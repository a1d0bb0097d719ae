"""The entry point: finds the command, and turns every way it can end into words and an exit code.

0    done
1    done, but with failures, each of them named; or the operation failed
2    wrong use: options, names that do not exist, settings
130  stopped with Ctrl-C
"""

from __future__ import annotations

import codecs
import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click

from kilde import __version__
from kilde.cli.session import Session
from kilde.cli.terminal import error_text, safe_stream, style
from kilde.errors import ConfigError, KildeError, NotFound

log = logging.getLogger("kilde")

# Which file of this package a command stands in; the order is that of the help text.
COMMANDS = {
    "demo": "demo",
    "init": "documents",
    "add": "documents",
    "sync": "documents",
    "list": "documents",
    "show": "reading",
    "remove": "documents",
    "search": "answers",
    "ask": "answers",
    "chat": "chat",
    "feedback": "feedback",
    "testset": "testsets",
    "dataset": "datasets",
    "tune": "tuning",
    "runs": "runs",
    "adapter": "adapters",
    "lineage": "lineage",
    "eval": "comparing",
    "compare": "comparing",
    "drill": "drilling",
    "advise": "advising",
    "history": "upkeep",
    "tag": "upkeep",
    "check": "upkeep",
    "reindex": "upkeep",
    "agent": "agents",
    "model": "models",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name: the attribute ``NAME_command`` of its file."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kilde.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command


@click.command(
    cls=Lazy,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        # Else click would take the escape sequences of others out of what goes to no terminal, so
        # that two names could look alike. The safe streams drop our own styles there.
        "color": True,
    },
)
@click.option(
    "--workspace",
    "-w",
    metavar="FOLDER",
    envvar="KILDE_WORKSPACE",
    type=click.Path(path_type=Path),
    help="The workspace. Default: this folder, or the nearest one above it with a kilde.toml.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is going on.")
@click.version_option(__version__, message="kilde %(version)s")
@click.pass_context
def cli(ctx: click.Context, workspace: Path | None, verbose: bool) -> None:
    """Answers from your own documents, with sources.

    Begin with: kilde demo. Exit codes: 0 done, 1 done with failures (each is named), 2 wrong use.
    """
    if verbose:
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
        log.setLevel(logging.DEBUG)
    ctx.obj = ctx.with_resource(Session(workspace))


def main() -> None:
    """Run ``kilde`` with the arguments of the process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code and lets no exception out."""
    _tolerate_narrow_consoles()
    with (
        redirect_stdout(safe_stream(sys.stdout)),
        redirect_stderr(safe_stream(sys.stderr)),
    ):
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    try:
        code = cli.main(list(arguments), prog_name="kilde", standalone_mode=False)
        sys.stdout.flush()
    except KildeError as error:
        log.debug("where it happened", exc_info=True)
        _report(error_text(error))
        return 2 if isinstance(error, ConfigError | NotFound) else 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SystemExit:  # click's way to end after a broken pipe
        return 1
    except Exception as error:  # noqa: BLE001  (a traceback helps nobody who did not ask for it)
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _report(message: str) -> None:
    click.echo(style("Error: ", fg="red", bold=True) + message, err=True, color=True)


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        # The reader went away; nothing more may be written when the interpreter flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    if os.environ.get("KILDE_TRACEBACK") or log.isEnabledFor(logging.DEBUG):
        import traceback

        traceback.print_exception(error)
    else:
        first = (str(error).strip().splitlines() or ["no message"])[0]
        _report(
            f"{type(error).__name__}: {first}\n"
            "This is a fault of Kilde. Set KILDE_TRACEBACK=1 to see where it happened."
        )
    return 1


def _tolerate_narrow_consoles() -> None:
    """Show a question mark for a letter that a console does not have, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # ASCII is what a process without a locale gets; its terminal shows UTF-8 all the same.
            narrow = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if narrow else None, errors="replace")
    # Questions come in as they are; bytes that are no text must not end a chat.
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
