"""The example decides twice, by measurement: facts are to be looked up, and a form to be learnt.

A small version of what ``kilde compare`` and ``kilde advise`` do, cut to fit into ten minutes on a
laptop: few rows, few questions, and the smallest model.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.demo.example import make_workspace, unreadable_scans
from kilde.demo.run import Stage, fetch, index
from kilde.errors import WorkspaceError

if TYPE_CHECKING:
    from kilde.advice.report import Case
    from kilde.workspace import Workspace

MODEL = "smollm2-135m-instruct-q4"
REPORT = "report.html"
EXPECTED = {"health": "retrieve", "week-plan": "tune"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much of an agent's rows and questions is taken, and how often the rows are gone over.

    ``max_steps`` of a training are all where it is 0.
    """

    rows: int
    questions: int
    epochs: float
    max_steps: int = 0


SIZES: Mapping[str, Size] = {
    "health": Size(rows=60, questions=20, epochs=1.0),
    "week-plan": Size(rows=150, questions=9, epochs=1.0),
}
"""By agent; as large as ten minutes on two cores allow. Fewer questions would settle nothing: at
Holm's worst it takes nine that all tell two arms apart, and of 20 about facts some ten do."""
_WORDS = 40
"""Of an answer about facts: long ones take most of the time and say no more."""


def decide(
    language: str, folder: Path, stage: Stage, sizes: Mapping[str, Size] = SIZES
) -> list[str]:
    """Tune, compare and advise for both agents in a new folder, and write one report on both.

    Returns what was not as expected, in words. Raises what the workspace raises.
    """
    from kilde.advice.report import html_of

    workspace, collections = make_workspace(language, folder)
    with workspace:
        fetch({workspace.config.embedder, MODEL}, stage)
        unmet = index(workspace, collections, stage, unreadable_scans(language))
        cases = [_decided(workspace, agent, sizes[agent], stage) for agent in EXPECTED]
        path = folder / REPORT
        try:
            path.write_text(html_of(cases), encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"{path}: the report cannot be written ({error.strerror}).",
                hint="Choose a folder on a disk with room.",
            ) from error
    stage.say(f"\nThe report on both: {path}")
    return unmet + _faults(cases)


def _decided(workspace: Workspace, agent: str, size: Size, stage: Stage) -> Case:
    from kilde.advice.report import Case
    from kilde.tuning.training.settings import TuneSettings
    from kilde.workspace.advising import advise
    from kilde.workspace.comparing import compare, said_in
    from kilde.workspace.evaluation import build_testset
    from kilde.workspace.tuning import build_dataset, tune

    stage.say(f"\n== {agent}: rows, training, questions")
    file = workspace.path / f"{agent}.test.jsonl"
    build_testset(workspace, agent, file, limit=size.questions)
    test = workspace.testsets.load(agent)
    if agent == "health":
        # While the agent still quotes, rows are made with templates, in seconds.
        build_dataset(workspace, agent, "documents", limit=size.rows, test_share=0.0)
        _answer_with_model(workspace, agent)
    else:
        some = _first_rows(workspace.path / f"{agent}.train.jsonl", size.rows)
        build_dataset(workspace, agent, some, test_share=0.0)
    rows = workspace.datasets.card(agent).rows
    stage.say(f"Training on {rows} rows; then {test.card.questions} questions to each arm …")
    began = time.monotonic()
    settings = TuneSettings(epochs=size.epochs, max_steps=size.max_steps)
    tune(workspace, agent, settings=settings, with_context=False, progress=stage.progress)
    trained = time.monotonic()
    comparison = compare(workspace, agent, progress=stage.progress)
    asked = time.monotonic()
    stage.say(f"Trained in {trained - began:.0f} s, asked in {asked - trained:.0f} s.\n")
    advice = advise(workspace, agent)
    stage.advice(advice)
    return Case(comparison, None, advice, test.questions, said_in(workspace, comparison))


def _answer_with_model(workspace: Workspace, agent: str) -> None:
    """Let a model answer for an agent that quotes: without documents there is nothing to quote."""
    path = workspace.path / "agents" / f"{agent}.toml"
    kept = [
        line
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
        if not line.startswith(("model =", "max_words ="))
    ]
    changed = f'model = "{MODEL}"\nmax_words = {_WORDS}\n{"".join(kept)}'
    path.write_text(changed, encoding="utf-8")


def _first_rows(path: Path, count: int) -> Path:
    some = path.with_name(f"{path.stem}.first.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    some.write_text("".join(lines[:count]), encoding="utf-8")
    return some


def _faults(cases: Sequence[Case]) -> list[str]:
    return [
        f"{case.comparison.agent}: expected the advice {EXPECTED[case.comparison.agent]!r}, but "
        f"it is {case.advice.recommendation!r}."
        for case in cases
        if case.advice.recommendation != EXPECTED[case.comparison.agent]
    ]
