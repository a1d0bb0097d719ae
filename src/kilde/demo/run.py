"""The demo, from top to bottom: index, eight questions, one edit, the new answer and the old one.

Every answer is compared with what the script expects, so that a demo that goes through proves the
installation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.demo.example import (
    Edit,
    Question,
    Script,
    apply,
    load_script,
    make_workspace,
    unreadable_scans,
)
from kilde.language.table import languages
from kilde.protocols import Progress
from kilde.types import Answer

if TYPE_CHECKING:
    from kilde.advice.advice import Advice
    from kilde.workspace import Workspace

_TAG = "before-the-edit"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: what it says, how it shows answers and advice, and how it fetches a
    model."""

    say: Callable[[str], None]
    answer: Callable[[Answer], None]
    advice: Callable[[Advice], None]
    pull: Callable[[str], object]
    progress: Progress


def run(language: str, folder: Path, stage: Stage) -> list[str]:
    """Play the script of a language in a new folder; returns what was not as expected, in words.

    Raises what the workspace raises, :class:`kilde.errors.ModelError` for a model that cannot be
    fetched included.
    """
    script = load_script(language)
    workspace, collections = make_workspace(language, folder)
    with workspace:
        fetch(_needed(workspace, script), stage)
        unreadable = unreadable_scans(language)
        unmet = index(workspace, collections, stage, unreadable)
        history: list[Answer] = []
        for number, question in enumerate(script.questions, 1):
            stage.say(f"\n== {number}. {question.shows}")
            if question.document in unreadable:
                stage.say(_not_asked(question, language))
                continue
            history = history if question.follows else []
            answer = _ask(workspace, question.agent, question.question, stage, history=history)
            history.append(answer)
            unmet += _faults(question, answer)
        unmet += _edited(workspace, script.edit, stage)
    return unmet


def fetch(names: Collection[str], stage: Stage) -> None:
    """Fetch the models that are not here yet, saying so."""
    from kilde.models.cache import installed
    from kilde.models.catalogue import find

    here = {model.name for model in installed()}
    for name in sorted(names):
        if name not in here:
            stage.say(f"Fetching the model {name} once ({find(name).megabytes} MB).")
        stage.pull(name)


def _needed(workspace: Workspace, script: Script) -> set[str]:
    """The models that the script needs; the week plan's is not one of them."""
    agents = {script.edit.agent, *(question.agent for question in script.questions)}
    asked = {workspace.definition(agent).model or workspace.config.model for agent in agents}
    return {workspace.config.embedder, *asked}.intersection(workspace.models())


def index(
    workspace: Workspace,
    collections: tuple[str, ...],
    stage: Stage,
    unreadable: Collection[str],
) -> list[str]:
    """Index the example's documents; returns what could not be read, in words.

    A document that is expected to be ``unreadable`` is no failure.
    """
    stage.say(f"Indexing the example in {workspace.path} …")
    began = time.perf_counter()
    unmet = []
    documents = 0
    for name in collections:
        report = workspace.knowledge.add(
            [workspace.path / name], collection=name, progress=stage.progress
        )
        documents += len(report.added)
        unmet += [
            f"{failure.source}: {failure.reason}"
            for failure in report.failed
            if failure.source not in unreadable
        ]
    seconds = time.perf_counter() - began
    named = ", ".join(collections)
    stage.say(f"{documents} documents in the collections {named}: {seconds:.1f} s.")
    return unmet


def _edited(workspace: Workspace, edit: Edit, stage: Stage) -> list[str]:
    def asked(wanted: str, as_of: str | None = None) -> list[str]:
        answer = _ask(workspace, edit.agent, edit.question, stage, as_of=as_of)
        return [] if wanted in answer.text else [_missing(edit.question, wanted, answer)]

    stage.say("\n== A document changes")
    unmet = asked(edit.before)
    workspace.knowledge.tag(_TAG)
    apply(edit, workspace.path)
    stage.say(f"\n{edit.document} now says “{edit.replace}” where it said “{edit.find}”.")
    began = time.perf_counter()
    report = workspace.knowledge.sync(progress=stage.progress)
    stage.say(
        f"kilde sync: {len(report.replaced)} document replaced, {len(report.unchanged)} unchanged, "
        f"{report.passages_embedded} passages embedded, {time.perf_counter() - began:.1f} s.\n"
    )
    if report.replaced != (edit.document,):
        unmet.append(f"sync replaced {list(report.replaced)} instead of {edit.document}")
    unmet += asked(edit.after)
    stage.say(f"\nThe same question, --as-of {_TAG}:")
    return unmet + asked(edit.before, _TAG)


def _ask(
    workspace: Workspace,
    agent: str,
    question: str,
    stage: Stage,
    *,
    history: list[Answer] | None = None,
    as_of: str | None = None,
) -> Answer:
    stage.say(f"{agent} ← {question}\n")
    answer = workspace.agent(agent).ask(question, history=history or [], as_of=as_of)
    stage.answer(answer)
    return answer


def _not_asked(question: Question, language: str) -> str:
    row = languages()[language]
    return (
        f"Not asked: {question.question}\n"
        f"{question.document} is a scan. To read it, install tesseract with {row.name}; on Debian "
        f"and Ubuntu: sudo apt install tesseract-ocr tesseract-ocr-{row.tesseract}"
    )


def _faults(question: Question, answer: Answer) -> list[str]:
    if not question.expect:
        told = f"{question.question} No document answers this, but the answer was: {answer.text}"
        return [] if answer.abstained else [told]
    if question.expect not in answer.text:
        return [_missing(question.question, question.expect, answer)]
    if not any(question.expect in citation.quote for citation in answer.citations):
        return [f"{question.question} No source of the answer says “{question.expect}”."]
    return []


def _missing(question: str, wanted: str, answer: Answer) -> str:
    return f"{question} Expected “{wanted}”, but the answer was: {answer.text}"
