"""Finding passages: words and meaning, each normalised over its own list, then summed.

Both lists hold their best 100 passages within the scope. Their scores are min–max normalised and
added with equal weight, which ranks better than reciprocal ranks on the sets this was measured on
(docs/decisions). Meaning has a vote only where the embedder knows the language of the question and
of the passage: an English embedder let loose on Swedish nearly halves what is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kilde.knowledge.schema import to_passage, to_ref
from kilde.knowledge.view import View, one_of
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
        return f"{one_of('kind', kinds)} AND {self.within}"

    @property
    def within(self) -> str:
        """The scope alone as a filter of the table."""
        if self.collections is None:
            return "true"
        return one_of("collection", sorted(self.collections))


class Search:
    """Searches views of one store with one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def languages(self, view: View, scope: Scope) -> tuple[str, ...]:
        """The languages of the documents in scope, the most frequent first."""
        known: tuple[str, ...] | None = view.remembered.get(scope)
        if known is None:
            known = view.remembered[scope] = _languages_of(view, scope)
        return known

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
    where = f"ordinal = 0 AND {scope.within}"
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
    fused = {}
    for key, (table, place) in rows.items():
        voting = dense is not None and (
            votes is None or table.column("language")[place].as_py() in votes
        )
        if voting:
            fused[key] = 0.5 * words_norm.get(key, 0.0) + 0.5 * meaning_norm.get(key, 0.0)
        else:  # words alone decide for a passage on which the embedder has no opinion
            fused[key] = words_norm.get(key, 0.0)
    best = sorted(fused, key=lambda key: (-fused[key], key))[:limit]
    shown = {row["id"]: row for row in _rows(best, rows)}
    return [
        Hit(
            to_passage(shown[key]), to_ref(shown[key]), fused[key], words.get(key), meaning.get(key)
        )
        for key in best
    ]


def _rows(keys: Sequence[str], rows: dict[str, tuple[Any, int]]) -> list[dict[str, Any]]:
    """The rows of these keys, in no particular order, a table at a time."""
    places: dict[int, tuple[Any, list[int]]] = {}
    for key in keys:
        table, place = rows[key]
        places.setdefault(id(table), (table, []))[1].append(place)
    return [row for table, wanted in places.values() for row in table.take(wanted).to_pylist()]


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
