"""The names that a field has in tables and in questions: "what does it cost" asks for a price."""

from __future__ import annotations

from functools import cache

from kilde.language.analysis import analyzer
from kilde.language.table import languages


def names_of_field(stem: str, language: str) -> frozenset[str]:
    """The stems of all names of the fields that a word of a question may ask for."""
    return frozenset().union(*(names for names in _fields(language) if stem in names))


@cache
def _fields(language: str) -> list[frozenset[str]]:
    """The names of each field in a language, by their stems."""
    row = languages().get(language)
    return [
        frozenset(token.terms[0] for name in names for token in analyzer(language).tokens(name))
        for names in (row.fields if row else ())
    ]
