"""The command that prints a document as Kilde read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session

if TYPE_CHECKING:
    from kilde.types import Document


@click.command("show", cls=ModelCommand)
@click.argument("document")
@click.option("--page", type=click.IntRange(1), metavar="N", help="Only this page.")
@json_option
@pass_session
def show_command(session: Session, document: str, page: int | None, as_json: bool) -> None:
    """Print DOCUMENT (an id, as in kilde list) as it was read.

    This is the text that answers are quoted from, with the pages and the rows of tables.
    """
    knowledge = session.workspace.knowledge
    stored = knowledge.document(document)
    if page is not None and page > len(stored.pages):
        count = len(stored.pages) or "no"
        raise click.BadParameter(f"{document} has {count} pages.", param_hint="--page")
    if as_json:
        print_json("show", stored)
        return
    show.document(stored)
    for number, text in _pages(stored):
        if page in (None, number):
            if number is not None:
                read_by = ", read by OCR" if number in stored.recognized else ""
                show.heading(f"Page {number}{read_by}")
            click.echo(text.strip("\n") + "\n")


def _pages(document: Document) -> Iterator[tuple[int | None, str]]:
    """The text by page, with page numbers from 1; all of it with ``None`` where it has no pages."""
    if not document.pages:
        yield None, document.text
        return
    ends = (*document.pages[1:], len(document.text))
    for number, (start, end) in enumerate(zip(document.pages, ends, strict=True), 1):
        yield number, document.text[start:end]
