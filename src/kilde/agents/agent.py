"""An agent answers: look up, write, check, cite; or say that the documents do not hold it.

The order is the same for every arm and every generator. Under ``grounding = "strict"`` nothing
reaches the reader before it was checked: the text is held back sentence by sentence.
"""

from __future__ import annotations

import collections.abc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kilde.agents.adapting import FindAdapter, answers_in, choose_adapter
from kilde.agents.definition import AgentDefinition
from kilde.agents.fitting import document_budget, fit, max_tokens
from kilde.agents.followup import standalone
from kilde.agents.form import check_form
from kilde.agents.run import Run
from kilde.agents.writer import Writer
from kilde.errors import GenerationError
from kilde.generation.quotes import Quotes
from kilde.generation.ranking import ANSWERABLE, answer_confidence
from kilde.knowledge.scoped import AsOf, ScopedKnowledge
from kilde.language.clean import clean
from kilde.language.detect import detect_among
from kilde.language.question import SEARCHED
from kilde.protocols import Adapter, GenerationRequest, Generator
from kilde.types import Answer, Arm, Delta, Done, Hit, Message, Retrieved, StreamEvent, conversation

# How many passages are looked up for an answer, before the token budget cuts them.
_HITS = 10
# From this share of content words that stand in no document, a question counts as unanswered.
_UNKNOWN = 0.3
# Unless one passage holds this much of what it asks all the same.
_SURE = 0.6
# The note of an answer that is a quotation because no document supports what the model wrote.
QUOTED_INSTEAD = "no sentence of the model was supported: quoted instead"
SHORTENED = (
    f"the question is long: only its beginning and end were searched for ({SEARCHED:,} characters)"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages that a model reads, the passages in them, and the language to answer in."""

    messages: tuple[Message, ...]
    passages: tuple[Hit, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next word is chosen: the likeliest at ``temperature`` 0, else drawn by ``seed``.

    ``temperature`` is 0 or more; at 1 words are drawn as probable as the model finds them.
    """

    temperature: float = 0.0
    seed: int = 0


class Agent:
    """One agent of a workspace.

    ``generator`` opens the agent's generator, with an adapter loaded or with none asked for, when a
    question first needs it. ``adapters`` finds the agent's adapter or one by its name; ``base`` is
    the SHA-256 of the agent's model file, empty where it is none. ``on_answer`` is told every
    finished answer.
    """

    def __init__(
        self,
        key: str,
        definition: AgentDefinition,
        knowledge: ScopedKnowledge,
        generator: Callable[[Adapter | None], Generator],
        adapters: FindAdapter,
        base: Callable[[], str],
        on_answer: Callable[[Answer], None],
    ) -> None:
        self.key = key
        self.definition = definition
        self.knowledge = knowledge
        self._open_generator = generator
        self._find_adapter = adapters
        self._base = base
        self._on_answer = on_answer
        self._without: frozenset[str] = frozenset()
        self._sampling = Sampling()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message | Mapping[str, str] | Answer] = (),
        retrieval: bool | None = None,
        adapter: bool | str = True,
        as_of: AsOf = None,
    ) -> Answer:
        """The whole answer.

        ``history`` is the conversation so far. ``retrieval`` and ``adapter`` choose the arm: as
        the agent's file says where they are not given, without where they are false; ``adapter``
        may also be the name of one ("week-plan@2"). ``as_of`` answers from a past state of the
        documents, as far as they are in scope today. Question and history are cleaned
        (:func:`kilde.language.clean.clean`); of a question longer than
        :data:`~kilde.language.question.SEARCHED` characters the beginning and the end are searched
        for, and a note says so. Raises :class:`GenerationError`, :class:`NotFound` (no such past
        state, no such adapter), :class:`WorkspaceError` (an adapter of another agent),
        ``ValueError`` (an empty question or a malformed history).
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
        adapter: bool | str = True,
        as_of: AsOf = None,
    ) -> Iterator[StreamEvent]:
        """The answer as it comes: what was found, text, and at the end the whole answer."""
        question = clean(question).strip()
        if not question:
            raise ValueError("the question is empty")
        looked_up = self.definition.retrieval if retrieval is None else retrieval
        # One state of the documents from beginning to end: its offsets must agree.
        knowledge = self.knowledge.at(as_of) if looked_up else None
        run = self._look_up(question, _cleaned(conversation(history)), adapter, knowledge)
        yield Retrieved(run.hits)
        if self._policy(run) == "strict" and not self._holds_answer(run, knowledge):
            answer = run.declined()
        else:
            answer = yield from self._written(run)
        if answer.abstained:
            yield Delta(answer.text)
        self._on_answer(answer)
        yield Done(answer)

    def own_adapter(self) -> Adapter | None:
        """The adapter that answers at present, in its languages; ``None`` is the model alone.

        Raises :class:`NotFound` and :class:`WorkspaceError` for one that cannot be.
        """
        return choose_adapter(True, self._find_adapter, self._base, lambda _: None)

    def on_trial(
        self,
        adapters: FindAdapter | None = None,
        *,
        without: Collection[str] = (),
        sampling: Sampling | None = None,
    ) -> Agent:
        """The same agent, but nobody is told what it answers.

        ``adapters`` finds its adapters in place of its own way to them. The documents whose ids
        are in ``without`` are not found, as if they were not there. ``sampling`` is how a model
        chooses its words, as before where it is not given.
        """
        agent = Agent(
            self.key,
            self.definition,
            self.knowledge,
            self._open_generator,
            adapters or self._find_adapter,
            self._base,
            lambda _: None,
        )
        agent._without = self._without.union(without)
        agent._sampling = sampling or self._sampling
        return agent

    def prompt(
        self,
        question: str,
        history: tuple[Message, ...] = (),
        *,
        adapter: Adapter,
        retrieval: bool,
        limit: int = _HITS,
        choose: Callable[[Sequence[Hit]], Sequence[Hit]] | None = None,
    ) -> Prompt:
        """What the model would read for a question, if that adapter answered it.

        ``choose`` picks among at most ``limit`` passages that were found; the first are the best.
        Raises what :meth:`ask` raises.
        """
        knowledge = self.knowledge.at() if retrieval else None
        run = self._begun(clean(question).strip(), _cleaned(history), knowledge, adapter)
        run.tuned = adapter
        # The adapter need not exist yet: the words of a prompt are the model's.
        generator = run.generator = self._open_generator(None)
        if knowledge:
            hits = self._found(run, knowledge, limit)
            run.hits = tuple(choose(hits) if choose else hits)
            self._read(run, knowledge, generator)
        fit(run, self.definition, generator)
        return Prompt(run.messages, run.context.passages, run.language)

    def _begun(
        self,
        question: str,
        history: tuple[Message, ...],
        knowledge: ScopedKnowledge | None,
        adapter: Adapter | None,
    ) -> Run:
        # Also where nothing is looked up: the language is no part of the arm.
        held = (knowledge or self.knowledge).languages()
        # A question may be in a language that only the adapter knows.
        languages = {*(held or ("en",)), *((adapter and adapter.languages) or ())}
        language = self.definition.language or detect_among(
            question, languages, default=held[0] if held else "en"
        )
        run = Run(
            agent=self.key,
            question=question,
            history=history,
            language=language,
            arm=Arm(knowledge is not None, adapter=False),
            search_text=standalone(question, history, language),
            version=knowledge.version() if knowledge else None,
        )
        if len(question) > SEARCHED:
            run.note(SHORTENED)
        return run

    def _found(self, run: Run, knowledge: ScopedKnowledge, limit: int) -> list[Hit]:
        """The passages that fit best, of the documents that are not left out."""
        return knowledge.search(run.search_text, limit=limit, without=self._without)

    def _read(self, run: Run, knowledge: ScopedKnowledge, generator: Generator) -> None:
        """Put what was found into the run, as far as there is room."""
        if run.hits:
            run.context = knowledge.context(
                run.hits,
                budget=document_budget(run, self.definition, generator),
                count_tokens=generator.count_tokens,
            )

    def _look_up(
        self,
        question: str,
        history: tuple[Message, ...],
        adapter: bool | str,
        knowledge: ScopedKnowledge | None,
    ) -> Run:
        notes: list[str] = []
        tuned = choose_adapter(adapter, self._find_adapter, self._base, notes.append)
        run = self._begun(question, history, knowledge, tuned)
        run.notes += notes
        named = isinstance(adapter, str)
        if tuned is not None and answers_in(tuned, run.language, named=named, note=run.note):
            run.tuned = tuned
        run.arm = Arm(run.arm.retrieval, adapter=run.tuned is not None)
        if knowledge:
            run.hits = tuple(self._found(run, knowledge, _HITS))
            run.timings["search"] = time.perf_counter() - run.started
            if run.hits:
                self._read(run, knowledge, self._generator(run))
        return run

    def _generator(self, run: Run) -> Generator:
        """The agent's generator, or quotation where its model does not know the language."""
        if run.generator is None:
            run.generator = self._open_generator(run.tuned)
        generator = run.generator
        if generator.languages is None or run.language in generator.languages or run.tuned:
            return generator
        run.note(f"{generator.name} does not know the language {run.language!r}: quoted instead")
        return Quotes()

    def _holds_answer(self, run: Run, knowledge: ScopedKnowledge | None) -> bool:
        """Whether it is worth writing an answer: small models never say that they cannot."""
        began = time.perf_counter()
        unknown = 0.0
        if knowledge is not None:
            unknown = knowledge.unknown_share(run.search_text, language=run.language)
        confidence = answer_confidence(run.search_text, run.context.passages)
        run.timings["confidence"] = time.perf_counter() - began
        if unknown >= _UNKNOWN and confidence < _SURE:
            return False
        return confidence >= ANSWERABLE

    def _policy(self, run: Run) -> Literal["strict", "flag", "off"]:
        if self.definition.output is not None:
            return "off"  # a form is checked by its schema, not sentence by sentence
        if not run.arm.retrieval and self.definition.grounding == "strict":
            return "flag"  # nothing was looked up, so no claim can be supported
        return self.definition.grounding

    def _written(self, run: Run) -> collections.abc.Generator[StreamEvent, None, Answer]:
        """Generate, check and stream; returns the answer."""
        began = time.perf_counter()
        writer = Writer(
            self._policy(run),
            max_words=self.definition.max_words,
            form=self.definition.output is not None,
        )
        generator = self._generator(run)
        yield from writer.write(generator, self._request(run, generator))
        run.raw, run.usage = writer.raw, writer.usage
        if self.definition.output is not None:
            check_form(self.key, writer.text, self.definition.output.json_schema)
        unsupported = not writer.claims and not writer.declined
        if writer.policy == "strict" and unsupported and generator.name != "quotes":
            run.note(QUOTED_INSTEAD)
            quotes = Quotes()
            yield from writer.write(quotes, self._request(run, quotes))
        run.timings["generate"] = time.perf_counter() - began
        return run.answered(writer.text, writer.claims) if writer.text else run.declined()

    def _request(self, run: Run, generator: Generator) -> GenerationRequest:
        definition = self.definition
        if definition.output is not None and generator.name == "quotes":
            why = "".join(f" ({note})" for note in run.notes)
            raise GenerationError(
                f"The agent {self.key!r} fills in a form, which quotations cannot{why}.",
                hint="Name a model in its file or in kilde.toml, such as "
                'model = "smollm2-135m-instruct-q4".',
            )
        fit(run, definition, generator)
        run.model = generator.name
        if run.arm.adapter and generator.name == "quotes":
            run.arm = Arm(run.arm.retrieval, adapter=False)
        run.adapter = run.tuned.name if run.tuned and run.arm.adapter else None
        return GenerationRequest(
            messages=run.messages,
            question=run.search_text,
            evidence=run.context.passages,
            language=run.language,
            max_tokens=max_tokens(definition, generator),
            schema=definition.output.json_schema if definition.output else None,
            adapter=run.adapter,
            temperature=self._sampling.temperature,
            seed=self._sampling.seed,
        )


def _cleaned(history: Sequence[Message]) -> tuple[Message, ...]:
    return tuple(Message(turn.role, clean(turn.content)) for turn in history)
