"""The gate: a tuned adapter answers the agent's test rows beside what answers today.

An adapter that fills in forms wrongly, knows its task less well, says what no document supports or
forgot to say that it does not know is not promoted; the rows that show it are kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kilde.agents.agent import Agent
from kilde.errors import GenerationError
from kilde.evaluation.scores import Score, fields, token_f1
from kilde.grounding import ground
from kilde.tuning.data.rows import Row
from kilde.types import Answer, Progress

# So much worse (of 1) may an adapter be on a check: less than that is chance on small sets.
MARGIN = 0.05
# As many test rows are asked at most, declining ones among them as they come.
QUESTIONS = 40
_SHOWN = 10
# Two of forty are exactly the margin, which sums of floats miss by a little.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is compared: means in 0..1 over ``questions`` rows, today and tuned."""

    name: str
    questions: int
    before: float
    after: float
    passed: bool


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

    ``seconds`` are the mean times of an answer, today and tuned.
    """

    passed: bool
    against: str
    margin: float
    checks: tuple[Check, ...]
    worse: tuple[Worse, ...]
    seconds: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """The judgement as JSON data."""
        return dict(json.loads(json.dumps(asdict(self))))


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    scores: Mapping[str, Score]
    seconds: float


def run_gate(
    agent: Agent,
    rows: Sequence[Row],
    *,
    candidate: str,
    current: str = "",
    margin: float = MARGIN,
    questions: int = QUESTIONS,
    seed: int = 0,
    progress: Progress,
) -> Gate:
    """Ask both the same rows; ``candidate`` and ``current`` are names of adapters.

    The checks: ``form`` (share of forms that satisfy the schema), ``task`` (fields of a form that
    are right, or token F1 against the row's answer), ``grounded`` (share of what is said that a
    document supports) and ``declined`` (share of what has no answer that is declined). A check
    with nothing to ask is left out. Raises ``ValueError`` without rows.
    """
    asked = gate_rows(rows)
    if not asked:
        raise ValueError("a gate needs rows")
    if len(asked) > questions:
        asked = _drawn(asked, questions, seed)
    found: list[tuple[Row, _Asked, _Asked]] = []
    progress.start("At the gate", 2 * len(asked), "answers")
    for row in asked:
        before = _ask(agent, row, current or False)
        progress.advance()
        found.append((row, before, _ask(agent, row, candidate)))
        progress.advance()
    progress.finish()
    checks, worse = [], []
    for name in ("form", "task", "grounded", "declined"):
        pairs = [
            (row, before, after, b, a)
            for row, before, after in found
            if (b := _value(before, name)) is not None and (a := _value(after, name)) is not None
        ]
        if not pairs:
            continue
        was, now = _mean([pair[3] for pair in pairs]), _mean([pair[4] for pair in pairs])
        checks.append(Check(name, len(pairs), was, now, now >= was - margin - _ROUNDING))
        if now < was:
            lost = sorted((pair for pair in pairs if pair[4] < pair[3]), key=lambda p: p[4] - p[3])
            worse += [
                Worse(name, row.question, row.answer, x.text, y.text, y.scores[name].why)
                for row, x, y, _, _ in lost[:_SHOWN]
            ]
    seconds = (
        _mean([before.seconds for _, before, _ in found]),
        _mean([after.seconds for _, _, after in found]),
    )
    return Gate(
        all(check.passed for check in checks), current, margin, tuple(checks), tuple(worse), seconds
    )


def gate_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows that tell a right answer: thumbs down only tell a wrong one."""
    return [row for row in rows if row.method != "kto" or row.good]


def _ask(agent: Agent, row: Row, adapter: str | bool) -> _Asked:
    form = agent.definition.output is not None
    try:
        answer = agent.ask(row.question, history=row.history, adapter=adapter)
    except GenerationError as error:
        # No answer is the worst answer, on whatever is asked for.
        names = ["declined" if row.declines else "task", *(["form"] if form else [])]
        return _Asked(error.message, dict.fromkeys(names, Score(0.0, error.message)), 0.0)
    scores = {"form": Score(1.0)} if form else {}
    if row.declines:
        scores["declined"] = _declined(answer, row, form)
    else:
        said = "" if answer.abstained else answer.text
        scores["task"] = (fields if form else token_f1)(said, row.answer)
        if not form and answer.trace.hits and not answer.abstained:
            scores["grounded"] = _grounded(answer)
    return _Asked(answer.text, scores, answer.trace.timings["total"])


def _declined(answer: Answer, row: Row, form: bool) -> Score:
    """A form declines by leaving empty what the right form leaves empty."""
    if not form:
        return Score(float(answer.abstained), "" if answer.abstained else "it answered")
    try:
        wanted, found = dict(json.loads(row.answer)), dict(json.loads(answer.text))
    except (ValueError, TypeError):  # a row from elsewhere that is no form
        return fields(answer.text, row.answer)
    nothing: tuple[object, ...] = ([], {}, "", None)
    empty = [name for name, value in wanted.items() if value in nothing]
    if not empty:
        return fields(answer.text, row.answer)
    filled = [name for name in empty if found.get(name) not in nothing]
    return Score(float(not filled), f"it filled in {', '.join(filled)}" if filled else "")


def _grounded(answer: Answer) -> Score:
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
    return sum(values) / len(values)
