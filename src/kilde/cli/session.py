"""What one run of the command line holds: the workspace it works on, and how to ask its user."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kilde.errors import LicenceNeeded, ModelMissing

if TYPE_CHECKING:
    from kilde.protocols import Progress
    from kilde.workspace import Workspace

Result = TypeVar("Result")


class Session:
    """Opens the workspace when a command first asks for it, and closes it when the run ends."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace that was named, or the one around the current folder."""
        if self._workspace is None:
            folder = _find(self._folder)
            from kilde.workspace import Workspace

            self._workspace = Workspace.open(folder)
        return self._workspace

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._workspace is not None:
            self._workspace.close()


pass_session = click.make_pass_decorator(Session)


class ModelCommand(click.Command):
    """A command that needs models: offers to fetch one that is missing, then goes on."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, as often as a missing model could be fetched meanwhile."""
        return offering_models(lambda: super(ModelCommand, self).invoke(ctx))


def offering_models(action: Callable[[], Result]) -> Result:
    """The result of ``action``; a missing model is offered to the user and the action repeated.

    Raises :class:`ModelMissing` where nobody can be asked, or the answer is no.
    """
    while True:
        try:
            return action()
        except ModelMissing as error:
            if not interactive():
                raise
            from kilde.models.catalogue import find

            click.echo(error.message, err=True)
            size = find(error.model).megabytes
            if not click.confirm(f"Fetch it now ({size} MB)?", default=True, err=True):
                raise
            pull(error.model)


def pull(name: str, *, accept_licence: bool = False) -> Path:
    """Fetch a model with a progress bar; terms of its own are shown on a terminal, once.

    Raises :class:`LicenceNeeded` where nobody can be asked, or the answer is no.
    """
    from kilde.models.pull import pull as fetch

    try:
        return fetch(name, accept_licence=accept_licence, progress=progress())
    except LicenceNeeded as error:
        if not interactive():
            raise
        click.echo(error.message, err=True)
        if not click.confirm("Have you read these terms, and do you accept them?", err=True):
            raise
    return fetch(name, accept_licence=True, progress=progress())


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def progress() -> Progress:
    """A bar on stderr where that is a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        from kilde.protocols import NoProgress

        return NoProgress()
    from kilde.cli.progress import Bar

    return Bar()


def _find(named: Path | None) -> Path:
    # The name of the file is repeated here because kilde.config would load pydantic.
    if named is not None:
        if (named.expanduser() / "kilde.toml").is_file():
            return named
        raise click.UsageError(
            f"{named} is no workspace: it has no kilde.toml.\nMake one: kilde init {named}"
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "kilde.toml").is_file():
            return folder
    raise click.UsageError(
        "There is no workspace here: no kilde.toml in this folder or above it.\n"
        "Make one with kilde init FOLDER, or name one with kilde --workspace FOLDER."
    )
