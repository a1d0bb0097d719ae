"""A drill under way in the copy of a workspace: edit, ask, work, ask again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from kilde.errors import EvaluationError, GenerationError, KildeError, Unreachable
from kilde.evaluation.drill_result import ArmCost, EditTold, Truth
from kilde.evaluation.drilling import judge, shares
from kilde.evaluation.edits import Change
from kilde.evaluation.measures.declining import declines
from kilde.protocols import Progress, step
from kilde.types import Answer, Arm, SyncReport
from kilde.workspace.editing import Editor

if TYPE_CHECKING:
    from kilde.workspace import Workspace

_UNTOLD: Truth = "wrong"


@dataclass(slots=True)
class _Asked:
    """What an arm said: a truth and a text per edit, and how long its answers took, in seconds."""

    truths: list[Truth] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Drilling:
    """One drill of an agent; :meth:`run` it, then ask what it cost.

    ``adapter`` is the one that answered before the work.
    """

    def __init__(
        self,
        copy: Workspace,
        key: str,
        arms: Sequence[Arm],
        adapter: str,
        epochs: float | None,
        seed: int,
        progress: Progress,
    ) -> None:
        self._copy, self._key, self._arms = copy, key, arms
        self._adapter, self._epochs, self._seed = adapter, epochs, seed
        self._progress = progress
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self.adapter = ""
        self._with_context: bool | None = None  # as the agent answers
        self._skipped: dict[str, str] = {}
        self._before: dict[str, _Asked] = {}
        self._after: dict[str, _Asked] = {}
        self._seconds: dict[str, float] = {}

    def run(self, edits: int) -> None:
        """Edit, ask, work and ask again."""
        # What was changed before the drill is none of its edits.
        self._sync()
        editor = Editor(self._copy, self._key, seed=self._seed)
        self._skipped = self._why_not()
        if len(self._skipped) == len(self._arms):
            told = "\n".join(f"  - {arm}: {why}" for arm, why in self._skipped.items())
            raise EvaluationError(f"No arm can be drilled:\n{told}", hint="Mend one of these.")
        before = self.adapter = self._adapter_before()
        self.changes, notes = editor.edits(edits)
        self.notes += notes
        for arm in self._asked_arms():
            self._before[arm.name] = self._ask(arm, before)
        began = time.perf_counter()
        report = self._sync()
        synced = time.perf_counter() - began
        self.notes += [f"{one.source}: {one.reason}" for one in report.failed]
        trained, tuned = 0.0, ""
        taught = [arm for arm in self._asked_arms() if arm.adapter]
        if taught:
            try:
                trained, tuned = self._retrain()
            except KildeError as error:
                self._skipped |= {arm.name: _line(error) for arm in taught}
        for arm in self._asked_arms():
            self._seconds[arm.name] = trained * arm.adapter + synced * arm.retrieval
            self._after[arm.name] = self._ask(arm, tuned)

    def _sync(self) -> SyncReport:
        """Read the sources of the copy alone: documents from elsewhere stay in its index."""
        knowledge = self._copy.knowledge
        return knowledge.sync(knowledge.sources(), progress=self._progress)

    def cost(self, arm: Arm) -> ArmCost:
        """What the edits cost an arm."""
        work = {"plain": "none", "rag": "sync", "tuned": "training"}.get(
            arm.name, "sync and training"
        )
        if arm.name in self._skipped:
            return ArmCost(arm.name, work, 0.0, {}, {}, 0.0, self._skipped[arm.name])
        before, after = self._before[arm.name], self._after[arm.name]
        return ArmCost(
            arm=arm.name,
            work=work,
            seconds=self._seconds[arm.name],
            before=shares(before.truths),
            after=shares(after.truths),
            answer_seconds=median(before.seconds + after.seconds),
        )

    def told(self) -> list[EditTold]:
        """What every arm said to every edit's question."""
        return [
            EditTold(
                arm=arm.name,
                edit=at,
                before=self._before[arm.name].truths[at],
                after=self._after[arm.name].truths[at],
                text_before=self._before[arm.name].texts[at],
                text_after=self._after[arm.name].texts[at],
            )
            for arm in self._asked_arms()
            for at in range(len(self.changes))
        ]

    def _asked_arms(self) -> list[Arm]:
        return [arm for arm in self._arms if arm.name not in self._skipped]

    def _why_not(self) -> dict[str, str]:
        """Why arms cannot be drilled, by name."""
        from kilde.tuning.extra import need_extra
        from kilde.workspace.arms import line_up
        from kilde.workspace.tuning import base_of

        plain = [arm for arm in self._arms if not arm.adapter]
        skipped = dict(line_up(self._copy, self._key, plain).skipped)
        for arm in self._arms:
            if arm.adapter:
                try:
                    need_extra()
                    base_of(self._copy, self._key, self._copy.definition(self._key))
                except KildeError as error:
                    skipped[arm.name] = _line(error)
        return skipped

    def _adapter_before(self) -> str:
        """The adapter of the tuned arms before the work; empty where there is none."""
        from kilde.workspace.arms import line_up

        tuned = [arm for arm in self._asked_arms() if arm.adapter]
        if not tuned:
            return ""
        found = line_up(self._copy, self._key, tuned, adapter=self._adapter)
        unfit = next((why for why in found.skipped.values() if found.adapter), "")
        if unfit and self._adapter:
            raise EvaluationError(unfit)
        if found.adapter is None or unfit:
            self.notes.append(
                "no adapter answered before the work: the tuned arms show then what the model "
                "alone says"
            )
            return ""
        if found.adapter.base:  # a bare file does not say how it was trained
            self._with_context = found.adapter.document_tokens > 0
        return found.adapter.name

    def _ask(self, arm: Arm, adapter: str) -> _Asked:
        """Ask an arm about every edit."""
        asked = _Asked()
        agent = self._copy.trial_agent(self._key)
        with step(self._progress, f"asking {arm.name}", len(self.changes), "answers"):
            for change in self.changes:
                began, truth = time.perf_counter(), _UNTOLD
                with_adapter: str | bool = (arm.adapter and adapter) or False
                try:
                    answer = agent.ask(
                        change.made.question, retrieval=arm.retrieval, adapter=with_adapter
                    )
                except Unreachable:
                    raise
                except GenerationError as error:  # no answer tells no truth
                    text = error.message
                else:
                    text = answer.text
                    truth = judge(
                        change.made,
                        text,
                        declined=_declined(change, answer),
                        language=change.language,
                    )
                asked.seconds.append(time.perf_counter() - began)
                asked.texts.append(text)
                asked.truths.append(truth)
                self._progress.advance()
        return asked

    def _retrain(self) -> tuple[float, str]:
        """Train an adapter on what the documents say now; its seconds and its name.

        All tuned arms answer with it, as in a comparison. It is trained as the one before it was:
        with documents in the prompt or without; and as the agent answers where nothing tells.
        """
        from kilde.workspace.retraining import retrain

        began = time.perf_counter()
        card = retrain(
            self._copy,
            self._key,
            self.changes,
            with_context=self._with_context,
            epochs=self._epochs,
            seed=self._seed,
            progress=self._progress,
        )
        seconds = time.perf_counter() - began
        self.notes.append(_judged(card.gate))
        return seconds, card.name


def _declined(change: Change, answer: Answer) -> bool:
    """Whether it says that no document tells; in whatever words, where that is or was the truth."""
    if change.made.kind in ("new", "withdrawn"):
        return declines(answer) is not None
    return answer.abstained


def _judged(gate: Mapping[str, object] | None) -> str:
    if gate is None:
        return "no gate judged the new adapter, for there are no test rows"
    if gate["passed"]:
        return "the gate lets the new adapter through"
    checks = gate["checks"]
    worse = [
        f"{check['name']} {check['before']:.2f} → {check['after']:.2f}"
        for check in (checks if isinstance(checks, list) else [])
        if not check["passed"]
    ]
    why = ", ".join(worse) or "its answers were not its own"
    return f"the gate would have kept the new adapter back ({why})"


def _line(error: KildeError) -> str:
    """An error in one line."""
    return " ".join(str(error).split())
