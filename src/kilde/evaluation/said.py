"""What an arm said to a question of a test, raw: every figure is computed from these."""

from __future__ import annotations

from dataclasses import dataclass

from kilde.types import Answer, Arm

ARMS: tuple[Arm, ...] = (
    Arm(retrieval=False, adapter=False),
    Arm(retrieval=True, adapter=False),
    Arm(retrieval=False, adapter=True),
    Arm(retrieval=True, adapter=True),
)
"""plain, rag, tuned, rag+tuned: the order in which they are asked and shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of one arm.

    ``question`` is the id of the question; ``sample`` counts from 0 where decoding samples, and is
    0 where it does not. ``answer`` is ``None`` where the arm ``failed``, which says why.
    ``seconds`` is the time from the question to the whole answer. ``memory`` is the resident
    memory of the process after it, in bytes; 0 where nobody could tell.
    """

    arm: str
    question: str
    sample: int
    answer: Answer | None
    seconds: float
    memory: int = 0
    failed: str = ""
