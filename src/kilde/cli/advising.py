"""The command that tells what to do: retrieve, tune, both or neither, and on what that stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import Session, pass_session
from kilde.cli.terminal import single_line, style

if TYPE_CHECKING:
    from kilde.advice.advice import Advice, Evidence

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("advise")
@click.argument("agent", required=False)
@click.option("--html", metavar="FILE", type=_FILE, help="Write the whole report as one page.")
@click.option("--markdown", metavar="FILE", type=_FILE, help="Write the report as Markdown.")
@click.option(
    "--interview", is_flag=True, help="Answer some questions instead; for when nothing is measured."
)
@json_option
@pass_session
def advise_command(
    session: Session,
    agent: str | None,
    html: Path | None,
    markdown: Path | None,
    interview: bool,
    as_json: bool,
) -> None:
    """Say whether AGENT should look things up, be trained, both or neither.

    Stands on the newest kilde compare, and on the newest kilde drill where there is one. Without
    them it says what to expect, and how to measure it.
    """
    if interview == bool(agent):
        raise click.UsageError("Either the name of an agent or --interview.")
    if interview:
        if html or markdown:
            raise click.UsageError("A report needs figures: --html and --markdown go with AGENT.")
        found = _interview()
    else:
        from kilde.workspace.advising import advise

        found = advise(session.workspace, str(agent))
        if html or markdown:
            _report(session, found, html, markdown)
    if as_json:
        print_json("advise", found)
    else:
        show(found)


def show(advice: Advice) -> None:
    """Print advice: the decision first, then what it stands on, and what to do."""
    click.echo(style(single_line(advice.summary), bold=True))
    click.echo(f"Confidence: {advice.confidence}. {single_line(advice.reason)}")
    simpler, further = advice.between or ("", "")
    _evidence(f"Speaks for {further}" if further else "For it", advice.evidence_for)
    _evidence(f"Speaks for {simpler}" if simpler else "Against it", advice.evidence_against)
    _lines("What would change it", advice.would_change)
    if advice.next:
        click.echo("\n" + style("What to do next", bold=True))
        for step in advice.next:
            place = f"in {step.file}: " if step.file else ""
            command = step.command.replace("\n", "; ")
            click.echo(f"  {place}{command}\n    {style(single_line(step.why), dim=True)}")
    _lines("Notes", advice.notes)


def _evidence(title: str, found: Sequence[Evidence]) -> None:
    if not found:
        return
    click.echo("\n" + style(title, bold=True))
    for one in found:
        origin = one.cite or f"{one.kind} {one.source}, {one.metric}".rstrip(", ")
        about = single_line(f"[{one.weight}; {origin}]")
        click.echo(f"  - {single_line(one.text)} {style(about, dim=True)}")


def _lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo("\n" + style(title, bold=True))
        for line in lines:
            click.echo(f"  - {single_line(line)}")


def _interview() -> Advice:
    """Ask on stderr, so that the result alone is on stdout; a number chooses an answer."""
    from kilde.advice.advise import advise
    from kilde.advice.interview import DO_NOT_KNOW, facts_of, questions

    answers = {}
    for asked in questions():
        click.echo(f"\n{asked.question}", err=True)
        words = [*asked.choices.values(), DO_NOT_KNOW]
        for number, text in enumerate(words, 1):
            click.echo(f"  {number}  {text}", err=True)
        chosen = click.prompt(
            "Your answer",
            type=click.IntRange(1, len(words)),
            default=len(words),
            err=True,
        )
        if chosen <= len(asked.choices):
            answers[asked.fact] = list(asked.choices)[chosen - 1]
    click.echo(err=True)
    return advise(facts_of(answers))


def _report(session: Session, advice: Advice, html: Path | None, markdown: Path | None) -> None:
    from kilde.advice.report import render_html, render_markdown
    from kilde.errors import EvaluationError, WorkspaceError
    from kilde.workspace.comparisons import load, said_in
    from kilde.workspace.drilling import newest_drill

    if not advice.comparison:
        raise EvaluationError(
            f"There is no report on {advice.agent!r} yet, for nothing is measured.",
            hint=f"Measure it first: kilde compare {advice.agent}",
        )
    workspace = session.workspace
    comparison = load(workspace, advice.comparison)
    drill = newest_drill(workspace, advice.agent)
    test = workspace.testsets.load(comparison.testset)
    if test.card.sha256 != comparison.testset_sha256:
        raise EvaluationError(
            f"The test set {comparison.testset!r} is not the one that was measured with any more.",
            hint=f"Measure with this one: kilde compare {advice.agent}",
        )
    said = said_in(workspace, comparison)
    for path, render in ((html, render_html), (markdown, render_markdown)):
        if path is None:
            continue
        text = render(comparison, drill, advice, test.questions, said)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"{path}: the report cannot be written ({error.strerror}).",
                hint="Name a file in a folder that is there and that you may write to.",
            ) from error
        click.echo(f"Wrote {path}", err=True)
