"""Rows longer than the context: training would cut them, usually in the middle of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kilde.agents.definition import AgentDefinition
from kilde.agents.prompt import render
from kilde.tuning.checks.findings import Finding, count, listed, place
from kilde.tuning.data.rows import Row

# Of each turn, for the marks that a chat template puts around it; those in use take 3 to 7.
TURN_TOKENS = 8


def check_length(
    rows: Sequence[Row],
    definition: AgentDefinition,
    context: int,
    count_tokens: Callable[[str], int] | None,
) -> Iterator[Finding]:
    """Rows that exceed ``context`` tokens with the agent's instructions and examples around them.

    Nothing is checked where the context is 0 or tokens cannot be counted. Documents that training
    may put into the prompt are not counted: they are cut to what is left.
    """
    if count_tokens is None or context <= 0:
        return
    frames: dict[str, int] = {}
    long: dict[int, int] = {}
    for index, row in enumerate(rows):
        language = definition.language or row.language
        if language not in frames:
            frame = [turn.content for turn in render(definition, "", language=language)]
            frames[language] = _tokens(frame, count_tokens) - TURN_TOKENS  # its question is empty
        said = [turn.content for turn in row.prompt]
        answers = (row.answer, row.rejected) if row.rejected else (row.answer,)
        # A token is a byte or more: most rows need no counting at all.
        if frames[language] + _bytes([*said, *answers]) <= context:
            continue
        tokens = frames[language] + max(_tokens([*said, text], count_tokens) for text in answers)
        if tokens > context:
            long[index] = tokens
    if long:
        named = [f"{place(rows, index)} ({tokens:,} tokens)" for index, tokens in long.items()]
        yield Finding(
            "too-long",
            "refuse",
            f"{count(len(long))} longer than the context of {context:,} tokens: {listed(named)}.",
            "Shorten or split them, take them out, or train with a longer context.",
            tuple(long),
        )


def _tokens(texts: Sequence[str], count_tokens: Callable[[str], int]) -> int:
    return sum(count_tokens(_whole(text)) + TURN_TOKENS for text in texts)


def _bytes(texts: Sequence[str]) -> int:
    return sum(len(text.encode("utf-8", "replace")) + TURN_TOKENS for text in texts)


def _whole(text: str) -> str:
    """Without half surrogate pairs, at which tokenizers stop with an error."""
    return text.encode("utf-8", "replace").decode("utf-8")
