"""How much of a question stands nowhere: "what does acupuncture cost" in a clinic without it.

That none of the passages found holds a word may be chance; that no passage at all does is the best
sign, without a model, that the documents do not hold the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from kilde.knowledge.view import View
from kilde.language.analysis import analyzer
from kilde.language.detect import detect
from kilde.language.fields import names_of_field
from kilde.language.table import languages

# A compound of which only a part is known ("gift card" by "health card") is half unknown.
_PART = 0.5
# Passages read per search for terms that have not been seen yet.
_PASSAGES = 50


def unknown_share(view: View, question: str, where: str, codes: Sequence[str]) -> float:
    """The share (0..1) of the question's content words that stand in no passage of the filter.

    Words that only say how something is asked, such as "long" in "how long", count as known, and a
    word for a field of a table where another name of the field stands: "cost" by "price". ``codes``
    are the languages of the passages, the question's own first.
    """
    if not codes:
        return 1.0
    table = languages()
    # The question may be in a language that no document is in.
    own = table.get(detect(question))
    words = {token.word for token in analyzer(codes[0]).tokens(question)}
    words -= own.stop_words if own else frozenset()
    if not words:
        return 0.0
    variants = {
        word: [
            terms
            for code in codes
            for token in analyzer(code).tokens(word)
            for terms in (token.terms, *zip(names_of_field(token.terms[0], code)))
        ]
        for word in words.difference(*(table[code].asking for code in codes if code in table))
    }
    terms = {term for found in variants.values() for forms in found for term in forms}
    standing = _standing(view, terms, where)
    return sum(_unknown(found, standing) for found in variants.values()) / len(words)


def _unknown(variants: Sequence[tuple[str, ...]], standing: set[str]) -> float:
    if not variants or any(terms[0] in standing for terms in variants):
        return 0.0
    return _PART if any(not standing.isdisjoint(terms[1:]) for terms in variants) else 1.0


def _standing(view: View, terms: set[str], where: str) -> set[str]:
    """The terms that stand in a passage of the filter.

    All are searched for at once, and then those that the passages found do not hold, until nothing
    is found: two or three searches, where one per term took seconds for a long question.
    """
    missing = set(terms)
    while missing:
        found = view.lexical(sorted(missing), where, _PASSAGES, ("terms",))
        held = {term for text in found.column("terms").to_pylist() for term in text.split(" ")}
        if missing.isdisjoint(held):
            break
        missing -= held
    return terms - missing
