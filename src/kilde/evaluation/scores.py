"""Scores of one answer against a reference: a number in 0..1, and why it is that.

What cannot be scored has no value, which is not the same as zero.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"\w+")
_EMPTY = "the reference is empty"


@dataclass(frozen=True, slots=True)
class Score:
    """A score, or ``None`` where there is nothing to score, and the reason in words.

    Scores of quality are in 0..1; those of effort are in the unit of their metric.
    """

    value: float | None
    why: str = ""


def exact(answer: str, reference: str) -> Score:
    """1 where the words are the same, whatever their case and punctuation.

    >>> exact("At 6 PM.", "at 6 pm").value
    1.0
    """
    wanted = words(reference)
    if not wanted:
        return Score(None, _EMPTY)
    same = words(answer) == wanted
    return Score(float(same), "" if same else f"expected {reference!r}")


def contained(answer: str, reference: str) -> Score:
    """1 where the reference's words stand in the answer, in order and without a gap."""
    wanted, found = words(reference), words(answer)
    if not wanted:
        return Score(None, _EMPTY)
    held = any(found[at : at + len(wanted)] == wanted for at in range(len(found)))
    return Score(float(held), "" if held else f"{reference!r} is not in it")


def token_f1(answer: str, reference: str) -> Score:
    """The harmonic mean of precision and recall of words, as SQuAD counts it.

    Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250; articles count here, for which ones
    there are depends on the language.

    >>> round(token_f1("at 6 pm on Fridays", "6 pm").value, 2)
    0.57
    """
    found, wanted = words(answer), words(reference)
    if not wanted:
        return Score(None, _EMPTY)
    shared = sum((Counter(found) & Counter(wanted)).values())
    if not shared:
        return Score(0.0, f"no word of {reference!r}")
    value = 2 * shared / (len(found) + len(wanted))
    return Score(value, f"{shared} of {len(wanted)} words, in {len(found)}")


def rouge_l(answer: str, reference: str) -> Score:
    """ROUGE-L: F1 over the longest run of words that both have in the same order, gaps allowed.

    Lin 2004, https://aclanthology.org/W04-1013, with precision and recall weighing the same; words
    are not stemmed, for how to differs from language to language.

    >>> rouge_l("open from 8 to 16", "it is open 8 to 16").value
    0.7272727272727273
    """
    from rapidfuzz.distance import LCSseq

    found, wanted = words(answer), words(reference)
    if not wanted:
        return Score(None, _EMPTY)
    shared = LCSseq.similarity(found, wanted)
    value = 2 * shared / (len(found) + len(wanted))
    return Score(value, f"{shared} of {len(wanted)} words in order, in {len(found)}")


def fields(answer: str, reference: str) -> Score:
    """The share of a form's fields that are as in the reference; lists are compared by position.

    A field that one of the two lacks counts as wrong. Both are JSON; an answer that is none gets 0.

    >>> fields('{"a": 1, "b": [2]}', '{"a": 1, "b": [3]}')
    Score(value=0.5, why='b.0: 2 instead of 3')
    """
    try:
        wanted = dict(_leaves(json.loads(reference)))
    except ValueError:
        return Score(None, "the reference is no JSON")
    try:
        found = dict(_leaves(json.loads(answer)))
    except ValueError:
        return Score(0.0, "it is no JSON")
    every = [*wanted, *(path for path in found if path not in wanted)]
    wrong = [path for path in every if found.get(path) != wanted.get(path)]
    why = "; ".join(
        f"{'.'.join(map(str, path)) or 'all'}: {found.get(path, 'nothing')} instead of "
        f"{wanted.get(path, 'nothing')}"
        for path in wrong[:3]
    )
    return Score(1 - len(wrong) / len(every), why)


def left_empty(answer: str, reference: str) -> Score:
    """1 where a form leaves empty every field that is empty in the reference: so a form declines.

    ``None`` where the reference leaves none empty.

    >>> left_empty('{"days": ["mon"], "why": "x"}', '{"days": [], "why": "y"}')
    Score(value=0.0, why='it filled in days')
    """
    nothing: tuple[object, ...] = ([], {}, "", None)
    wanted = _form(reference)
    empty = [name for name, value in (wanted or {}).items() if value in nothing]
    if not empty:
        return Score(None, "the right form leaves no field empty")
    if (found := _form(answer)) is None:
        return Score(0.0, "it is no form")
    filled = [name for name in empty if found.get(name) not in nothing]
    return Score(float(not filled), f"it filled in {', '.join(filled)}" if filled else "")


def _form(text: str) -> dict[str, object] | None:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return None


_Path = tuple[str | int, ...]


def _leaves(value: object, path: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """The values of JSON data by their path; an empty list or object is a value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        # As JSON text, for True is 1 in Python and not there. In JSON 1.0 is 1.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        yield path, json.dumps(value, ensure_ascii=False)


def words(text: str) -> list[str]:
    """The words of a text in order, whatever their case and punctuation.

    Letters with marks are the same in one character or in two, as files of Apple's have them.

    >>> words("Kl. 8.30 på A\u030aVEJ")
    ['kl', '8', '30', 'på', 'åvej']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
