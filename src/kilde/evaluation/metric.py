"""What a metric is: one function for one answer to one question, and what its figure means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question

Unit = Literal["share", "seconds", "tokens", "bytes", "money"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a metric may know beside the question and the answer.

    ``examples`` are the agent's own answers to go by in style; ``form`` says whether it fills in
    one; ``labels`` are all answers of a test that sorts into few of them, else empty.
    ``input_price`` and ``output_price`` are per million tokens, ``hour_price`` per hour of
    computing, all in ``currency``; ``None`` where nobody said.
    """

    examples: tuple[str, ...] = ()
    form: bool = False
    labels: frozenset[str] = frozenset()
    input_price: float | None = None
    output_price: float | None = None
    hour_price: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table of metrics.

    ``yes_no`` metrics are 0 or 1 for every question. ``higher`` tells whether more is better;
    ``None`` where it is neither. ``about`` is one line for people.
    """

    name: str
    function: Callable[[Question, Said, Setting], Score]
    about: str
    unit: Unit = "share"
    yes_no: bool = False
    higher: bool | None = True


Table = Mapping[str, Metric]
