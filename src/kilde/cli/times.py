"""Times as a terminal shows them: by the clock of the one who reads."""

from __future__ import annotations

from datetime import datetime


def local(at: datetime) -> str:
    """A moment to the minute, in the time zone of this computer."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
