"""How far an answer is, in length, form and wording, from the agent's own examples.

The examples say what the house sounds like; the references only say what is right, so they are not
looked at. A figure inside the range of the examples has distance 0; outside, the distance is the
share by which it misses the nearer end: twice as long as the longest example is 0.5.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from kilde.evaluation.measures.basis import failed, is_form
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score, words
from kilde.evaluation.testset import Question
from kilde.grounding import claim_spans
from kilde.language.table import languages

_ITEM = re.compile(r"^\s*(?:[-*+•–]|\d{1,3}[.)])\s", re.M)
_MARK = re.compile(r"[^\w\s]")
_PARTS = re.compile(r"\w+|[^\w\s]")
# As long as the runs of letters are that tell authors apart (Stamatatos 2017).
_RUN = 3


def style(question: Question, said: Said, setting: Setting) -> Score:
    """1 less the mean of the three distances."""
    parts = {
        "length": style_length(question, said, setting),
        "form": style_form(question, said, setting),
        "wording": style_wording(question, said, setting),
    }
    known = {name: one.value for name, one in parts.items() if one.value is not None}
    if known:
        why = ", ".join(f"{name} {value:.2f} away" for name, value in known.items())
        return Score(1 - sum(known.values()) / len(known), why)
    if said.answer is None and _unscored(question, setting) is None:
        return failed(said)
    return parts["length"]


def style_length(question: Question, said: Said, setting: Setting) -> Score:
    """The distance of the number of words."""
    return _measured(question, said, setting, _length)


def style_form(question: Question, said: Said, setting: Setting) -> Score:
    """The mean distance of items, lines, punctuation, sentence length and numerals."""
    return _measured(question, said, setting, _form)


def style_wording(question: Question, said: Said, setting: Setting) -> Score:
    """The distance of function words and punctuation, as 1 less the cosine of runs of 3 characters.

    Words that carry a topic are masked first, so that only the manner is compared: Stamatatos
    2017, https://aclanthology.org/E17-1107.
    """
    return _measured(question, said, setting, _wording)


def _measured(
    question: Question,
    said: Said,
    setting: Setting,
    distance: Callable[[str, tuple[str, ...], str], Score],
) -> Score:
    if (kept := _unscored(question, setting)) is not None:
        return kept
    if said.answer is None or not words(said.answer.text):
        return Score(None, "it wrote nothing")
    if said.answer.abstained:
        return Score(None, "it declined")
    return distance(said.answer.text, setting.examples, said.answer.trace.language)


def _unscored(question: Question, setting: Setting) -> Score | None:
    if not setting.examples:
        return Score(None, "the agent has no examples to go by")
    if is_form(question, setting):
        return Score(None, "a form is measured by its fields")
    return None


def _length(text: str, examples: tuple[str, ...], language: str) -> Score:  # noqa: ARG001
    found, own = len(words(text)), [len(words(one)) for one in examples]
    return Score(_outside(found, own), f"{found} words; the examples have {_range(own)}")


def _form(text: str, examples: tuple[str, ...], language: str) -> Score:
    found = _features(text, language)
    own = [_features(one, language) for one in examples]
    distances = {name: _outside(value, [one[name] for one in own]) for name, value in found.items()}
    worst = max(distances, key=lambda name: distances[name])
    value = sum(distances.values()) / len(distances)
    spread = _range([one[worst] for one in own])
    return Score(value, f"{worst}: {found[worst]:.2g}; the examples have {spread}" if value else "")


def _features(text: str, language: str) -> Mapping[str, float]:
    count = max(len(words(text)), 1)
    sentences = max(len(claim_spans(text, language)), 1)
    lines = sum(bool(line.strip()) for line in text.splitlines())
    return {
        "items per line": len(_ITEM.findall(text)) / max(lines, 1),
        "lines per sentence": lines / sentences,
        "marks per word": len(_MARK.findall(text)) / count,
        "words per sentence": count / sentences,
        "numerals per word": sum(any(c.isdigit() for c in w) for w in words(text)) / count,
    }


def _wording(text: str, examples: tuple[str, ...], language: str) -> Score:
    if language not in languages():
        return Score(None, f"no function words are known of the language {language!r}")
    found, own = _profile((text,), language), _profile(examples, language)
    length = math.hypot(*found.values()) * math.hypot(*own.values())
    if not length:
        return Score(None, "there are too few words to compare")
    product = sum(count * own[run] for run, count in found.items())
    value = min(max(1 - product / length, 0.0), 1.0)
    strange = sorted(set(_function_words(text, language)) - _all(examples, language))
    return Score(value, f"not in the examples: {', '.join(strange[:5])}" if strange else "")


@lru_cache(maxsize=64)
def _profile(texts: tuple[str, ...], language: str) -> Counter[str]:
    """How often each run of characters is in texts whose other words are masked by a star."""
    runs: Counter[str] = Counter()
    for text in texts:
        masked = " ".join(_masked(text, language))
        for start in range(len(masked) - _RUN + 1):
            if (run := masked[start : start + _RUN]).strip("* "):
                runs[run] += 1
    return runs


def _masked(text: str, language: str) -> list[str]:
    kept = languages()[language].stop_words
    parts = _PARTS.findall(text.casefold())
    return [one if one in kept or _MARK.fullmatch(one) else "*" for one in parts]


def _function_words(text: str, language: str) -> list[str]:
    return [one for one in _masked(text, language) if one[0].isalpha()]


def _all(texts: Sequence[str], language: str) -> set[str]:
    return {one for text in texts for one in _function_words(text, language)}


def _outside(value: float, own: Sequence[float]) -> float:
    """How far a figure is outside the range of others, 0..1 of the larger of it and the end."""
    low, high = min(own), max(own)
    if value < low:
        return 1 - value / low
    return 1 - high / value if value > high else 0.0


def _range(own: Sequence[float]) -> str:
    low, high = min(own), max(own)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
