"""Which number belongs to what, in a sentence or table row that holds several.

"It costs 465 for adults and 325 for children" must not support 325 for adults. A text is cut where
a list goes on; each piece with a number owns the words that only it has. What stands before the
first number ("it costs") may belong to all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.grounding.facts import CUT, Facts
from kilde.grounding.tables import names_of


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence, or a cell: its numbers and its content words."""

    numbers: frozenset[str]
    terms: frozenset[str]


def pieces(facts: Facts) -> list[Piece]:
    """The pieces of a sentence; one without a number belongs to the next that has one."""
    cuts = [match.start() for match in CUT.finditer(facts.text)]
    ends = [*cuts, len(facts.text)]
    found: list[tuple[set[str], set[str]]] = []
    fresh = True
    start = 0
    for end in ends:
        numbers = {n.digits for n in facts.quantities if start <= n.start < end}
        terms = {
            term
            for token in facts.tokens
            if start <= token.start < end and not token.is_number
            for term in (token.terms[0], *_shared(token.word))
            if token.word not in names_of("units")
        }
        if fresh:
            found.append((numbers, terms))
        else:
            found[-1][0].update(numbers)
            found[-1][1].update(terms)
        fresh = bool(found[-1][0])
        start = end
    if len(found) > 1 and not found[-1][0]:
        _, terms = found.pop()
        found[-1][1].update(terms)
    return [Piece(frozenset(numbers), frozenset(terms)) for numbers, terms in found]


def mismatched(claim: Sequence[Piece], source: Sequence[Piece]) -> bool:
    """Whether a number of the claim stands, in the source, with other words than in the claim.

    The first piece of the source is the one whose words may belong to all.
    """
    if sum(bool(piece.numbers) for piece in source) < 2:
        return False
    return any(
        not _fits(piece, number, source) for piece in claim for number in sorted(piece.numbers)
    )


def in_order(claim: Facts, source: Facts) -> bool:
    """Whether the claim holds all numbers of the source, in the same order."""
    mine = [number.digits for number in claim.quantities]
    return mine == [number.digits for number in source.quantities]


def _fits(claimed: Piece, number: str, source: Sequence[Piece]) -> bool:
    holders = [place for place, piece in enumerate(source) if number in piece.numbers]
    whole = [place for place in holders if claimed.numbers <= source[place].numbers]
    places = whole or holders
    return not places or any(_fits_at(claimed, place, source) for place in places)


def _fits_at(claimed: Piece, place: int, source: Sequence[Piece]) -> bool:
    holder, first = source[place], source[0]
    others = [piece for other, piece in enumerate(source) if other != place]
    own = holder.terms.difference(*(piece.terms for piece in others))
    if place > 0 and own and not own & claimed.terms:
        return False
    for other, piece in enumerate(source):
        if other in (0, place):
            continue
        foreign = piece.terms - holder.terms - first.terms
        also_told = (claimed.numbers - holder.numbers) & piece.numbers
        if foreign & claimed.terms and not also_told:
            return False
    return True


def _shared(word: str) -> tuple[str, ...]:
    name = names_of("same").get(word)
    return (f"={name}",) if name else ()
