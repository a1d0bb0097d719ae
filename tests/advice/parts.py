"""Comparisons and drills made from a few figures, for tests of what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from kilde.advice.advice import Facts, Known
from kilde.evaluation.comparison import ArmRun, Comparison, Difference, Mean
from kilde.evaluation.drill_result import ArmCost, Drill, EditMade

ALL = ("plain", "rag", "tuned", "rag+tuned")
WITH: Mapping[str, Any] = {
    "model": "a-model",
    "adapter": "health@1",
    "epochs": None,
    "seed": 3,
    "store_version": 7,
}
"""How a drill was made."""
AT = datetime(2026, 11, 20, tzinfo=UTC)


def difference(
    metric: str,
    a: str,
    b: str,
    value: float | None,
    *,
    width: float = 0.06,
    significant: bool = False,
    pairs: int = 200,
    detectable: float | None = 0.12,
    needed: int | None = None,
) -> Difference:
    """``b`` less ``a``, with an interval of ``width`` to either side."""
    return Difference(
        metric,
        a,
        b,
        pairs,
        value,
        None if value is None else value - width,
        None if value is None else value + width,
        0.001 if significant else 0.4,
        0.002 if significant else 0.9,
        "permutation",
        significant,
        detectable,
        needed,
    )


def comparison(
    task: Mapping[str, float],
    *differences: Difference,
    skipped: Mapping[str, str] | None = None,
    adapters: bool = True,
    notes: Sequence[str] = (),
    store_version: int | None = 3,
    means: Sequence[Mean] = (),
    width: float = 0.06,
) -> Comparison:
    """Arms with their figures on the task; pairs that are not given differ by chance alone."""
    skipped = skipped or {}
    given = {(one.metric, one.a, one.b) for one in differences}
    others = [
        difference("task", a, b, task[b] - task[a], width=width, needed=900)
        for a, b in combinations([arm for arm in ALL if arm in task], 2)
        if ("task", a, b) not in given and ("task", b, a) not in given
    ]
    return Comparison(
        id="0123456789ab",
        agent="health",
        agent_sha256="a" * 64,
        testset="health",
        testset_sha256="b" * 64,
        store_version=store_version,
        created_at=AT,
        samples=1,
        temperature=0.0,
        arms=tuple(
            ArmRun(
                arm,
                "a-model",
                adapter="health@1" if "tuned" in arm and adapters else "",
                skipped=skipped.get(arm, ""),
            )
            for arm in ALL
            if arm in task or arm in skipped
        ),
        scores=(),
        means=(
            *(Mean(arm, "task", 200, 0, v, v - 0.05, v + 0.05) for arm, v in task.items()),
            *means,
        ),
        differences=(*differences, *others),
        notes=tuple(notes),
    )


def wins(arm: str, *others: str, by: float = 0.4) -> tuple[Difference, ...]:
    """An arm is significantly better on the task than others."""
    found = []
    for other in others:
        a, b = sorted((arm, other), key=ALL.index)
        found.append(difference("task", a, b, by if b == arm else -by, significant=True))
    return tuple(found)


def drill(*, break_even: float | None = 4.2, **new: float) -> Drill:
    """Arms (``_`` for ``+``) with the share of answers that are new after their work."""
    seconds = {"plain": 0.0, "rag": 3.0, "tuned": 600.0, "rag+tuned": 700.0}
    costs = []
    for name, share in new.items():
        arm = name.replace("_", "+")
        after = {"new": share, "stale": 1 - share, "wrong": 0.0}
        costs.append(ArmCost(arm, "a sync", seconds[arm], {"stale": 1.0}, after, 0.4))
    edit = EditMade("number", "prices.md", "What does it cost?", "40", "45")
    return Drill(
        "drill0000001", "health", AT, (edit,) * 10, (), tuple(costs), 1000, break_even, **WITH
    )


def facts(**known: str) -> Facts:
    """Facts of an agent by their values; a name of Python's own has an underscore behind it."""
    return Facts(
        agent="health",
        known={name.rstrip("_"): Known(value) for name, value in known.items()},
        retrieval=True,
        testset="health",
        questions=200,
        store_version=3,
    )
