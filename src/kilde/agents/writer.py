"""What a generator writes becomes the answer's text, checked on the way.

Under ``strict`` the pieces are held back until a sentence is complete; it is shown if a document
supports it and dropped if none does. Otherwise the pieces pass as they come and are judged
afterwards; only what may become the sentence with which an agent declines waits for its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from kilde.agents.phrases import declines, may_decline
from kilde.agents.prompt import FENCE
from kilde.grounding import claim_spans, ground
from kilde.protocols import GenerationRequest, Generator
from kilde.types import Claim, Delta, Usage


class Writer:
    """Collects the text and the claims of one answer.

    ``raw`` is all that the generator wrote; ``text`` is what is shown of it, at most
    ``max_words`` words (but at least one claim) under ``strict``. ``declined`` is true where the
    generator wrote that it cannot answer, and nothing else: nothing is shown then. A ``form`` is
    never taken for that.
    """

    def __init__(
        self, policy: Literal["strict", "flag", "off"], *, max_words: int, form: bool = False
    ) -> None:
        self.policy = policy
        self.declined = False
        self.raw = ""
        self.text = ""
        self.claims: list[Claim] = []
        self.usage = Usage()
        self._max_words = max_words
        self._form = form

    def write(self, generator: Generator, request: GenerationRequest) -> Iterator[Delta]:
        """Generate; yields the text as it may be shown."""
        self.raw, shown_upto = "", 0
        for piece in generator.stream(request):
            self.raw += piece.text
            self.usage = piece.usage or self.usage
            if self.policy != "strict":
                # White space is held back, so that none stands at either end.
                told = self.raw.strip()
                if self._form or not may_decline(told, request.language):
                    yield from self._passed(told)
                continue
            *complete, last = claim_spans(self.raw[shown_upto:], request.language) or [(0, 0)]
            for start, end in complete:
                yield from self._checked(shown_upto + start, shown_upto + end, request)
            shown_upto += last[0]  # the last sentence may still grow
        self.declined = not self._form and declines(self.raw, request.language)
        if self.declined:
            self.text, self.claims = "", []
            return
        if self.policy == "strict":
            for start, end in claim_spans(self.raw[shown_upto:], request.language):
                yield from self._checked(shown_upto + start, shown_upto + end, request)
            return
        yield from self._passed(self.raw.strip())
        if self.policy == "flag":
            self.claims = list(ground(self.text, request.evidence, request.language).claims)

    def _passed(self, told: str) -> Iterator[Delta]:
        if len(told) > len(self.text):
            yield Delta(told[len(self.text) :])
            self.text = told

    def _checked(self, start: int, end: int, request: GenerationRequest) -> Iterator[Delta]:
        sentence = self.raw[start:end]
        for claim in ground(sentence, request.evidence, request.language).claims:
            words = len(f"{self.text} {claim.text}".split())
            if (
                FENCE.search(claim.text)
                or not claim.supported
                or (self.claims and words > self._max_words)
            ):
                continue
            gap = self._gap(start) if self.text else ""
            place = len(self.text) + len(gap)
            self.claims.append(replace(claim, start=place, end=place + len(claim.text)))
            self.text += gap + claim.text
            yield Delta(gap + claim.text)

    def _gap(self, start: int) -> str:
        """What stands between a claim and the one before it: as the generator parted them."""
        before = self.raw[:start]
        lines = before[len(before.rstrip()) :].count("\n")
        return "\n\n" if lines > 1 else "\n" if lines else " "
