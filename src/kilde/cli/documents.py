"""Commands that put documents into a workspace and take them out again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session, progress

if TYPE_CHECKING:
    from kilde.types import SyncReport

_SQLITE = "sqlite:///"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def init_command(folder: Path) -> None:
    """Make a workspace in FOLDER (default: this one).

    It holds kilde.toml for settings, agents/ for assistants, and an empty knowledge base.
    """
    import kilde

    with kilde.init(folder) as workspace:
        click.echo(f"Made the workspace {workspace.path}.")
    there = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(f"Next: {there}kilde add FOLDER")


def _collection(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The name in NFC; refuses a collection that no agent's file could name."""
    from kilde.types import collection_name

    try:
        return None if value is None else collection_name(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", ctx, option) from error


@click.command("add", cls=ModelCommand)
@click.argument("sources", nargs=-1)
@click.option(
    "--collection",
    metavar="NAME",
    callback=_collection,
    help="Put the documents into this collection. Default: where they are, or 'default'.",
)
@click.option("--sql", metavar="URL", help="A database; env:NAME for a URL that is a secret.")
@click.option("--table", metavar="NAME", help="The table to read, with --sql.")
@click.option("--query", metavar="SELECT", help="The query to read, with --sql.")
@click.option("--force", is_flag=True, help="Also add the home folder or the file system's root.")
@json_option
@pass_session
def add_command(
    session: Session,
    sources: tuple[str, ...],
    collection: str | None,
    sql: str | None,
    table: str | None,
    query: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Register SOURCES and index what they hold: files, folders, patterns, URLs.

    A pattern in quotes, such as 'docs/*.md', is matched again at every sync. A source that is
    registered already is read again.
    """
    if not sources and sql is None:
        raise click.UsageError("Name files, folders, patterns or URLs, or a database with --sql.")
    if sql is None and (table or query):
        raise click.UsageError("--table and --query go with --sql URL.")
    if sql is not None and bool(table) == bool(query):
        raise click.UsageError("--sql needs either --table NAME or --query SELECT.")
    from kilde.documents.sources import Source

    workspace = session.workspace
    given: list[str | Path | Source] = list(sources)
    if sql is not None:
        url = _from_here(sql, workspace.path)
        given.append(Source("sql", url, table=table or "", query=query or ""))
    report = workspace.knowledge.add(given, collection=collection, force=force, progress=progress())
    return _finished("add", report, as_json)


@click.command("sync", cls=ModelCommand)
@click.option(
    "--prune",
    is_flag=True,
    help="Also remove the documents of folders and patterns that lost all of their files.",
)
@json_option
@pass_session
def sync_command(session: Session, prune: bool, as_json: bool) -> int:
    """Read every source again: add, replace and remove what changed.

    Only changed passages are embedded. A source that cannot be read at the moment keeps its
    documents, and is named; so does a folder or a pattern that lost all of its files at once, for
    its drive may not be connected. Exits with 1 if a source is named.
    """
    report = session.workspace.knowledge.sync(prune=prune, progress=progress())
    return _finished("sync", report, as_json)


@click.command("remove", cls=ModelCommand)
@click.argument("source")
@json_option
@pass_session
def remove_command(session: Session, source: str, as_json: bool) -> int:
    """Remove SOURCE with its documents, or one document by its id.

    The files themselves are not touched.
    """
    return _finished("remove", session.workspace.knowledge.remove(source), as_json)


@click.command("list", cls=ModelCommand)
@json_option
@pass_session
def list_command(session: Session, as_json: bool) -> None:
    """List the documents: id, title, collection and language."""
    documents = session.workspace.knowledge.documents()
    if as_json:
        print_json("list", documents)
    elif not documents:
        click.echo("No documents yet. Add some: kilde add FOLDER")
    else:
        rows = [(d.id, d.title, d.collection, d.language) for d in documents]
        show.table([("ID", "TITLE", "COLLECTION", "LANGUAGE"), *rows])


def _finished(command: str, report: SyncReport, as_json: bool) -> int:
    if as_json:
        print_json(command, report)
        return 1 if report.failed else 0
    return show.report(report)


def _from_here(url: str, root: Path) -> str:
    """A SQLite URL with a path from the current folder, as one from the workspace."""
    if not url.startswith(_SQLITE):
        return url
    path = Path(url.removeprefix(_SQLITE))
    if path.is_absolute() or not path.is_file():
        return url
    real = path.resolve()
    inside = real.is_relative_to(root)
    name = real.relative_to(root) if inside else real
    return _SQLITE + os.fspath(name.as_posix())
