"""The rules that say what to expect before anything is measured, read from ``rules.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from kilde.advice.advice import CHOICES, Choice, Facts, Weight
from kilde.config import Strict
from kilde.toml import read_toml
from kilde.tuning.checks.size import USUAL

# As many short documents fit into an agent's instructions; the words of the fact say the same.
FEW = 5


class Fact(Strict):
    """A thing to know: how to ask for it, and its possible values with the words for each."""

    id: str
    question: str
    choices: dict[str, str] = Field(min_length=2)


class Source(Strict):
    """Where a rule comes from: in words, and an address or a page of the documentation."""

    text: str
    at: str

    def __str__(self) -> str:
        return f"{self.text} ({self.at})"


class Rule(Strict):
    """What to expect where some facts hold; ``speaks_for`` are the choices that it leaves.

    No number of others outweighs one that ``settles``; a measurement does, unless it ``requires``.
    """

    id: str
    when: dict[str, tuple[str, ...]] = Field(min_length=1)
    speaks_for: tuple[Choice, ...] = Field(alias="for", min_length=1)
    weight: Weight
    requires: Literal["", "retrieval"] = ""
    settles: bool = False
    reason: str
    sources: tuple[str, ...] = Field(min_length=1)

    def holds(self, facts: Facts) -> bool:
        """Whether every fact that it asks for is known and has one of the values it names."""
        known = facts.known
        return all(
            name in known and known[name].value in values for name, values in self.when.items()
        )


class Rules(Strict):
    """The whole file; every name in it must be one that it defines."""

    facts: tuple[Fact, ...] = Field(alias="fact")
    rules: tuple[Rule, ...] = Field(alias="rule")
    sources: dict[str, Source]

    @model_validator(mode="after")
    def _names(self) -> Rules:
        choices = {fact.id: set(fact.choices) for fact in self.facts}
        ids = [*(fact.id for fact in self.facts), *(rule.id for rule in self.rules)]
        faults = [f"two are named {one!r}" for one in sorted({i for i in ids if ids.count(i) > 1})]
        for rule in self.rules:
            for name, values in rule.when.items():
                if name not in choices:
                    faults.append(f"the rule {rule.id!r} asks for {name!r}, which is no fact")
                else:
                    faults += [
                        f"the rule {rule.id!r} asks for {name} = {value!r}, which is no choice"
                        for value in values
                        if value not in choices[name]
                    ]
            faults += [
                f"the rule {rule.id!r} names the source {name!r}, which is not there"
                for name in rule.sources
                if name not in self.sources
            ]
            if len(rule.speaks_for) == len(CHOICES):
                faults.append(f"the rule {rule.id!r} leaves every choice, so it says nothing")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def holding(self, facts: Facts) -> tuple[Rule, ...]:
        """The rules that hold, strong ones first."""
        found = [rule for rule in self.rules if rule.holds(facts)]
        return tuple(sorted(found, key=lambda rule: rule.weight != "strong"))

    def cited(self, rule: Rule) -> str:
        """The sources of a rule in words."""
        return "; ".join(str(self.sources[name]) for name in rule.sources)


def load_rules(path: Path | None = None) -> Rules:
    """The rules of a file, Kilde's own where none is named.

    Raises :class:`kilde.errors.ConfigError` with all faults.
    """
    return _own() if path is None else read_toml(path, Rules)


def worded(text: str) -> str:
    """A text of the file with its numbers put in."""
    return text.replace("{enough}", str(USUAL))


def expected(rules: Sequence[Rule]) -> Choice | None:
    """What rules that hold lead to: the choice that the fewest of them speak against.

    Only what is left by the rules that settle or require something is chosen from. Strong rules
    count first, then the others, and of equal choices the simplest one is taken. ``None`` where no
    rule holds, and where those that settle leave nothing, for they contradict each other.
    """
    if not rules:
        return None
    settling = [rule for rule in rules if rule.settles or rule.requires]
    left = [one for one in CHOICES if all(one in rule.speaks_for for rule in settling)]
    return min(left, key=lambda choice: against(choice, rules), default=None)


def against(choice: Choice, rules: Sequence[Rule]) -> tuple[int, int]:
    """How many strong rules, and how many others, speak against a choice."""
    opposed = [rule.weight for rule in rules if choice not in rule.speaks_for]
    return opposed.count("strong"), opposed.count("some")


def counted(
    *, documents: int | None = None, rows: int | None = None, changes: float | None = None
) -> dict[str, str]:
    """The values of those facts that are numbers; ``changes`` is in rounds of them per month."""
    found = {}
    if documents is not None:
        found["documents"] = "none" if not documents else "few" if documents <= FEW else "many"
    if rows is not None:
        found["rows"] = "few" if rows < USUAL else "enough"
    if changes is not None:
        found["changes"] = "often" if changes >= 1 else "seldom"
    return found


@cache
def _own() -> Rules:
    with resources.as_file(resources.files(__package__).joinpath("rules.toml")) as path:
        return read_toml(path, Rules)
