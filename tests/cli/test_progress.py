"""The progress bar is drawn on terminals, counts in its unit, and leaves nothing behind."""

from __future__ import annotations

import io

from rich.console import Console

from kilde.cli.progress import Bar
from kilde.protocols import Progress


def drawn() -> tuple[Bar, io.StringIO]:
    out = io.StringIO()
    return Bar(Console(file=out, force_terminal=True, width=120)), out


def test_it_is_a_progress() -> None:
    assert isinstance(Bar(), Progress)


def test_documents_are_counted() -> None:
    bar, out = drawn()
    bar.start("reading and indexing", 8, "documents")
    bar.advance()
    bar.advance(2)
    bar.finish()
    assert "reading and indexing" in out.getvalue()
    assert "3/8" in out.getvalue()
    assert "documents, " in out.getvalue() and "/s" in out.getvalue(), "the rate is shown"


def test_bytes_are_shown_in_megabytes() -> None:
    bar, out = drawn()
    bar.start("model", 24_000_000, "B")
    bar.advance(12_000_000)
    bar.finish()
    assert "12.0/24.0 MB" in out.getvalue()


def test_work_without_an_end_and_steps_left_open_are_fine() -> None:
    bar, out = drawn()
    bar.start("waiting [for] another", None, "")
    bar.start("next", 1, "things")
    bar.finish()
    bar.finish()
    bar.advance()
    assert "waiting [for] another" in out.getvalue()
