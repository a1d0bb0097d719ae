"""What the lines of a text are: labels, list items, lines that introduce a list, and headings.

A label ("§ 14.", "Stk. 2.", "b)") belongs to the text that follows it, an item to the line that
introduces its list, and a heading is no statement.
"""

from __future__ import annotations

import re
from functools import cache

from kilde.language.table import languages

# A label is short; longer text is not tested for being one.
_LONGEST_LABEL = 40
_LONGEST_HEADING = 70
_HEADING_WORDS = 8
_BULLET = re.compile(r"[ \t]*[-*+•–▪◦·][ \t]+")
_NUMBERED = re.compile(r"[ \t]*(?:\(?\d{1,3}\)|\d{1,3}\.|\(?[a-zæøå]\)|[a-z]\.)[ \t]+")
_UNDERLINE = re.compile(r"[^\n]+\n[ \t]*(?:={3,}|-{3,})[ \t]*")
_CONTENTS_LINE = re.compile(r".*(?:(?:\.[ ]?){4,}|…{2,}|_{4,})[ \t]*\d{1,4}")
# What the line of a list of facts has and a heading does not.
_FACT = re.compile(
    r": |@|://|www\.|\t|[.,;!?…]$|\d[.,:-]\d|\d{2} \d{2}|\b(?!(?:19|20)\d\d\b)\d{3}|%|€|\$"
)


@cache
def clause_words() -> str:
    """The words that stand before the number of a clause, in all languages, as a pattern."""
    words = {word for row in languages().values() for word in row.clauses}
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@cache
def label_pattern() -> re.Pattern[str]:
    """A label at the start of a text: one clause number, item number or item letter."""
    return re.compile(
        rf"(?:(?:ad|re)\s(?={clause_words()}|§|\d))?(?:§+\s?\d+(?:\.\d+)*(?:\s?[a-z])?|(?:{clause_words()})\.?\s\d+(?:\.\d+)*[a-z]?"
        rf"|(?:\d{{1,3}}|[a-zæøå]|[ivxlc]{{1,6}})(?=[.)])|\((?:\d{{1,3}}|[a-zæøå]|[ivxlc]{{1,6}})\)"
        rf"|\d{{1,2}}(?:\.\d{{1,2}})+)[.):,]?(?:\s+|$)",
        re.IGNORECASE,
    )


def is_label(text: str) -> bool:
    """Whether the text is nothing but labels.

    >>> [is_label(text) for text in ("§ 3. Stk. 2.", "b)", "§ 3 Kontingent", "12")]
    [True, True, False, False]
    """
    text = text.strip()
    if (
        not text
        or len(text) > _LONGEST_LABEL
        or (text[-1] not in ".):," and not text[-1].isalnum())
    ):
        return False
    place = 0
    while place < len(text):
        match = label_pattern().match(text, place)
        if match is None:
            return False
        place = match.end()
    return True


@cache
def _numbered_item() -> re.Pattern[str]:
    return re.compile(
        rf"[ \t]*(\(?(?:(?:§+|{clause_words()})\.?\s?)?)"
        rf"(?:(\d{{1,3}}(?:\.\d{{1,3}})*)|([a-zæøå])(?=[.)]))([.):]?)\s",
        re.IGNORECASE,
    )


def is_next_item(text: str, following: str) -> bool:
    """Whether one text begins with a number or letter, and the other with the next one.

    >>> is_next_item("1. Voksne: 450 kr.", "2. Børn: 250 kr.")
    True
    >>> is_next_item("§ 2. Det sker den", "3. maj.")
    False
    """
    first, second = _numbered_item().match(text), _numbered_item().match(following)
    if first is None or second is None or first[1].lower() != second[1].lower():
        return False
    if first[3] and second[3]:
        return ord(second[3]) == ord(first[3]) + 1
    if not (first[2] and second[2] and (first[1] or first[4]) and (second[1] or second[4])):
        return False
    old, new = ([int(part) for part in match[2].split(".")] for match in (first, second))
    return new == [*old, 1] or any(
        new in ([*old[:place], old[place] + 1], [*old[:place], old[place] + 1, 1])
        for place in range(len(old))
    )


def without_label(text: str) -> str:
    """The text after its labels and the mark of its list item."""
    match = _BULLET.match(text)
    place = match.end() if match else len(text) - len(text.lstrip())
    while match := label_pattern().match(text, place):
        place = match.end()
    return text[place:]


def is_item(text: str) -> bool:
    """Whether the text begins with the mark of a list item."""
    return bool(_BULLET.match(text) or _NUMBERED.match(text))


def introduces_list(text: str, following: str) -> bool:
    """Whether the text ends with the line that introduces the list that follows."""
    if not is_item(following):
        return False
    return text.rstrip().endswith(":") or (is_question(text) and not is_item(text))


def is_question(text: str) -> bool:
    """Whether a sentence asks, rather than tells what somebody asked."""
    return text.rstrip().endswith("?") and ":" not in text


def is_heading(text: str, following: str) -> bool:
    """Whether a sentence of a text is a heading, given the text that follows it.

    A heading is a line with ``#`` or an underline, an entry of a table of contents, or one short
    line without closing punctuation or a fact of its own, directly above a statement or a list.
    """
    line = text.strip()
    if line.startswith("#") or _UNDERLINE.fullmatch(line) or _CONTENTS_LINE.fullmatch(line):
        return True
    if "\n" in line or len(line) > _LONGEST_HEADING or (is_item(text) and _BULLET.match(text)):
        return False
    title = without_label(line)
    if not title or not title[0].isupper() or len(title.split()) > _HEADING_WORDS:
        return False
    if _FACT.search(title) or title.endswith(":") or not following.strip():
        return False
    return title != line or _is_statement(following)


def _is_statement(text: str) -> bool:
    line = text.strip()
    if not line or line.startswith("#"):
        return False
    body = without_label(line)
    return is_item(text) or (line[-1] in ".!?:…" and len(body.split()) >= 3)
