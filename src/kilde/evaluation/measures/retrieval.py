"""Whether the documents that support an answer were found, and how far ahead they stand.

A document counts as found at the place of its first passage. With one question at a time and
relevance that is yes or no, both figures are short sums; a test holds them against ir_measures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from kilde.evaluation.measures.basis import failed, unsupported
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question

_DEPTH = 10


def retrieval_recall(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """The share of the supporting documents that were found."""
    return _scored(question, said, lambda found, wanted: len(wanted & set(found)) / len(wanted))


def ndcg_10(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """nDCG of the first ten documents: the further ahead the supporting ones, the better.

    Järvelin and Kekäläinen 2002, https://doi.org/10.1145/582415.582418, with binary relevance.
    """
    return _scored(question, said, _ndcg)


def _ndcg(found: Sequence[str], wanted: set[str]) -> float:
    gain = sum(_weight(place) for place, one in enumerate(found[:_DEPTH]) if one in wanted)
    return gain / sum(map(_weight, range(min(len(wanted), _DEPTH))))


def _weight(place: int) -> float:
    return 1 / math.log2(place + 2)


def _scored(
    question: Question, said: Said, value: Callable[[Sequence[str], set[str]], float]
) -> Score:
    if (kept := unsupported(question, said)) is not None or said.answer is None:
        return kept or failed(said)
    hits = said.answer.trace.hits
    found = list(dict.fromkeys(document.id for hit in hits for document in hit.documents))
    places = [
        f"{one!r} is {f'number {found.index(one) + 1}' if one in found else 'not found'}"
        for one in question.documents
    ]
    return Score(value(found, set(question.documents)), f"{'; '.join(places)} of {len(found)}")
