"""Claims held against passages without a second model: coverage of content, agreement of facts.

For each claim the best stretch of one passage is looked for: it must hold enough of the claim's
content words and disagree in no number, unit, date, name, opposite or negation. A claim with a
number or a date must have it from one sentence or one row, for two true sentences make a false
third when their numbers are swapped; and where the sentence that says most of a claim contradicts
it, no other sentence supports it. What is found becomes the citation, so a citation never depends
on marks that a model wrote. The threshold and what it costs are in docs/decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kilde.grounding.agreement import disagreement, negation_differs
from kilde.grounding.claims import claim_spans
from kilde.grounding.facts import Facts
from kilde.grounding.overlap import Overlap, overlap
from kilde.grounding.pairing import in_order, mismatched, pieces
from kilde.grounding.sources import Source, heading_of, sources_of
from kilde.grounding.verbatim import verbatim
from kilde.language.table import languages
from kilde.types import Citation, Claim, Hit

# Share of a claim's content words that its source must hold; numbers, dates and units do not count,
# for they must agree anyway.
SUPPORTED = 0.75
# How many sentences in a row may support a claim that has no number and no date in it.
_WINDOW = 3


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
class _Match:
    hit: Hit
    start: int
    end: int
    coverage: float
    reason: str
    # Whether the source says something else, rather than too little.
    contradicts: bool = False

    @property
    def words(self) -> list[str]:
        """The words of the source."""
        return self.hit.passage.text[self.start : self.end].split()


def ground(
    text: str, evidence: Sequence[Hit], language: str, *, threshold: float = SUPPORTED
) -> Grounded:
    """Check every claim of a text against passages.

    ``language`` is that of the text; each passage is analysed in its own. Summaries are passed
    over: they are not part of a document's text. ``threshold`` (0..1) is for calibration.
    """
    passages = [hit for hit in evidence if hit.passage.kind != "summary"]
    return Grounded(
        tuple(
            _claim(text[start:end], start, end, passages, language, threshold)
            for start, end in claim_spans(text, language)
        )
    )


def _claim(
    text: str, start: int, end: int, passages: Sequence[Hit], language: str, threshold: float
) -> Claim:
    read: dict[str, Facts] = {}
    matches: list[_Match] = []
    for hit in passages:
        # The claim is analysed as the passage was: their terms must be comparable.
        own = hit.passage.language if hit.passage.language in languages() else language
        if own not in read:
            read[own] = Facts(text, own, language)
        if (place := verbatim(read[own], hit.passage, own)) is not None:
            matches.append(_Match(hit, *place, 1.0, ""))
        else:
            matches += _matches(read[own], hit, own, language, threshold)
    supporting = [match for match in matches if not match.reason]
    against = max((m.coverage for m in matches if m.contradicts), default=0.0)
    if not supporting:
        nearest = max(matches, key=lambda match: match.coverage, default=None)
        reason = nearest.reason if nearest else "no source says anything like it"
        return Claim(text, start, end, False, (), reason)
    best = max(supporting, key=lambda m: (round(m.coverage, 3), m.start - m.end, m.hit.score))
    if against > best.coverage + 1e-9:
        nearest = max((m for m in matches if m.contradicts), key=lambda match: match.coverage)
        return Claim(text, start, end, False, (), nearest.reason)
    return Claim(text, start, end, True, (_citation(best, supporting),))


def _citation(match: _Match, supporting: Sequence[_Match]) -> Citation:
    passage = match.hit.passage
    same = [other.hit for other in supporting if other.words == match.words]
    documents = {one.id: one for hit in (match.hit, *same) for one in hit.documents}
    del documents[match.hit.document.id]
    return Citation(
        document=match.hit.document,
        passage_id=passage.id,
        start=passage.start + match.start,
        end=passage.start + match.end,
        quote=passage.text[match.start : match.end],
        page=passage.page,
        heading_path=passage.heading_path,
        coverage=match.coverage,
        recognized=passage.recognized,
        duplicates=tuple(documents.values()),
    )


def _matches(claim: Facts, hit: Hit, language: str, also: str, threshold: float) -> list[_Match]:
    if not claim.tokens:
        return []
    passage = hit.passage
    sources = sources_of(passage.text, language, also, passage.kind == "row")
    title = heading_of(f"{hit.document.title}\n{passage.heading_path}", language)
    exact = claim.numbers or claim.dates
    found: list[_Match] = []
    for first in range(len(sources)):
        for last in range(first, min(first + (1 if exact else _WINDOW), len(sources))):
            window = sources[first : last + 1]
            shared = overlap(claim, window, title)
            if not shared.covered and shared.asked:
                continue
            found.append(_compare(claim, hit, window, title, shared, threshold))
    return found


def _compare(
    claim: Facts,
    hit: Hit,
    window: Sequence[Source],
    title: Facts,
    shared: Overlap,
    threshold: float,
) -> _Match:
    start, end = window[0].start, window[-1].end
    if shared.coverage < threshold:
        reason = f"the source holds only {shared.coverage:.0%} of it"
        return _Match(hit, start, end, shared.coverage, reason)
    source = window[0].facts if len(window) == 1 else _joined(window)
    reason = disagreement(claim, source, title, shared.known)
    contradicts = bool(reason) and _speaks_of_it(claim, source)
    if not reason and _denied(claim, window):
        reason, contradicts = "one of the two says that it is not so", True
    if not reason and _wrong_name(claim, window):
        reason, contradicts = "the sentence has another name in this place", True
    if not reason and len(window) == 1 and _wrong_pair(claim, window[0]):
        reason, contradicts = "the source gives this number for something else", True
    return _Match(hit, start, end, shared.coverage, reason or shared.gap, contradicts)


def _speaks_of_it(claim: Facts, source: Facts) -> bool:
    """Whether a source that disagrees has facts of the same kind, and so says something else."""
    return bool(
        (claim.numbers - source.numbers and source.numbers)
        or (claim.dates - source.dates and source.dates)
        or (claim.numbers and claim.numbers <= source.numbers)
    )


def _denied(claim: Facts, window: Sequence[Source]) -> bool:
    """Whether a sentence of the window denies what the claim says, or the other way round.

    Every sentence counts that adds something to the support.
    """
    said = [claim.terms & source.terms for source in window]
    closest = max(range(len(window)), key=lambda place: len(said[place]))
    if claim.negates:
        return negation_differs(claim, window[closest].facts, said[closest])
    for place, source in enumerate(window):
        others = frozenset[str]().union(*(said[:place] + said[place + 1 :]))
        adds = len(window) == 1 or said[place] - others
        if adds and negation_differs(claim, source.facts, said[place]):
            return True
    return False


def _wrong_pair(claim: Facts, source: Source) -> bool:
    if not claim.numbers or (source.row and in_order(claim, source.facts)):
        return False
    return mismatched(pieces(claim), source.pieces)


def _wrong_name(claim: Facts, window: Sequence[Source]) -> bool:
    """Whether a name of the claim comes from beside a sentence that has another one itself."""
    if not claim.names:
        return False
    said = claim.terms - {stem for _, stem in claim.names}
    closest = max(window, key=lambda source: len(said & source.terms)).facts
    beside = [plain for plain, _ in claim.names if plain not in closest.plain]
    return bool(beside) and any(plain not in claim.plain for plain, _ in closest.names)


def _joined(window: Sequence[Source]) -> Facts:
    facts = [source.facts for source in window]
    return Facts("\n".join(one.text for one in facts), facts[0].language, facts[0].also)
