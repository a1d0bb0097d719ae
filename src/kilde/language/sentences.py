"""Sentences as spans that tile the text, so that a quotation keeps its exact place.

A rule, not a model: a stop ends a sentence unless an abbreviation, a number or a lower-case word
says otherwise; a blank line, a heading, a list item and a table row end one always. Danish
"kl. 8.00" and "f.eks." are why the abbreviations are data per language.
"""

from __future__ import annotations

import re

from kilde.language.table import languages

# A place where a sentence may end: closing punctuation, closing quotes or brackets, white space.
_STOP = re.compile(r"[.!?…]+[\"'”’»«)\]]*(?=\s)")
# A line that begins like this is a block of its own.
_BLOCK = re.compile(r"\n(?=[ \t]*(?:\n|#{1,6} |[-*+•–] |\d{1,3}[.)] |\||>))")
# White space alone between two blocks belongs to the block before it.
_LAST_WORD = re.compile(r"[^\s(\[\"'”’»]+$")
# What a heading, a "column: value" line or a list of short lines looks like: no closing stop.
_SHORT_LINE = re.compile(r"\n(?=\S)")
_SHORT = 60


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Spans ``(start, end)`` of the text's sentences, in order, without gap or overlap.

    White space after a sentence belongs to it. An empty text has none; the spans of any other
    text join to the whole of it.

    >>> text = "Ring kl. 8.00. Vi svarer."
    >>> [text[start:end] for start, end in sentences(text, "da")]
    ['Ring kl. 8.00. ', 'Vi svarer.']
    """
    if not text:
        return []
    known = languages().get(language)
    abbreviations = known.abbreviations if known else frozenset()
    cuts = {len(text)}
    for match in _BLOCK.finditer(text):
        cuts.add(match.end())
    for match in _SHORT_LINE.finditer(text):
        if _is_short_line(text, match.start()):
            cuts.add(match.end())
    for match in _STOP.finditer(text):
        end = _skip_space(text, match.end())
        if end < len(text) and _ends_sentence(text, match, end, abbreviations):
            cuts.add(end)
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        if text[start:cut].strip():
            spans.append((start, cut))
            start = cut
    if start < len(text):  # only white space is left
        if spans:
            spans[-1] = (spans[-1][0], len(text))
        else:
            spans.append((0, len(text)))
    return spans


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _is_short_line(text: str, newline: int) -> bool:
    """Whether the line that ends here is a heading or an entry rather than wrapped prose."""
    start = text.rfind("\n", 0, newline) + 1
    line = text[start:newline].strip()
    if not line or len(line) > _SHORT:
        return False
    if line.startswith("#") or line.endswith(":") or re.match(r"[^\s:]{1,40}(?: \S+){0,4}: ", line):
        return True
    following = text[newline + 1 : newline + 2]
    return line[-1] not in ",;-" and (following.isupper() or following.isdigit())


def _ends_sentence(
    text: str, stop: re.Match[str], after: int, abbreviations: frozenset[str]
) -> bool:
    following = text[after]
    if "\n\n" in text[stop.end() : after]:
        return True
    if following.islower():
        return False
    if stop.group()[0] != ".":
        return True
    word = _LAST_WORD.search(text, max(0, stop.start() - 30), stop.start())
    if word is None:
        return True
    token = word.group().lower()
    if token in abbreviations:
        return False
    if len(token) == 1 and token.isalpha():  # an initial
        return False
    # "3. maj" was caught by the lower-case rule; "1. Ring" at the start of a line is a list number.
    return not (token.isdigit() and len(token) <= 2 and _starts_line(text, word.start()))


def _starts_line(text: str, position: int) -> bool:
    return not text[text.rfind("\n", 0, position) + 1 : position].strip()
