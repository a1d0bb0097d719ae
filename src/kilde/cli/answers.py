"""Commands that answer one question: with passages (search) or with an answer (ask)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session
from kilde.errors import NotFound
from kilde.language.clean import clean

if TYPE_CHECKING:
    from kilde.agents.agent import Agent
    from kilde.workspace import Workspace

as_of_option = click.option(
    "--as-of",
    metavar="TAG|VERSION|DATE",
    help="Use the documents as they were then; see kilde history.",
)


def _words(ctx: click.Context, argument: click.Parameter, value: str) -> str:
    if not clean(value).strip():
        raise click.BadParameter("the question is empty.", ctx, argument)
    return value


@click.command("search", cls=ModelCommand)
@click.argument("question", callback=_words)
@click.option(
    "-k",
    "limit",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="How many passages.",
)
@click.option(
    "--collection",
    "collections",
    metavar="NAME",
    multiple=True,
    help="Search only in this collection; may be repeated.",
)
@as_of_option
@json_option
@pass_session
def search_command(
    session: Session,
    question: str,
    limit: int,
    collections: tuple[str, ...],
    as_of: str | None,
    as_json: bool,
) -> None:
    """Find the passages that fit QUESTION best, and say why."""
    knowledge = session.workspace.knowledge
    collections = tuple(normalize("NFC", name) for name in collections)
    if collections:
        known = {document.collection for document in knowledge.documents(as_of=as_of)}
        for name in collections:
            if name not in known:
                raise NotFound("collection", name, known)
    hits = knowledge.search(question, limit=limit, collections=collections or None, as_of=as_of)
    if as_json:
        print_json("search", hits)
    elif hits:
        show.hits(hits)
    else:
        click.echo("Nothing found. kilde list shows which documents there are.")


@click.command("ask", cls=ModelCommand)
@click.argument("question", callback=_words)
@click.option("--agent", metavar="NAME", help="Who answers; not needed where there is only one.")
@as_of_option
@click.option("--show-prompt", is_flag=True, help="Also print the messages as they were sent.")
@click.option("--adapter", metavar="NAME@N", help="Answer with this tuned adapter.")
@click.option("--no-adapter", is_flag=True, help="Let the model answer without tuned adapter.")
@click.option("--no-retrieval", is_flag=True, help="Let the model answer without documents.")
@json_option
@pass_session
def ask_command(
    session: Session,
    question: str,
    agent: str | None,
    as_of: str | None,
    show_prompt: bool,
    adapter: str | None,
    no_adapter: bool,
    no_retrieval: bool,
    as_json: bool,
) -> None:
    """Answer QUESTION from the documents, with sources."""
    if adapter and no_adapter:
        raise click.UsageError("Either --adapter or --no-adapter.")
    answer = choose_agent(session.workspace, agent).ask(
        question,
        retrieval=False if no_retrieval else None,
        adapter=adapter or not no_adapter,
        as_of=as_of,
    )
    if as_json:
        print_json("ask", answer)
    else:
        show.answer(answer, prompt=show_prompt)
        if session.workspace.is_kept(answer):
            show.rate(answer)


def choose_agent(workspace: Workspace, name: str | None) -> Agent:
    """The agent of that name; without one, the only agent there is or the plain one."""
    if name is not None:
        return workspace.agent(name)
    names = workspace.agents()
    if len(names) > 1:
        raise click.UsageError(f"Choose who answers with --agent: {', '.join(names)}.")
    return workspace.default_agent()
