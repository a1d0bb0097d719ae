"""Commands for test sets: make, check and show the questions that an agent is measured with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kilde.cli import rows as shown_rows
from kilde.cli import show
from kilde.cli.datasets import seed_option
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session, progress
from kilde.cli.terminal import single_line, style
from kilde.cli.times import local

if TYPE_CHECKING:
    from kilde.evaluation.testset import Question

# Repeated from kilde.workspace.evaluation, which would load the workspace for the help text; a test
# compares.
LIMIT = 200


@click.group("testset")
def testset_command() -> None:
    """Make, check and show test sets: the questions that an agent is measured with."""


@testset_command.command("build", cls=ModelCommand)
@click.argument("agent")
@click.option(
    "--from",
    "source",
    metavar="documents|feedback|FILE",
    required=True,
    help="The documents that the agent may use, of which some are then held out; what people "
    "thought of answers; or a file of questions or of rows (JSON lines, a JSON list or a CSV "
    "table).",
)
@click.option(
    "-n",
    "--limit",
    metavar="N",
    type=click.IntRange(1),
    default=LIMIT,
    show_default=True,
    help="As many questions are taken at most, by chance.",
)
@click.option("--name", metavar="NAME", default="", help="Its name. Default: the agent's.")
@seed_option
@click.option("--replace", "replace_old", is_flag=True, help="Replace the one of that name.")
@json_option
@pass_session
def build_testset(
    session: Session,
    agent: str,
    source: str,
    limit: int,
    name: str,
    seed: int,
    replace_old: bool,
    as_json: bool,
) -> None:
    """Make a test set for AGENT, and freeze it.

    No dataset is made of documents that a test set holds out, nor of what it asks.
    """
    from kilde.workspace import evaluation

    origin: Path | Literal["documents", "feedback"]
    match source:
        case "documents" | "feedback":
            origin = source
        case _:
            origin = Path(source)
    card = evaluation.build_testset(
        session.workspace,
        agent,
        origin,
        name=name,
        limit=limit,
        seed=seed,
        replace_old=replace_old,
        progress=progress(),
    )
    if as_json:
        print_json("testset build", card)
        return
    click.echo(
        f"Built {card.name}: {_count(card.questions)}, {card.questions - card.answerable} of them "
        "without an answer in the documents."
    )
    for note in card.notes:
        click.echo(f"Note: {single_line(note)}.")
    click.echo(f"Next: kilde testset check {card.name}")


@testset_command.command("check")
@click.argument("name")
@json_option
@pass_session
def check_testset(session: Session, name: str, as_json: bool) -> int:
    """Say what a test set cannot tell, and which of its questions were trained on.

    Exits with 1 if nothing should be measured with it.
    """
    from kilde.workspace import evaluation

    card = session.workspace.testsets.card(name)
    findings = evaluation.check_testset(session.workspace, name)
    nothing = f"Nothing is wrong with {name} ({_count(card.questions)})."
    return shown_rows.findings(
        "testset check", findings, as_json, nothing=nothing, before="measuring"
    )


@testset_command.command("show")
@click.argument("name")
@click.option(
    "-n",
    "--questions",
    metavar="N",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Show as many questions.",
)
@json_option
@pass_session
def show_testset(session: Session, name: str, questions: int, as_json: bool) -> None:
    """Show what a test set is and its first questions."""
    from kilde.cli.results import ShownTestSet

    found = session.workspace.testsets.load(name)
    card = found.card
    shown = ShownTestSet(card, found.questions[:questions])
    if as_json:
        print_json("testset show", shown)
        return
    languages = ", ".join(f"{language} {count}" for language, count in card.languages.items())
    show.table(
        [
            ("test set", card.name),
            ("agent", card.agent),
            ("from", card.source),
            ("made", local(card.created_at)),
            ("questions", f"{card.questions}, {card.answerable} of them with an answer"),
            ("languages", languages or "unknown"),
            ("documents", ", ".join(card.documents) or "none"),
            ("held out", ", ".join(card.held_out) or "none"),
            ("hash", card.sha256),
            *(("note", note) for note in card.notes),
        ]
    )
    for number, question in enumerate(shown.questions, 1):
        _question(number, question)


@testset_command.command("list")
@json_option
@pass_session
def list_testsets(session: Session, as_json: bool) -> int:
    """List the test sets: for which agent, how many questions, of which languages.

    Damaged ones are named on stderr, and it exits with 1.
    """
    return shown_rows.cards(
        "testset list",
        session.workspace.testsets,
        as_json,
        nothing="No test sets yet. Make one: kilde testset build AGENT --from documents",
        heading=("TEST SET", "AGENT", "QUESTIONS", "ANSWERABLE", "LANGUAGES", "MADE", "FROM"),
        line=lambda card: (
            card.name,
            card.agent,
            str(card.questions),
            str(card.answerable),
            ", ".join(card.languages),
            local(card.created_at),
            card.source,
        ),
    )


def _count(questions: int) -> str:
    return f"{questions} question{'s' * (questions != 1)}"


def _question(number: int, shown: Question) -> None:
    """Print a question: its turns, what is right, and the documents that say so."""
    heading = style(f"{number}", bold=True)
    answer = "" if shown.answerable else ", no answer in the documents"
    documents = single_line(", ".join(shown.documents)) or "no documents"
    click.echo(f"\n{heading} {documents} ({shown.language}{answer})")
    said = [*((turn.role, turn.content) for turn in shown.history), ("user", shown.question)]
    for name, text in [*said, *(("right", text) for text in shown.references)]:
        click.echo(f"  {name}: " + text.strip().replace("\n", "\n    "))
    if shown.tags:
        click.echo(f"  tags: {', '.join(shown.tags)}")
