"""A step of a progress is finished however its work ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kilde
from kilde.protocols import NoProgress, Progress, step


class Recorder(NoProgress):
    """A progress that keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def start(self, label: str, total: int | None, unit: str) -> None:
        self.calls.append((label, total, unit))

    def finish(self) -> None:
        self.calls.append("finish")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_step_is_finished_by_an_error_too(error: type[BaseException]) -> None:
    progress = Recorder()
    with step(progress, "reading", 2, "documents"):
        pass
    assert progress.calls == [("reading", 2, "documents"), "finish"]
    with pytest.raises(error), step(progress, "reading", 2, "documents"):
        raise error
    assert progress.calls[2:] == [("reading", 2, "documents"), "finish"]
    assert isinstance(progress, Progress)


def test_every_step_is_opened_by_step() -> None:
    """The training process switches labels in one step, which it finishes itself."""
    folder = Path(kilde.__file__).parent
    opening = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"\b(_?progress|watched)\.(start|finish)\(", path.read_text("utf-8"))
    }
    assert opening == {"protocols.py", "tuning/training/process.py"}
