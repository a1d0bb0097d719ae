"""Commands for datasets: make the rows that an agent is tuned on, check them, look at them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kilde.cli import rows as shown_rows
from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.numbers import Fraction
from kilde.cli.session import ModelCommand, Session, pass_session, progress
from kilde.cli.times import local

if TYPE_CHECKING:
    from kilde.tuning.data.rows import Method

# Repeated from kilde.workspace.tuning, which would load the workspace for the help text; a test
# compares.
TEST_SHARE = 0.2
LIMIT = 200

share_option = click.option(
    "--test-share",
    metavar="SHARE",
    type=Fraction(0, 1, max_open=True),
    default=TEST_SHARE,
    show_default=True,
    help="The share of rows that are set apart for the test; 0 sets none apart.",
)
seed_option = click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Another number draws other rows.",
)


@click.group("dataset")
def dataset_command() -> None:
    """Make, check, show and split datasets: the rows that an agent is tuned on."""


@dataset_command.command("build", cls=ModelCommand)
@click.argument("agent")
@click.option(
    "--from",
    "source",
    metavar="FILE|feedback|documents",
    required=True,
    help="A file of rows (JSON lines, a JSON list or a CSV table), what people thought of answers, "
    "or the documents that the agent may use.",
)
@click.option("--name", metavar="NAME", default="", help="Its name. Default: the agent's.")
@click.option(
    "--method",
    type=click.Choice(["sft", "kto", "dpo"]),
    help="What the rows are for: answers to imitate, judged ones, or pairs of a better and a "
    "worse one. Default: what the file holds; kto for feedback, sft for documents.",
)
@click.option("--test", metavar="FILE", type=click.Path(path_type=Path), help="Rows for the test.")
@share_option
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1),
    default=LIMIT,
    show_default=True,
    help="As many rows are made of documents at most.",
)
@seed_option
@click.option("--replace", "replace_old", is_flag=True, help="Replace the one of that name.")
@json_option
@click.pass_context
@pass_session
def build_dataset(
    session: Session,
    ctx: click.Context,
    /,
    agent: str,
    source: str,
    name: str,
    method: Method | None,
    test: Path | None,
    test_share: float,
    limit: int,
    seed: int,
    replace_old: bool,
    as_json: bool,
) -> None:
    """Make a dataset for AGENT, and keep it.

    Rows that have a document or a question in common stay together when rows are set apart for
    the test.
    """
    from kilde.workspace import tuning

    if test is not None and _given(ctx, "test_share"):
        raise click.UsageError("Either --test or --test-share.")
    origin: Path | Literal["feedback", "documents"]
    match source:
        case "feedback" | "documents":
            origin = source
        case _:
            origin = Path(source)
    if origin != "documents" and _given(ctx, "limit"):
        raise click.UsageError("--limit goes with --from documents.")
    card = tuning.build_dataset(
        session.workspace,
        agent,
        origin,
        name=name,
        method=method,
        test=test,
        test_share=test_share,
        limit=limit,
        seed=seed,
        replace_old=replace_old,
        progress=progress(),
    )
    if as_json:
        print_json("dataset build", card)
        return
    shown_rows.made(card, "Built")
    option = "" if card.name == card.agent else f" --dataset {card.name}"
    click.echo(f"Next: kilde dataset check {card.name}, then kilde tune {card.agent}{option}")


@dataset_command.command("check", cls=ModelCommand)
@click.argument("name")
@json_option
@pass_session
def check_dataset(session: Session, name: str, as_json: bool) -> int:
    """Say all that is wrong with the rows of a dataset. Exits with 1 if it cannot be trained on."""
    from kilde.workspace import tuning

    card = session.workspace.datasets.card(name)
    findings = tuning.check_dataset(session.workspace, name)
    nothing = f"Nothing is wrong with the {card.rows} rows of {name}."
    return shown_rows.findings(
        "dataset check", findings, as_json, nothing=nothing, before="training"
    )


@dataset_command.command("show")
@click.argument("name")
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Show as many rows.",
)
@json_option
@pass_session
def show_dataset(session: Session, name: str, rows: int, as_json: bool) -> None:
    """Show what a dataset is and its first rows."""
    from kilde.cli.results import ShownDataset

    found = session.workspace.datasets.load(name)
    card = found.card
    shown = ShownDataset(card, found.rows[:rows])
    if as_json:
        print_json("dataset show", shown)
        return
    languages = ", ".join(f"{language} {count}" for language, count in card.languages.items())
    show.table(
        [
            ("dataset", card.name),
            ("agent", card.agent),
            ("method", card.method),
            ("from", card.source),
            ("made", local(card.created_at)),
            ("rows", f"{card.rows} to learn from, {card.test_rows} to test with"),
            ("test", card.test_file or ("set apart from the rows" if card.test_rows else "none")),
            ("languages", languages or "unknown"),
            ("documents", ", ".join(card.documents) or "none"),
            ("hash", card.data_hash),
            *(("note", note) for note in shown_rows.notes(card)),
        ]
    )
    for number, row in enumerate(shown.rows, 1):
        shown_rows.row(number, row)


@dataset_command.command("list")
@json_option
@pass_session
def list_datasets(session: Session, as_json: bool) -> int:
    """List the datasets: for which agent, how many rows, of which languages.

    Damaged ones are named on stderr, and it exits with 1.
    """
    return shown_rows.cards(
        "dataset list",
        session.workspace.datasets,
        as_json,
        nothing="No datasets yet. Make one: kilde dataset build AGENT --from FILE",
        heading=("DATASET", "AGENT", "METHOD", "ROWS", "TEST", "LANGUAGES", "MADE", "FROM"),
        line=lambda card: (
            card.name,
            card.agent,
            card.method,
            str(card.rows),
            str(card.test_rows),
            ", ".join(card.languages),
            local(card.created_at),
            card.source,
        ),
    )


@dataset_command.command("split")
@click.argument("name")
@share_option
@seed_option
@click.option("--force", is_flag=True, help="Deal rows of a --test FILE as well.")
@json_option
@pass_session
def split_dataset(
    session: Session, name: str, test_share: float, seed: int, force: bool, as_json: bool
) -> None:
    """Set other rows apart for the test: all rows of a dataset are dealt anew."""
    card = session.workspace.datasets.resplit(name, share=test_share, seed=seed, force=force)
    if as_json:
        print_json("dataset split", card)
    else:
        shown_rows.made(card, "Split")


def _given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
