"""Compound words taken apart: *helbredsundersøgelse* is found by asking for *undersøgelse*.

Both parts must be words of the language. The words come from a dictionary and not from the indexed
texts: a collection of thirty pages knows too few words to take its own compounds apart, and an
index whose terms depend on which documents came first would have to be rewritten as it grows.
"""

from __future__ import annotations

from collections.abc import Callable

# Shorter parts are endings more often than words.
_MIN_TAIL = 4
_MIN_HEAD = 4
_MIN_WORD = 8
# Longer runs of letters are no words, and splitting takes time by the square of the length.
_MAX_WORD = 100


class CompoundSplitter:
    """Splits words of one language into dictionary words.

    ``is_word`` tells whether a lower-case string is a word; ``links`` are the letters that may join
    two parts (Danish *s*, *e*), the empty string included; ``not_parts`` are words that look like
    parts but are endings or function words.
    """

    def __init__(
        self, is_word: Callable[[str], bool], links: tuple[str, ...], not_parts: frozenset[str]
    ) -> None:
        self._is_word = is_word
        self._links = links
        self._not_parts = not_parts

    def split(self, word: str) -> tuple[str, ...]:
        """The parts of a lower-case word, in order; empty where it is not a compound."""
        if not _MIN_WORD <= len(word) <= _MAX_WORD or not word.isalpha():
            return ()
        best: tuple[str, str] | None = None
        for cut in range(_MIN_HEAD, len(word) - _MIN_TAIL + 1):
            tail = word[cut:]
            if tail in self._not_parts or not self._is_word(tail):
                continue
            head = self._head(word[:cut])
            # The most even split is the likeliest: it leaves no short word to chance.
            if head and (best is None or len(head) * len(tail) > len(best[0]) * len(best[1])):
                best = (head, tail)
        if best is None:
            return ()
        parts: list[str] = []
        for part in best:
            parts.extend(self.split(part) or (part,))
        return tuple(parts)

    def _head(self, letters: str) -> str:
        for link in self._links:
            if link and not letters.endswith(link):
                continue
            head = letters.removesuffix(link) if link else letters
            if len(head) >= _MIN_HEAD and head not in self._not_parts and self._is_word(head):
                return head
        return ""
