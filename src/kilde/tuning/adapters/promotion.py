"""Which adapter of an agent answers: one small file, and in it how that came about.

The file is replaced as a whole, so that whoever reads it sees the old adapter or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from kilde import durable
from kilde.errors import StoreError

POINTER = "promoted.json"


@dataclass(frozen=True, slots=True)
class Event:
    """One change: who did it, and which adapter answered afterwards (``None``: none).

    ``forced`` marks a promotion that went against the gate or the base model; ``why`` is what the
    person gave as the reason.
    """

    action: Literal["promote", "rollback"]
    adapter: str | None
    at: datetime
    by: str
    forced: bool = False
    why: str = ""


def read_events(folder: Path) -> tuple[Event, ...]:
    """The changes in an agent's folder, oldest first; the last one counts.

    Raises :class:`StoreError` for a damaged file.
    """
    path = folder / POINTER
    try:
        found = json.loads(path.read_bytes())
        return tuple(
            Event(**{**event, "at": datetime.fromisoformat(event["at"])}) for event in found
        )
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"{path}: the note of which adapter answers cannot be read ({error}).",
            hint="Restore the file from a backup, or delete it and promote an adapter again: "
            "kilde adapter promote NAME@N",
        ) from error


def current(events: tuple[Event, ...]) -> str | None:
    """The adapter that answers now."""
    return events[-1].adapter if events else None


def before(events: tuple[Event, ...], exists: Callable[[str], bool]) -> str | None:
    """The adapter to which a rollback goes; ``None`` where there was none before.

    One that has been removed since is passed over.
    """
    stack: list[str] = []
    for event in events:
        if event.action == "promote" and event.adapter is not None:
            stack.append(event.adapter)
        while event.action == "rollback" and stack and stack[-1] != event.adapter:
            stack.pop()
    for name in reversed(stack[:-1]):
        if name != stack[-1] and exists(name):
            return name
    return None


def append(folder: Path, events: tuple[Event, ...], event: Event) -> None:
    """Make the change, at once and for good."""
    changes = [{**asdict(one), "at": one.at.isoformat()} for one in (*events, event)]
    durable.write(folder / POINTER, json.dumps(changes, ensure_ascii=False, indent=1) + "\n")


def now() -> datetime:
    """The moment, with its zone."""
    return datetime.now(UTC)
