"""The forms in which tools write a row: which one an object has, and the rows that it gives.

OpenAI's chat messages, ShareGPT, Alpaca and a question with its answer are answers to imitate
(SFT); ``{prompt, chosen, rejected}`` is a pair (DPO), ``{prompt, completion, label}`` a thumb
(KTO). What Kilde writes itself is one of these with more beside it. Of a chat every answer is a
row, with the turns before it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from kilde.tuning.data.rows import Row
from kilde.tuning.data.turns import (
    Fault,
    LeftOut,
    answer_of,
    message_turns,
    muted,
    prompt_of,
    spoken,
    text_of,
)
from kilde.types import Message

_YES = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}

_Read = Callable[[Mapping[str, Any], LeftOut], list[Row]]


def form_of(found: Mapping[str, Any]) -> _Read:
    """What reads an object as rows. Raises :class:`Fault` where its keys make no form."""
    # Passed over, an empty label would make a bad answer one to imitate.
    for name in _JUDGING:
        if name in found and found[name] is None:
            raise Fault(f"{name} is empty")
    keys = {key for key, value in found.items() if value is not None}
    for needed, reader in _FORMS:
        if needed <= keys:
            return reader
    known = "; ".join(", ".join(sorted(needed)) for needed, _ in _FORMS)
    held = f"; it has {', '.join(map(repr, list(found)[:10]))}" if found else ""
    raise Fault(f"it has none of these sets of keys: {known}{held}"[:600])


def makes_a_form(names: Collection[str]) -> bool:
    """Whether columns of these names can make a form."""
    return any(needed <= frozenset(names) for needed, _ in _FORMS)


def _chat(name: str) -> _Read:
    def read(found: Mapping[str, Any], left_out: LeftOut) -> list[Row]:
        turns = message_turns(found[name], name, left_out)
        left_out.counts["system"] += bool(found.get("system"))
        if len(turns) > 2 and turns[-1].role == "user":
            left_out.counts["closing"] += 1
            turns = turns[:-1]
        answer_of(turns, (), name)
        prompt_of(turns[:-1], name)
        places = range(1, len(turns), 2)
        if left_out.own:
            places = places[-1:]
        quiet = muted(found[name])
        left_out.counts["muted"] += len(quiet.intersection(places))
        rows = [
            Row("sft", turns[:place], turns[place].content)
            for place in places
            if place not in quiet
        ]
        if not rows:
            raise Fault(f"{name}: all answers have the weight 0, so there is nothing to learn")
        return rows

    return read


def _asked(question: str, more: str, answer: str) -> _Read:
    """One question and one answer; ``more`` is what the question is about."""

    def read(found: Mapping[str, Any], left_out: LeftOut) -> list[Row]:
        asked = text_of(found[question], question)
        if more and found.get(more) not in (None, ""):
            asked += "\n\n" + text_of(found[more], more)
        said = spoken(text_of(found[answer], answer), answer, left_out)
        left_out.counts["system"] += bool(found.get("system"))
        history = _history(found.get("history"), left_out)
        return [Row("sft", (*history, Message("user", asked)), said)]

    return read


def _history(value: object, left_out: LeftOut) -> tuple[Message, ...]:
    """Alpaca's history: pairs of a question and an answer."""
    turns: list[Message] = []
    for place, pair in enumerate(value if isinstance(value, list) else [value] if value else []):
        name = f"history[{place}]"
        if not isinstance(pair, list) or len(pair) != 2:
            raise Fault(f"{name} must be a pair: a question and an answer")
        turns.append(Message("user", text_of(pair[0], f"{name}[0]")))
        said = spoken(text_of(pair[1], f"{name}[1]"), f"{name}[1]", left_out)
        turns.append(Message("assistant", said))
    return _read_only(turns, left_out)


def _read_only(prompt: Sequence[Message], left_out: LeftOut) -> tuple[Message, ...]:
    """A prompt, whose answers are counted as not learnt."""
    left_out.counts["history"] += sum(turn.role == "assistant" for turn in prompt)
    return tuple(prompt)


def _completed(completion: str) -> _Read:
    def read(found: Mapping[str, Any], left_out: LeftOut) -> list[Row]:
        prompt = prompt_of(message_turns(found["prompt"], "prompt", left_out), "prompt")
        said = message_turns(found[completion], completion, left_out, role="assistant")
        answer = answer_of(said, prompt, completion)
        return [Row("sft", _read_only(prompt, left_out), answer)]

    return read


def _judged(found: Mapping[str, Any], left_out: LeftOut) -> list[Row]:
    (row,) = _completed("completion")(found, left_out)
    good = truth(found["label"], "label")
    return [Row("kto", row.prompt, row.answer, good=good)]


def _pair(found: Mapping[str, Any], left_out: LeftOut) -> list[Row]:
    chosen = message_turns(found["chosen"], "chosen", left_out, role="assistant")
    rejected = message_turns(found["rejected"], "rejected", left_out, role="assistant")
    if found.get("prompt") is None:
        turns = chosen[:-1]  # both are whole conversations
        if rejected[:-1] != turns:
            raise Fault("chosen and rejected must begin with the same turns")
    else:
        turns = message_turns(found["prompt"], "prompt", left_out)
    prompt = _read_only(prompt_of(turns, "prompt"), left_out)
    better, worse = answer_of(chosen, prompt, "chosen"), answer_of(rejected, prompt, "rejected")
    return [Row("dpo", prompt, better, worse)]


# Keys that judge an answer.
_JUDGING = ("label", "chosen", "rejected")
# The keys that make a form, in the order in which they are looked for.
_FORMS: tuple[tuple[frozenset[str], _Read], ...] = (
    (frozenset({"messages"}), _chat("messages")),
    (frozenset({"conversations"}), _chat("conversations")),
    (frozenset({"chosen", "rejected"}), _pair),
    (frozenset({"prompt", "completion", "label"}), _judged),
    (frozenset({"prompt", "completion"}), _completed("completion")),
    (frozenset({"prompt", "response"}), _completed("response")),
    (frozenset({"instruction", "output"}), _asked("instruction", "input", "output")),
    (frozenset({"instruction", "response"}), _asked("instruction", "context", "response")),
    (frozenset({"question", "answer"}), _asked("question", "context", "answer")),
    (frozenset({"input", "output"}), _asked("input", "", "output")),
)


def truth(value: object, name: str) -> bool:
    """A value of true or false, in the spellings that files have. Raises :class:`Fault`."""
    known = _YES.get(str(value).strip().lower()) if isinstance(value, str | int | float) else None
    if known is None:
        raise Fault(f"{name} must be true or false; it is {value!r}"[:120])
    return known
