"""The command that shows everything once, on the example that comes with Kilde."""

from __future__ import annotations

from pathlib import Path

import click

from kilde.cli import show
from kilde.cli.session import interactive, progress, pull
from kilde.cli.terminal import style


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
@click.option(
    "--decide",
    is_flag=True,
    help="Train, compare and advise instead (ten minutes; needs the extra 'tune').",
)
def demo_command(lang: str, keep: Path | None, decide: bool) -> int:
    """Ask a health centre's documents, change one, and ask again.

    With --decide, two agents are measured with retrieval and training, without, and with both, and
    the report on them is opened. Everything happens on this computer. Fetches the models it needs
    first (24 MB, and 93 MB to decide; once). Exits with 1 when what comes is not as expected.
    """
    import tempfile

    from kilde.cli.advising import show as show_advice
    from kilde.demo.decide import REPORT
    from kilde.demo.decide import decide as play_decision
    from kilde.demo.run import Stage, run
    from kilde.tuning.extra import need_extra

    stage = Stage(
        say=click.echo,
        answer=show.answer,
        advice=show_advice,
        pull=pull,
        progress=progress(),
    )
    if decide:
        need_extra()  # before a folder is made
        keep = keep or Path(tempfile.mkdtemp(prefix="kilde-decide-")) / "centre"
        unmet = play_decision(lang, keep, stage)
        if interactive():
            click.launch(str(keep / REPORT))
    elif keep:
        unmet = run(lang, keep, stage)
    else:
        with tempfile.TemporaryDirectory(
            prefix="kilde-demo-", ignore_cleanup_errors=True
        ) as folder:
            unmet = run(lang, Path(folder) / "centre", stage)
    for expectation in unmet:
        click.echo(style("Not as expected: ", fg="red") + expectation, err=True)
    if keep:
        click.echo(f"\nTry next:\n  cd {keep}")
    else:
        click.echo("\nTry next (the demo's own folder is gone again):")
        click.echo(f"  kilde demo --lang {lang} --keep centre && cd centre")
    click.echo("  kilde chat --agent health\n  kilde list\n  kilde history")
    return 1 if unmet else 0
