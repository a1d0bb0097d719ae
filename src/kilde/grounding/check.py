"""Claims held against passages without a second model: coverage of content, agreement of facts.

For each claim the best stretch of one passage is looked for: it must hold enough of the claim's
content words and disagree in no number, unit, date, name or negation. A claim with a number or a
date must have it from one sentence or one cell, for two true sentences make a false third when
their numbers are swapped. What is found becomes the citation, so a citation never depends on marks
that a model wrote. The threshold and what it costs are in docs/decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.grounding.claims import claim_spans
from kilde.grounding.facts import Facts, disagreement, facts, negation_differs
from kilde.language.analysis import analyzer
from kilde.language.rows import one_line
from kilde.types import Citation, Claim, Hit, Passage

# Share of a claim's content words (by count) that its source must hold.
SUPPORTED = 0.75
# How many sentences in a row may support a claim that has no number and no date in it.
_WINDOW = 3
# Numbers and names say more than other words.
_FACT_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Grounded:
    """The claims of a text, in order, and whether each is supported."""

    claims: tuple[Claim, ...]

    @property
    def supported(self) -> tuple[Claim, ...]:
        """The claims that a source holds."""
        return tuple(claim for claim in self.claims if claim.supported)

    @property
    def share(self) -> float | None:
        """The share of claims that are supported, 0..1; None where there is no claim."""
        return len(self.supported) / len(self.claims) if self.claims else None


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence of the evidence, with what its heading adds."""

    start: int
    end: int
    terms: frozenset[str]
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Match:
    hit: Hit
    start: int
    end: int
    coverage: float
    reason: str


def ground(text: str, evidence: Sequence[Hit], language: str) -> Grounded:
    """Check every claim of a text against passages.

    ``language`` is that of the text; each passage is analysed in its own. Summaries are passed
    over: they are not part of a document's text.
    """
    spans = claim_spans(text, language)
    sources = [(hit, _sources(hit)) for hit in evidence if hit.passage.kind != "summary"]
    return Grounded(
        tuple(_claim(text[start:end], start, end, sources, language) for start, end in spans)
    )


def _claim(
    text: str, start: int, end: int, sources: Sequence[tuple[Hit, list[_Source]]], language: str
) -> Claim:
    matches = [
        match
        for hit, found in sources
        if (match := _best_match(text, hit, found, language)) is not None
    ]
    supporting = [match for match in matches if not match.reason]
    if not supporting:
        nearest = max(matches, key=lambda match: match.coverage, default=None)
        reason = nearest.reason if nearest else "no source says anything like it"
        return Claim(text, start, end, False, (), reason)
    best = max(supporting, key=lambda match: (round(match.coverage, 3), match.hit.score))
    return Claim(text, start, end, True, (_citation(best),))


def _citation(match: _Match) -> Citation:
    passage = match.hit.passage
    return Citation(
        document=match.hit.document,
        passage_id=passage.id,
        start=passage.start + match.start,
        end=passage.start + match.end,
        quote=passage.text[match.start : match.end],
        page=passage.page,
        heading_path=passage.heading_path,
        coverage=match.coverage,
    )


def _sources(hit: Hit) -> list[_Source]:
    passage = hit.passage
    if passage.kind == "row":
        return _cells(hit)
    analyse = analyzer(passage.language)
    found = []
    for start, end in claim_spans(passage.text, passage.language):
        body = passage.text[start:end]
        terms = frozenset(analyse.terms(body))
        found.append(_Source(start, end, terms, facts(body, passage.language)))
    return found


def _cells(hit: Hit) -> list[_Source]:
    """A row as one source per number in it, each with the words of the cells that hold none.

    "Adult: 465" and "Child: 455" of one row must not support a child's price of 465.
    """
    passage = hit.passage
    analyse = analyzer(passage.language)
    end = len(passage.text.rstrip())
    lines = [line for line in passage.text.splitlines() if line.strip()]
    found = [(line, facts(line, passage.language)) for line in lines]
    words = [line for line, exact in found if not exact.numbers]
    cells = [line for line, exact in found if exact.numbers]
    shared = frozenset(analyse.terms("\n".join(words)))
    label = "\n".join(words)
    sources = []
    for cell in cells or [""]:
        exact = facts(f"{label}\n{cell}", passage.language)
        sources.append(_Source(0, end, shared | frozenset(analyse.terms(cell)), exact))
    return sources


def _best_match(text: str, hit: Hit, sources: list[_Source], language: str) -> _Match | None:
    if (place := _verbatim(text, hit.passage)) is not None:
        return _Match(hit, *place, 1.0, "")
    # The claim is analysed as the passage was: their terms must be comparable.
    passage_language = hit.passage.language
    tokens = analyzer(passage_language).tokens(text)
    if not tokens:
        return None
    claim = facts(text, language)
    names = set(claim.names)
    weights = [
        (
            frozenset(token.terms[:1]),
            frozenset(token.terms[1:]),
            _FACT_WEIGHT if token.is_number or token.terms in names else 1.0,
        )
        for token in tokens
    ]
    title = frozenset(
        analyzer(passage_language).terms(f"{hit.document.title} {hit.passage.heading_path}")
    )
    exact = claim.numbers or claim.dates or hit.passage.kind == "row"
    best: _Match | None = None
    for first in range(len(sources)):
        for last in range(first, min(first + (1 if exact else _WINDOW), len(sources))):
            match = _compare(claim, weights, hit, sources[first : last + 1], title)
            if best is None or _better(match, best):
                best = match
    return best


def _verbatim(text: str, passage: Passage) -> tuple[int, int] | None:
    """Where the passage says exactly this; of a row, told on one line, it is the whole row."""
    if not any(character.isalnum() for character in text):
        return None
    start = passage.text.find(text)
    if start >= 0 and passage.kind != "row":
        return start, start + len(text)
    if passage.kind == "row" and text.rstrip(";") in one_line(passage.text):
        return 0, len(passage.text.rstrip())
    return None


def _better(one: _Match, other: _Match) -> bool:
    if bool(one.reason) != bool(other.reason):
        return not one.reason
    if abs(one.coverage - other.coverage) > 1e-9:
        return one.coverage > other.coverage
    return one.end - one.start < other.end - other.start


def _compare(
    claim: Facts,
    weights: Sequence[tuple[frozenset[str], frozenset[str], float]],
    hit: Hit,
    window: Sequence[_Source],
    title: frozenset[str],
) -> _Match:
    known = title.union(*(source.terms for source in window))
    total = sum(weight for _, _, weight in weights)
    covered = sum(
        weight
        for stem, parts, weight in weights
        if not known.isdisjoint(stem) or (parts and parts <= known)
    )
    coverage = covered / total
    numbers = frozenset[str]().union(*(source.facts.numbers for source in window))
    measures = frozenset[tuple[str, str]]().union(*(source.facts.measures for source in window))
    dates = frozenset[str]().union(*(source.facts.dates for source in window))
    reason = disagreement(claim, numbers, measures, dates, known)
    if not reason:
        # Whether it is denied is decided by the sentence that says most of the claim.
        stems = frozenset(term for stem, _, _ in weights for term in stem)
        closest = max(window, key=lambda source: len(stems & source.terms))
        if negation_differs(claim, closest.facts, stems & closest.terms):
            reason = "one of the two says that it is not so"
    if not reason and coverage < SUPPORTED:
        reason = f"the source holds only {coverage:.0%} of it"
    return _Match(hit, window[0].start, window[-1].end, coverage, reason)
