"""What to type to measure again as it was measured."""

from __future__ import annotations

import shlex

from kilde.evaluation.comparison import Comparison
from kilde.evaluation.said import ARMS


def compare_command(comparison: Comparison, testset: str = "") -> str:
    """The ``kilde compare`` that asks as a comparison did; ``testset`` takes the place of its."""
    agent, testset = comparison.agent, testset or comparison.testset
    arms = [run.arm for run in comparison.arms]
    parts = [f"kilde compare {shlex.quote(agent)}"]
    # Where none is named, the one that is called as the agent is taken.
    parts += [] if testset == agent else [f"--testset {shlex.quote(testset)}"]
    parts += [] if arms == [arm.name for arm in ARMS] else [f"--arms {','.join(arms)}"]
    parts += [f"--samples {comparison.samples}"] if comparison.samples != 1 else []
    parts += [f"--temperature {comparison.temperature:g}"] if comparison.temperature else []
    options = comparison.options or {}
    parts += [f"--{name} {shlex.quote(value)}" for name, value in options.items()]
    return " ".join(parts)
