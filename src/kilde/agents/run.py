"""One question on its way through an agent: what has been found, tried and noted so far."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kilde.agents.citations import cited
from kilde.agents.phrases import abstention, newer_version
from kilde.agents.prompt import prompt_hash
from kilde.knowledge.context import Context
from kilde.protocols import Adapter, Generator
from kilde.types import Answer, Arm, Claim, DocumentRef, Hit, Message, Trace, Usage

# Documents that are named when an agent declines.
_NEAREST = 3


@dataclass(slots=True)
class Run:
    """The state of one question; it ends as an :class:`Answer`.

    ``tuned`` is the adapter that is to answer; ``adapter`` is the name of the one that did.
    ``generator`` is opened once for a question: it keeps what it has loaded until the answer ends.
    """

    agent: str
    question: str
    history: tuple[Message, ...]
    language: str
    arm: Arm
    search_text: str
    version: int | None
    tuned: Adapter | None = None
    generator: Generator | None = None
    hits: tuple[Hit, ...] = ()
    context: Context = field(default_factory=lambda: Context((), ()))
    notes: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    raw: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    adapter: str | None = None
    started: float = field(default_factory=time.perf_counter)

    def note(self, remark: str) -> None:
        """Keep a remark for people, once."""
        if remark not in self.notes:
            self.notes.append(remark)

    def declined(self) -> Answer:
        """The answer that there is none, with the documents that came nearest."""
        nearest: dict[str, DocumentRef] = {}
        for hit in self.hits:
            nearest.setdefault(hit.document.id, hit.document)
        chosen = tuple(nearest.values())[:_NEAREST]
        return self.answered(abstention(self.language, chosen), (), abstained=True, nearest=chosen)

    def answered(
        self,
        text: str,
        claims: Sequence[Claim],
        *,
        abstained: bool = False,
        nearest: tuple[DocumentRef, ...] = (),
    ) -> Answer:
        """The finished answer with its trace."""
        citations = cited(claims)
        newer = {hit.document.id: hit.newer for hit in self.hits if hit.newer}
        for name in dict.fromkeys(citation.document.id for citation in citations):
            if name in newer:
                self.note(newer_version(self.language, name, newer[name]))
        self.timings["total"] = time.perf_counter() - self.started
        trace = Trace(
            hits=self.hits,
            summaries=self.context.summaries,
            arm=self.arm.name,
            model=self.model,
            adapter=self.adapter,
            store_version=self.version,
            search_text=self.search_text,
            language=self.language,
            messages=self.messages,
            prompt_hash=prompt_hash(self.messages),
            raw_text=self.raw,
            usage=self.usage,
            timings=self.timings,
            notes=tuple(self.notes),
        )
        return Answer(
            id=uuid.uuid4().hex,
            agent=self.agent,
            question=self.question,
            text=text,
            claims=tuple(claims),
            citations=citations,
            abstained=abstained,
            nearest=nearest,
            trace=trace,
            at=datetime.now(UTC),
        )
