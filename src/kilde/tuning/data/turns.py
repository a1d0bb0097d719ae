"""Turns of a conversation as files hold them: a text, or messages in one of two spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


class Fault(ValueError):
    """What is wrong with a row, in words that follow ``file:line:``."""


def message_turns(
    value: object, name: str, *, role: Role = "user"
) -> tuple[tuple[Message, ...], int]:
    """The turns of a field without instructions, and how many instructions were left out.

    A text alone is one turn of ``role``. Raises :class:`Fault`.
    """
    if isinstance(value, str):
        return (Message(role, text_of(value, name)),), 0
    if not isinstance(value, list):
        raise Fault(f"{name} must be a text or a list of messages")
    found = [_turn(turn, f"{name}[{place}]") for place, turn in enumerate(value)]
    turns = tuple(turn for turn in found if turn.role != "system")
    return turns, len(found) - len(turns)


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
    if not isinstance(value, str):
        raise Fault(f"{name} must be a text")
    if not value.strip():
        raise Fault(f"{name} is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault(f"{name} holds half a character (place {error.start})") from error
    return value


def _turn(value: object, name: str) -> Message:
    if not isinstance(value, Mapping):
        raise Fault(f"{name} must be a message: an object with role and content")
    who = value.get("role", value.get("from"))
    role = _ROLES.get(who) if isinstance(who, str) else None
    if role is None:
        raise Fault(f"{name}: the role must be user, assistant or system; it is {who!r}"[:200])
    content = value.get("content", value.get("value"))
    if role == "system":
        return Message("system", "")  # it is dropped, whatever it says
    return Message(
        role, text_of(content, f"{name}.content" if "role" in value else f"{name}.value")
    )
