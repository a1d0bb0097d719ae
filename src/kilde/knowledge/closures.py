"""The log of documents that left a collection, and which of them a past state must not open.

Whoever moves a document out of an agent's collections means its text, and that stands in the past
states as well. A move is written down before the commit that makes it and is never taken back: what
happens to the document later, at its new place or its old one, opens nothing again. A process that
is killed in between leaves a record too many, which closes too much and never too little. A line
that was cut off by a crash is passed over. See docs/decisions/0015-scope-of-past-states.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilde.knowledge.search import Scope
from kilde.knowledge.view import View, translated


@dataclass(frozen=True, slots=True)
class Move:
    """A document whose text left its place.

    ``left`` is the collection it was in. ``to`` are the collections in which its text stands
    instead, each with the ids of the documents that hold it there. ``version`` is the latest state
    before the commit that made the move.
    """

    document_id: str
    left: str
    to: Mapping[str, Sequence[str]]
    version: int


class Closures:
    """All moves in one JSON-lines file, appended under the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], list[Move]] | None = None

    def record(self, moves: Sequence[Move]) -> None:
        """Write down moves, before the commit that makes them. Flushed to the disk."""
        if not moves:
            return
        lines = [
            json.dumps(
                {
                    "id": move.document_id,
                    "left": move.left,
                    "to": {name: list(ids) for name, ids in move.to.items()},
                    "version": move.version,
                },
                ensure_ascii=False,
            )
            for move in moves
        ]
        with translated("writing", self._path), self._path.open("ab") as log:
            # A crash may have left half a line; it must not swallow these. Empty lines are none.
            log.write(("\n" + "\n".join(lines) + "\n").encode("utf-8", "replace"))
            log.flush()
            os.fsync(log.fileno())

    def moves(self) -> list[Move]:
        """All recorded moves, in the order in which they were made."""
        with translated("reading", self._path):
            try:
                status = self._path.stat()
            except FileNotFoundError:
                return []
            state = status.st_size, status.st_mtime_ns
            if self._read is None or self._read[0] != state:
                lines = self._path.read_bytes().splitlines()
                self._read = state, [move for line in lines if (move := _parsed(line))]
            return self._read[1]

    def closed(self, past: View, today: View, scope: Scope) -> frozenset[str]:
        """The documents (by id) within the scope of a past state that have left the scope since.

        That is a document whose text was moved out of the collections of the scope after the past
        state, directly or through other places within them; and one that is in a collection
        outside the scope today. A document that was merely edited or removed is not among them.
        """
        if scope.collections is None or past.version == today.version:
            return frozenset()
        inside = scope.collections
        now = _collections(today)
        # The latest move first: where a text went is judged by what happened to it there later.
        closed = {name for name, collection in now.items() if collection not in inside}
        since = [move for move in self.moves() if move.version >= past.version]
        for move in reversed(since):
            kept = [ids for collection, ids in move.to.items() if collection in inside]
            if move.left in inside and (
                not kept or any(not closed.isdisjoint(ids) for ids in kept)
            ):
                closed.add(move.document_id)
        return frozenset(closed & _collections(past, scope.within).keys())


def _collections(view: View, within: str = "true") -> dict[str, str]:
    """The collection of every document."""
    return {
        name: collection
        for batch in view.batches(["document_id", "collection"], f"ordinal = 0 AND {within}")
        for name, collection in zip(batch["document_id"], batch["collection"], strict=True)
    }


def _parsed(line: bytes) -> Move | None:
    """The move of a line; None for one that was cut off."""
    try:
        record: dict[str, Any] = json.loads(line)
        to = {str(name): [str(one) for one in ids] for name, ids in record["to"].items()}
        return Move(str(record["id"]), str(record["left"]), to, int(record["version"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
