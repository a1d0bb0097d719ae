"""Turns of a conversation as files hold them: a text, or messages in one of two spellings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kilde.types import Message, Role

# Who speaks, as OpenAI and ShareGPT write it.
_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
}


# As DeepSeek and Qwen, Mistral, and Kimi mark them.
_THOUGHTS = re.compile(
    r"(?:<(think(?:ing)?|thoughts?|reasoning)>.*?</\1>|\[THINK\].*?\[/THINK\]"
    r"|◁think▷.*?◁/think▷)\s*",
    re.DOTALL | re.IGNORECASE,
)
# Some templates put the first tag into the prompt.
_REST_OF_THOUGHTS = re.compile(
    r"\A.*(?:</think(?:ing)?>|\[/THINK\]|◁/think▷)\s*", re.DOTALL | re.IGNORECASE
)
_OPEN = re.compile(r"<think(?:ing)?>|\[THINK\]|◁think▷", re.IGNORECASE)
# Fields of a message and types of its parts that hold thoughts.
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking", "thoughts")
_THOUGHT_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
_TOOL_PARTS = frozenset({"tool_use", "tool_call", "tool_result", "function_call"})
_TOOL_CALL = re.compile(r"<(?:tool_call|function_call)>|\[TOOL_CALLS\]", re.IGNORECASE)
_TOOL_ROLES = frozenset({"tool", "function", "function_call", "observation", "ipython"})
_NO_TOOLS = "tool calls cannot be learnt: take the row out"


@dataclass(slots=True)
class LeftOut:
    """What of the rows of a file is not learnt, counted by kind.

    ``own`` is true for rows that Kilde wrote: they are read as they stand.
    """

    own: bool = False
    counts: Counter[str] = field(default_factory=Counter)


class Fault(ValueError):
    """What is wrong with a row, in words that follow ``file:line:``."""


def message_turns(
    value: object, name: str, left_out: LeftOut, *, role: Role = "user"
) -> tuple[Message, ...]:
    """The turns of a field without instructions and thoughts, which go to ``left_out``.

    A text alone is one turn of ``role``. Raises :class:`Fault`.
    """
    if isinstance(value, str):
        text = text_of(value, name)
        return (Message(role, spoken(text, name, left_out) if role == "assistant" else text),)
    if not isinstance(value, list):
        raise Fault(f"{name} must be a text or a list of messages")
    found = [_turn(turn, f"{name}[{place}]", left_out) for place, turn in enumerate(value)]
    turns = tuple(turn for turn in found if turn.role != "system")
    left_out.counts["system"] += len(found) - len(turns)
    return turns


def muted(value: object) -> frozenset[int]:
    """The places of messages that are marked as not to be learnt, among those that are turns."""
    if not isinstance(value, list):
        return frozenset()
    turns = [turn for turn in value if _ROLES.get(_who(turn)) != "system"]
    return frozenset(
        place
        for place, turn in enumerate(turns)
        if isinstance(turn, Mapping) and turn.get("weight") == 0
    )


def spoken(text: str, name: str, left_out: LeftOut) -> str:
    """An answer without the thoughts before it. Raises :class:`Fault` for one that calls a tool,
    and where nothing is left."""
    if left_out.own:
        return text
    if _TOOL_CALL.search(text):
        raise Fault(f"{name} calls a tool; {_NO_TOOLS}")
    said = _REST_OF_THOUGHTS.sub("", _THOUGHTS.sub("", text))
    if said == text and not _OPEN.search(text):
        return text
    if _OPEN.search(said):
        raise Fault(f"{name}: its <think> has no end")
    if not said.strip():
        raise Fault(f"{name} holds thoughts and no answer")
    left_out.counts["thoughts"] += 1
    return said.strip()


def prompt_of(turns: Sequence[Message], name: str) -> tuple[Message, ...]:
    """Turns that end with a question. Raises :class:`Fault` unless they alternate."""
    for place, turn in enumerate(turns):
        if turn.role != ("user", "assistant")[place % 2]:
            before = "at the beginning" if place == 0 else "one after the other"
            raise Fault(
                f"{name}: user and assistant must take turns, the user first; "
                f"there is a turn of the {turn.role} {before}"
            )
    if not turns or turns[-1].role != "user":
        raise Fault(f"{name}: there is no question of the user before the answer")
    return tuple(turns)


def answer_of(turns: Sequence[Message], prompt: Sequence[Message], name: str) -> str:
    """The last turn, which must be the assistant's.

    Without a ``prompt``, any turns may stand before it; with one, that prompt or nothing.
    """
    if not turns or turns[-1].role != "assistant":
        raise Fault(f"{name}: the last turn must be the assistant's")
    if prompt and tuple(turns[:-1]) not in ((), tuple(prompt)):
        raise Fault(f"{name}: before the answer there are other turns than in the prompt")
    return turns[-1].content


def text_of(value: object, name: str) -> str:
    """A text as it is. Raises :class:`Fault` where it is none, blank, or cannot be stored."""
    if isinstance(value, list) and value:
        # OpenAI's parts of a message.
        parts = [part.get("text") if isinstance(part, Mapping) else None for part in value]
        if not all(isinstance(part, str) for part in parts):
            raise Fault(f"{name}: only parts of type text can be learnt")
        value = "\n".join(str(part) for part in parts)
    if isinstance(value, int | float):
        raise Fault(f"{name} must be a text: write the number in quotation marks")
    if not isinstance(value, str):
        raise Fault(f"{name} must be a text")
    if not value.strip():
        raise Fault(f"{name} is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault(f"{name} holds half a character (place {error.start})") from error
    return value


def _turn(value: object, name: str, left_out: LeftOut) -> Message:
    if not isinstance(value, Mapping):
        raise Fault(f"{name} must be a message: an object with role and content")
    role = _ROLES.get(_who(value))
    if role is None:
        who = value.get("role", value.get("from"))
        fault = f"{name}: the role must be user, assistant or system; it is {who!r}"[:200]
        raise Fault(f"{fault}; {_NO_TOOLS}" if _who(value) in _TOOL_ROLES else fault)
    if role == "system":
        return Message("system", "")  # it is dropped, whatever it says
    if value.get("tool_calls") or value.get("function_call"):
        raise Fault(f"{name} calls a tool; {_NO_TOOLS}")
    name += ".content" if "role" in value else ".value"
    content = value.get("content", value.get("value"))
    kinds = _part_types(content)
    if not kinds.isdisjoint(_TOOL_PARTS):
        raise Fault(f"{name} calls a tool; {_NO_TOOLS}")
    if role == "user":
        return Message(role, text_of(content, name))
    thinks = not kinds.isdisjoint(_THOUGHT_PARTS)
    if thinks:
        content = [part for part in content if part.get("type") not in _THOUGHT_PARTS]
        if not content:
            raise Fault(f"{name} holds thoughts and no answer")
    if (thinks or any(map(value.get, _THOUGHT_FIELDS))) and not left_out.own:
        left_out.counts["thoughts"] += 1
    return Message(role, spoken(text_of(content, name), name, left_out))


def _part_types(content: object) -> frozenset[str]:
    """The types of the parts of a message; none where it is a text."""
    parts = content if isinstance(content, list) else ()
    if not all(isinstance(part, Mapping) for part in parts):
        return frozenset()
    return frozenset(kind for part in parts if isinstance(kind := part.get("type"), str))


def _who(value: object) -> str:
    who = value.get("role", value.get("from")) if isinstance(value, Mapping) else None
    return who if isinstance(who, str) else ""
