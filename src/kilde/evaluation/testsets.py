"""The test sets of a workspace: each a folder with its questions and a card, frozen by a hash.

A test set whose questions were edited is not read: what was measured with it before and after the
edit could not be compared, and nobody would see it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from kilde import durable
from kilde.errors import ConfigError, NotFound, StoreError
from kilde.evaluation.question_file import read_questions, to_jsonl
from kilde.evaluation.testset import Question, TestSet, TestSetCard, hash_of
from kilde.types import UNKNOWN_LANGUAGE

QUESTIONS_FILE = "questions.jsonl"
_NAME = re.compile(r"[\w-]{1,64}")
_CARD = "card.json"


class TestSets:
    """The test sets in a folder, which need not exist before the first one is kept."""

    __test__ = False  # its name begins with Test, but it is no test of ours

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The names of all test sets."""
        names = {path.parent.name for path in self._folder.glob(f"[!.]*/{_CARD}")}
        names |= {path.parent.name[1:-4] for path in self._folder.glob(f".*.old/{_CARD}")}
        return tuple(sorted(names))

    def load(self, name: str) -> TestSet:
        """A test set by name.

        Raises :class:`NotFound`, and :class:`StoreError` for one that is damaged or was edited.
        """
        card = self.card(name)
        path = durable.standing(self._folder / name) / QUESTIONS_FILE
        try:
            questions = read_questions(path)
        except ConfigError as error:
            raise StoreError(f"{error.faults[0]}.", hint=self._again(card, path)) from error
        if hash_of(questions) != card.sha256:
            raise StoreError(
                f"The questions of the test set {name!r} are not those it was made with: {path} "
                f"was edited, and what was measured with it would not compare.",
                hint=self._again(card, path),
            )
        return TestSet(card, questions)

    def card(self, name: str) -> TestSetCard:
        """The card of a test set. Raises :class:`NotFound`, :class:`StoreError` if damaged."""
        path = durable.standing(self._folder / name) / _CARD
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFound(
                "test set", name, self.names(), hint="Make one: kilde testset build AGENT --from …"
            )
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            data["created_at"] = datetime.fromisoformat(data["created_at"])
            for field in ("documents", "held_out", "notes"):
                data[field] = tuple(data.get(field, ()))
            return TestSetCard(**data)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}.",
                hint=f"Build the test set again: kilde testset build … --name {name} --replace",
            ) from error

    def free(self, name: str, *, replace_old: bool = False) -> None:
        """Raises :class:`ConfigError` for a name that will not do or, unless ``replace_old``,
        is taken."""
        if not _NAME.fullmatch(name):
            raise ConfigError(
                [f"{name!r}: a test set's name has up to 64 letters, digits, _ and - only"],
                hint="Choose another one with --name.",
            )
        if not replace_old and durable.standing(self._folder / name).exists():
            raise ConfigError(
                [f"There is a test set {name!r} already, and a test set is never changed."],
                hint="Make another one in its place with --replace, or choose another name with "
                "--name.",
            )

    def save(
        self,
        name: str,
        *,
        agent: str,
        source: str,
        questions: Sequence[Question],
        held_out: Sequence[str] = (),
        dataset: str = "",
        notes: Sequence[str] = (),
        replace_old: bool = False,
    ) -> TestSetCard:
        """Keep questions as a test set under a name; all of it is written, or nothing.

        Raises :class:`ConfigError` for a name that will not do or is taken (unless
        ``replace_old``), :class:`StoreError` when it cannot be written.
        """
        self.free(name, replace_old=replace_old)
        card = TestSetCard(
            name=name,
            agent=agent,
            source=source,
            created_at=datetime.now(UTC),
            questions=len(questions),
            answerable=sum(one.answerable for one in questions),
            sha256=hash_of(questions),
            languages=_languages(questions),
            documents=tuple(sorted({name for one in questions for name in one.documents})),
            held_out=tuple(sorted(held_out)),
            dataset=dataset,
            notes=tuple(notes),
        )
        staged = self._folder / f".{name}.{os.getpid()}"
        told = asdict(card) | {"created_at": card.created_at.isoformat()}
        try:
            staged.mkdir(parents=True, exist_ok=True)
            (staged / QUESTIONS_FILE).write_text(to_jsonl(questions), encoding="utf-8")
            (staged / _CARD).write_text(
                json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8"
            )
            durable.swap(staged, self._folder / name)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise StoreError(
                f"The test set {name!r} could not be kept: {error.strerror}.",
                hint=f"Make room, and make {self._folder} writable.",
            ) from error
        return card

    def _again(self, card: TestSetCard, path: Path) -> str:
        copy = f"{card.name}.jsonl"
        return (
            f"Bring the file back as it was; or, if the edit is meant, copy it ({path} to {copy}) "
            f"and make a test set of it: kilde testset build {card.agent} --from {copy} "
            f"--name {card.name} --replace"
        )


def _languages(questions: Sequence[Question]) -> dict[str, int]:
    found = Counter(one.language for one in questions if one.language != UNKNOWN_LANGUAGE)
    return dict(found.most_common())
