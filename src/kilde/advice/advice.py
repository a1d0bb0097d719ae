"""Advice: what to do, how sure that is, why, what would change it, and what to do next.

Its texts are for people who do not measure; its figures are for those who check them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kilde.evaluation.comparison import Comparison

Choice = Literal["neither", "retrieve", "tune", "both"]
CHOICES: tuple[Choice, ...] = ("neither", "retrieve", "tune", "both")
"""From the simplest to run and to keep, to the one that needs most."""

Recommendation = Literal["neither", "retrieve", "tune", "both", "undecided"]
Confidence = Literal["high", "medium", "low", "unmeasured"]
Weight = Literal["strong", "some"]

ARM: Mapping[Choice, str] = {
    "neither": "plain",
    "retrieve": "rag",
    "tune": "tuned",
    "both": "rag+tuned",
}
"""The arm that a choice means, in the order of :data:`CHOICES`."""
CHOICE: Mapping[str, Choice] = {arm: choice for choice, arm in ARM.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """A fact of the table in ``rules.toml``: its value there, and how it is known."""

    value: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known without measuring: of an agent in a workspace, or from an interview.

    ``known`` are facts of ``rules.toml`` by their ids; what nobody knows is left out. ``agent`` is
    empty in an interview. ``documents`` and ``rows`` count what the agent may read and what there
    is to train on; ``changes`` is in rounds of changes per month. ``retrieval`` says whether the
    agent looks things up today. ``model`` is the setting that names the model; ``answers_with``
    tells it from others: the SHA-256 (hex) of its file, or the name of one that is served
    elsewhere. ``adapter`` answers today, ``adapters`` are all there are, and ``adapter_setting`` is
    what the agent's file says of them. ``store_version`` is the state of the documents today,
    ``agent_sha256`` the agent's file as a comparison tells it. ``None`` and empty mean unknown or
    none.
    """

    agent: str = ""
    known: Mapping[str, Known] = field(default_factory=dict)
    documents: int | None = None
    rows: int | None = None
    changes: float | None = None
    retrieval: bool | None = None
    model: str = ""
    answers_with: str = ""
    adapter: str = ""
    adapter_setting: str = ""
    adapters: tuple[str, ...] = ()
    dataset: str = ""
    testset: str = ""
    questions: int = 0
    store_version: int | None = None
    agent_sha256: str = ""

    def changed_since(self, comparison: Comparison) -> tuple[str, ...]:
        """What is not what it was when it was measured, each in one sentence."""
        found = []
        if self.agent_sha256 and self.agent_sha256 != comparison.agent_sha256:
            found.append("The agent's file changed since it was measured.")
        if self._other_model(comparison):
            found.append("The agent answers with another model than was measured.")
        measured, today = comparison.store_version, self.store_version
        if None not in (measured, today) and measured != today:
            found.append(
                f"The documents changed since it was measured (state {measured}, today {today})."
            )
        return tuple(found)

    def _other_model(self, comparison: Comparison) -> bool:
        chosen = (comparison.options or {}).get("model", "")
        if chosen and chosen != self.model:
            return False  # another one was measured on purpose: the advice is to take that
        runs = [run for run in comparison.arms if not run.skipped]
        measured = {run.model_sha256 or run.model for run in runs}
        # Beside a model that is served, quotes only stand in for answers that it could not give.
        measured = measured - {"quotes"} or measured
        return bool(self.answers_with and measured) and self.answers_with not in measured


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for or against, and where it comes from.

    ``source`` is the id of a comparison, a drill or a rule, as ``kind`` says; ``metric`` names the
    figure there. ``value`` is that figure (a difference of two shares, or a share), ``low`` and
    ``high`` its 95 % interval; all are ``None`` where there is none. ``cite`` is the source of a
    rule in words.
    """

    kind: Literal["measured", "drill", "rule"]
    weight: Weight
    text: str
    source: str
    metric: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a ``command``, or where ``file`` is named the lines to put into it."""

    command: str
    why: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation with all that stands behind it.

    ``arm`` is the one that is recommended, empty where it is undecided; ``between`` then names the
    simpler and the further one of those it lies between. ``rival`` is the arm that adds something
    to the one that is recommended and is ahead of it, perhaps by chance. ``needed`` is about how
    many questions more would settle between the two (``None`` where nobody can tell). ``summary``
    says it in a few sentences, ``reason`` why the confidence is what it is. ``expected`` is what
    the rules alone would say, ``undecided`` where none holds. ``evidence_for`` speaks for the
    recommendation, ``evidence_against`` against it; where it is undecided, for the further arm and
    for the simpler one. ``comparison`` and ``drill`` are the ids of what was measured, empty for
    none.
    """

    agent: str
    recommendation: Recommendation
    arm: str
    confidence: Confidence
    summary: str
    reason: str
    expected: Recommendation
    evidence_for: tuple[Evidence, ...] = ()
    evidence_against: tuple[Evidence, ...] = ()
    would_change: tuple[str, ...] = ()
    next: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    rival: str = ""
    needed: int | None = None
    comparison: str = ""
    drill: str = ""
