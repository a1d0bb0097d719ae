"""A document cut into passages: a partition of its text, along rows, headings, pages and sentences.

Context comes from neighbouring passages when a prompt is made, so nothing overlaps. Within a
section the cuts are the cheapest of all: full passages, ends of paragraphs before ends of
sentences, and no crumb at the end. Every sentence is counted once, all of them in one batch;
counting again for every possible cut is what makes splitters slow.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from kilde.documents.headings import headings
from kilde.language.sentences import sentences
from kilde.types import Document, Row

# A tokenizer may call a word of any length one unknown token; letters are counted as well.
_CHARACTERS_PER_TOKEN = 10
# What it costs to cut inside a paragraph, beside a passage's unused share (squared).
_INSIDE_PARAGRAPH = 0.1
# Text without any sentence end (a log, data in a text file) is cut at line ends before all else,
# and where a line is longer, between words.
_LONGEST_SENTENCE = 1000
_LINES = re.compile(r"[^\n]{0,999}\n|.{1,999}\s|.{1,1000}", re.DOTALL)
_SPACE = re.compile(r"\s*")
_SURROGATE = re.compile("[\ud800-\udfff]")

TokenCounter = Tokenizer | Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a document's text; ``page`` counts from 1, ``None`` where there are no pages.

    ``row`` is the row of a table that the piece is, ``None`` for running text.
    """

    start: int
    end: int
    heading_path: str
    page: int | None
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class _Section:
    """Text under one heading on one page; ``body`` is where the heading ends and text begins."""

    start: int
    body: int
    end: int
    heading_path: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut further: a sentence or a heading line."""

    start: int
    end: int
    weight: int


def split(document: Document, tokens: TokenCounter, max_tokens: int = 200) -> list[Piece]:
    """The passages of a document: the pieces join to exactly its text.

    ``tokens`` counts a text's tokens as the embedder does: its tokenizer, or a function. A piece
    has at most ``max_tokens`` (counted sentence by sentence), except for a row of a table, which
    is one piece whatever its length. No piece crosses a heading or a row; a heading without text
    of its own goes with the deeper heading that follows it, a title with whatever follows. Where a
    page ends inside a sentence, the next page's pieces begin after that sentence.
    """
    if not document.text:
        return []
    text = _SURROGATE.sub("\ufffd", document.text)
    pieces: list[Piece] = []
    runs: list[_Section] = []
    for section in _sections(text, document):
        for part in _around_rows(section, document.rows):
            if isinstance(part, _Section):
                runs.append(part)
            else:
                path = " > ".join(name for name in (section.heading_path, part.caption) if name)
                page = bisect_right(document.pages, part.start) or None
                pieces.append(Piece(part.start, part.end, path, page, part))
    spans = [_sentence_spans(text, run, document.language) for run in runs]
    weights = iter(_weigh([text[a:b] for run in spans for a, b in run], tokens))
    for run, cuts in zip(runs, spans, strict=True):
        units = [_Unit(a, b, next(weights)) for a, b in cuts]
        units = _bounded(text, run, units, tokens, max_tokens)
        for start, end in _pack(text, units, max_tokens):
            page = bisect_right(document.pages, start) or None
            pieces.append(Piece(start, end, run.heading_path, page))
    return sorted(pieces, key=lambda piece: piece.start)


def _around_rows(section: _Section, rows: Sequence[Row]) -> Iterator[_Section | Row]:
    """The rows of a section and the text before, between and after them, in order."""
    place, path = section.start, section.heading_path
    first = bisect_left(rows, section.start, key=lambda row: row.start)
    last = bisect_left(rows, section.end, lo=first, key=lambda row: row.start)
    for row in rows[first:last]:
        if place < row.start:
            body = min(max(place, section.body), row.start)
            yield _Section(place, body, row.start, path)
        yield row
        place = row.end
    if place < section.end:
        yield _Section(place, max(place, section.body), section.end, path)


def _sections(text: str, document: Document) -> list[_Section]:
    """The text cut at headings and pages; blank sections go to the one before."""
    pages = [_page_mark(text, page, document.language) for page in document.pages]
    marks: dict[int, tuple[int, str]] = dict.fromkeys(pages, (0, ""))
    marks[0] = (0, "")
    chain: list[tuple[int, str]] = []
    waiting: tuple[int, int] | None = None  # start and level of headings that have no text yet
    found = (
        []
        if not document.markdown
        else [heading for heading in headings(text) if not _in_row(heading.start, document.rows)]
    )
    for position, heading in enumerate(found):
        chain = [(level, name) for level, name in chain if level < heading.level]
        chain.append((heading.level, heading.text))
        path = " > ".join(name for _, name in chain if name)
        if waiting and (heading.level > waiting[1] or waiting[0] == found[0].start):
            start = waiting[0]
        else:
            start = heading.start
        marks[start] = (heading.end, path)
        following = found[position + 1].start if position + 1 < len(found) else len(text)
        blank = not text[heading.end : following].strip()
        crossed = any(start < page <= following for page in pages)
        waiting = (start, heading.level) if blank and not crossed else None
    sections: list[_Section] = []
    path = ""
    starts = sorted(start for start in marks if start < len(text))
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        body, own_path = marks[start]
        path = own_path if body else path
        if sections and not text[start:end].strip():
            last = sections.pop()
            sections.append(_Section(last.start, last.body, end, last.heading_path))
        elif sections and not text[sections[-1].start : start].strip():
            leading = sections.pop()
            sections.append(_Section(leading.start, max(body, start), end, path))
        else:
            sections.append(_Section(start, min(max(body, start), end), end, path))
    return sections


def _in_row(position: int, rows: Sequence[Row]) -> bool:
    place = bisect_right(rows, position, key=lambda row: row.start) - 1
    return place >= 0 and position < rows[place].end


def _page_mark(text: str, page: int, language: str) -> int:
    """Where the text of a page is cut off from the page before: where the page begins, or after the
    sentence that goes on across the page break."""
    if page == 0 or text[page - 1] == "\n":
        return page
    start = max(text.rfind("\n\n", 0, page) + 1, page - _LONGEST_SENTENCE)
    end = text.find("\n\n", page, page + _LONGEST_SENTENCE)
    end = min(len(text), page + _LONGEST_SENTENCE) if end < 0 else end
    begins = (start + first for first, _ in sentences(text[start:end], language))
    return next((begin for begin in begins if begin >= page), _skip_space(text, end, len(text)))


def _sentence_spans(text: str, section: _Section, language: str) -> list[tuple[int, int]]:
    """Heading and sentences, in order; white space goes to the one before it."""
    starts = [section.start] if section.start < section.body else []
    for start, end in sentences(text[section.body : section.end], language):
        first = section.body + start
        if starts:
            first = _skip_space(text, first, section.end)
        last = section.body + end
        if last - first > _LONGEST_SENTENCE:
            starts += [match.start() for match in _LINES.finditer(text, first, last)]
        elif first < last:
            starts.append(first)
    return list(zip(starts, [*starts[1:], section.end], strict=True))


def _skip_space(text: str, position: int, end: int) -> int:
    match = _SPACE.match(text, position, end)
    return match.end() if match else position


def _weigh(texts: Sequence[str], tokens: TokenCounter) -> list[int]:
    if not isinstance(tokens, Tokenizer):
        counts = [tokens(text) for text in texts]
    elif tokens.padding is None and tokens.truncation is None:
        encodings = tokens.encode_batch_fast(list(texts), add_special_tokens=False)
        counts = [len(encoding) for encoding in encodings]
    else:  # padding does not count, and what truncation cut off does
        encodings = tokens.encode_batch(list(texts), add_special_tokens=False)
        counts = [
            sum(sum(part.attention_mask) for part in (encoding, *encoding.overflowing))
            for encoding in encodings
        ]
    lengths = [len(text.strip()) for text in texts]
    return [
        max(count, -(-length // _CHARACTERS_PER_TOKEN)) if length else 0  # blanks weigh nothing
        for count, length in zip(counts, lengths, strict=True)
    ]


def _bounded(
    text: str, section: _Section, units: list[_Unit], tokens: TokenCounter, limit: int
) -> list[_Unit]:
    """The units, over-long ones cut, and the heading joined to the sentence that follows it."""
    bounded: list[_Unit] = []
    heading: _Unit | None = None
    for unit in units:
        if unit.start < section.body and len(units) > 1 and unit.weight <= limit // 2:
            heading = unit
            continue
        room = limit - heading.weight if heading else limit
        parts = list(_cut(text, unit, tokens, room)) if unit.weight > room else [unit]
        if heading:
            first = parts[0]
            parts[0] = _Unit(heading.start, first.end, heading.weight + first.weight)
            heading = None
        bounded += parts
    return bounded


def _cut(text: str, unit: _Unit, tokens: TokenCounter, limit: int) -> Iterator[_Unit]:
    """A sentence longer than a passage may be, cut between words, or inside one if need be.

    Into quarters of a passage, so that they can be packed evenly.
    """
    from semantic_text_splitter import TextSplitter

    def weigh(part: str) -> int:
        return _weigh([part], tokens)[0]

    splitter = TextSplitter.from_callback(weigh, max(1, limit // 4), trim=False)
    ends: list[int] = []
    end = unit.start
    for chunk in splitter.chunks(text[unit.start : unit.end]):
        end += len(chunk)
        if ends and not chunk.strip():  # a run of blanks is no passage
            ends.pop()
        ends.append(end)
    for start, end in zip([unit.start, *ends], ends, strict=False):
        yield _Unit(start, end, weigh(text[start:end].rstrip()))


def _pack(text: str, units: list[_Unit], limit: int) -> list[tuple[int, int]]:
    """Units joined to pieces of at most ``limit``, at the least cost over all ways to cut.

    ``cost[j]`` is the least for the first j units, ``cut[j]`` where its last piece begins.
    """
    if sum(unit.weight for unit in units) <= limit:
        return [(units[0].start, units[-1].end)]
    cost = [0.0]
    cut = [0]
    for j in range(1, len(units) + 1):
        ends_paragraph = "\n\n" in text[units[j - 1].end - 3 : units[j - 1].end] or j == len(units)
        penalty = 0.0 if ends_paragraph else _INSIDE_PARAGRAPH
        weight, best, begin = 0, float("inf"), j - 1
        for i in range(j - 1, -1, -1):
            weight += units[i].weight
            if weight > limit and i < j - 1:
                break
            candidate = cost[i] + (1 - min(weight, limit) / limit) ** 2 + penalty
            if candidate < best:
                best, begin = candidate, i
        cost.append(best)
        cut.append(begin)
    pieces = []
    j = len(units)
    while j:
        pieces.append((units[cut[j]].start, units[j - 1].end))
        j = cut[j]
    return pieces[::-1]
