"""Finding passages: words and meaning, each normalised over its own list, then summed.

Both lists hold their best 100 passages within the scope. Their scores are min–max normalised and
added with equal weight, which ranks better than reciprocal ranks on the sets this was measured on
(docs/decisions). Meaning has a vote only where the embedder knows the language of the question and
of the passage: an English embedder let loose on Swedish nearly halves what is found. Equal passages
of several documents are one hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kilde.knowledge.duplicates import grouped, other_documents
from kilde.knowledge.newer import newest_first
from kilde.knowledge.schema import to_passage, to_ref
from kilde.knowledge.view import View, one_of
from kilde.language.analysis import question_terms
from kilde.language.clean import clean
from kilde.language.detect import detect_among
from kilde.language.question import shortened
from kilde.types import UNKNOWN_LANGUAGE, Hit, PassageKind

if TYPE_CHECKING:
    import pyarrow as pa

    from kilde.embedding import Embedder

# How many passages each of the two searches contributes, and at most where so many of them are
# equal that too few different ones are left.
DEPTH, DEEPEST = 100, 1600
CITABLE: tuple[PassageKind, ...] = ("text", "row")


@dataclass(frozen=True, slots=True)
class Scope:
    """The collections that may be searched; ``None`` means all of them.

    ``without`` are documents that may not be searched all the same, by id. Every search takes a
    scope, and it is part of the filter of both searches: a passage outside it is never scored, so
    it cannot show even in what is left out.
    """

    collections: frozenset[str] | None
    without: frozenset[str] = frozenset()

    def filter(self, kinds: Sequence[PassageKind]) -> str:
        """The scope and the kinds as a filter of the table."""
        return f"{one_of('kind', kinds)} AND {self.within}"

    @property
    def within(self) -> str:
        """The scope alone as a filter of the table."""
        if self.collections is None:
            inside = "true"
        else:
            inside = one_of("collection", sorted(self.collections))
        if not self.without:
            return inside
        return f"({inside} AND NOT {one_of('document_id', sorted(self.without))})"


def searched(question: str) -> str:
    """A question as it is searched for: cleaned, and of a very long one its two ends."""
    return shortened(clean(question))


class Search:
    """Searches views of one store with one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._beside = ThreadPoolExecutor(2, thread_name_prefix="kilde-search")

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
        """The best passages for a question, at most ``limit``, best first, equal ones once and
        newer versions before older ones.

        The question is :func:`searched` for. ``language`` is that of the question; it is told from
        the words and the languages in scope where it is not given.
        """
        question = searched(question)
        languages = self.languages(view, scope)
        if not languages or limit < 1:
            return []
        language = language or detect_among(question, languages, default=languages[0])
        where = scope.filter(kinds)
        terms = question_terms(question, languages)
        votes = self._embedder.languages
        # The searches tell rows and scores, no more. The language matters where not all of them
        # vote.
        columns = () if votes is None or votes.issuperset(languages) else ("language",)
        depth = DEPTH
        while True:
            # Both searches wait for other threads most of the time, so they wait together.
            begun = self._beside.submit(
                self._dense, view, question, language, languages, where, depth
            )
            lexical = view.lexical(terms, where, depth, columns) if terms else None
            dense = begun.result()
            hits, crowded = _hits(view, lexical, dense, votes, limit)
            full = any(found is not None and found.num_rows == depth for found in (lexical, dense))
            if not (crowded and full) or depth >= DEEPEST:
                return newest_first(hits, view, scope.within, terms)
            depth *= 4

    def _dense(
        self,
        view: View,
        question: str,
        language: str,
        languages: Sequence[str],
        where: str,
        depth: int,
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
        return view.dense(self._embedder.embed_query(question), where, depth, ())


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


def _hits(
    view: View,
    lexical: pa.Table | None,
    dense: pa.Table | None,
    votes: frozenset[str] | None,
    limit: int,
) -> tuple[list[Hit], bool]:
    """The best hits, and whether equal passages left too few of them."""
    words = _scores(lexical, "_score")
    meaning = None
    if dense is not None:
        meaning = {row: 1.0 - distance for row, distance in _scores(dense, "_distance").items()}
    fused = _fused(words, meaning, _mute(lexical, votes))
    found = view.found(list(fused))
    groups = grouped(sorted(found, key=lambda row: (-fused[row["_rowid"]], row["id"])))
    hits = [
        Hit(
            to_passage(group[0]),
            to_ref(group[0]),
            fused[group[0]["_rowid"]],
            words.get(group[0]["_rowid"]),
            (meaning or {}).get(group[0]["_rowid"]),
            other_documents(group),
        )
        for group in groups[:limit]
    ]
    return hits, len(groups) < min(limit, len(found))


def _fused(
    words: dict[int, float], meaning: dict[int, float] | None, mute: set[int]
) -> dict[int, float]:
    """The fused score of every row; ``meaning`` is None where it was not asked.

    Words alone decide for the rows in ``mute``, on which the embedder has no opinion.
    """
    words_norm = _min_max(words)
    if meaning is None:
        return words_norm
    meaning_norm = _min_max(meaning)
    return {
        row: words_norm.get(row, 0.0)
        if row in mute
        else 0.5 * words_norm.get(row, 0.0) + 0.5 * meaning_norm.get(row, 0.0)
        for row in words | meaning
    }


def _mute(lexical: pa.Table | None, votes: frozenset[str] | None) -> set[int]:
    """The rows found by words that are in a language without a vote."""
    if lexical is None or votes is None or "language" not in lexical.column_names:
        return set()
    rows, codes = lexical.column("_rowid").to_pylist(), lexical.column("language").to_pylist()
    return {row for row, code in zip(rows, codes, strict=True) if code not in votes}


def _scores(table: pa.Table | None, column: str) -> dict[int, float]:
    """The scores by row."""
    if table is None:
        return {}
    rows, values = table.column("_rowid").to_pylist(), table.column(column).to_pylist()
    return dict(zip(rows, values, strict=True))


def _min_max(scores: dict[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (value - low) / (high - low) for key, value in scores.items()}
