"""How much of a question stands nowhere: "what does acupuncture cost" in a clinic without it.

That none of the passages found holds a word may be chance; that no passage at all does is the best
sign, without a model, that the documents do not hold the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from kilde.knowledge.view import View
from kilde.language.analysis import analyzer

# A compound of which only a part is known ("gift card" by "health card") is half unknown.
_PART = 0.5


def unknown_share(view: View, question: str, where: str, languages: Sequence[str]) -> float:
    """The share (0..1) of the question's content words that stand in no passage of the filter.

    ``languages`` are those of the passages, the question's own first.
    """
    if not languages:
        return 1.0
    words = {token.word for token in analyzer(languages[0]).tokens(question)}
    if not words:
        return 0.0
    return sum(_unknown(view, word, where, languages) for word in words) / len(words)


def _unknown(view: View, word: str, where: str, languages: Sequence[str]) -> float:
    variants = [token.terms for code in languages for token in analyzer(code).tokens(word)]
    if not variants or any(_stands(view, terms[0], where) for terms in variants):
        return 0.0
    parts = {part for terms in variants for part in terms[1:]}
    return _PART if any(_stands(view, part, where) for part in sorted(parts)) else 1.0


def _stands(view: View, term: str, where: str) -> bool:
    key = ("stands", term, where)
    if key not in view.remembered:
        view.remembered[key] = view.lexical([term], where, 1, ()).num_rows > 0
    return bool(view.remembered[key])
