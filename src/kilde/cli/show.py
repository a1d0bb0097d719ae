"""How results look on a terminal, and as plain text where the output goes elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from kilde.cli.terminal import single_line, style

if TYPE_CHECKING:
    from kilde.types import (
        Answer,
        Citation,
        Document,
        DocumentRef,
        Hit,
        Omission,
        Passage,
        SyncReport,
    )

_SNIPPET = 240
# More documents with the same words than these are counted, not named; --json names all.
_NAMED = 20
_MOST_OMISSIONS = 20


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns aligned, each on one line; the last column is left ragged."""
    rows = [[single_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def answer(found: Answer, *, prompt: bool = False) -> None:
    """Print an answer: its text with the numbers of its sources, the sources, and remarks."""
    if prompt:
        messages(found)
    click.echo(_numbered(found))
    sources(found)
    remarks(found)


def rate(found: Answer) -> None:
    """Print how to say whether an answer was good; only for one that is kept."""
    click.echo(_dim(f"Was it right? kilde feedback add {found.id[:8]} --up|--down"))


def sources(found: Answer) -> None:
    """Print the numbered sources of an answer, or the nearest documents where it has none."""
    if found.abstained and found.nearest:
        click.echo("\n" + _heading("Nearest documents"))
        for document in found.nearest:
            click.echo(f"  {single_line(document.title)} · {_dim(single_line(document.id))}")
    numbers = _numbers(found.citations)
    if not numbers:
        return
    click.echo("\n" + _heading("Sources"))
    for key, number in numbers.items():
        cited = [c for c in found.citations if (c.document.id, c.passage_id) == key]
        click.echo(f"{number:>3}  {_place(cited[0].document, cited[0])}")
        for citation in cited:
            quote = " ".join(citation.quote.split())
            click.echo("     " + style(f"“{quote}”", fg="yellow"))
            _also_in(citation)


def remarks(found: Answer) -> None:
    """Print what a reader should know about an answer: unsupported claims, and notes."""
    for claim in found.claims:
        if not claim.supported:
            why = f" ({single_line(claim.reason)})" if claim.reason else ""
            click.echo(style(f"Not supported by a document{why}: ", fg="red") + claim.text)
    for note in found.trace.notes:
        click.echo(_dim(f"Note: {single_line(note)}"))


def messages(found: Answer) -> None:
    """Print the messages of an answer's prompt as they were sent."""
    if not found.trace.messages:
        click.echo(_dim("No prompt was sent: the documents hold no answer.\n"))
    for message in found.trace.messages:
        click.echo(_heading(f"[{message.role}]"))
        click.echo(message.content + "\n")


def hits(found: Iterable[Hit]) -> None:
    """Print the passages that a search found, the best first."""
    for number, hit in enumerate(found, 1):
        passage = hit.passage
        lexical = "–" if hit.lexical is None else f"{hit.lexical:.1f}"
        dense = "–" if hit.dense is None else f"{hit.dense:.2f}"
        scores = _dim(f"  {hit.score:.2f} (words {lexical}, meaning {dense})")
        click.echo(f"{number:>3}  {_place(hit.document, passage)}{scores}")
        _also_in(hit)
        if hit.newer:
            date = f" ({hit.newer.date})" if hit.newer.date else ""
            click.echo(_dim(f"     newer version: {single_line(hit.newer.document.id + date)}"))
        text = " ".join(passage.text.split())
        click.echo("     " + (text if len(text) <= _SNIPPET else text[: _SNIPPET - 1] + "…"))


def report(done: SyncReport) -> int:
    """Print what was added, replaced and removed, name what failed; returns the exit code."""
    counts = [
        f"{len(getattr(done, kind))} {kind}"
        for kind in ("added", "replaced", "removed", "unchanged")
    ]
    if done.failed:
        counts.append(style(f"{len(done.failed)} failed", fg="red"))
    click.echo(", ".join(counts) + ".")
    omitted(done.omitted)
    for failure in done.failed:
        source, reason = single_line(failure.source), single_line(failure.reason)
        click.echo(f"{style(source, bold=True)}: {reason}", err=True)
        if failure.hint:
            click.echo(f"  {single_line(failure.hint)}", err=True)
    return 1 if done.failed else 0


def document(found: Document) -> None:
    """Print what is known of a document beside its text."""
    from kilde.types import Omission

    facts = [
        ("Title", found.title),
        ("Source", found.source),
        ("Collection", found.collection),
        ("Language", found.language),
        *((key, str(value)) for key, value in found.metadata.items() if value is not None),
    ]
    for name, value in facts:
        click.echo(_dim(f"{single_line(name)}: {single_line(value)}"))
    omitted([Omission(found.id, kind, count) for kind, count in found.omitted.items()])
    click.echo()


def heading(text: str) -> None:
    """Print a line that stands above what belongs together."""
    click.echo(_heading(text))


def omitted(omissions: Sequence[Omission]) -> None:
    """Print what was passed over, by source; beyond a few sources, in total by kind."""
    sources = Counter(omission.source for omission in omissions)
    if len(sources) > _MOST_OMISSIONS:
        kinds: Counter[str] = Counter()
        for omission in omissions:
            kinds[omission.kind] += omission.count
        places = [(f"{len(sources)} sources", kinds)]
    else:
        places = [
            (source, Counter({o.kind: o.count for o in omissions if o.source == source}))
            for source in sources
        ]
    for source, counts in places:
        told = ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items()))
        click.echo(_dim(f"Passed over in {single_line(source)}: {single_line(told)}"))


def _numbered(found: Answer) -> str:
    """The text of an answer with the numbers of the sources behind each claim."""
    numbers = _numbers(found.citations)
    text = found.text
    for claim in sorted(found.claims, key=lambda claim: -claim.end):
        marks = sorted(
            {
                numbers[key]
                for citation in claim.citations
                if (key := (citation.document.id, citation.passage_id)) in numbers
            }
        )
        mark = "".join(f"[{number}]" for number in marks) if claim.supported else "[?]"
        if mark:
            end = claim.start + len(text[claim.start : claim.end].rstrip())
            text = f"{text[:end]} {_dim(mark)}{text[end:]}"
    return text


def _numbers(citations: Iterable[Citation]) -> Mapping[tuple[str, str], int]:
    """A number for every passage that is cited, in the order of the citations."""
    found: dict[tuple[str, str], int] = {}
    for citation in citations:
        found.setdefault((citation.document.id, citation.passage_id), len(found) + 1)
    return found


def _place(document: DocumentRef, passage: Passage | Citation) -> str:
    parts = [style(single_line(document.title), bold=True), single_line(document.id)]
    page = "" if passage.page is None else f"page {passage.page}"
    source = ", ".join(filter(None, (page, "read by OCR" if passage.recognized else "")))
    if source:
        parts.append(source)
    # A document's first heading is mostly its title.
    below = passage.heading_path.removeprefix(document.title).removeprefix(" > ")
    if below:
        parts.append(single_line(below))
    return " · ".join(parts)


def _also_in(found: Hit | Citation) -> None:
    """Print the other documents that hold the same words."""
    names = [single_line(document.id) for document in found.duplicates]
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        click.echo(_dim(f"     also in: {', '.join(names[:_NAMED])}{more}"))


def _heading(text: str) -> str:
    return style(text, bold=True)


def _dim(text: str) -> str:
    return style(text, dim=True)
