"""The gate: a tuned adapter answers the agent's test rows beside what answers today.

An adapter that fills in forms wrongly, knows its task less well, says what no document supports or
forgot to say that it does not know is not promoted; the rows that show it are kept. Whether it
still declines is tested with questions whose documents are taken away, where too few rows do it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kilde.agents.agent import QUOTED_INSTEAD, Agent
from kilde.agents.phrases import abstention
from kilde.errors import GenerationError
from kilde.evaluation.scores import Score, fields, left_empty, token_f1
from kilde.grounding import ground
from kilde.protocols import Progress, step
from kilde.tuning.data.rows import Row
from kilde.types import Answer, Hit

# So much worse (of 1) may an adapter be on a check. It is a fixed bound and no interval: two of
# forty answers are within it, and of fewer than twenty not one is, though chance alone can be more.
MARGIN = 0.05
# As many test rows are asked at most, declining ones among them as they come.
QUESTIONS = 40
# Where fewer rows than the first decline, up to the second are asked without their documents too.
_FEW_DECLINE, _AWAY = 5, 20
_SHOWN = 10
# Two of forty are exactly the margin, which sums of floats miss by a little.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is compared: means in 0..1 over ``questions`` rows, today and tuned.

    On ``worse`` of the rows the adapter did worse.
    """

    name: str
    questions: int
    before: float
    after: float
    passed: bool
    worse: int = 0


@dataclass(frozen=True, slots=True)
class Worse:
    """A row on which the adapter did worse: the question, what was wanted and what was said."""

    check: str
    question: str
    wanted: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The judgement: ``against`` names what answered beside the adapter (empty: the model alone).

    ``worse`` holds the worst rows of each check. ``seconds`` are the mean times of an answer, today
    and tuned; 0 where none came. ``notes`` say what was not tested, and what else kept the adapter
    from passing.
    """

    passed: bool
    against: str
    margin: float
    checks: tuple[Check, ...]
    worse: tuple[Worse, ...]
    seconds: tuple[float, float]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The judgement as JSON data."""
        return dict(json.loads(json.dumps(asdict(self))))


@dataclass(frozen=True, slots=True)
class _Trial:
    """A row to ask, and who is asked; ``answer`` is what documents say that were taken away."""

    row: Row
    agent: Agent
    answer: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of asking; ``seconds`` is None where it failed.

    ``stray`` says why the answer is not that of the adapter that was asked for.
    """

    text: str
    scores: Mapping[str, Score]
    seconds: float | None
    hits: tuple[Hit, ...] = ()
    stray: str = ""


def run_gate(
    agent: Agent,
    rows: Sequence[Row],
    *,
    candidate: str,
    margin: float = MARGIN,
    questions: int = QUESTIONS,
    seed: int = 0,
    progress: Progress,
) -> Gate:
    """Ask the same rows of the agent as it answers today, and with the adapter ``candidate``.

    The checks: ``form`` (share of forms that satisfy the schema), ``task`` (fields of a form that
    are right, or token F1 against the row's answer), ``grounded`` (share of what is said that a
    document supports; to decline is to say nothing wrong) and ``declined`` (share of what has no
    answer that is declined). A check with nothing to ask is left out. An adapter whose answers were
    not its own does not pass. Raises ``ValueError`` without rows, and what :meth:`Agent.ask` raises
    but for :class:`GenerationError`.
    """
    asked = gate_rows(rows)
    if not asked:
        raise ValueError("a gate needs rows")
    if len(asked) > questions:
        asked = _drawn(asked, questions, seed)
    current = agent.own_adapter()
    trials = [*(_Trial(row, agent) for row in asked), *_without_documents(agent, asked, seed)]
    found: list[tuple[_Trial, _Asked, _Asked]] = []
    with step(progress, "At the gate", 2 * len(trials), "answers"):
        for trial in trials:
            before = _ask(trial, True)
            progress.advance()
            if not (trial.answer and _holds(before.hits, trial)):
                found.append((trial, before, _ask(trial, candidate)))
            progress.advance()
    checks, worse = [], []
    for name in ("form", "task", "grounded", "declined"):
        pairs = [
            (trial, before, after, b, a)
            for trial, before, after in found
            if (b := _value(before, name)) is not None and (a := _value(after, name)) is not None
        ]
        if not pairs:
            continue
        was, now = _mean([pair[3] for pair in pairs]), _mean([pair[4] for pair in pairs])
        lost = sorted((pair for pair in pairs if pair[4] < pair[3]), key=lambda p: p[4] - p[3])
        passed = now >= was - margin - _ROUNDING
        checks.append(Check(name, len(pairs), was, now, passed, len(lost)))
        if now < was:
            worse += [
                Worse(name, t.row.question, t.row.answer, x.text, y.text, y.scores[name].why)
                for t, x, y, _, _ in lost[:_SHOWN]
            ]
    notes = []
    strays = [after.stray for _, _, after in found if after.stray]
    if strays:
        notes.append(
            f"{len(strays)} of {len(found)} answers were not the adapter's own: {strays[0]}"
        )
    if agent.definition.retrieval and not any(check.name == "declined" for check in checks):
        notes.append("declining was not tested: no test row declines or names its documents")
    return Gate(
        passed=not strays and all(check.passed for check in checks),
        against=current.name if current else "",
        margin=margin,
        checks=tuple(checks),
        worse=tuple(worse),
        seconds=(
            _mean([b.seconds for _, b, _ in found if b.seconds is not None]),
            _mean([a.seconds for _, _, a in found if a.seconds is not None]),
        ),
        notes=tuple(notes),
    )


def gate_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows that tell a right answer: thumbs down only tell a wrong one."""
    return [row for row in rows if row.method != "kto" or row.good]


def _without_documents(agent: Agent, rows: Sequence[Row], seed: int) -> list[_Trial]:
    """Questions that are to be declined once their documents are not there, where that is to test.

    Rows made of documents have an answer each, so they tell nothing of what has none.
    """
    if not agent.definition.retrieval or agent.definition.output is not None:
        return []
    if sum(row.declines for row in rows) >= _FEW_DECLINE:
        return []
    named = [row for row in rows if row.lineage.documents and not row.declines]
    rng = random.Random(seed)  # noqa: S311  (nothing secret)
    return [
        _Trial(
            replace(row, answer=abstention(row.language, ()), declines=True),
            agent.on_trial(without=row.lineage.documents),
            row.answer,
        )
        for row in rng.sample(named, min(len(named), _AWAY))
    ]


def _holds(hits: Sequence[Hit], trial: _Trial) -> bool:
    """Whether other documents say what those said that were taken away."""
    claims = ground(trial.answer, hits, trial.row.language).claims
    return bool(claims) and all(claim.supported for claim in claims)


def _ask(trial: _Trial, adapter: str | bool) -> _Asked:
    row, form = trial.row, trial.agent.definition.output is not None
    try:
        answer = trial.agent.ask(row.question, history=row.history, adapter=adapter)
    except GenerationError as error:
        # No answer is the worst answer, on whatever is asked for.
        names = ["declined" if row.declines else "task", *(["form"] if form else [])]
        return _Asked(error.message, dict.fromkeys(names, Score(0.0, error.message)), None)
    scores = {"form": Score(1.0)} if form else {}
    if row.declines:
        scores["declined"] = _declined(answer, row, form)
        if trial.answer and not answer.abstained:
            away = ", ".join(row.lineage.documents)
            scores["declined"] = Score(0.0, f"it answered, without what answers it ({away})")
    else:
        said = "" if answer.abstained else answer.text
        scores["task"] = (fields if form else token_f1)(said, row.answer)
        if not form and answer.trace.hits:
            scores["grounded"] = _grounded(answer)
    return _Asked(
        answer.text,
        scores,
        answer.trace.timings["total"],
        answer.trace.hits,
        _stray(answer, adapter) if isinstance(adapter, str) else "",
    )


def _stray(answer: Answer, adapter: str) -> str:
    """Why an answer is not that of the adapter that was asked for; empty where it is."""
    trace = answer.trace
    # Nobody wrote what was declined beforehand, and quotations stand in for what the adapter wrote
    # and no document supports.
    unwritten = not trace.model and trace.arm.endswith("tuned")
    if trace.adapter == adapter or unwritten or QUOTED_INSTEAD in trace.notes:
        return ""
    return "; ".join(trace.notes) or f"{trace.adapter or trace.model or 'nobody'} answered"


def _declined(answer: Answer, row: Row, form: bool) -> Score:
    """A form declines by leaving empty what the right form leaves empty."""
    if not form:
        return Score(float(answer.abstained), "" if answer.abstained else "it answered")
    empty = left_empty(answer.text, row.answer)
    # A row from elsewhere may be no form, or tell of nothing to leave empty.
    return empty if empty.value is not None else fields(answer.text, row.answer)


def _grounded(answer: Answer) -> Score:
    if answer.abstained:
        return Score(1.0)
    # What the model wrote, before what no document supports was taken out of it.
    claims = ground(answer.trace.raw_text, answer.trace.hits, answer.trace.language).claims
    if not claims:
        return Score(None, "it says nothing")
    bad = [claim for claim in claims if not claim.supported]
    why = f"{bad[0].text!r}: {bad[0].reason}" if bad else ""
    return Score(1 - len(bad) / len(claims), why)


def _drawn(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """Some of the rows; of those that decline up to a quarter, as far as there are."""
    rng = random.Random(seed)  # noqa: S311  (nothing secret)
    declining = [row for row in rows if row.declines]
    others = [row for row in rows if not row.declines]
    share = max(round(count * len(declining) / len(rows)), min(len(declining), count // 4))
    drawn = rng.sample(declining, min(share, len(declining)))
    return drawn + rng.sample(others, min(count - len(drawn), len(others)))


def _value(asked: _Asked, name: str) -> float | None:
    return asked.scores[name].value if name in asked.scores else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
