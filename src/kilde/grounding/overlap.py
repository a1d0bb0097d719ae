"""How much of a claim's content a stretch of evidence holds, and whether what it lacks matters.

One missing word in four may be a paraphrase, or the one name that makes the claim false. So a
missing word is not forgiven where the claim begins with it, where it looks like a name, where the
source has another compound of the same kind in its place (child's price, adult's price), or where
only the title holds the claim up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.grounding.facts import Facts
from kilde.grounding.sources import Source
from kilde.grounding.tables import names_of
from kilde.language.analysis import Token
from kilde.language.table import languages

# A word that stands in the title or the headings only.
_TITLE = 0.75
# A single word is no statement, unless it comes with a number or a date.
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a source holds of a claim.

    ``asked`` is the number of content words that count, ``covered`` how many of them are held,
    ``known`` the search terms of source and headings; ``gap`` says why a missing word cannot be
    forgiven, or is empty.
    """

    asked: int
    covered: float
    known: frozenset[str]
    gap: str

    @property
    def coverage(self) -> float:
        """The share of the words that is held, 0..1."""
        return self.covered / self.asked if self.asked else 1.0


def overlap(claim: Facts, window: Sequence[Source], title: Facts) -> Overlap:
    """Hold a claim's words against a window of sentences and the headings above it."""
    own = window[0].terms.union(*(source.terms for source in window[1:]))
    above = title.terms | title.same
    known = own | above
    soft = claim.soft
    missing: list[Token] = []
    from_title: list[Token] = []
    covered = 0.0
    for token in soft:
        if _held(token, own):
            covered += 1.0
        elif _held(token, above):
            covered += _TITLE
            from_title.append(token)
        else:
            missing.append(token)
    gap = _gap(claim, window, soft, missing, from_title)
    return Overlap(len(soft), covered, known, gap)


def _held(token: Token, terms: frozenset[str]) -> bool:
    whole, *parts = token.terms
    if whole in terms or (parts and all(part in terms for part in parts)):
        return True
    same = names_of("same").get(token.word)
    return same is not None and f"={same}" in terms


def _gap(
    claim: Facts,
    window: Sequence[Source],
    soft: Sequence[Token],
    missing: Sequence[Token],
    from_title: Sequence[Token],
) -> str:
    alone = not soft and not (claim.dates and claim.numbers)
    if alone or (len(soft) < _ENOUGH and not claim.numbers and not claim.dates):
        return "it says too little to be checked"
    if soft and not claim.dates and len(soft) == len(from_title) + len(missing):
        return "only the title speaks of it"
    if from_title and claim.numbers and _has_subject(claim, window[0]):
        return "the source gives this number for something else"
    if window[0].row and not _about_row(claim, window[0]):
        return "the row is about something else"
    if missing and missing[0] is soft[0] and missing[0].start == 0:
        return f"the source speaks of something other than {missing[0].word!r}"
    for token in missing:
        if _unfamiliar(token, claim.language):
            return f"{token.word!r} is not in the source"
        if len(token.terms) > 2 and _other_compound(token, window):
            return f"the source speaks of something other than {token.word!r}"
    return ""


def _has_subject(claim: Facts, source: Source) -> bool:
    """Whether the sentence begins with a subject of its own, which the title cannot replace."""
    if source.row:
        return False
    words = source.facts.soft
    return bool(words) and not _held(words[0], claim.terms | claim.same)


def _about_row(claim: Facts, source: Source) -> bool:
    """Whether the claim names a value of the row, and not only its columns."""
    return not source.subject or not source.subject.isdisjoint(claim.terms)


def _other_compound(token: Token, window: Sequence[Source]) -> bool:
    """Whether the source has a compound with the same last part in its place."""
    return any(
        compound[-1] == token.terms[-1] for source in window for compound in source.compounds
    )


def _unfamiliar(token: Token, language: str) -> bool:
    """Whether a word is in no dictionary of its language: most likely a name."""
    row = languages().get(language)
    if row is None or len(token.terms) > 1:
        return False
    if len(token.word) < 3:
        return True
    import simplemma

    return not simplemma.is_known(token.word.rstrip("-'’"), row.dictionary or language)
