"""The example as data: the script that is played, and a workspace made of its documents."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.demo.week_plan import COUNTS, to_jsonl
from kilde.documents.ocr import available
from kilde.errors import WorkspaceError
from kilde.evaluation.testset import Question as TestQuestion
from kilde.evaluation.testset import to_json
from kilde.language.table import languages

if TYPE_CHECKING:
    from kilde.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the script, and what it ``shows``.

    ``expect`` stands in the right answer and in ``document``; both are empty where the right
    answer is to decline. ``follows`` is the question that this one follows up. ``scan`` is set
    where the document is a scan.
    """

    shows: str
    agent: str
    question: str
    expect: str
    document: str
    follows: str = ""
    scan: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one document: the answer to ``question`` holds ``before``, then ``after``."""

    agent: str
    document: str
    find: str
    replace: str
    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the demo does in one language."""

    questions: tuple[Question, ...]
    edit: Edit


def load_script(language: str) -> Script:
    """The script of a language, ``da`` or ``en``."""
    text = (resources.files(__package__) / "demo.toml").read_text(encoding="utf-8")
    entry = tomllib.loads(text)[language]
    questions = tuple(Question(**question) for question in entry["question"])
    return Script(questions, Edit(**entry["edit"]))


def unreadable_scans(language: str) -> frozenset[str]:
    """The scans among the example's documents, where tesseract or its model of the language is not
    installed; else none."""
    if languages()[language].tesseract in available(ocr=True).split():
        return frozenset()
    return frozenset(one.document for one in load_script(language).questions if one.scan)


def make_workspace(language: str, folder: Path) -> tuple[Workspace, tuple[str, ...]]:
    """A workspace with the example's documents and agents, not indexed yet, and the names of its
    collections, which are the folders of the documents. Beside them lie rows to tune the agent
    ``week-plan`` on and to test it with, and questions to test the agent ``health`` with.

    Raises :class:`WorkspaceError` for a folder that holds something already.
    """
    from kilde.workspace import Workspace

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            f"{folder} is there already and not empty.", hint="Choose a new folder for the example."
        )
    workspace = Workspace.init(folder)
    here = resources.files(__package__)
    documents = here / "centre" / language
    try:
        _copy(documents, folder)
        _copy(here / "agents" / language, folder / "agents")
        for split, count in COUNTS.items():
            rows = to_jsonl(language, split, count)
            (folder / f"week-plan.{split}.jsonl").write_bytes(rows.encode("utf-8"))
        asked = "".join(
            json.dumps(to_json(one), ensure_ascii=False) + "\n" for one in questions(language)
        )
        (folder / "health.test.jsonl").write_bytes(asked.encode("utf-8"))
    except OSError as error:
        raise WorkspaceError(
            f"{folder}: the example cannot be written here ({error.strerror}).",
            hint="Choose a folder that you may write to, on a disk with room.",
        ) from error
    return workspace, tuple(sorted(item.name for item in documents.iterdir() if item.is_dir()))


def questions(language: str, agent: str = "health") -> tuple[TestQuestion, ...]:
    """The example's test questions for an agent, without those that follow up another."""
    text = (resources.files(__package__) / "questions.toml").read_text(encoding="utf-8")
    return tuple(
        TestQuestion(
            question=one["question"],
            references=(one["reference"],) if one["answerable"] else (),
            documents=(_document(one),) if one["answerable"] else (),
            answerable=one["answerable"],
            tags=tuple(one["tags"]),
            language=language,
        )
        for one in tomllib.loads(text)[language]["question"]
        if one["agent"] == agent and "follows" not in one
    )


def _document(question: Mapping[str, str]) -> str:
    """The id of the document that answers: of a workbook, every sheet is one."""
    sheet = question.get("sheet", "")
    return f"{question['document']}#{sheet}" if sheet else question["document"]


def apply(edit: Edit, folder: Path) -> None:
    """Make the script's change in the copy of the document."""
    path = folder / edit.document
    text = path.read_bytes().decode("utf-8")
    path.write_bytes(text.replace(edit.find, edit.replace).encode("utf-8"))


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for item in source.iterdir():
        if item.is_dir():
            _copy(item, target / item.name)
        else:
            (target / item.name).write_bytes(item.read_bytes())
