"""Why a source cannot support a claim, as far as their exact parts go."""

from __future__ import annotations

import re
from collections import Counter

from kilde.grounding.facts import CUT, Facts, bare
from kilde.grounding.tables import states, words_of

# Surnames that Snowball cuts down to the first name they come from.
_SURNAME = re.compile(r"s[eo]n$")
_LONG_NAME = 6


def disagreement(claim: Facts, source: Facts, title: Facts, known: frozenset[str]) -> str:
    """Why a source cannot support a claim, in a few words; empty where nothing contradicts it.

    ``title`` is what stands above the source; ``known`` are the search terms of both.
    """
    if missing := claim.numbers - source.numbers:
        return f"the number {min(missing)} is not in the source"
    told = Counter(number.digits for number in source.quantities)
    for number, times in Counter(number.digits for number in claim.quantities).items():
        if times > told[number]:
            return f"the source has the number {number} less often"
    measured = {number for number, _ in source.measures}
    for number, unit in sorted(claim.measures - source.measures):
        if number in measured:
            return f"{number} has another unit in the source (not {unit})"
    if missing := claim.dates - source.dates - title.dates:
        return f"{min(missing)} is not in the source"
    if reason := _other_bound(claim, source) or _other_count(claim, source, known):
        return reason
    for plain, stem in claim.names:
        if not _has_name(plain, stem, source, known) and plain not in title.plain:
            return f"the name {plain!r} is not in the source"
    if missing := claim.needed - source.needed:
        return f"the source does not say {min(missing)!r}"
    for group, side in sorted(claim.sides - source.sides):
        if any(other == group and place != side for other, place in source.sides):
            return "the source says the opposite of one of its words"
    return _other_place(claim, source) or _other_order(claim, source)


def _other_place(claim: Facts, source: Facts) -> str:
    """Of a source that says both open and closed, each holds for the words beside it only."""
    both = {group for group, side in source.sides if (group, side) not in claim.sides}
    both &= {group for group, _ in claim.sides & source.sides} & states()
    if not both:
        return ""
    stems = {token.terms[0] for token in claim.tokens}
    said = claim.sides
    for stem in sorted(stems):
        beside = {place for one, place in source.placed if one == stem and place[0] in both}
        if beside and not beside & said:
            return f"the source says the opposite of {stem!r}"
    return ""


def _other_order(claim: Facts, source: Facts) -> str:
    """Who does what to whom is told by the order of two names, for all that a word list knows.

    Only names within one clause are compared: clauses may change places.
    """
    names = {plain for plain, _ in (*claim.names, *source.names)}
    for mine in _orders(claim, names):
        for theirs in _orders(source, names):
            shared = [plain for plain in mine if plain in theirs]
            if shared != [plain for plain in theirs if plain in mine]:
                return "the source has these names in another order"
    return ""


def _orders(facts: Facts, names: set[str]) -> list[list[str]]:
    """The names of each clause in order, those with two or more of them."""
    found = []
    for clause in CUT.split(facts.text):
        words = map(bare, re.findall(r"[^\W\d_]+", clause.lower()))
        found.append(list(dict.fromkeys(word for word in words if word in names)))
    return [order for order in found if len(order) > 1]


def _has_name(plain: str, stem: str, source: Facts, known: frozenset[str]) -> bool:
    if plain in source.plain:
        return True
    alike = stem in known and len(stem) >= _LONG_NAME
    return alike and not _SURNAME.search(plain)


def _other_bound(claim: Facts, source: Facts) -> str:
    loose = words_of("loose")
    for number, bound in sorted(claim.bounds):
        found = {other for digits, other in source.bounds if digits == number}
        if bound in found or not found:
            continue
        if bound in loose and not found & loose and "" in found:
            continue
        if bound == "" and found & loose:
            continue
        if bound in loose and found <= loose | {""} and "" in found:
            continue
        return f"the source does not say {bound} {number}".replace("  ", " just ")
    return ""


def _other_count(claim: Facts, source: Facts, known: frozenset[str]) -> str:
    for number, stem in sorted(claim.counted):
        if stem not in known:
            return f"the source does not say what there are {number} of"
        if any(s == stem and n != number for n, s in source.counted) and (
            (number, stem) not in source.counted
        ):
            return f"the source counts another number than {number} of these"
    for number, stem in source.counted:
        if stem in claim.single and stem not in source.single and number != "1":
            return f"the source says {number}, not one"
    return ""


def negation_differs(claim: Facts, source: Facts, shared: frozenset[str]) -> bool:
    """Whether one of the two denies what the other says, of the content words they share."""
    mine, theirs = claim.denied & shared, source.denied & shared
    if claim.negates and source.negates:
        return not mine & theirs
    if claim.negates:
        return True
    return bool(theirs)
