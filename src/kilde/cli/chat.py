"""A conversation with one agent, line by line; works in a terminal and in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.answers import as_of_option, choose_agent
from kilde.cli.session import ModelCommand, Session, offering_models, pass_session
from kilde.cli.terminal import error_text, single_line, style
from kilde.errors import KildeError
from kilde.language.clean import clean

if TYPE_CHECKING:
    from kilde.agents.agent import Agent
    from kilde.types import Answer

_HELP = "Ask a question. /sources shows where the last answer stands, /quit ends."


@click.command("chat", cls=ModelCommand)
@click.option("--agent", metavar="NAME", help="Who answers; not needed where there is only one.")
@as_of_option
@pass_session
def chat_command(session: Session, agent: str | None, as_of: str | None) -> int:
    """Talk with an agent: one question per line, follow-up questions included.

    /sources shows the sources of the last answer in full; /quit or the end of the input ends.
    """
    speaker = choose_agent(session.workspace, agent)
    if sys.stdin.isatty():
        click.echo(f"{single_line(speaker.definition.name)}. {_HELP}")
    said: list[Answer] = []
    failures = 0
    for line in _lines():
        if line == "/quit":
            break
        if line == "/sources":
            if said:
                show.sources(said[-1])
                if session.workspace.is_kept(said[-1]):
                    show.rate(said[-1])
            else:
                click.echo("There is no answer yet.")
        elif line.startswith("/"):
            click.echo(_HELP)
        else:
            try:
                said.append(offering_models(partial(_turn, speaker, line, said, as_of)))
            except KildeError as error:
                # One question that fails does not end the conversation.
                failures += 1
                click.echo(style("Error: ", fg="red") + error_text(error), err=True)
        click.echo()
    return 1 if failures else 0


def _lines() -> Iterator[str]:
    """The lines of the input without the empty ones; with a prompt where somebody types."""
    while True:
        try:
            line = input("> ") if sys.stdin.isatty() else sys.stdin.readline()
        except EOFError:
            click.echo()
            return
        if not line and not sys.stdin.isatty():
            return
        if line := clean(line).strip():
            yield line


def _turn(speaker: Agent, question: str, said: Sequence[Answer], as_of: str | None) -> Answer:
    """Print an answer as it comes, then where it stands; returns it."""
    from kilde.types import Delta, Done

    shown = ""
    for event in speaker.stream(question, history=said, as_of=as_of):
        if isinstance(event, Delta):
            shown += event.text
            click.echo(event.text, nl=False)
            sys.stdout.flush()
        if isinstance(event, Done):
            answer = event.answer
    if shown.strip() != answer.text.strip():
        # What was streamed is not the answer: the agent thought better of it.
        click.echo(("\n\n" if shown.strip() else "") + answer.text, nl=False)
    click.echo()
    titles = dict.fromkeys(citation.document.title for citation in answer.citations)
    if titles:
        click.echo(style(f"Sources: {single_line('; '.join(titles))}", dim=True))
    show.remarks(answer)
    return answer
