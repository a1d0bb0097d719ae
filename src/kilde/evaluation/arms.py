"""An arm is asked the questions of a test, in their order, through the agent that people ask.

What the model does not manage is an answer too: it is kept as failed, and counts. Whatever else
goes wrong says nothing of the arm, and ends the asking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from kilde.agents.agent import Agent, Sampling
from kilde.errors import GenerationError, Unreachable
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question
from kilde.protocols import Progress
from kilde.types import Arm


def ask_arm(
    agent: Agent,
    arm: Arm,
    adapter: str,
    questions: Sequence[Question],
    *,
    as_of: int | None,
    samples: Sequence[Sampling],
    have: Collection[tuple[str, int]],
    on_said: Callable[[Said], object],
    progress: Progress,
) -> None:
    """Ask an arm what it was not asked before; ``on_said`` is told each answer as it comes.

    ``adapter`` is the name of the one that tuned arms answer with, ``as_of`` the version of the
    documents that arms with retrieval read. Every question is asked once per sampling. ``have``
    are the questions, by id, and the places of their samplings that were asked before. Nobody but
    ``on_said`` is told the answers. Raises what :meth:`Agent.ask` raises, but of
    :class:`GenerationError` only :class:`Unreachable`.
    """
    asked = set(have)
    agents = [agent.on_trial(sampling=sampling) for sampling in samples]
    for question in questions:
        for sample, sampled in enumerate(agents):
            if (question.id, sample) in asked:
                continue
            asked.add((question.id, sample))  # a test may hold a question twice
            on_said(_ask(sampled, arm, adapter, question, sample, as_of))
            progress.advance()


def missing(questions: Sequence[Question], samples: int, have: Collection[tuple[str, int]]) -> int:
    """How many answers an arm still owes."""
    wanted = {(question.id, sample) for question in questions for sample in range(samples)}
    return len(wanted.difference(have))


def _ask(
    agent: Agent, arm: Arm, adapter: str, question: Question, sample: int, as_of: int | None
) -> Said:
    answer, failed = None, ""
    began = time.perf_counter()
    try:
        answer = agent.ask(
            question.question,
            history=question.history,
            retrieval=arm.retrieval,
            adapter=adapter if arm.adapter else False,
            as_of=as_of if arm.retrieval else None,
        )
    except Unreachable:
        raise
    except GenerationError as error:
        failed = error.message
    seconds = time.perf_counter() - began
    return Said(arm.name, question.id, sample, answer, seconds, _memory(), failed)


def _memory() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)
