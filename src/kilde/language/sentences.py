"""Sentences as spans that tile the text, so that a quotation keeps its exact place.

A rule, not a model: a stop ends a sentence unless an abbreviation, an ordinal or a lower-case word
says otherwise (:mod:`kilde.language.stops`); a blank line, a heading, a list item and a table row
end one always, a line break only where the line was not filled. A label ("Stk. 2.") begins the
sentence after it, and what stands in parentheses after a sentence belongs to that sentence. Why
rules and not a segmenter: docs/decisions/0018.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

from kilde.language.lines import is_label, is_next_item, label_pattern, without_label
from kilde.language.stops import Stops, stops_of

# A place where a sentence may end: closing punctuation, closing quotes or brackets, white space.
_STOP = re.compile(r"[.!?…]+[\"'”’»«“)\]]*(?=\s)")
# A line that begins like this is a block of its own.
_BLOCK = re.compile(r"[ \t]*(?:\n|#{1,6} |[-*+•–▪◦·] |[|>]|$)")
_HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
_NUMBERED = re.compile(r"[ \t]*(?:\d{1,2}[.)]|\(?[a-zæøå\d]{1,2}\)|[a-z]\.)[ \t]")
_FIELD = re.compile(r"[^\s:]{1,40}(?: \S+){0,4}: ")
_STOP_AT_END = re.compile(r"[.!?…]+[\"'”’»«“)\]]*(?=\s+\Z)")
# An entry of a timetable begins with its time.
_TIME = re.compile(
    r"[ \t]*(?:[^\W\d_]{2,3}\.? )?\d{1,2}[.:]\d{2}(?:\s?(?:[ap]\.?m|u|uhr|uur)\b\.?)?", re.I
)
# What is longer is no remark on the sentence before it.
_PARENTHESIS = re.compile(r"\((?:[^()\n]|\n(?![ \t]*\n)|\([^()\n]{0,100}\)){2,600}?\)")
# "1. Name. The club is called ...": a heading of one word within its paragraph.
_RUN_IN_HEADING = re.compile(r"[^\W\d_]+\.")
_CLOSING = ".!?…\"'”’»«“)]"
_SHORT = 60
# How much white space before a parenthesis is looked through.
_REACH = 40
# A paragraph narrower than this is a list of entries, not text broken at a column.
_COLUMN = 40
# The share of a line that may stay free although the next word would have fitted.
_RAGGED = 0.1


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
    stops = stops_of(language)
    lines = set(_line_cuts(text, stops))
    cuts = set()
    for match in _STOP.finditer(text):
        end = match.end() + 1
        if text[end : end + 1].isspace():
            end = _skip_space(text, end)
        if end < len(text) and ("\n\n" in text[match.end() : end] or stops.ends(text, match, end)):
            cuts.add(end)
    if "#" in text:
        _keep_headings(text, cuts)
    if "(" in text:
        _keep_parentheses(text, cuts, lines)
    return _spans(text, cuts | lines | {len(text)}, lines)


def _keep_headings(text: str, cuts: set[int]) -> None:
    """Take out the cuts within headings: "# 3. Contribution" is one."""
    ordered = sorted(cuts)
    for match in _HEADING.finditer(text):
        start, end = match.span()
        cuts.difference_update(ordered[bisect_right(ordered, start) : bisect_right(ordered, end)])


def _keep_parentheses(text: str, cuts: set[int], lines: set[int]) -> None:
    """Take out the cuts within parentheses, and before those that follow a sentence."""
    ordered = sorted(cuts | lines)
    for match in _PARENTHESIS.finditer(text):
        start, end = match.span()
        inner = ordered[bisect_right(ordered, start) : bisect_left(ordered, end)]
        if is_label(match.group()) or not lines.isdisjoint(inner):
            continue
        cuts.difference_update(inner)
        before = text[max(0, start - _REACH) : start].rstrip()
        if (
            (start in cuts or start in lines)
            and before
            and before[-1] in _CLOSING
            and "\n\n" not in text[max(0, start - _REACH) + len(before) : start]
        ):
            cuts.discard(start)
            lines.discard(start)
            following = _skip_space(text, end)
            if end < following < len(text) and not text[following].islower():
                cuts.add(following)


def _spans(text: str, cuts: set[int], lines: set[int]) -> list[tuple[int, int]]:
    """The spans between cuts, with every label joined to what follows it."""
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        if start == cut or text[start:cut].isspace():
            continue
        if (
            cut - start > _SHORT
            or cut == len(text)
            or not _is_opening(text[start:cut].strip(), cut in lines)
        ):
            spans.append((start, cut))
            start = cut
    if start < len(text):  # only white space is left
        if spans:
            spans[-1] = (spans[-1][0], len(text))
        else:
            spans.append((0, len(text)))
    return spans


def _is_opening(text: str, ends_line: bool) -> bool:
    """Whether the text only opens the sentence after it: a label, a time, or a run-in heading."""
    if is_label(text):
        return True
    if ends_line:
        return False
    if _TIME.fullmatch(text):
        return True
    body = without_label(text)
    label = text[: len(text) - len(body)]
    return any(map(str.isdigit, label)) and _RUN_IN_HEADING.fullmatch(body) is not None


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _line_cuts(text: str, stops: Stops) -> list[int]:
    """Where lines begin that do not continue the line before."""
    cuts = []
    place = 0
    for paragraph in text.split("\n\n"):
        if "\n" in paragraph:
            lines = paragraph.split("\n")
            width = max(map(len, lines))
            item = lines[0]
            for line, following in pairwise(lines):
                place += len(line) + 1
                next_item = is_next_item(item, following)
                if next_item or label_pattern().match(following):
                    item = following
                if (
                    next_item
                    or not line
                    or line.isspace()
                    or _BLOCK.match(following)
                    or (_TIME.match(line) and _TIME.match(following))
                    or _ends_line(text, line, following, place, width, stops)
                ):
                    cuts.append(place)
            place += len(lines[-1]) + 2
        else:
            place += len(paragraph) + 2
        cuts.append(min(place, len(text)))
    return cuts


def _ends_line(text: str, line: str, following: str, after: int, width: int, stops: Stops) -> bool:
    """Whether the line is a heading or an entry rather than text that goes on in the next."""
    if line.startswith("#"):
        return True
    line, first = line.strip(), following.lstrip()
    if not first:
        return False
    if line[-1] in _CLOSING:
        stop = _STOP_AT_END.search(text, max(0, after - 12), after)
        if stop is not None:
            numbered = _NUMBERED.match(following) is not None
            after += len(following) - len(first)
            return stops.ends(text, stop, after) or (
                numbered
                and stops.is_complete(text, stop.start())
                and not stops.begins_with_date(following)
            )
    room = width - len(line) - 1 - (first + " ").index(" ")
    filled = width >= _COLUMN and room < width * _RAGGED
    begins = (line[-1] in ":;" or not filled) and (first[0] in "(§" or first[0].isalnum())
    if begins and (_NUMBERED.match(following) or label_pattern().match(first)):
        return not stops.begins_with_date(following)
    if len(line) > _SHORT:
        return False
    if line.endswith(":") or _FIELD.match(line):
        return not filled or first[0].isupper()
    return (
        not filled
        and line[-1] not in ",;-–/("
        and (first.lstrip("(")[:1].isupper() or first[0].isdigit() or first[0] == "§")
    )
