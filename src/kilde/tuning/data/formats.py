"""Rows from files, in the forms that other tools write.

OpenAI's chat messages, ShareGPT, Alpaca and prompt with completion are answers to imitate (SFT);
``{prompt, chosen, rejected}`` is a pair (DPO), ``{prompt, completion, label}`` a thumb (KTO). What
Kilde writes itself is one of these with more beside it. Instructions in a file are dropped, for
the agent's own take their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilde.agents.phrases import declines
from kilde.errors import ConfigError
from kilde.json_objects import Faults, read_objects
from kilde.language.detect import detect
from kilde.tuning.data.rows import Lineage, Method, Row, language_code
from kilde.tuning.data.turns import Fault, answer_of, message_turns, prompt_of, text_of
from kilde.types import UNKNOWN_LANGUAGE, Message

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]\w+)*", re.IGNORECASE)
_YES = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


@dataclass(frozen=True, slots=True)
class RowFile:
    """The rows of a file, all of one ``method``; ``dropped`` counts instructions left out."""

    rows: tuple[Row, ...]
    method: Method
    dropped: int


def read_rows(path: Path, method: Method | None = None) -> list[Row]:
    """The rows of a file; see :func:`read_file`."""
    return list(read_file(path, method).rows)


def read_file(path: Path, method: Method | None = None) -> RowFile:
    """Read a file of rows: JSON lines or a JSON list, in UTF-8.

    ``method`` is the one that the rows must be for; any where it is not given. Raises
    :class:`ConfigError` with the faults of all lines; then nothing was read.
    """
    name = path.as_posix()
    faults = Faults(name)
    rows: list[Row] = []
    first: dict[Method, int] = {}
    dropped = 0
    for line, found in read_objects(path, faults):
        try:
            reader = _form_of(found)
            row, instructions = reader(found)
            rows.append(_with_the_rest(row, found, Lineage(file=name, line=line)))
        except Fault as fault:
            faults.add(line, str(fault))
            continue
        first.setdefault(row.method, line)
        dropped += instructions
    if len(first) > 1:
        kinds = ", ".join(f"{kind} (line {line})" for kind, line in first.items())
        faults.add(0, f"it holds rows of several kinds: {kinds}; put each kind into its own file")
    faults.check()
    if not rows:
        raise ConfigError([f"{name}: it holds no rows"], hint="A row is one line of JSON.")
    held = rows[0].method
    if method is not None and held != method:
        raise ConfigError(
            [f"{name}: its rows are for {held}, not for {method}"],
            hint=f"Tune with {held}, or bring other rows.",
        )
    return RowFile(tuple(rows), held, dropped)


_Read = tuple[Row, int]


def _form_of(found: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], _Read]:
    # Passed over, an empty label would make a bad answer one to imitate.
    for name in _JUDGING:
        if name in found and found[name] is None:
            raise Fault(f"{name} is empty")
    keys = {key for key, value in found.items() if value is not None}
    for needed, reader in _FORMS:
        if needed <= keys:
            return reader
    known = "; ".join(", ".join(sorted(needed)) for needed, _ in _FORMS)
    raise Fault(f"it has none of these sets of keys: {known}")


def _chat(found: Mapping[str, Any]) -> _Read:
    turns, dropped = message_turns(found["messages"], "messages")
    return _imitated(turns, dropped, "messages")


def _sharegpt(found: Mapping[str, Any]) -> _Read:
    turns, dropped = message_turns(found["conversations"], "conversations")
    return _imitated(turns, dropped + bool(found.get("system")), "conversations")


def _imitated(turns: tuple[Message, ...], dropped: int, name: str) -> _Read:
    answer = answer_of(turns, (), name)
    return Row("sft", prompt_of(turns[:-1], name), answer), dropped


def _alpaca(found: Mapping[str, Any]) -> _Read:
    asked = text_of(found["instruction"], "instruction")
    if found.get("input") not in (None, ""):
        asked += "\n\n" + text_of(found["input"], "input")
    answer = text_of(found["output"], "output")
    return Row("sft", (Message("user", asked),), answer), int(bool(found.get("system")))


def _completed(found: Mapping[str, Any]) -> _Read:
    turns, dropped = message_turns(found["prompt"], "prompt")
    prompt = prompt_of(turns, "prompt")
    said, more = message_turns(found["completion"], "completion", role="assistant")
    return Row("sft", prompt, answer_of(said, prompt, "completion")), dropped + more


def _judged(found: Mapping[str, Any]) -> _Read:
    row, dropped = _completed(found)
    good = _yes(found["label"], "label")
    return Row("kto", row.prompt, row.answer, good=good), dropped


def _pair(found: Mapping[str, Any]) -> _Read:
    chosen, dropped = message_turns(found["chosen"], "chosen", role="assistant")
    rejected, more = message_turns(found["rejected"], "rejected", role="assistant")
    dropped += more
    if found.get("prompt") is None:
        turns = chosen[:-1]  # both are whole conversations
        if rejected[:-1] != turns:
            raise Fault("chosen and rejected must begin with the same turns")
    else:
        turns, more = message_turns(found["prompt"], "prompt")
        dropped += more
    prompt = prompt_of(turns, "prompt")
    better, worse = answer_of(chosen, prompt, "chosen"), answer_of(rejected, prompt, "rejected")
    return Row("dpo", prompt, better, worse), dropped


# Keys that judge an answer.
_JUDGING = ("label", "chosen", "rejected")
# The keys that make a form, in the order in which they are looked for.
_FORMS: tuple[tuple[frozenset[str], Callable[[Mapping[str, Any]], _Read]], ...] = (
    (frozenset({"messages"}), _chat),
    (frozenset({"conversations"}), _sharegpt),
    (frozenset({"chosen", "rejected"}), _pair),
    (frozenset({"prompt", "completion", "label"}), _judged),
    (frozenset({"prompt", "completion"}), _completed),
    (frozenset({"instruction", "output"}), _alpaca),
)


def _with_the_rest(row: Row, found: Mapping[str, Any], here: Lineage) -> Row:
    """The row with language, lineage and whether it declines, which stand beside every form."""
    language = _language(found.get("language"))
    if language == UNKNOWN_LANGUAGE:
        language = detect(f"{row.question}\n{row.answer}")
    given = found.get("declines")
    if given is None:
        declining = row.good and declines(row.answer, language)
    else:
        declining = _yes(given, "declines")
    return Row(
        method=row.method,
        prompt=row.prompt,
        answer=row.answer,
        rejected=row.rejected,
        good=row.good,
        declines=declining,
        language=language,
        lineage=_lineage(found, here),
    )


def _language(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN_LANGUAGE
    known = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if known is None:
        raise Fault('language must be a code such as "da"')
    return language_code(known.group(1))


def _lineage(found: Mapping[str, Any], here: Lineage) -> Lineage:
    """Where a row of Kilde says it comes from; for all others, the documents and the line."""
    documents = _names(found.get("documents"), "documents")
    given = found.get("lineage")
    if not isinstance(given, Mapping):
        return Lineage(documents=documents, file=here.file, line=here.line)
    file, line = given.get("file") or "", given.get("line") or 0
    if not isinstance(file, str) or not isinstance(line, int) or line < 0:
        raise Fault("lineage: file must be a name, and line a number")
    answers = _names(given.get("answers"), "lineage.answers")
    documents = _names(given.get("documents"), "lineage.documents") or documents
    read = _names(given.get("read"), "lineage.read")
    if not (file or answers or documents or read):
        return here
    return Lineage(documents, answers, file, line, read=read)


def _names(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise Fault(f"{name} must be a list of texts")
    return tuple(text_of(one, name) for one in names)


def _yes(value: object, name: str) -> bool:
    known = _YES.get(str(value).strip().lower()) if isinstance(value, str | int | float) else None
    if known is None:
        raise Fault(f"{name} must be true or false")
    return known
