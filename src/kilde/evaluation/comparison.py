"""A comparison: arms of one agent on one test set, every question scored, differences judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ArmRun:
    """One arm of a comparison, and what answered in it.

    ``model`` and ``adapter`` are the names as an answer's trace has them (``adapter`` is empty
    for none); the hashes are the SHA-256 of their files, empty where there is none. ``skipped``
    says why the arm was not asked; empty where it was. ``answered_by`` counts the answers by what
    really wrote them, for an arm may hand over to quotation. ``adapter_settings`` is what the
    adapter decides beside its weights; empty where there is none.
    """

    arm: str
    model: str
    model_sha256: str = ""
    adapter: str = ""
    adapter_sha256: str = ""
    skipped: str = ""
    answered_by: Mapping[str, int] | None = None
    adapter_settings: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """One score of one answer; ``value`` is ``None`` where there was nothing to score."""

    arm: str
    question: str
    metric: str
    value: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric over the questions of an arm: ``questions`` scored, ``unscored`` not.

    ``low`` and ``high`` bound the 95 % interval of ``value`` (bootstrap; Wilson's for yes/no); all
    three are ``None`` where no question was scored, the bounds also where one question alone says
    nothing of spread.
    ``value`` is the mean, but for times the median; ``high_end`` is their 95th percentile.
    """

    arm: str
    metric: str
    questions: int
    unscored: int
    value: float | None
    low: float | None
    high: float | None
    high_end: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Arm ``b`` less arm ``a`` in a metric, on the questions that both were scored on.

    ``p`` is exact McNemar's for yes/no metrics, Wilcoxon's for times, and else that of a paired
    permutation test (``test`` says which). ``p_holm`` is Holm's across all differences of the
    comparison, of whose 5 % the headline metric has four fifths; the interval is for this
    difference alone. ``significant`` is ``p_holm < 0.05``. ``detectable`` is the least difference
    that as many pairs find with 80 % power; ``needed`` how many questions would settle a difference
    of the size measured, ``None`` where that is settled, is 0, or would take over 100,000.
    """

    metric: str
    a: str
    b: str
    pairs: int
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    test: str
    significant: bool
    detectable: float | None
    needed: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model as judge says of the answers of arms ``a`` and ``b``, pair by pair.

    It read ``pairs`` of answers, each in both orders: in ``a_better`` and ``b_better`` of them it
    preferred one, in ``ties`` none, and of the rest it gave no verdict. ``turned`` are ties because
    the verdict changed with the order. ``agreement`` is the share (0..1) of those pairs on which
    the headline metric and the judge both prefer one, and the same one; ``kappa`` is Cohen's, over
    all pairs. ``None`` where nothing tells.
    """

    judge: str
    a: str
    b: str
    pairs: int
    a_better: int
    b_better: int
    ties: int
    turned: int
    agreement: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was measured, enough to decide on and to recompute.

    ``store_version`` is the one state of the documents that all arms read; ``None`` where there
    are none. ``headline`` is the metric that decides, ``task``. ``notes`` say what cannot be said.
    ``options`` are those that were given by name, such as ``model``.
    """

    id: str
    agent: str
    agent_sha256: str
    testset: str
    testset_sha256: str
    store_version: int | None
    created_at: datetime
    samples: int
    temperature: float
    arms: tuple[ArmRun, ...]
    scores: tuple[Scored, ...]
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]
    headline: str = "task"
    notes: tuple[str, ...] = ()
    environment: Mapping[str, str] | None = None
    options: Mapping[str, str] | None = None
    judgements: tuple[Judgement, ...] = ()

    def mean(self, arm: str, metric: str) -> Mean | None:
        """A metric of an arm; ``None`` where it was not measured."""
        found = (one for one in self.means if (one.arm, one.metric) == (arm, metric))
        return next(found, None)

    def difference(self, metric: str, a: str, b: str) -> Difference | None:
        """Arm ``b`` less arm ``a`` in a metric; ``None`` where it was not measured."""
        wanted = (metric, a, b)
        found = (one for one in self.differences if (one.metric, one.a, one.b) == wanted)
        return next(found, None)
