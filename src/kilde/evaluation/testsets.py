"""The test sets of a workspace: each a folder with its questions and a card, frozen by a hash.

A test set whose questions were edited is not read: what was measured with it before and after the
edit could not be compared, and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kilde.errors import ConfigError, StoreError
from kilde.evaluation.question_file import read_questions, to_jsonl
from kilde.evaluation.testset import Question, TestSet, TestSetCard, hash_of
from kilde.named_sets import NamedSets, count_languages

QUESTIONS_FILE = "questions.jsonl"


class TestSets(NamedSets[TestSetCard]):
    """The test sets in a folder, which need not exist before the first one is kept."""

    __test__ = False  # its name begins with Test, but it is no test of ours

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            TestSetCard,
            noun="test set",
            command="testset",
            unchanged=", and a test set is never changed",
            replace="Make another one in its place",
        )

    def load(self, name: str) -> TestSet:
        """A test set by name.

        Raises :class:`NotFound`, and :class:`StoreError` for one that is damaged or was edited.
        """
        card = self.card(name)
        path = self._home(name) / QUESTIONS_FILE
        try:
            questions = read_questions(path)
        except ConfigError as error:
            raise StoreError(f"{error.faults[0]}.", hint=_mend(card, path)) from error
        if hash_of(questions) != card.sha256:
            raise StoreError(
                f"The questions of the test set {name!r} are not those it was made with: {path} "
                f"was edited, and what was measured with it would not compare.",
                hint=_mend(card, path),
            )
        return TestSet(card, questions)

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
            languages=count_languages(one.language for one in questions),
            documents=tuple(sorted({name for one in questions for name in one.documents})),
            held_out=tuple(sorted(held_out)),
            dataset=dataset,
            notes=tuple(notes),
        )
        self._keep(name, card, {QUESTIONS_FILE: to_jsonl(questions)})
        return card


def _mend(card: TestSetCard, path: Path) -> str:
    """What to do about questions that are not those of the card."""
    copy = f"{card.name}.jsonl"
    return (
        f"Bring the file back as it was; or, if the edit is meant, copy it ({path} to {copy}) "
        f"and make a test set of it: kilde testset build {card.agent} --from {copy} "
        f"--name {card.name} --replace"
    )
