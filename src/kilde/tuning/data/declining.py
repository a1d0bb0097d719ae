"""Questions that no document in scope answers: an agent has to learn to say so.

They ask for things that hardly have a second name, of which no word stands in any document, and for
which a search finds nothing near in sense either, where it can compare senses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from random import Random

from kilde.generation.ranking import ANSWERABLE, answer_confidence
from kilde.knowledge.scoped import ScopedKnowledge
from kilde.tuning.data.templates import (
    QuestionAnswer,
    about_absent,
    absent_words,
    template_languages,
)


def unanswerable(knowledge: ScopedKnowledge, random: Random) -> Iterator[list[QuestionAnswer]]:
    """For each document in scope what could be asked of it in vain, in an order by chance.

    The answer is the one with which an agent declines. Documents in a language without wordings
    have none.
    """
    absent: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for _, group in groupby(knowledge.passages(), key=lambda hit: hit.document.id):
        hits = list(group)
        language = hits[0].passage.language
        if language not in template_languages():
            continue
        if language not in absent:
            things, names = absent_words(language)
            absent[language] = (
                _absent(knowledge, things, language),
                _absent(knowledge, names, language),
            )
        things, names = absent[language]
        items = list(about_absent(hits, language, things=things, names=names, random=random))
        random.shuffle(items)
        yield items


def _absent(knowledge: ScopedKnowledge, words: Sequence[str], language: str) -> tuple[str, ...]:
    """Those of which no part stands anywhere in scope, and to which nothing comes near in sense."""
    return tuple(
        word
        for word in words
        if knowledge.unknown_share(word, language=language) == 1.0
        and answer_confidence(word, knowledge.search(word)) < ANSWERABLE
    )
