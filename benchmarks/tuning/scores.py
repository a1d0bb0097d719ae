"""The measures of the parts, as plain functions: slots of a command, and words of an answer."""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.answers import normalised
from benchmarks.metrics import mean
from kilde.evaluation.scores import contained, token_f1

_ARTICLES = {"en": re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Command:
    """What a command asks for: its intent, and its slots with their values, as often as there."""

    intent: str
    slots: Counter[tuple[str, str]]


def command(answer: object) -> Command:
    """The command of a form, as text or parsed; an empty one of what is no such form."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            answer = None
    if not isinstance(answer, Mapping):
        return Command("", Counter())
    slots = answer.get("slots")
    pairs = [
        (str(slot.get("slot", "")), normalised(str(slot.get("value", ""))))
        for slot in (slots if isinstance(slots, list) else [])
        if isinstance(slot, Mapping)
    ]
    return Command(str(answer.get("intent", "")), Counter(pairs))


def slot_f1(found: Sequence[Command], wanted: Sequence[Command]) -> float:
    """F1 over all pairs of slot and value of all commands together (micro average).

    >>> a, b = command({"slots": [{"slot": "x", "value": "1"}]}), command({})
    >>> slot_f1([a, a], [a, b])  # one of two that were found, one of one that was wanted
    0.6666666666666666
    """
    right = sum((f.slots & w.slots).total() for f, w in zip(found, wanted, strict=True))
    total = sum(one.slots.total() for one in [*found, *wanted])
    return 2 * right / total if total else 1.0


def commands_judged(found: Sequence[Command], wanted: Sequence[Command]) -> dict[str, float]:
    """Intent accuracy, slot F1, and the share of commands with intent and slots all right."""
    pairs = list(zip(found, wanted, strict=True))
    return {
        "intent accuracy": mean([float(f.intent == w.intent) for f, w in pairs]),
        "slot F1": slot_f1(found, wanted),
        "exact match": mean([float(f == w) for f, w in pairs]),
    }


def squad_f1(answer: str, gold: Sequence[str], language: str) -> float:
    """The best F1 of words against any gold phrase; articles are left out where we know them.

    >>> squad_f1("The Ministry", ["ministry", "a ministry of health"], "en")
    1.0
    """
    said = _bare(answer, language)
    return max((token_f1(said, _bare(one, language)).value or 0.0 for one in gold), default=0.0)


def holds_one(answer: str, gold: Sequence[str]) -> bool:
    """Whether the words of a gold phrase stand in the answer, in order and without a gap."""
    return any(contained(answer, one).value == 1.0 for one in gold)


def balanced(items: Sequence[_T], key: Callable[[_T], Hashable], count: int, seed: int) -> list[_T]:
    """``count`` items drawn without replacement, as many of each key as there are, to within one.

    Keys that run out give less; the order is shuffled.
    """
    draw = random.Random(seed)
    groups: dict[Hashable, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    decks = list(groups.values())
    for deck in decks:
        draw.shuffle(deck)
    draw.shuffle(decks)
    drawn: list[_T] = []
    while len(drawn) < count and any(decks):
        drawn += [deck.pop() for deck in decks if deck]
    drawn = drawn[:count]
    draw.shuffle(drawn)
    return drawn


def one_of(words: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a text that is one of these."""
    return {"type": "string", "enum": sorted(set(words))}


def _bare(text: str, language: str) -> str:
    articles = _ARTICLES.get(language)
    bare = articles.sub(" ", text) if articles else text
    return bare if bare.strip() else text
