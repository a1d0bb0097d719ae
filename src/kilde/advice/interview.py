"""The questions to ask when nothing is measured yet, and the facts that the answers give.

Every question may be left open: what nobody knows is no fact, and no rule holds for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kilde.advice.advice import Facts, Known
from kilde.advice.rules import load_rules, worded

DO_NOT_KNOW = "do not know"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; ``choices`` are its values with the words of the answer."""

    fact: str
    question: str
    choices: Mapping[str, str]


def questions() -> tuple[Asked, ...]:
    """All questions, in the order in which they are asked."""
    return tuple(
        Asked(
            fact.id,
            worded(fact.question),
            {value: worded(words) for value, words in fact.choices.items()},
        )
        for fact in load_rules().facts
    )


def facts_of(answers: Mapping[str, str]) -> Facts:
    """The facts that answers give: values by fact; what is not answered is left out.

    Raises ``ValueError`` for a fact or a value that the questions do not have.
    """
    asked = {one.fact: one for one in questions()}
    for name, value in answers.items():
        if name not in asked or value not in asked[name].choices:
            raise ValueError(f"{name} = {value!r} is no answer to any question")
    return Facts(known={name: Known(answers[name]) for name in asked if name in answers})
