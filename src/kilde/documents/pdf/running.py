"""Running headers, footers and page numbers, which are no part of the text.

What stands at the same place at the edge of most pages is one, also where it names the chapter or
differs on left and right pages. Of documents with a page or two only little can be compared, so
only what is clearly one is taken out of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kilde.documents.pdf.lines import Line, Row

# So many rows at the top and at the foot may be running ones, within this share of the height.
_ROWS = 4
_EDGE = 0.16
# Share of the pages, or of the left or right ones, that a running line stands on.
_MOST = 0.55
# Lines whose places differ by less stand at the same place.
_PLACE = 4.0
# Running lines are further from the text than its lines are from each other (in font sizes).
_APART = 1.5
_MAX_PARTS = 3
# Digits of the number of a page; a year has more.
_LONGEST_NUMBER = 3

_DIGITS = re.compile(r"\d+")
_ROMAN = r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_NUMBER = rf"(?:\d{{1,4}}|(?=[ivxlcdm]){_ROMAN})"
_OF = r"(?:af|av|von|van|of|de|/|–|-|\|)"
_PAGE = r"(?:side|sidan|sida|seite|pagina|page|blad|blatt|s\.|p\.|pag\.)"
_PAGE_NUMBER = re.compile(
    rf"[-–—|·\[(\s]*(?:{_PAGE}\s*)?{_NUMBER}(?:\s*{_OF}\s*\d{{1,4}})?[-–—|·\])\s]*"
    rf"|{_PAGE}\s*{_NUMBER}\s*{_OF}?\s*\d{{0,4}}",
    re.IGNORECASE,
)
_OF_ALL = re.compile(rf"\d\s*{_OF}\s*(\d{{1,4}})\W*$", re.IGNORECASE)
_LABELLED = re.compile(rf"\W*{_PAGE}\s*\d+(?:\s*{_OF}\s*\d+)?\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A line at the edge of a page. ``apart`` is whether a gap parts its row from the text."""

    page: int
    line: Line
    row: Row
    top: bool
    apart: bool
    key: str


def running_lines(pages: Sequence[Sequence[Row]], heights: Sequence[float]) -> set[int]:
    """The ids of the lines of a document that are running headers, footers and page numbers.

    Where they would be all that most pages have, only the page numbers are.
    """
    candidates = [
        candidate
        for page, (rows, height) in enumerate(zip(pages, heights, strict=True))
        for candidate in _candidates(page, rows, height)
    ]
    count = sum(bool(rows) for rows in pages)
    running: set[int] = set()
    for group in _by_place(candidates):
        running |= {id(one.line) for one in _repeated(group, count)}
        running |= {id(one.line) for one in _chapters(group, count)}
    numbered = {id(one.line) for one in candidates if _PAGE_NUMBER.fullmatch(one.line.text.strip())}
    left = [
        any(id(line) not in running and id(line) not in numbered for row in rows for line in row)
        for rows in pages
    ]
    if sum(left) * 2 < count:
        running.clear()
    numbers = [one for one in candidates if id(one.line) in numbered]
    for one in _page_numbers(numbers, count):
        of = _OF_ALL.search(one.line.text)
        others = [line for line in one.row if line is not one.line and id(line) not in running]
        if not others or _LABELLED.fullmatch(one.line.text) or (of and int(of[1]) == count):
            running.add(id(one.line))
    return running


def _candidates(page: int, rows: Sequence[Row], height: float) -> Iterator[_Candidate]:
    for top, edge in ((True, rows), (False, rows[::-1])):
        outer: list[Row] = []
        last_apart = -1
        for number, row in enumerate(edge[:_ROWS]):
            line = row[0]
            outside = line.top > _EDGE * height if top else line.bottom < (1 - _EDGE) * height
            inner = edge[number + 1] if number + 1 < len(edge) else None
            if outside or len(row) > _MAX_PARTS or (inner and _is_table(row, inner)):
                break
            gap = abs(inner[0].base - line.base) if inner else height
            if gap > _APART * max(line.size, inner[0].size if inner else 0):
                last_apart = number
            outer.append(row)
        for number, row in enumerate(outer):
            for part in row:
                yield _Candidate(page, part, row, top, number <= last_apart, _key(part.text))


def _is_table(row: Row, inner: Row) -> bool:
    """Whether two rows are of a table: their parts stand below each other."""
    if len(row) < 2 or len(row) != len(inner) or any(_LABELLED.search(p.text) for p in row):
        return False
    return all(
        above.left < below.right and below.left < above.right
        for above, below in zip(row, inner, strict=True)
    )


def _key(text: str) -> str:
    """A text without what changes from page to page."""
    return _DIGITS.sub("#", " ".join(text.lower().split()))


def _by_place(candidates: Iterable[_Candidate]) -> list[list[_Candidate]]:
    """Candidates at the same height, with the same size of letters."""
    groups: list[list[_Candidate]] = []
    order = sorted(candidates, key=lambda one: (one.top, round(one.line.size, 1), one.line.base))
    for one in order:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.top == one.top
            and round(last.line.size, 1) == round(one.line.size, 1)
            and one.line.base - last.line.base <= _PLACE
        ):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _repeated(group: Sequence[_Candidate], count: int) -> Iterator[_Candidate]:
    """The lines of a place whose text repeats on most pages, or on most left or right ones."""
    by_key: dict[str, list[_Candidate]] = defaultdict(list)
    for one in group:
        if one.apart:
            by_key[one.key].append(one)
    for key, own in by_key.items():
        if "#" in key and not _count_pages(own):
            by_text: dict[str, list[_Candidate]] = defaultdict(list)
            for one in own:
                by_text[one.line.text].append(one)
            alike = list(by_text.values())
        else:
            alike = [own]
        for repeated in alike:
            if _on_most(repeated, count):
                yield from repeated


def _count_pages(alike: Sequence[_Candidate]) -> bool:
    """Whether texts that differ in their numbers differ in the number of the page only."""
    numbers = [_DIGITS.findall(one.line.text) for one in alike]
    changing = [column for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    if any(len(number) > _LONGEST_NUMBER for column in changing for number in column):
        return False
    return len(changing) <= 1 and all(
        len({int(number) - one.page for number, one in zip(column, alike, strict=True)}) == 1
        for column in changing
    )


def _on_most(alike: Sequence[_Candidate], count: int) -> bool:
    pages = {one.page for one in alike}
    if len(pages) >= max(2, _MOST * count):
        return True
    parities = Counter(page % 2 for page in pages)
    sides = (count + 1) // 2, count // 2
    return count > 3 and any(parities[n] >= max(2, _MOST * sides[n]) for n in (0, 1))


def _chapters(group: Sequence[_Candidate], count: int) -> list[_Candidate]:
    """The lines of a place that name the chapter: apart from the text, on most pages."""
    apart = [one for one in group if one.apart and len(one.row) <= 2]
    pages = {one.page for one in apart}
    repeats = Counter(one.key for one in apart)
    repeated = sum(times for times in repeats.values() if times > 1)
    if count < 4 or len(pages) < _MOST * count or len(repeats) > len(pages):
        return []
    return apart if repeated * 2 >= len(apart) else []


def _page_numbers(numbers: Sequence[_Candidate], count: int) -> Iterator[_Candidate]:
    """Of lines that look like page numbers those that count pages, or say that they do."""
    offsets = Counter(
        int(digits[0]) - one.page
        for one in numbers
        if (digits := _DIGITS.search(one.line.text)) is not None
    )
    for one in numbers:
        if not one.apart and not _LABELLED.fullmatch(one.line.text):
            continue
        digits = _DIGITS.search(one.line.text)
        if _LABELLED.fullmatch(one.line.text):
            yield one
        elif digits is None:
            if count > 2:
                yield one
        else:
            offset = int(digits[0]) - one.page
            if offset == 1 or offsets[offset] >= max(2, count // 3):
                yield one
