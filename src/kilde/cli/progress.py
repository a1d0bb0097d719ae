"""The progress bar of long work: label, bar, count, rate and the time that is left."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from kilde.cli.terminal import safe


class Bar:
    """A :class:`kilde.protocols.Progress` that draws on stderr; a finished bar is wiped away."""

    def __init__(self, console: Console | None = None) -> None:
        # The process's own stream: a bar moves the cursor, which sys.stderr does not let through.
        self._console = console or Console(file=sys.__stderr__)
        self._drawn: Progress | None = None

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Open a step; one that was left open is closed first."""
        self.finish()
        columns = [TextColumn("{task.description}", markup=False), BarColumn()]
        if unit == "B":
            columns += [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
        elif unit:  # waiting for another process has nothing to count
            columns += [MofNCompleteColumn(), _Rate(unit), TimeRemainingColumn()]
        columns.append(TextColumn("{task.fields[words]}", markup=False))
        # Redirected by rich, sys.stdout and sys.stderr would no longer be the safe streams.
        self._drawn = Progress(
            *columns,
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._drawn.add_task(safe(label), total=total, words="")
        self._drawn.start()

    def advance(self, amount: int = 1) -> None:
        """Move the bar, also backwards."""
        if self._drawn is not None:
            self._drawn.advance(self._drawn.task_ids[0], amount)

    def tell(self, words: str) -> None:
        """Show words beside the bar."""
        if self._drawn is not None:
            self._drawn.update(self._drawn.task_ids[0], words=safe(words))

    def finish(self) -> None:
        """Close the step; may be called twice."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None


class _Rate(ProgressColumn):
    """The unit, and how many of it were done per second since the step began."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate as text; just the unit while nothing is done."""
        rate = task.completed / task.elapsed if task.elapsed else 0.0
        shown = f"{self._unit}, {rate:,.1f}/s" if rate else self._unit
        return Text(shown, style="progress.data.speed")
