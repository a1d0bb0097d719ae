"""Rows from files: what stands in each object beside its form, and what is told of the whole.

Instructions in a file are dropped, for the agent's own take their place; what else is not learnt is
counted and told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kilde.agents.phrases import declines
from kilde.errors import ConfigError
from kilde.json_objects import TABLES, Faults, Place, read_objects
from kilde.language.detect import detect
from kilde.tuning.data.forms import form_of, makes_a_form, truth
from kilde.tuning.data.rows import Lineage, Method, Row, language_code
from kilde.tuning.data.turns import Fault, LeftOut, text_of
from kilde.types import UNKNOWN_LANGUAGE

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]\w+)*", re.IGNORECASE)


# What is said of a file whose rows held these.
_NOTES = {
    "system": "{} system messages were left out: the agent's instructions take their place",
    "earlier": "{} rows are earlier answers of chats, each learnt with the turns before it",
    "repeated": "{} earlier answers of chats repeat others and are learnt once",
    "history": "{} answers that stand in a history or a prompt are read there and not learnt",
    "muted": "{} answers of weight 0 are read and not learnt",
    "closing": "{} chats end with a turn of the user, which was left out",
    "thoughts": "{} answers held thoughts (<think> … </think>), which were left out",
    "tools": "{} rows name tools that may be called, which was left out",
}


@dataclass(frozen=True, slots=True)
class RowFile:
    """The rows of a file, all of one ``method``; ``notes`` say what of it is not learnt."""

    rows: tuple[Row, ...]
    method: Method
    notes: tuple[str, ...] = ()


def read_rows(path: Path, method: Method | None = None) -> list[Row]:
    """The rows of a file; see :func:`read_file`."""
    return list(read_file(path, method).rows)


def read_file(path: Path, method: Method | None = None) -> RowFile:
    """Read a file of rows: JSON lines, a JSON list, or a table (``.csv``, ``.tsv``).

    A chat gives a row for every answer in it. ``method`` is the one that the rows must be for; any
    where it is not given. Raises :class:`ConfigError` with the faults of all lines; then nothing
    was read.
    """
    name = path.as_posix()
    faults = Faults(name)
    rows: list[Row] = []
    earlier: set[str] = set()
    first: dict[Method, Place] = {}
    left_out = LeftOut()
    is_table = path.suffix.lower() in TABLES
    for place, given in read_objects(path, faults):
        found = {key.strip().lower(): value for key, value in given.items()}
        if is_table and not makes_a_form(found):
            held = ", ".join(map(repr, list(found)[:10]))
            faults.add(
                Place(1),
                "the first line must name the columns, such as prompt and completion; "
                f"it holds {held}"[:300],
            )
            break
        left_out.own = isinstance(found.get("lineage"), Mapping)
        try:
            made = form_of(found)(found, left_out)
            here = Lineage(file=name, line=place.line, row=place.row)
            several = len(made) > 1
            complete = [
                _with_the_rest(row, found, replace(here, turn=turn if several else 0), last)
                for turn, row in enumerate(made, 1)
                for last in [turn == len(made)]
            ]
        except Fault as fault:
            faults.add(place, str(fault))
            continue
        first.setdefault(complete[0].method, place)
        left_out.counts["tools"] += bool(found.get("tools") or found.get("functions"))
        for row in complete[:-1]:
            if row.id in earlier:
                left_out.counts["repeated"] += 1
                continue
            earlier.add(row.id)
            left_out.counts["earlier"] += 1
            rows.append(row)
        rows.append(complete[-1])
    if len(first) > 1:
        kinds = ", ".join(f"{kind} (line {place})" for kind, place in first.items())
        faults.add(
            Place(0), f"it holds rows of several kinds: {kinds}; put each kind into its own file"
        )
    faults.check()
    if not rows:
        raise ConfigError([f"{name}: it holds no rows"], hint="A row is one line of JSON.")
    held = rows[0].method
    if method is not None and held != method:
        raise ConfigError(
            [f"{name}: its rows are for {held}, not for {method}"],
            hint=f"Tune with {held}, or bring other rows.",
        )
    counts = left_out.counts
    notes = tuple(text.format(counts[kind]) for kind, text in _NOTES.items() if counts[kind])
    return RowFile(tuple(rows), held, notes)


def _with_the_rest(row: Row, found: Mapping[str, Any], here: Lineage, last: bool) -> Row:
    """The row with language, lineage and whether it declines, which stand beside every form.

    Of a chat, what is said of declining is said of the ``last`` answer.
    """
    language = _language(found.get("language"))
    if language == UNKNOWN_LANGUAGE:
        language = detect(f"{row.question}\n{row.answer}")
    given = found.get("declines") if last else None
    if given is None:
        declining = row.good and declines(row.answer, language)
    else:
        declining = truth(given, "declines")
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
        return replace(here, documents=documents)
    file = given.get("file") or ""
    line, number, turn = (given.get(name) or 0 for name in ("line", "row", "turn"))
    counted = all(isinstance(one, int) and one >= 0 for one in (line, number, turn))
    if not isinstance(file, str) or not counted:
        raise Fault("lineage: file must be a name, and line a number")
    answers = _names(given.get("answers"), "lineage.answers")
    documents = _names(given.get("documents"), "lineage.documents") or documents
    read = _names(given.get("read"), "lineage.read")
    if not (file or answers or documents or read):
        return here
    return Lineage(documents, answers, file, line, read=read, row=number, turn=turn)


def _names(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise Fault(f"{name} must be a list of texts")
    return tuple(text_of(one, name) for one in names)
