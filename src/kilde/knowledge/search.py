"""Finding passages: words and meaning, each normalised over its own list, then summed.

Both lists hold their best 100 passages within the scope. Their scores are min–max normalised and
added with equal weight, which ranks better than reciprocal ranks on the sets this was measured on
(docs/decisions). Meaning has a vote only where the embedder knows the language of the question and
of the passage: an English embedder let loose on Swedish nearly halves what is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kilde.knowledge.schema import to_passage, to_ref
from kilde.knowledge.store import View, one_of
from kilde.language.analysis import question_terms
from kilde.language.detect import detect_among
from kilde.types import UNKNOWN_LANGUAGE, Hit, PassageKind

if TYPE_CHECKING:
    import pyarrow as pa

    from kilde.embedding import Embedder

# How many passages each of the two searches contributes.
DEPTH = 100
CITABLE: tuple[PassageKind, ...] = ("text", "row")


@dataclass(frozen=True, slots=True)
class Scope:
    """The collections that may be searched; ``None`` means all of them.

    Every search takes a scope, and it is part of the filter of both searches: a passage outside it
    is never scored, so it cannot show even in what is left out.
    """

    collections: frozenset[str] | None

    def filter(self, kinds: Sequence[PassageKind]) -> str:
        """The scope and the kinds as a filter of the table."""
        where = one_of("kind", kinds)
        if self.collections is not None:
            where += f" AND {one_of('collection', sorted(self.collections))}"
        return where


class Search:
    """Searches views of one store with one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._languages = lru_cache(maxsize=64)(_languages_of)

    def languages(self, view: View, scope: Scope) -> tuple[str, ...]:
        """The languages of the documents in scope, the most frequent first."""
        return self._languages(view, scope)

    def find(
        self,
        view: View,
        question: str,
        scope: Scope,
        *,
        limit: int,
        kinds: Sequence[PassageKind] = CITABLE,
        language: str | None = None,
    ) -> list[Hit]:
        """The best passages for a question, at most ``limit``, best first.

        ``language`` is that of the question; it is told from the words and the languages in scope
        where it is not given.
        """
        languages = self.languages(view, scope)
        if not languages or limit < 1:
            return []
        language = language or detect_among(question, languages, default=languages[0])
        where = scope.filter(kinds)
        terms = question_terms(question, languages)
        lexical = view.lexical(terms, where, DEPTH) if terms else None
        dense = self._dense(view, question, language, languages, where)
        return _fuse(lexical, dense, self._embedder.languages, limit)

    def _dense(
        self, view: View, question: str, language: str, languages: Sequence[str], where: str
    ) -> pa.Table | None:
        votes = self._embedder.languages
        if view.made_with is None or view.made_with[0] != self._embedder.identity:
            return None  # a past state, made with another embedder: its vectors cannot be compared
        if votes is not None:
            if language not in votes:
                return None
            known = [code for code in languages if code in votes]
            if not known:
                return None
            if len(known) < len(languages):
                where += f" AND {one_of('language', known)}"
        if not question.strip():
            return None
        return view.dense(self._embedder.embed_query(question), where, DEPTH)


def _languages_of(view: View, scope: Scope) -> tuple[str, ...]:
    where = "ordinal = 0"
    if scope.collections is not None:
        where += f" AND {one_of('collection', sorted(scope.collections))}"
    counts: dict[str, int] = {}
    for batch in view.batches(["language"], where):
        for code in batch["language"]:
            counts[code] = counts.get(code, 0) + 1
    ranked = sorted(counts, key=lambda code: (-counts[code], code))
    # A passage in no known language is still analysed (lower case, no stems): ask it that way too.
    return tuple(code for code in ranked if code != UNKNOWN_LANGUAGE) + (
        (UNKNOWN_LANGUAGE,) if UNKNOWN_LANGUAGE in counts else ()
    )


def _fuse(
    lexical: pa.Table | None, dense: pa.Table | None, votes: frozenset[str] | None, limit: int
) -> list[Hit]:
    rows: dict[str, tuple[pa.Table, int]] = {}
    words = _scores(lexical, "_score", rows)
    meaning = {key: 1.0 - value for key, value in _scores(dense, "_distance", rows).items()}
    words_norm, meaning_norm = _min_max(words), _min_max(meaning)
    languages = {
        key: table.column("language")[place].as_py() for key, (table, place) in rows.items()
    }
    fused = {}
    for key in rows:
        voting = dense is not None and (votes is None or languages[key] in votes)
        if voting:
            fused[key] = 0.5 * words_norm.get(key, 0.0) + 0.5 * meaning_norm.get(key, 0.0)
        else:  # words alone decide for a passage on which the embedder has no opinion
            fused[key] = words_norm.get(key, 0.0)
    best = sorted(fused, key=lambda key: (-fused[key], key))[:limit]
    hits = []
    for key in best:
        table, place = rows[key]
        row = table.slice(place, 1).to_pylist()[0]
        hits.append(Hit(to_passage(row), to_ref(row), fused[key], words.get(key), meaning.get(key)))
    return hits


def _scores(
    table: pa.Table | None, column: str, rows: dict[str, tuple[Any, int]]
) -> dict[str, float]:
    if table is None:
        return {}
    scores = {}
    keys, values = table.column("id").to_pylist(), table.column(column).to_pylist()
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        scores[key] = float(value)
        rows.setdefault(key, (table, place))
    return scores


def _min_max(scores: dict[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (value - low) / (high - low) for key, value in scores.items()}
