"""Commands for what people think of answers: rate one, list the ratings, hand them on."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.names import agent_key
from kilde.cli.session import Session, pass_session
from kilde.cli.terminal import style
from kilde.cli.times import local
from kilde.errors import ConfigError, NotFound, WorkspaceError
from kilde.language.clean import clean

if TYPE_CHECKING:
    from kilde.cli.results import ListedFeedback
    from kilde.tuning.data.rows import Method
    from kilde.workspace import Workspace

_SHOWN = 60

agent_option = click.option("--agent", metavar="NAME", help="Only on the answers of this agent.")


@click.group("feedback")
def feedback_command() -> None:
    """Say which answers were right; list and export what was said. It is learnt from in tuning."""


@feedback_command.command("add")
@click.argument("answer")
@click.option("--up", "rating", flag_value="up", help="The answer was good.")
@click.option("--down", "rating", flag_value="down", help="The answer was bad.")
@click.option(
    "--correction",
    metavar="TEXT",
    help="What the answer should have been. Without --up, the answer counts as bad.",
)
@json_option
@pass_session
def add_feedback(
    session: Session,
    answer: str,
    rating: Literal["up", "down"] | None,
    correction: str | None,
    as_json: bool,
) -> None:
    """Rate ANSWER: its id, the first 6 digits of it or more, or "last".

    kilde ask shows the id below every answer. Whoever rates an answer again changes the rating.
    """
    from kilde.types import Feedback

    text = clean(correction or "").strip()
    if correction is not None and not text:
        raise click.UsageError("The correction is empty.")
    if rating is None and correction is None:
        raise click.UsageError("Say what you think of it: --up, --down or --correction TEXT.")
    workspace = session.workspace
    try:
        rated = workspace.records.find(answer)
    except NotFound as error:
        if workspace.config.records:
            raise
        raise NotFound(
            "answer", answer, [], hint="Answers are not kept: kilde.toml says records = false."
        ) from error
    if text == rated.text.strip():
        raise click.UsageError("The correction is the answer itself.")
    feedback = Feedback(
        id=uuid.uuid4().hex,
        answer_id=rated.id,
        agent=rated.agent,
        rating=rating or "down",
        correction=text,
        at=datetime.now(UTC),
    )
    workspace.records.add_feedback(feedback)
    if as_json:
        print_json("feedback add", feedback)
    else:
        click.echo(
            f"Thank you. Kept for {rated.agent}: {_said(feedback.rating, feedback.correction)}"
        )
        click.echo(style(f"On {rated.question!r}: {_short(rated.text)}", dim=True))


@feedback_command.command("list")
@agent_option
@json_option
@pass_session
def list_feedback(session: Session, agent: str | None, as_json: bool) -> None:
    """List the feedback, newest first."""
    found = _listed(session.workspace, _key(session.workspace, agent))
    if as_json:
        print_json("feedback list", found)
    elif not found:
        click.echo("No feedback yet. Rate an answer: kilde feedback add last --up")
    else:
        show.table(
            [
                ("AT", "ANSWER", "AGENT", "RATING", "QUESTION", "CORRECTION"),
                *(
                    (
                        local(one.feedback.at),
                        one.feedback.answer_id[:8],
                        one.feedback.agent,
                        one.feedback.rating if one.counts else f"({one.feedback.rating})",
                        _short(one.question),
                        _short(one.feedback.correction),
                    )
                    for one in found
                ),
            ]
        )
        if not all(one.counts for one in found):
            click.echo(style("(In brackets: rated again since.)", dim=True))


@feedback_command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@agent_option
@click.option(
    "--format",
    "method",
    type=click.Choice(["kto", "dpo", "sft"]),
    default="kto",
    show_default=True,
    help="kto: answers with a label; dpo: pairs of a better and a worse one; sft: good ones.",
)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@pass_session
def export_feedback(
    session: Session, file: Path, agent: str | None, method: Method, force: bool
) -> int:
    """Write what can be learnt from the feedback to FILE, as JSON lines."""
    from kilde.tuning.data.from_feedback import feedback_rows
    from kilde.tuning.data.rows import to_jsonl

    if file.exists() and not force:
        raise ConfigError(
            [f"{file}: it exists already."], hint="Choose another name, or add --force."
        )
    workspace = session.workspace
    judged = workspace.records.judged(agent=_key(workspace, agent))
    rows = feedback_rows(judged, method, given=workspace.records.given)
    if not rows:
        why = f"nothing in the feedback on {len(judged)} answers makes a row for {method}"
        click.echo(f"{file} was not written: {why}.", err=True)
        return 1
    try:
        file.write_text(to_jsonl(rows), encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkspaceError(
            f"{file}: it cannot be written ({error.strerror}).",
            hint="Choose a place that you may write to.",
        ) from error
    click.echo(f"{file}: {len(rows)} rows ({method}) from the feedback on {len(judged)} answers.")
    return 0


def _listed(workspace: Workspace, agent: str | None) -> list[ListedFeedback]:
    from kilde.cli.results import ListedFeedback

    # Read first: what is rated from here on is in the second reading only, and so no gap in it.
    everything = workspace.records.feedback(agent=agent)
    judged = {answer.id: (last, answer) for last, answer in workspace.records.judged(agent=agent)}
    listed = []
    for feedback in everything:
        if feedback.answer_id in judged:  # else the answer was forgotten meanwhile
            last, answer = judged[feedback.answer_id]
            counts = feedback.id == last.id
            listed.append(ListedFeedback(feedback, answer.question, answer.text, counts))
    return listed


def _key(workspace: Workspace, name: str | None) -> str | None:
    rated = workspace.records.feedback
    return name and agent_key(workspace, name, lambda: (one.agent for one in rated()))


def _said(rating: str, correction: str) -> str:
    return f"{rating}, with a correction." if correction else f"{rating}."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
