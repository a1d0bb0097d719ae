"""Rows that say the same twice, word for word or nearly.

Near means that of all shingles (runs of three words; of four characters in short texts) of two
rows' question and answer, at least 80 % stand in both. MinHash finds the pairs worth comparing
(Broder, "On the resemblance and containment of documents", 1997), and each is then compared
exactly, so a pair that is named is near; one in some hundred at the very edge is missed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

from kilde.errors import MissingExtra
from kilde.tuning.checks.compare import normalised, question, turns
from kilde.tuning.checks.findings import Finding, count, listed, place, places
from kilde.tuning.data.rows import Row

NEAR = 0.8
_WORD = re.compile(r"\w+")
_WORDS = 3
_CHARACTERS = 4
# In a text of fewer words one changed word is in too many of its shingles of words.
_SHORT = 20
# 32 bands of 8 rows: a pair at 0.8 is found in 99.7 % of cases, one at 0.3 is looked at in 0.2 %.
_BANDS, _BAND = 32, 8
# Rows made from one template all resemble each other; without a bound each is compared with all.
_COMPARED = 300
# Shingles hashed at once: a bound on memory (4 bytes for each of 256 permutations).
_BATCH = 10_000

Shingles = frozenset[int]


class NearIndex:
    """Texts by number, among which near ones are found.

    Raises :class:`MissingExtra` where ``datasketch`` is not installed.
    """

    def __init__(self) -> None:
        try:
            from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]
        except ImportError as error:
            raise MissingExtra("tune", "The search for near duplicates") from error
        permutations = _BANDS * _BAND
        self._blank = MinHash(num_perm=permutations, hashfunc=_itself)
        self._index = MinHashLSH(num_perm=permutations, params=(_BANDS, _BAND))
        self._known: dict[int, Shingles] = {}

    def add(self, number: int, text: Shingles) -> None:
        """Keep a text under a number that is new."""
        if text:
            self._known[number] = text
            self._index.insert(number, self._sketch(text), check_duplication=False)

    def near(self, text: Shingles) -> Iterator[tuple[int, float]]:
        """The numbers of the near texts with their likeness (0.8..1), the first added first."""
        if not text or not self._known:
            return
        candidates = sorted(self._index.query(self._sketch(text)))
        for number in islice(candidates, _COMPARED):
            if (alike := likeness(text, self._known[number])) >= NEAR:
                yield number, alike

    def _sketch(self, text: Shingles) -> object:
        sketch, ordered = self._blank.copy(), list(text)
        for start in range(0, len(ordered), _BATCH):
            sketch.update_batch(ordered[start : start + _BATCH])
        return sketch


def shingles(text: str) -> Shingles:
    """The shingles of a text, each as 32 bits; none where the text is empty."""
    text = normalised(text)
    words = _WORD.findall(text)
    if len(words) >= _SHORT:
        pieces = (" ".join(words[at : at + _WORDS]) for at in range(len(words) - _WORDS + 1))
    else:
        last = max(len(text) - _CHARACTERS + 1, 1) if text else 0
        pieces = (text[at : at + _CHARACTERS] for at in range(last))
    return frozenset(zlib.crc32(piece.encode("utf-8", "surrogatepass")) for piece in pieces)


def likeness(one: Shingles, other: Shingles) -> float:
    """The Jaccard index, 0..1: shared shingles among all; two empty texts are alike."""
    fewer, more = sorted((len(one), len(other)))
    if not more:
        return 1.0
    if fewer < NEAR * more:
        return fewer / more  # the most it could be, and too little: no need to count
    shared = len(one & other)
    return shared / (fewer + more - shared)


def check_duplicates(rows: Sequence[Row]) -> Iterator[Finding]:
    """Rows that repeat an earlier row; of each pair the later one is named as the one to drop."""
    first: dict[object, int] = {}
    exact: list[int] = []
    for index, row in enumerate(rows):
        if first.setdefault(row_key(row), index) != index:
            exact.append(index)
    if exact:
        yield Finding(
            "exact-duplicate",
            "warn",
            f"{count(len(exact))} repeat an earlier row word for word: {places(rows, exact)}.",
            "Take them out: what stands twice is learnt twice as hard, and may be held out and "
            "trained on at once.",
            tuple(exact),
        )
    yield from _near(rows, list(first.values()))


def row_key(row: Row) -> object:
    """What makes two rows the same row, wherever they come from."""
    return turns(row.prompt), normalised(row.answer), normalised(row.rejected), row.good


def _near(rows: Sequence[Row], distinct: Sequence[int]) -> Iterator[Finding]:
    if len(distinct) < 2:
        return
    index = NearIndex()
    pairs: list[tuple[int, int, float]] = []
    for number in distinct:
        text = shingles(f"{question(rows[number])}\n{rows[number].answer}")
        for earlier, alike in index.near(text):
            if _same_case(rows[earlier], rows[number]):
                pairs.append((number, earlier, alike))
                break
        else:
            # Only rows that stay are compared with, so none is dropped for a row that goes itself.
            index.add(number, text)
    if pairs:
        named = [
            f"{place(rows, later)} like {place(rows, earlier)} ({alike:.2f})"
            for later, earlier, alike in pairs
        ]
        yield Finding(
            "near-duplicate",
            "warn",
            f"{count(len(pairs))} say nearly the same as an earlier row: {listed(named)}.",
            "Keep one of each, or vary them: near copies count for little more than one row.",
            tuple(later for later, _, _ in pairs),
        )


def _same_case(one: Row, other: Row) -> bool:
    """Whether two near texts are said on the same occasion and judged the same."""
    if one.good != other.good:
        return False  # one answer with both judgements is a contradiction, not a copy
    return alike_histories(one, other)


def alike_histories(one: Row, other: Row) -> bool:
    """Whether two questions are asked after nearly the same conversation."""
    return likeness(_history(one), _history(other)) >= NEAR


def _history(row: Row) -> Shingles:
    return shingles("\n".join(turn.content for turn in row.history))


def _itself(value: int) -> int:
    return value
