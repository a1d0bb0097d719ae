"""Making a prompt fit: what documents may take, and what is left out when it is too much."""

from __future__ import annotations

from kilde.agents.definition import AgentDefinition
from kilde.agents.prompt import render
from kilde.agents.run import Run
from kilde.errors import GenerationError
from kilde.knowledge.context import Context
from kilde.protocols import Generator
from kilde.types import Message

# Tokens of documents in a prompt where the generator's context allows it.
_BUDGET = 1500
# Fewer than these are no room for documents.
_LEAST = 64
# Tokens of answer per word of ``max_words``: enough for Danish compounds and JSON.
_TOKENS_PER_WORD = 3
# Tokens around a message that mark whose turn it is.
_TURN = 8


def max_tokens(definition: AgentDefinition, generator: Generator) -> int:
    """The most tokens that an answer may take."""
    wanted = definition.max_words * _TOKENS_PER_WORD
    return min(wanted, generator.context // 3) if generator.context else wanted


def document_budget(run: Run, definition: AgentDefinition, generator: Generator) -> int:
    """The tokens that documents may take. Raises :class:`GenerationError` if there are none."""
    most = (run.tuned.document_tokens if run.tuned else 0) or _BUDGET
    if not generator.context:
        return most
    while True:
        bare = render(
            definition,
            run.question,
            language=run.language,
            history=run.history,
            examples=run.tuned is None or run.tuned.examples,
        )
        taken = _tokens(bare, generator)
        budget = generator.context - taken - max_tokens(definition, generator) - _LEAST
        if budget >= _LEAST:
            return min(most, budget)
        if not run.history:
            raise _no_room(run, taken, generator)
        run.note("the conversation is long: its oldest turns were left out")
        run.history = run.history[2:]


def fit(run: Run, definition: AgentDefinition, generator: Generator) -> None:
    """Render the run's prompt; passages are left out from the end until it fits with all headings.

    Raises :class:`GenerationError` where not even one passage fits.
    """
    while True:
        run.messages = render(
            definition,
            run.question,
            language=run.language,
            passages=run.context.passages,
            summaries=run.context.summaries,
            history=run.history,
            examples=run.tuned is None or run.tuned.examples,
        )
        if not generator.context:
            return
        taken = _tokens(run.messages, generator)
        if taken + max_tokens(definition, generator) <= generator.context:
            return
        if len(run.context.passages) <= 1:
            raise _no_room(run, taken, generator)
        run.context = Context(run.context.passages[:-1], run.context.summaries)


def _tokens(messages: tuple[Message, ...], generator: Generator) -> int:
    return sum(generator.count_tokens(message.content) + _TURN for message in messages)


def _no_room(run: Run, taken: int, generator: Generator) -> GenerationError:
    return GenerationError(
        f"Instructions, examples, conversation and question of the agent {run.agent!r} leave no "
        f"room for documents ({taken} of {generator.context} tokens are taken).",
        hint="Shorten them, ask in a new conversation, or give the model more context.",
    )
