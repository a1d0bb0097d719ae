"""The command that shows everything once, on the example that comes with Kilde."""

from __future__ import annotations

from pathlib import Path

import click

from kilde.cli import show
from kilde.cli.session import progress, pull


@click.command("demo")
@click.option(
    "--lang",
    type=click.Choice(["da", "en"]),
    default="en",
    show_default=True,
    help="The language of documents, questions and answers.",
)
@click.option(
    "--keep",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Make the example in this new folder and keep it.",
)
def demo_command(lang: str, keep: Path | None) -> int:
    """Ask a health centre's documents, change one, and ask again.

    Everything happens on this computer. Fetches the model it needs first (24 MB, once). Exits
    with 1 when an answer is not the expected one.
    """
    import tempfile

    from kilde.demo.run import Stage, run

    stage = Stage(say=click.echo, answer=show.answer, pull=pull, progress=progress())
    if keep:
        unmet = run(lang, keep, stage)
    else:
        with tempfile.TemporaryDirectory(
            prefix="kilde-demo-", ignore_cleanup_errors=True
        ) as folder:
            unmet = run(lang, Path(folder) / "centre", stage)
    for expectation in unmet:
        click.echo(click.style("Not as expected: ", fg="red") + expectation, err=True)
    if keep:
        click.echo(f"\nTry next:\n  cd {keep}")
    else:
        click.echo("\nTry next (the demo's own folder is gone again):")
        click.echo(f"  kilde demo --lang {lang} --keep centre && cd centre")
    click.echo("  kilde chat --agent health\n  kilde list\n  kilde history")
    return 1 if unmet else 0
