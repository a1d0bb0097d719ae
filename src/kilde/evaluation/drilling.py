"""Whether an answer tells the new truth or the old one, and what a month of changes costs.

A truth is a short phrase, such as "12 weeks": an answer tells it where the phrase's words stand in
it one after another, whatever their case, their punctuation and the spelling of their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from kilde.evaluation.drill_result import EditMade, Truth
from kilde.grounding.numbers import numbers_of

Word = tuple[str, int, int]
"""A word as it is compared, and its span (start, end) of the text."""

_WORD = re.compile(r"\w+")
TRUTHS: tuple[Truth, ...] = get_args(Truth)


def words(text: str, language: str) -> list[Word]:
    """The words of a text in order; numbers are in one spelling, also those that are words.

    >>> [word for word, _, _ in words("Ring at 8:00, two times.", "en")]
    ['ring', 'at', '8', '2', 'times']
    """
    found: list[Word] = []
    at = 0
    for number in numbers_of(text, language):
        found += _plain(text, at, number.start)
        found.append((number.digits, number.start, number.end))
        at = max(at, number.end)
    return found + _plain(text, at, len(text))


def phrase_of(text: str, language: str) -> str:
    """The words of a text as one line with a space at either end, to look for one in another."""
    return f" {' '.join(word for word, _, _ in words(text, language))} "


def holds(text: str, phrase: str, language: str) -> bool:
    """Whether a text tells a phrase; an empty phrase is told by none.

    >>> holds("It lasts twelve weeks.", "12 weeks", "en")
    True
    """
    return bool(phrase.strip()) and phrase_of(phrase, language) in phrase_of(text, language)


def judge(edit: EditMade, text: str, *, declined: bool, language: str) -> Truth:
    """What an answer to an edit's question tells.

    ``stale`` where it holds what was said before, also beside what is said now, for nobody can
    tell then which of them is true. To decline (``declined``) is the truth that no document says
    it: the new one where the document was withdrawn, the old one where it is new, and wrong where
    a document was changed.
    """
    if declined:
        if edit.kind == "withdrawn":
            return "new"
        return "stale" if edit.kind == "new" else "wrong"
    if holds(text, edit.before, language):
        return "stale"
    return "new" if holds(text, edit.after, language) else "wrong"


def shares(truths: Sequence[Truth]) -> dict[str, float]:
    """The share (0..1) of answers that are new, stale and wrong; empty where there is no answer.

    >>> shares(["new", "new", "stale", "wrong"])
    {'new': 0.5, 'stale': 0.25, 'wrong': 0.25}
    """
    if not truths:
        return {}
    return {truth: truths.count(truth) / len(truths) for truth in TRUTHS}


def break_even(
    *, extra_seconds: float, questions: int, sync_seconds: float, training_seconds: float
) -> float | None:
    """From how many rounds of changes per month retraining costs more time than retrieval.

    With ``c`` rounds in a month that asks ``questions``, retrieval costs ``extra_seconds *
    questions + sync_seconds * c`` and tuning ``training_seconds * c``, so they cost the same at
    ``c = extra_seconds * questions / (training_seconds - sync_seconds)``. ``extra_seconds`` is
    what looking up adds to an answer. ``None`` where it adds nothing, for then retraining costs
    more from the first change on; and where a training takes no longer than a sync, for then it
    never does.

    >>> break_even(extra_seconds=0.3, questions=1000, sync_seconds=2, training_seconds=602)
    0.5
    """
    if extra_seconds <= 0 or training_seconds <= sync_seconds:
        return None
    return extra_seconds * questions / (training_seconds - sync_seconds)


def _plain(text: str, start: int, end: int) -> list[Word]:
    return [
        (match.group().casefold(), match.start(), match.end())
        for match in _WORD.finditer(text, start, max(start, end))
    ]
