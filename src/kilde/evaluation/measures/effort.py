"""What an answer takes: time, tokens, memory and money. An answer that failed is not counted."""

from __future__ import annotations

from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question
from kilde.types import Usage

_MILLION = 1_000_000
_HOUR = 3600.0
_FAILED = Score(None, "it failed")
_UNCOUNTED = Score(None, "what answered does not count its tokens")
# The traces of answers that no model wrote: quoted, or declined before anybody was asked.
_NO_MODEL = ("quotes", "")


def seconds(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """Seconds from the question to the whole answer."""
    return _FAILED if said.answer is None else Score(said.seconds)


def tokens(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """Tokens read and written."""
    if said.answer is None:
        return _FAILED
    if (usage := _usage(said)) is None:
        return _UNCOUNTED
    read, written = usage.prompt_tokens, usage.completion_tokens
    return Score(float(read + written), f"{read} read, {written} written")


def memory(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """Bytes of memory that the process held after the answer."""
    if said.answer is None:
        return _FAILED
    return Score(float(said.memory)) if said.memory else Score(None, "nobody could tell")


def cost(question: Question, said: Said, setting: Setting) -> Score:  # noqa: ARG001
    """What the tokens and the time of an answer cost together, in the setting's currency."""
    read, written, hour = setting.input_price, setting.output_price, setting.hour_price
    if read is None and written is None and hour is None:
        return Score(None, "no price is set in kilde.toml")
    if said.answer is None:
        return _FAILED
    parts: list[tuple[str, float]] = []
    if read is not None or written is not None:
        if (usage := _usage(said)) is None:
            return _UNCOUNTED
        paid = usage.prompt_tokens * (read or 0.0) + usage.completion_tokens * (written or 0.0)
        parts.append(("tokens", paid / _MILLION))
    if hour is not None:
        parts.append(("time", hour * said.seconds / _HOUR))
    shown = ", ".join(f"{name} {value:.2g} {setting.currency}".strip() for name, value in parts)
    return Score(sum(value for _, value in parts), shown)


def _usage(said: Said) -> Usage | None:
    """The tokens of an answer; ``None`` where a model answered and nobody counted."""
    if said.answer is None:
        return None
    trace = said.answer.trace
    counted = trace.usage.prompt_tokens + trace.usage.completion_tokens
    return None if not counted and trace.model not in _NO_MODEL else trace.usage
