"""Raw answers of a comparison: what was said once is never asked again.

A folder belongs to one state of everything that decides what is said: the agent, the questions,
the documents. Another state has another fingerprint and so another folder, and the two never mix.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kilde import durable
from kilde.errors import EvaluationError, StoreError
from kilde.evaluation.lines import Lines
from kilde.evaluation.said import Said
from kilde.records.answer_json import dump_answer, read_answer

ANSWERS, MANIFEST = "answers.jsonl", "manifest.json"
_DELETE = "Delete the folder {}, and compare again: all is asked anew."

Keep = Callable[[str, Said], None]
"""Keeps an answer under the key of its arm."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the answers of a folder belong to.

    ``fingerprint`` is JSON data that stands for every state that decides what is said.
    """

    id: str
    agent: str
    created_at: datetime
    fingerprint: Mapping[str, Any]


def id_of(fingerprint: Mapping[str, Any]) -> str:
    """The first 12 hex digits of the SHA-256 of a fingerprint, whatever the order of its keys.

    >>> id_of({"a": 1, "b": 2}) == id_of({"b": 2, "a": 1})
    True
    """
    text = json.dumps(fingerprint, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def key_of(arm: str, model_sha256: str, adapter_sha256: str, adapter_settings: str = "") -> str:
    """What keeps an arm's answers apart from those of the same arm with other weights.

    ``adapter_settings`` is what an adapter decides beside its weights.

    >>> key_of("plain", "a" * 64, "")
    'plain/aaaaaaaaaaaa/-'
    >>> key_of("tuned", "a" * 64, "b" * 64, "examples=no")
    'tuned/aaaaaaaaaaaa/bbbbbbbbbbbb/examples=no'
    """
    weights = f"{arm}/{model_sha256[:12] or '-'}/{adapter_sha256[:12] or '-'}"
    return f"{weights}/{adapter_settings}" if adapter_settings else weights


class Answers:
    """The answers in a folder, which need not be there before the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines = Lines(folder / ANSWERS)

    def manifest(self) -> Manifest | None:
        """What the folder belongs to; ``None`` where there is nothing.

        Raises :class:`StoreError` for a damaged one.
        """
        path = self.folder / MANIFEST
        if not path.is_file():
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            told["created_at"] = datetime.fromisoformat(told["created_at"])
            return Manifest(**told)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}.", hint=_DELETE.format(self.folder)
            ) from error

    def read(self) -> Iterator[tuple[str, Said]]:
        """The answers in the order in which they came, each with the key of its arm.

        An answer that a kill cut off is left out. Raises :class:`StoreError` for a damaged one.
        """
        for number, told in enumerate(self._lines.read(), 1):
            try:
                yield _said(told)
            except (ValueError, TypeError, KeyError) as error:
                raise self._lines.damaged(number, error) from error

    @contextmanager
    def writing(self, agent: str, fingerprint: Mapping[str, Any]) -> Iterator[Keep]:
        """Keep answers that belong to a fingerprint; each is in the file when the call returns.

        Raises :class:`EvaluationError` where another process writes here, or where what is here
        belongs to something else; :class:`StoreError` where nothing can be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock").acquire(timeout=1)
        except Timeout as error:
            raise EvaluationError(
                f"The same comparison of {agent!r} is under way in another process.",
                hint="Wait for it: what it asks need not be asked again.",
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.folder}: answers cannot be kept ({error.strerror or error}).",
                hint="Make room on the disk, and make the folder writable.",
            ) from error
        with lock:
            self._begin(agent, fingerprint)
            with self._lines.appending() as append:
                yield lambda key, said: append(_line(key, said))

    def _begin(self, agent: str, fingerprint: Mapping[str, Any]) -> None:
        durable.sweep(self.folder)
        found = self.manifest()
        if found is not None and id_of(found.fingerprint) == id_of(fingerprint):
            return
        if found is not None or self._lines.path.exists():
            raise EvaluationError(
                f"{self.folder}: the answers here belong to another state of the agent, of its "
                "documents or of the test.",
                hint=_DELETE.format(self.folder),
            )
        told = {
            "id": id_of(fingerprint),
            "agent": agent,
            "created_at": datetime.now(UTC).isoformat(),
            "fingerprint": fingerprint,
        }
        durable.write(self.folder / MANIFEST, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _line(key: str, said: Said) -> str:
    told = {
        "key": key,
        "arm": said.arm,
        "question": said.question,
        "sample": said.sample,
        "seconds": said.seconds,
        "memory": said.memory,
        "failed": said.failed,
    }
    answer = "null" if said.answer is None else dump_answer(said.answer)
    return f'{json.dumps(told)[:-1]}, "answer": {answer}}}'


def _said(told: dict[str, Any]) -> tuple[str, Said]:
    key, answer = told.pop("key"), told.pop("answer")
    found = None if answer is None else read_answer(json.dumps(answer))
    return key, Said(**told, answer=found)
