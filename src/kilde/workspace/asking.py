"""Arms are asked what nobody has their answer to yet, with their models loaded beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kilde.agents.agent import Sampling
from kilde.errors import GenerationError, KildeError, Unreachable
from kilde.evaluation.answers import Keep
from kilde.evaluation.arms import ask_arm, missing
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question
from kilde.protocols import Progress, step
from kilde.types import Arm
from kilde.workspace.arms import LineUp, load_models, told
from kilde.workspace.comparisons import Heard

if TYPE_CHECKING:
    from kilde.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Test:
    """What is asked: which arms of an agent, which questions, and how often."""

    __test__ = False  # its name begins with Test, but it is no test of ours

    lined_up: LineUp
    arms: tuple[Arm, ...]
    questions: tuple[Question, ...]
    samplings: tuple[Sampling, ...]


def ask_all(
    workspace: Workspace,
    test: Test,
    have: Mapping[str, Heard],
    keep: Keep,
    progress: Progress,
) -> dict[str, str]:
    """Ask all that nobody has an answer to yet; returns why some arms cannot be asked, by name."""
    lined_up = test.lined_up
    owing = {
        arm: count
        for arm in test.arms
        if arm.name not in lined_up.skipped
        and (count := missing(test.questions, len(test.samplings), have[lined_up.key_of(arm)]))
    }
    if not owing:
        return {}
    skipped = load_models(workspace, lined_up, tuple(owing))
    _warm_up(workspace, test)
    for arm, count in owing.items():
        if arm.name in skipped:
            continue
        key = lined_up.key_of(arm)

        def on_said(said: Said, key: str = key) -> None:
            lined_up.files.check()  # what is kept under a hash came from that file
            keep(key, said)
            have[key][said.question, said.sample] = said

        try:
            with step(progress, f"Asking {arm.name}", count, "answers"):
                ask_arm(
                    lined_up.agent,
                    arm,
                    lined_up.adapter.name if lined_up.adapter else "",
                    test.questions,
                    as_of=lined_up.version,
                    samples=test.samplings,
                    have=have[key],
                    on_said=on_said,
                    progress=progress,
                )
        except Unreachable as error:
            skipped[arm.name] = told(error)  # what it said so far is kept for the next time
        except KildeError:
            lined_up.files.check()  # which may be why it failed
            raise
    return skipped


def _warm_up(workspace: Workspace, test: Test) -> None:
    """Have a quotation made, which loads all that answers need beside their model."""
    lined_up, question = test.lined_up, test.questions[0]
    quoting = workspace.trial_agent(lined_up.agent.key, model="quotes")
    with suppress(GenerationError):  # quotations fill in no forms
        quoting.ask(
            question.question,
            history=question.history,
            retrieval=lined_up.version is not None,
            adapter=False,
            as_of=lined_up.version,
        )
