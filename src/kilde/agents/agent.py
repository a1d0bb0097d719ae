"""An agent answers: look up, write, check, cite; or say that the documents do not hold it.

The order is the same for every arm and every generator. Under ``grounding = "strict"`` nothing
reaches the reader before it was checked: the text is held back sentence by sentence.
"""

from __future__ import annotations

import collections.abc
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from kilde.agents.citations import cited
from kilde.agents.definition import AgentDefinition
from kilde.agents.followup import standalone
from kilde.agents.phrases import abstention
from kilde.agents.prompt import prompt_hash, render
from kilde.agents.writer import Writer
from kilde.errors import GenerationError
from kilde.generation.quotes import ANSWERABLE, Quotes, answer_confidence
from kilde.knowledge.context import Context
from kilde.knowledge.scoped import AsOf, ScopedKnowledge
from kilde.language.detect import detect_among
from kilde.types import (
    Answer,
    Arm,
    Claim,
    Delta,
    DocumentRef,
    Done,
    GenerationRequest,
    Generator,
    Hit,
    Message,
    Retrieved,
    StreamEvent,
    Trace,
    Usage,
    conversation,
)

# How many passages are looked up for an answer, before the token budget cuts them.
_HITS = 8
# Tokens of documents in a prompt where the generator's context allows it.
_BUDGET = 1500
# Tokens of answer per word of ``max_words``: enough for Danish compounds and JSON.
_TOKENS_PER_WORD = 3
# Tokens with which a chat format marks a turn, at most.
_TURN = 8
# Documents that are named when an agent declines.
_NEAREST = 3


@dataclass(slots=True)
class _Run:
    """What one question has come to so far."""

    question: str
    language: str
    arm: Arm
    search_text: str
    version: int | None
    hits: tuple[Hit, ...]
    context: Context
    notes: list[str]
    timings: dict[str, float]
    messages: tuple[Message, ...] = ()
    raw: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    adapter: str | None = None


class Agent:
    """One agent of a workspace.

    ``generator`` opens the agent's generator when it is first needed. ``on_answer`` is told every
    finished answer.
    """

    def __init__(
        self,
        key: str,
        definition: AgentDefinition,
        knowledge: ScopedKnowledge,
        generator: Callable[[], Generator],
        on_answer: Callable[[Answer], None],
    ) -> None:
        self.key = key
        self.definition = definition
        self._knowledge = knowledge
        self._open_generator = generator
        self._on_answer = on_answer

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message | Mapping[str, str] | Answer] = (),
        retrieval: bool | None = None,
        adapter: bool = True,
        as_of: AsOf = None,
    ) -> Answer:
        """The whole answer.

        ``history`` is the conversation so far. ``retrieval`` and ``adapter`` choose the arm;
        retrieval is as the agent's file says where it is not given. ``as_of`` answers from a past
        state of the documents. Raises :class:`GenerationError`, :class:`NotFound` (no such past
        state), ``ValueError`` (an empty question or a malformed history).
        """
        for event in self.stream(
            question, history=history, retrieval=retrieval, adapter=adapter, as_of=as_of
        ):
            if isinstance(event, Done):
                return event.answer
        raise GenerationError("The answer ended without an end.")  # pragma: no cover

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Message | Mapping[str, str] | Answer] = (),
        retrieval: bool | None = None,
        adapter: bool = True,
        as_of: AsOf = None,
    ) -> Iterator[StreamEvent]:
        """The answer as it comes: what was found, text, and at the end the whole answer."""
        if not question.strip():
            raise ValueError("the question is empty")
        started = time.perf_counter()
        turns = conversation(history)
        arm = Arm(
            self.definition.retrieval if retrieval is None else retrieval,
            adapter and bool(self.definition.adapter),
        )
        run = self._look_up(question.strip(), turns, arm, as_of)
        yield Retrieved(run.hits)
        if self._policy(run) == "strict" and not self._holds_answer(run):
            answer = self._declined(run, started)
        else:
            answer = yield from self._written(run, turns, started)
        if answer.abstained:
            yield Delta(answer.text)
        self._on_answer(answer)
        yield Done(answer)

    def _look_up(self, question: str, turns: Sequence[Message], arm: Arm, as_of: AsOf) -> _Run:
        began = time.perf_counter()
        languages = self._knowledge.languages(as_of) if arm.retrieval else ()
        language = self.definition.language or detect_among(
            question, languages or ("en",), default=languages[0] if languages else "en"
        )
        run = _Run(
            question=question,
            language=language,
            arm=arm,
            search_text=standalone(question, turns, language),
            version=self._knowledge.version(as_of) if arm.retrieval else None,
            hits=(),
            context=Context((), ()),
            notes=[],
            timings={},
        )
        if arm.retrieval:
            found = self._knowledge.search(run.search_text, limit=_HITS, as_of=as_of)
            run.hits = tuple(found)
            run.timings["search"] = time.perf_counter() - began
            if found:
                run.context = self._context(run, turns, as_of)
        return run

    def _context(self, run: _Run, turns: Sequence[Message], as_of: AsOf) -> Context:
        generator = self._generator(run)
        budget = _BUDGET
        if generator.context:
            bare = render(self.definition, run.question, language=run.language, history=turns)
            taken = sum(generator.count_tokens(message.content) + _TURN for message in bare)
            budget = min(budget, generator.context - taken - self._max_tokens(generator) - 64)
            if budget < 64:
                raise self._no_room(taken, generator)
        return self._knowledge.context(
            run.hits, budget=budget, count_tokens=generator.count_tokens, as_of=as_of
        )

    def _fitted(self, run: _Run, turns: Sequence[Message], generator: Generator) -> None:
        """Render the prompt; passages are left out from the end until it fits with its headings."""
        while True:
            run.messages = render(
                self.definition,
                run.question,
                language=run.language,
                passages=run.context.passages,
                summaries=run.context.summaries,
                history=turns,
            )
            if not generator.context:
                return
            taken = sum(generator.count_tokens(turn.content) + _TURN for turn in run.messages)
            if taken + self._max_tokens(generator) <= generator.context:
                return
            if len(run.context.passages) <= 1:
                raise self._no_room(taken, generator)
            run.context = Context(run.context.passages[:-1], run.context.summaries)

    def _no_room(self, taken: int, generator: Generator) -> GenerationError:
        return GenerationError(
            f"Instructions, examples and conversation of the agent {self.key!r} leave no "
            f"room for documents ({taken} of {generator.context} tokens are taken).",
            hint="Shorten them, ask in a new conversation, or give the model more context.",
        )

    def _generator(self, run: _Run) -> Generator:
        """The agent's generator, or quotation where its model does not know the language."""
        generator = self._open_generator()
        if generator.languages is None or run.language in generator.languages or run.arm.adapter:
            return generator
        note = f"{generator.name} does not know the language {run.language!r}: quoted instead"
        if note not in run.notes:
            run.notes.append(note)
        return Quotes()

    def _max_tokens(self, generator: Generator) -> int:
        wanted = self.definition.max_words * _TOKENS_PER_WORD
        return min(wanted, generator.context // 3) if generator.context else wanted

    def _holds_answer(self, run: _Run) -> bool:
        began = time.perf_counter()
        confidence = answer_confidence(run.search_text, run.context.passages)
        run.timings["confidence"] = time.perf_counter() - began
        return confidence >= ANSWERABLE

    def _written(
        self, run: _Run, turns: Sequence[Message], started: float
    ) -> collections.abc.Generator[StreamEvent, None, Answer]:
        """Generate, check and stream; returns the answer."""
        began = time.perf_counter()
        writer = Writer(self._policy(run), max_words=self.definition.max_words)
        generator = self._generator(run)
        yield from writer.write(generator, self._request(run, turns, generator))
        run.raw, run.usage = writer.raw, writer.usage
        if self.definition.output is not None:
            self._check_form(writer.text)
        if writer.policy == "strict" and not writer.claims and generator.name != "quotes":
            run.notes.append("no sentence of the model was supported: quoted instead")
            quotes = Quotes()
            yield from writer.write(quotes, self._request(run, turns, quotes))
        run.timings["generate"] = time.perf_counter() - began
        if not writer.text:
            return self._declined(run, started)
        return self._answer(run, writer.text, writer.claims, started)

    def _check_form(self, text: str) -> None:
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise GenerationError(
                f"The agent {self.key!r} did not finish its form: {error}.",
                hint="Raise max_words in its file, or ask for less at once.",
            ) from error

    def _policy(self, run: _Run) -> Literal["strict", "flag", "off"]:
        if self.definition.output is not None:
            return "off"  # a form is checked by its schema, not sentence by sentence
        if not run.arm.retrieval and self.definition.grounding == "strict":
            return "flag"  # nothing was looked up, so no claim can be supported
        return self.definition.grounding

    def _request(
        self, run: _Run, turns: Sequence[Message], generator: Generator
    ) -> GenerationRequest:
        definition = self.definition
        if definition.output is not None and generator.name == "quotes":
            why = "".join(f" ({note})" for note in run.notes)
            raise GenerationError(
                f"The agent {self.key!r} fills in a form, which quotations cannot{why}.",
                hint="Name a model in its file or in kilde.toml, such as "
                'model = "smollm2-135m-instruct-q4".',
            )
        self._fitted(run, turns, generator)
        run.model = generator.name
        run.adapter = definition.adapter if run.arm.adapter else None
        return GenerationRequest(
            messages=run.messages,
            question=run.search_text,
            evidence=run.context.passages,
            language=run.language,
            max_tokens=self._max_tokens(generator),
            schema=definition.output.json_schema if definition.output else None,
            adapter=run.adapter,
        )

    def _declined(self, run: _Run, started: float) -> Answer:
        nearest: dict[str, DocumentRef] = {}
        for hit in run.hits:
            nearest.setdefault(hit.document.id, hit.document)
        chosen = tuple(nearest.values())[:_NEAREST]
        return self._answer(
            run, abstention(run.language, chosen), (), started, abstained=True, nearest=chosen
        )

    def _answer(
        self,
        run: _Run,
        text: str,
        claims: Sequence[Claim],
        started: float,
        *,
        abstained: bool = False,
        nearest: tuple[DocumentRef, ...] = (),
    ) -> Answer:
        run.timings["total"] = time.perf_counter() - started
        trace = Trace(
            hits=run.hits,
            summaries=run.context.summaries,
            arm=run.arm.name,
            model=run.model,
            adapter=run.adapter,
            store_version=run.version,
            search_text=run.search_text,
            language=run.language,
            messages=run.messages,
            prompt_hash=prompt_hash(run.messages),
            raw_text=run.raw,
            usage=run.usage,
            timings=run.timings,
            notes=tuple(run.notes),
        )
        return Answer(
            id=uuid.uuid4().hex,
            agent=self.key,
            question=run.question,
            text=text,
            claims=tuple(claims),
            citations=cited(claims),
            abstained=abstained,
            nearest=nearest,
            trace=trace,
            at=datetime.now(UTC),
        )
