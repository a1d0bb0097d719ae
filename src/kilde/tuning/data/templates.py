"""Questions and answers taken from documents word for word: no model is asked.

A table asks about each of its cells, a section about its heading. The answer is a value or the
first sentences as they stand, so it is right by construction; how a question is worded is data.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import combinations
from random import Random
from typing import Any

from kilde.agents.phrases import abstention
from kilde.documents.headings import headings
from kilde.documents.tables import render
from kilde.language.sentences import sentences
from kilde.types import Hit, Scalar

# A longer cell is a text of its own, and no short answer.
_LONGEST_CELL = 160
_LONGEST_KEY = 60
# Columns that may be looked at for the names of rows.
_KEY_COLUMNS = 8
# An answer is at most this long, also where the agent's file allows more.
_SENTENCES = 3
_WORDS = 80
# A heading of more words is quoted as it is.
_TOPIC_WORDS = 2
_NUMBER = re.compile(r"^(?:\(?\d+(?:\.\d+)*[.)]|§ ?\d+\.?|\d+(?:\.\d+)+)\s+")
_ITEM = re.compile(r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])[ \t]")
_CLOSED = re.compile(r"[.!?…:;][\"'”’»«)\]*_]*$")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question, its answer, and the passage that the answer stands in.

    ``topic`` is what is asked for, however it is worded.
    """

    question: str
    answer: str
    hit: Hit
    language: str
    topic: str


@dataclass(frozen=True, slots=True)
class _Wording:
    units: frozenset[str]
    asks: frozenset[str]
    tells: frozenset[str]
    supposes: frozenset[str]
    cell: tuple[str, ...]
    title: tuple[str, ...]
    asking: tuple[str, ...]
    supposing: tuple[str, ...]
    topic: tuple[str, ...]
    quoted: tuple[str, ...]
    things: tuple[str, ...]
    names: tuple[str, ...]


def template_languages() -> frozenset[str]:
    """The languages that questions can be worded in."""
    return frozenset(_table())


def from_passages(
    document: Sequence[Hit], language: str, *, max_words: int, random: Random
) -> Iterator[QuestionAnswer]:
    """What the passages of one document answer, in their order, worded in ``language``.

    ``max_words`` bounds an answer; ``random`` chooses between wordings.
    """
    rows = [hit for hit in document if hit.passage.kind == "row"]
    if rows:
        yield from _cells(rows, language, random)
    seen: set[str] = set()
    for hit in document:
        path = hit.passage.heading_path
        # A long section is several passages; what follows its heading is the first of them.
        if hit.passage.kind == "text" and path and path not in seen:
            seen.add(path)
            yield from _section(hit, language, min(max_words, _WORDS), random)


def absent_words(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Things that few documents speak of, and names that nothing bears."""
    return _table()[language].things, _table()[language].names


def about_absent(
    document: Sequence[Hit],
    language: str,
    *,
    things: Sequence[str],
    names: Sequence[str],
    random: Random,
) -> Iterator[QuestionAnswer]:
    """Questions about things that a document does not speak of, and rows that its table has not.

    The caller knows that no document in scope holds the words.
    """
    wording, answer = _table()[language], abstention(language, ())
    rows = [hit for hit in document if hit.passage.kind == "row"]
    key = _key(rows) if rows else ()
    columns = sorted(_varying(rows).difference(key)) if key else []
    for thing in things:
        hit = random.choice(rows or document)
        if key:
            asked = _row_name(hit, key, language)
            question = random.choice(wording.cell).format(column=thing, key=asked)
        else:
            asked = hit.document.title
            question = random.choice(wording.topic).format(title=asked, heading=thing)
        yield QuestionAnswer(question, answer, hit, language, f"{asked}\n{thing}".casefold())
    for name in names if columns else ():
        label = _label(random.choice(columns), language)
        question = random.choice(wording.cell).format(column=label, key=name)
        hit = random.choice(rows)
        yield QuestionAnswer(question, answer, hit, language, f"{name}\n{label}".casefold())


def _cells(rows: Sequence[Hit], language: str, random: Random) -> Iterator[QuestionAnswer]:
    names = _key(rows)
    told = _varying(rows)
    wording = _table()[language]
    for hit in rows if names else ():
        values = hit.passage.metadata
        key = _row_name(hit, names, language)
        for column, value in values.items():
            answer = render(value)
            if column in names or column not in told or isinstance(value, bool):
                continue
            if not 0 < len(answer) <= _LONGEST_CELL:
                continue
            label = _label(column, language)
            if not _LETTER.search(answer):  # a number says nothing without its name
                answer = f"{label[:1].upper()}{label[1:]}: {answer}"
            question = random.choice(wording.cell).format(column=label, key=key)
            yield QuestionAnswer(question, answer, hit, language, f"{key}\n{label}".casefold())


def _row_name(row: Hit, names: Sequence[str], language: str) -> str:
    """What a row is called by the columns that name it."""
    values = row.passage.metadata
    first, *others = names
    beside = ", ".join(f"{_label(name, language)}: {render(values[name])}" for name in others)
    return f"{render(values[first])} ({beside})" if beside else render(values[first])


def _varying(rows: Sequence[Hit]) -> set[str]:
    """The columns that do not say the same of every row."""
    values: dict[str, set[str]] = {}
    for hit in rows:
        for column, value in hit.passage.metadata.items():
            values.setdefault(column, set()).add(render(value))
    return {column for column, said in values.items() if len(said) > 1 or len(rows) == 1}


def _key(rows: Sequence[Hit]) -> tuple[str, ...]:
    """The columns whose values name a row and no other: one if there is such a one, else two."""
    columns = [
        column
        for column in dict.fromkeys(column for hit in rows for column in hit.passage.metadata)
        if all(_is_name(hit.passage.metadata.get(column)) for hit in rows)
    ][:_KEY_COLUMNS]
    for size in (1, 2):
        for names in combinations(columns, size):
            keys = {tuple(hit.passage.metadata[name] for name in names) for hit in rows}
            if len(keys) == len(rows):
                return names
    return ()


def _is_name(value: Scalar) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST_KEY
        and _LETTER.search(value) is not None
        and "\n" not in value
    )


def _section(hit: Hit, language: str, max_words: int, random: Random) -> Iterator[QuestionAnswer]:
    heading = hit.passage.heading_path.split(" > ")[-1]
    answer = _beginning(_body(hit.passage.text, heading), language, max_words)
    if answer:
        title, heading = hit.document.title, _NUMBER.sub("", heading)
        question = _about(title, heading, language, random)
        yield QuestionAnswer(question, answer, hit, language, f"{title}\n{heading}".casefold())


def _about(title: str, heading: str, language: str, random: Random) -> str:
    wording = _table()[language]
    plain = heading.rstrip("?:.!… ")
    words = plain.lower().split()
    if plain == title.rstrip("?:.!… ") or not words:
        templates = wording.title
    elif heading.rstrip().endswith("?"):
        templates = wording.asking
    elif words[0] in wording.supposes:
        templates, plain = wording.supposing, _lowered(plain)
    elif words[0] in wording.asks and wording.tells.isdisjoint(words[1:2]):
        templates = wording.asking
    elif len(words) <= _TOPIC_WORDS and words[0] not in wording.tells:
        templates, plain = wording.topic, plain if language == "de" else _lowered(plain)
    else:
        templates = wording.quoted
    return random.choice(templates).format(title=title, heading=plain)


def _body(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one; all of it where the heading is not there."""
    found = headings(text)
    for place, one in enumerate(found):
        if one.text == heading:
            after = found[place + 1].start if place + 1 < len(found) else len(text)
            return text[one.end : after]
    return text[: found[0].start] if found else text


def _beginning(body: str, language: str, max_words: int) -> str:
    """The first sentences of a text, or its first list as a whole; empty where neither fits."""
    blocks = [block.strip("\n") for block in re.split(r"\n[ \t]*\n", body) if block.strip()]
    if not blocks or blocks[0].lstrip().startswith(("|", "```", ">", "<", "![")):
        return ""
    first = blocks[0].strip()
    if first.endswith(":") and len(blocks) > 1 and _ITEM.match(blocks[1]):
        answer = f"{first}\n\n{blocks[1].strip()}"
    elif any(_ITEM.match(line) for line in first.split("\n")[:2]):
        answer = first
    elif not _CLOSED.search(first):  # a list without marks, such as that of a slide
        answer = "\n".join(block.strip() for block in blocks)
    else:
        spans = sentences(first, language)[:_SENTENCES]
        while len(spans) > 1 and len(first[: spans[-1][1]].split()) > max_words:
            spans.pop()
        answer = first[: spans[-1][1]].strip()
        if answer.endswith(":"):  # what it announces is missing
            return ""
    return answer if 3 <= len(answer.split()) <= max_words else ""


def _label(column: str, language: str) -> str:
    """A column's name as it is read: "waiting_time" is "waiting time", "Seats" is "seats"."""
    *words, last = column.replace("_", " ").split() or [column]
    if words and "_" in column and last.lower() in _table()[language].units:
        last = f"({last})"
    label = " ".join([*words, last])
    return label if language == "de" else _lowered(label)


def _lowered(text: str) -> str:
    """A text as it stands within a sentence: "COPD class" and "North Branch" keep their letters."""
    if any(letter.isupper() for letter in re.sub(r"\(.*?\)", "", text)[1:]):
        return text
    return text[:1].lower() + text[1:]


@cache
def _table() -> dict[str, _Wording]:
    text = resources.files(__package__).joinpath("templates.toml").read_text(encoding="utf-8")
    table = {}
    for language, row in tomllib.loads(text).items():
        fields: dict[str, Any] = {
            name: frozenset(data.split()) if isinstance(data, str) else tuple(data)
            for name, data in row.items()
        }
        table[language] = _Wording(**fields)
    return table
