"""Which words of a page can be seen.

A PDF can hold text that no person sees: drawn in no or in white ink, covered by a box, too small,
or outside of the page. The invisible text over a scan is its text layer, and is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kilde.documents.pdf.geometry import Fill, Word

MAX_FILLS = 5_000
"""Number of filled areas of a page that may cover or back a word; with more, none is looked at."""

_MIN_SIZE = 1.0
_TILE = 60.0
_MAX_TILES = 4_000

Tiles = dict[tuple[float, float], list[Fill]]


def visible_words(
    words: Sequence[Word], fills: Sequence[Fill], width: float, height: float
) -> list[Word]:
    """The words of a page of that size that can be seen."""
    fonts = {id(word.font): word.font for word in words}.values()
    inside = [
        word
        for word in words
        if word.left + word.right >= 0
        and word.left + word.right <= 2 * width
        and 0 <= word.base <= height + word.font.size
        and word.font.size >= _MIN_SIZE
    ]
    doubtful = any(font.white or not font.ink for font in fonts)
    last = max((fill.order for fill in fills if fill.opaque), default=-1)
    if not doubtful and not any(font.order < last for font in fonts):
        return inside
    if len(fills) > MAX_FILLS or not any(word.font.ink for word in inside):
        return inside
    tiles = _tiles(fills, width, height)
    return [
        word
        for word in inside
        if (word.font.order > last and word.font.ink and not word.font.white) or _seen(word, tiles)
    ]


def _tiles(fills: Iterable[Fill], width: float, height: float) -> Tiles:
    """The filled areas by the squares of the page that they touch, from the back to the front."""
    tiles: Tiles = defaultdict(list)
    room = 100 * _MAX_TILES
    for fill in fills:
        left, top, right, bottom = fill.box
        columns = range(int(max(0, left) // _TILE), int(min(width, right) // _TILE) + 1)
        rows = range(int(max(0, top) // _TILE), int(min(height, bottom) // _TILE) + 1)
        if len(columns) * len(rows) > min(_MAX_TILES, room):
            continue
        room -= len(columns) * len(rows)
        for column in columns:
            for row in rows:
                tiles[column, row].append(fill)
    return tiles


def _seen(word: Word, tiles: Tiles) -> bool:
    font = word.font
    x, y = (word.left + word.right) / 2, word.base - font.size / 4
    behind: Fill | None = None
    image = False
    for fill in tiles.get((x // _TILE, y // _TILE), ()):
        left, top, right, bottom = fill.box
        if not (left <= x <= right and top <= y <= bottom):
            continue
        if fill.order < font.order:
            behind = fill
            image |= fill.image
        elif fill.opaque:
            return False
    if not font.ink:
        return image
    return not font.white or (behind is not None and not behind.white)
