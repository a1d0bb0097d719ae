"""Which state of each file was read last, so that an unchanged file is not read again.

The list names the reading it was made with: after an upgrade that reads files otherwise, the next
sync reads all of them again, and stores the documents that come out changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from kilde.documents.ocr import available
from kilde.documents.sources import Found
from kilde.documents.text import READING
from kilde.knowledge.view import translated

# A file changed this recently may change again within the clock's resolution and keep its times.
_FRESH_SECONDS = 2.0


class Seen:
    """Which state of each file was read last; losing it only costs reading files again.

    A state is a fingerprint and a collection. For a file with pages that OCR could not read, it
    has the installed models as well, and counts only for as long as they are the same. ``ocr`` is
    whether scanned pages are read.
    """

    def __init__(self, path: Path, *, ocr: bool) -> None:
        self._path = path
        self._ocr = ocr

    def load(self) -> dict[str, list[str]]:
        try:
            listed = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(listed, dict) or listed.get("reading") != READING:
            return {}
        seen = listed.get("files")
        if not isinstance(seen, dict):
            return {}
        seen = {name: state for name, state in seen.items() if isinstance(state, list)}
        if not any(len(state) > 2 for state in seen.values()):
            return seen
        now = available(ocr=self._ocr)
        return {name: state for name, state in seen.items() if state[2:] in ([], [now])}

    def forget(self, names: Iterable[str]) -> None:
        seen = self.load()
        gone = seen.keys() & set(names)
        if gone:
            self.save({name: state for name, state in seen.items() if name not in gone})

    def save(self, seen: dict[str, list[str]]) -> None:
        with translated("writing", self._path):
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({"reading": READING, "files": seen}), encoding="utf-8")
            os.replace(part, self._path)  # noqa: PTH105

    def update(
        self, read: Iterable[Found], succeeded: set[str], at: float, incomplete: set[str]
    ) -> None:
        """Note the files that were read; ``at`` is when they were looked at.

        ``incomplete`` names those with pages that could not be read by OCR.
        """
        seen = self.load()
        with_ocr = [available(ocr=self._ocr)] if incomplete else []
        for thing in read:
            if thing.document_source in succeeded and thing.fingerprint:
                if at - thing.changed > _FRESH_SECONDS:
                    state = [thing.fingerprint, thing.source.collection]
                    state += with_ocr if thing.document_source in incomplete else []
                    seen[thing.document_source] = state
                else:
                    seen.pop(thing.document_source, None)
        self.save(seen)
