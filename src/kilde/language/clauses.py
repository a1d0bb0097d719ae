"""Clauses of statutes and contracts: which one a question names, and which one a sentence is.

A clause is known by its labels from the outside in: "§ 3" above, "Stk. 2." at the sentence itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from kilde.language.lines import clause_words

# The word of an inner label ("stk") or "§", and its number.
Clause = Mapping[str, str]
# A word before "§" or the next outer label begins a new clause; inner ones are dropped.
_OUTER = ("§", "art", "artikel", "artikkel", "article", "kap", "kapitel", "kapittel", "hoofdstuk")
_SAME = {"artikel": "art", "artikkel": "art", "article": "art", "absatz": "abs", "ziffer": "ziff"}


@cache
def _reference() -> re.Pattern[str]:
    return re.compile(
        rf"(?<!\w)(?:(§)+\s?|({clause_words()})\.?\s)(\d+(?:\.\d+)*(?:\s?[a-z](?!\w))?)",
        re.IGNORECASE,
    )


def clause_references(text: str) -> dict[str, str]:
    """The clauses that a text names, by the word before their number.

    >>> clause_references("Hvad siger § 3 stk. 2?")
    {'§': '3', 'stk': '2'}
    """
    found: dict[str, str] = {}
    for match in _reference().finditer(text):
        word = (match[1] or match[2]).lower()
        found.setdefault(_SAME.get(word, word), match[3].replace(" ", "").lower())
    return found


def clause_of(above: Clause, text: str) -> dict[str, str]:
    """The clause that a sentence or heading is, given the one before it; labels come first in it.

    >>> clause_of({"§": "3", "stk": "1"}, "Stk. 2. Restance medfører et gebyr.")
    {'§': '3', 'stk': '2'}
    """
    clause = dict(above)
    place = len(text) - len(text.lstrip(" \t\n#-*•–"))
    while match := _reference().match(text, place):
        word = (match[1] or match[2]).lower()
        word = _SAME.get(word, word)
        if word in _OUTER:
            clause = {key: clause[key] for key in clause if key in _OUTER[: _OUTER.index(word)]}
        clause[word] = match[3].replace(" ", "").lower()
        place = match.end()
        while place < len(text) and text[place] in " .,:\n\t":
            place += 1
    return clause
