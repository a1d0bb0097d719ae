"""What can be quoted of a passage: its sentences and short lists, without its headings.

A short list is quoted whole with the line that introduces it; of a longer one each item stands for
itself. A heading says nothing by itself, nor does a line that introduces something or a question,
which is the heading of what follows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kilde.language.clauses import Clause, clause_of
from kilde.language.lines import introduces_list, is_heading, is_item, is_label, is_question
from kilde.language.sentences import sentences

# The longest list that is quoted whole.
_MOST_ITEMS = 8
_MOST_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Statement:
    """A span of a passage that can be quoted, the clause it is part of, and the heading above."""

    start: int
    end: int
    clause: Clause
    heading: str


def statements(text: str, language: str, clause: Clause) -> list[Statement]:
    """The statements of a passage in order; ``clause`` is that of its heading."""
    spans = sentences(text, language)
    found = []
    heading = question = ""
    place = 0
    while place < len(spans):
        start, end = spans[place]
        sentence = text[start:end]
        clause = clause_of(clause, sentence)
        following = text[slice(*spans[place + 1])] if place + 1 < len(spans) else ""
        is_list = introduces_list(sentence, following)
        asks = is_question(sentence) and not is_list
        if is_heading(sentence, following) or is_label(sentence) or asks:
            if asks and not _is_line(text, start, end):
                question = sentence  # of the next statement alone
            else:
                heading, question = sentence, ""
            place += 1
            continue
        last = place
        if is_list:
            last = _end_of_list(text, spans, place)
            end = spans[last][1]
            if last - place > _MOST_ITEMS or end - start > _MOST_CHARACTERS:
                place += 1  # the line says nothing without its items
                continue
        found.append(Statement(start, end, clause, f"{heading} {question}".strip()))
        question = ""
        place = last + 1
    return found


def _is_line(text: str, start: int, end: int) -> bool:
    """Whether a sentence has its line to itself."""
    return text[start - 1 : start] in ("", "\n") and (
        end == len(text) or text[start:end].endswith("\n")
    )


def _end_of_list(text: str, spans: list[tuple[int, int]], intro: int) -> int:
    """The last sentence of the list that the sentence introduces.

    An item may have several sentences; a blank line before anything but an item ends the list.
    """
    last = intro + 1
    while last + 1 < len(spans):
        begins = spans[last + 1][0]
        if is_item(text[slice(*spans[last + 1])]) or "\n" not in text[begins - 2 : begins]:
            last += 1
        else:
            break
    return last
