"""Sentences as spans that tile the text, so that a quotation keeps its exact place.

A rule, not a model: a stop ends a sentence unless an abbreviation, an ordinal or a lower-case word
says otherwise (:mod:`kilde.language.stops`); a blank line, a heading, a list item and a table row
end one always, a line break only where the line was not filled. A label ("Stk. 2.") begins the
sentence after it. Why rules and not a segmenter: docs/decisions/0017.
"""

from __future__ import annotations

import re

from kilde.language.lines import is_label, label_pattern
from kilde.language.stops import Stops

# A place where a sentence may end: closing punctuation, closing quotes or brackets, white space.
_STOP = re.compile(r"[.!?…]+[\"'”’»«“)\]]*(?=\s)")
# A line that begins like this is a block of its own.
_BLOCK = re.compile(r"[ \t]*(?:\n|#{1,6} |[-*+•–▪◦·] |[|>]|$)")
_NUMBERED = re.compile(r"[ \t]*(?:\d{1,3}[.)]|\(?[a-zæøå\d]{1,2}\)|[a-z]\.)[ \t]")
_LINE_BREAK = re.compile(r"\n(?=[^\n])")
_FIELD = re.compile(r"[^\s:]{1,40}(?: \S+){0,4}: ")
_WORD = re.compile(r"\S*")
_SHORT = 60
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
    stops = Stops(language)
    cuts = {len(text)}
    cuts.update(_line_cuts(text, stops))
    for match in _STOP.finditer(text):
        end = _skip_space(text, match.end())
        if end < len(text) and ("\n\n" in text[match.end() : end] or stops.ends(text, match, end)):
            cuts.add(end)
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        sentence = text[start:cut]
        if sentence.strip() and (cut == len(text) or not is_label(sentence)):
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


def _line_cuts(text: str, stops: Stops) -> list[int]:
    """Where lines begin that do not continue the line before."""
    cuts = []
    start, paragraph_end, width = 0, -1, 0
    for match in _LINE_BREAK.finditer(text):
        end = match.start()
        start = text.rfind("\n", 0, end) + 1
        if end > paragraph_end:
            first = text.rfind("\n\n", 0, end + 1) + 1
            paragraph_end = text.find("\n\n", end)
            paragraph_end = len(text) if paragraph_end < 0 else paragraph_end
            width = max(map(len, text[first:paragraph_end].split("\n")))
        if (
            not text[start:end].strip()
            or _BLOCK.match(text, match.end())
            or _ends_line(text, start, end, width, stops)
        ):
            cuts.append(match.end())
    return cuts


def _ends_line(text: str, start: int, end: int, width: int, stops: Stops) -> bool:
    """Whether the line is a heading or an entry rather than text that goes on in the next."""
    line = text[start:end].strip()
    after = _skip_space(text, end)
    if line.startswith("#"):
        return True
    if after == len(text):
        return False
    if stop := _STOP.search(text, max(start, end - 12), end + 1):
        last = stop
        while stop := _STOP.search(text, last.end(), end + 1):
            last = stop
        if last.end() == end:
            numbered = _NUMBERED.match(text, end + 1) is not None
            return stops.ends(text, last, after) or (
                numbered and stops.is_complete(text, last.start())
            )
    first_word = _WORD.match(text, after)
    room = width - (end - start) - 1 - (len(first_word.group()) if first_word else 0)
    filled = width >= _COLUMN and room < width * _RAGGED
    if _NUMBERED.match(text, end + 1) or label_pattern().match(text, after):
        return not filled or line[-1] in ":;"
    if len(line) > _SHORT:
        return False
    if line.endswith(":") or _FIELD.match(line):
        return not filled or text[after].isupper()
    return (
        not filled
        and line[-1] not in ",;-–/("
        and (text[after].isupper() or text[after].isdigit() or text[after] == "§")
    )
