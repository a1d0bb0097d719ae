"""A comparison in a workspace: arms of one agent answer one test, in one state of its documents.

What was said is asked for once and kept (:mod:`kilde.workspace.comparisons` says where); figures
are computed from it every time.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kilde import __version__
from kilde.agents.agent import Sampling
from kilde.arguments import as_tuple
from kilde.errors import ConfigError, EvaluationError
from kilde.evaluation.answers import Answers, id_of
from kilde.evaluation.arms import missing
from kilde.evaluation.comparison import ArmRun, Comparison
from kilde.evaluation.comparison_json import write_comparison
from kilde.evaluation.remarks import answered_by, model_of, remarks
from kilde.evaluation.said import ARMS, Said
from kilde.evaluation.testset import TestSet
from kilde.protocols import NoProgress, Progress
from kilde.types import Arm
from kilde.workspace.arms import LineUp, line_up, settings_of
from kilde.workspace.asking import Test, ask_all
from kilde.workspace.comparisons import (
    COMPARISON,
    EVALUATION,
    definition_sha256,
    fingerprint,
    folder_of,
    heard,
    home,
    load,
    newest,
    said_in,
    unfinished,
)
from kilde.workspace.evaluation import refuse_overlap, testset_of
from kilde.workspace.judging import Judge, judgements

if TYPE_CHECKING:
    from kilde.evaluation.judge import Judged
    from kilde.workspace import Workspace

__all__ = ["compare", "evaluate", "folder_of", "load", "newest", "said_in"]


def compare(
    workspace: Workspace,
    agent: str,
    *,
    testset: str = "",
    arms: Arm | Sequence[Arm] = ARMS,
    model: str = "",
    adapter: str = "",
    judge: str = "",
    samples: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Ask arms of an agent the questions of a test set, score what they say, and keep all of it.

    ``testset`` is the agent's own where none is named. ``model`` answers in all arms in place of
    the agent's; ``adapter`` in the tuned ones, else the agent's own or its newest one. ``judge``
    names a model that judges the answers as well. At a ``temperature`` over 0 every question is
    asked ``samples`` times, with the seeds from ``seed`` on. An arm that cannot be asked is
    skipped, which says why. What was asked before is not asked again; an arm that was asked all of
    it before, in the same state, is in the comparison too.
    Raises :class:`EvaluationError` (an empty test, one that the adapter learnt from, files that
    change meanwhile, a comparison that is under way already), :class:`ConfigError` (sampling that
    makes no sense), :class:`NotFound`, :class:`StoreError`, :class:`ModelMissing` (the judge), and
    what :meth:`Agent.ask` raises but for :class:`GenerationError`.
    """
    chosen = tuple(arm for arm in ARMS if arm in as_tuple(arms, Arm))
    if not chosen:
        raise ConfigError(["There is no arm to ask."], hint="Name some: plain,rag,tuned,rag+tuned")
    samplings = _samplings(samples, temperature, seed)
    judging = Judge(workspace, judge) if judge else None
    every = line_up(workspace, agent, ARMS, model=model, adapter=adapter)
    test = _test_of(workspace, every, testset)
    before = _answered(workspace, every, test, samplings)
    both = tuple(arm for arm in ARMS if arm in chosen or arm in before)
    lined_up = line_up(workspace, agent, both, model=model, adapter=adapter)
    found = _measured(workspace, lined_up, both, test, samplings, judging, progress)
    options = _options(model, adapter, judge, samplings)
    return _kept(workspace, replace(found, options=options), COMPARISON)


def evaluate(
    workspace: Workspace,
    agent: str,
    *,
    testset: str = "",
    arm: Arm | None = None,
    model: str = "",
    adapter: str = "",
    samples: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """As :func:`compare`, of one arm: without ``arm``, of that with which the agent answers.

    A later comparison takes its answers over, but it is none itself: :func:`newest` passes it by.
    """
    samplings = _samplings(samples, temperature, seed)
    if arm is None:
        trial = workspace.trial_agent(agent, model=model)
        tuned = bool(adapter) or trial.own_adapter() is not None
        arm = Arm(trial.definition.retrieval, adapter=tuned)
    lined_up = line_up(workspace, agent, [arm], model=model, adapter=adapter)
    test = _test_of(workspace, lined_up, testset)
    found = _measured(workspace, lined_up, (arm,), test, samplings, None, progress)
    options = _options(model, adapter, "", samplings)
    return _kept(workspace, replace(found, options=options), EVALUATION)


def _options(model: str, adapter: str, judge: str, samplings: Sequence[Sampling]) -> dict[str, str]:
    seed = str(samplings[0].seed) if samplings[0].temperature else ""
    given = {"model": model, "adapter": adapter, "judge": judge, "seed": seed}
    return {name: value for name, value in given.items() if value}


def _kept(workspace: Workspace, comparison: Comparison, file: str) -> Comparison:
    """Keep a comparison in which any arm was asked."""
    if any(not run.skipped for run in comparison.arms):
        write_comparison(folder_of(workspace, comparison) / file, comparison)
    return comparison


def _samplings(samples: int, temperature: float, seed: int) -> tuple[Sampling, ...]:
    faults = []
    if samples < 1:
        faults.append(f"samples = {samples}: a question is asked at least once")
    if not math.isfinite(temperature) or temperature < 0:
        faults.append(f"temperature = {temperature}: it is a number from 0 on")
    if samples > 1 and temperature == 0:
        faults.append(
            f"samples = {samples} at temperature 0: all of them would say the same, for the "
            "likeliest word is always taken"
        )
    if faults:
        raise ConfigError(faults, hint="For several samples give a temperature, such as 0.7.")
    if temperature == 0:
        return (Sampling(),)  # the seed decides nothing
    return tuple(Sampling(temperature, seed + number) for number in range(samples))


def _test_of(workspace: Workspace, lined_up: LineUp, name: str) -> TestSet:
    test = testset_of(workspace, lined_up.agent.key, name)
    if not test.questions:
        raise EvaluationError(
            f"The test set {test.card.name!r} has no questions, so it can say nothing.",
            hint=f"Make another one: kilde testset build {test.card.agent} --from … --replace",
        )
    return test


def _answered(
    workspace: Workspace, lined_up: LineUp, test: TestSet, samplings: tuple[Sampling, ...]
) -> tuple[Arm, ...]:
    """The arms that have answered all of a test in this very state."""
    folder = home(workspace) / lined_up.agent.key / id_of(fingerprint(lined_up, test, samplings))
    can = [arm for arm in ARMS if arm.name not in lined_up.skipped]
    have = heard(Answers(folder), map(lined_up.key_of, can))
    return tuple(
        arm
        for arm in can
        if not missing(test.questions, len(samplings), have[lined_up.key_of(arm)])
    )


def _measured(
    workspace: Workspace,
    lined_up: LineUp,
    arms: tuple[Arm, ...],
    test: TestSet,
    samplings: tuple[Sampling, ...],
    judge: Judge | None,
    progress: Progress | None,
) -> Comparison:
    from kilde.evaluation.compare import differences, means, scored
    from kilde.evaluation.metrics import costs_of, setting_of

    agent, progress = lined_up.agent, progress or NoProgress()
    notes = list(lined_up.notes)
    skipped = dict(lined_up.skipped)
    tuned = lined_up.adapter
    if tuned is not None and any(arm.adapter and arm.name not in skipped for arm in arms):
        findings = refuse_overlap(workspace, test, tuned.name)
        notes += [one.message for one in findings if one.level == "warn"]
    state = fingerprint(lined_up, test, samplings)
    answers = Answers(home(workspace) / agent.key / id_of(state))
    notes += unfinished(answers.folder, state)
    asked = Test(lined_up, arms, test.questions, samplings)
    said: dict[str, tuple[Said, ...]] = {}
    verdicts: tuple[Judged, ...] = ()
    if len(skipped) < len(arms):
        with answers.writing(agent.key, state) as keep:
            have = heard(answers, map(lined_up.key_of, arms))
            skipped |= ask_all(workspace, asked, have, keep, progress)
            rest = [arm for arm in arms if arm.name not in skipped]
            said = {arm.name: tuple(have[lined_up.key_of(arm)].values()) for arm in rest}
            if judge is not None:
                keys = {arm.name: lined_up.key_of(arm) for arm in rest}
                verdicts = judge.verdicts(test.questions, said, keys, answers.folder, progress)
    costs = costs_of(workspace.config, lined_up.model)
    setting = setting_of(agent.definition, test.questions, costs)
    scores = scored(test.questions, [one for some in said.values() for one in some], setting)
    notes += remarks(test.questions, said, model=lined_up.model, form=setting.form)
    return Comparison(
        id=answers.folder.name,
        agent=agent.key,
        agent_sha256=definition_sha256(agent.definition),
        testset=test.card.name,
        testset_sha256=test.card.sha256,
        store_version=lined_up.version,
        created_at=datetime.now(UTC),
        samples=len(samplings),
        temperature=samplings[0].temperature,
        arms=tuple(_run(arm, lined_up, said.get(arm.name, ()), skipped) for arm in arms),
        scores=scores,
        means=means(scores),
        differences=differences(scores),
        notes=tuple(dict.fromkeys(notes)),
        environment=_environment() | {"currency": costs.currency},
        judgements=judgements(judge.name, verdicts, scores) if judge else (),
    )


def _run(arm: Arm, lined_up: LineUp, said: Sequence[Said], skipped: Mapping[str, str]) -> ArmRun:
    tuned = lined_up.adapter if arm.adapter else None
    return ArmRun(
        arm=arm.name,
        model=model_of(said) or lined_up.model,
        model_sha256=lined_up.model_sha256,
        adapter=tuned.name if tuned else "",
        adapter_sha256=lined_up.adapter_sha256 if tuned else "",
        adapter_settings=settings_of(tuned),
        skipped=skipped.get(arm.name, ""),
        answered_by=None if arm.name in skipped else answered_by(said),
    )


def _environment() -> dict[str, str]:
    from importlib.metadata import version

    return {
        "kilde": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "xllamacpp": version("xllamacpp"),
        "cpus": str(os.cpu_count() or ""),
    }
