"""Suspended compounds written in full: *syge- og barselsdagpenge* names *sygedagpenge* too.

Danish, Swedish, Norwegian, Dutch and German leave out what two compounds share and put a hyphen in
its place. A question asks for the whole word, so the fragment is indexed with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

_FRAGMENT = r"[^\W\d_]{2,}"
_COMPOUND = r"[^\W\d_]{4,}"
_HYPHEN = "[-\u2010\u2011]"
# The hyphens that begin or end a fragment; most texts have none, and are not searched further.
_SUSPENDED = re.compile(rf"{_HYPHEN}[\s,]|\s{_HYPHEN}[^\W\d_]")


class SuspendedCompounds:
    """Completes the fragments of one language.

    ``conjunctions`` are the words that join compounds ("og"); ``split`` gives the parts of a
    compound in order, or nothing.
    """

    def __init__(
        self, conjunctions: Iterable[str], split: Callable[[str], tuple[str, ...]]
    ) -> None:
        joined = "|".join(map(re.escape, sorted(conjunctions)))
        gap = rf"(?:,\s*|\s+)(?:(?:{joined})\s+)?"
        # "syge-, barsels- og forældredagpenge": the last word holds what all lack.
        self._ahead = re.compile(
            rf"\b({_FRAGMENT}){_HYPHEN}(?={gap}(?:{_FRAGMENT}{_HYPHEN}{gap}){{0,4}}({_COMPOUND})\b)"
        )
        # "indgangsdøre og -porte": the first word holds it.
        self._behind = re.compile(rf"\b({_COMPOUND})\s+(?:{joined})\s+{_HYPHEN}({_FRAGMENT})\b")
        self._split = split

    def completions(self, text: str) -> Mapping[int, tuple[str, ...]]:
        """The whole words that each fragment may stand for, in lower case, by where it begins.

        >>> danish = SuspendedCompounds({"og"}, lambda word: ("barsels", "dagpenge"))
        >>> danish.completions("Syge- og barselsdagpenge")
        {0: ('sygedagpenge',)}
        """
        if not _SUSPENDED.search(text):
            return {}
        found: dict[int, tuple[str, ...]] = {}
        for match in self._ahead.finditer(text):
            first = match[1].lower()
            wholes = tuple(first + tail for _, tail in self._cuts(match[2].lower()))
            if wholes:
                found[match.start(1)] = wholes
        for match in self._behind.finditer(text):
            last = match[2].lower()
            wholes = tuple(head + last for head, _ in self._cuts(match[1].lower()))
            if wholes:
                found[match.start(2)] = wholes
        return found

    def _cuts(self, compound: str) -> list[tuple[str, str]]:
        """The compound cut before each of its parts but the first."""
        cuts, place = [], 0
        for part in self._split(compound):
            # Between two parts there may be a linking letter.
            place = compound.index(part, place)
            if place:
                cuts.append((compound[:place], compound[place:]))
            place += len(part)
        return cuts
