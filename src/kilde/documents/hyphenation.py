"""Lines put together to a text: words that were divided at a line end joined, real hyphens kept.

A hyphen at a line end may be put there by the program that set the text, or belong to the word:
``Anne-Marie``, ``IT-udstyr``, ``24.-25. marts``, ``Syge- og barselsdagpenge``. What is unclear is
decided by how the document writes the word elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property

from kilde.language.table import languages

_HYPHENS = "-\u2010\u00ad"
_SOFT = "\u00ad"
_FIXED = "\u2011"
_DASHES = "–—"
# Longer than any word; only so much of a line is looked at.
_TAIL = 80
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
_LAST = re.compile(r"[^\s]*$")
_STEM = re.compile(r"[\w.]*$")
_ADDRESS = re.compile(r"(?:https?://|www\.|\S+@)\S*[/\-_.?=&@]$", re.IGNORECASE)


class Hyphenation:
    """Decides about hyphens at line ends. ``texts`` are the lines of the document."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = texts

    @cached_property
    def _written(self) -> frozenset[str]:
        """The words of the document in lower case, with the hyphens inside of them."""
        words = (word for text in self._texts for word in _WORD.findall(text.lower()))
        return frozenset(word.replace("\u2010", "-").replace(_FIXED, "-") for word in words)

    def join(self, lines: Sequence[str], separators: Sequence[str] | None = None) -> str:
        """The lines as one text. ``separators`` stand between them where no word is divided;
        blanks if left out.

        >>> Hyphenation().join(["Syge-", "og barsels-", "dagpenge til Anne-", "Marie"])
        'Syge- og barselsdagpenge til Anne-Marie'
        """
        parts: list[str] = []
        for number, line in enumerate(lines):
            if number:
                separator = separators[number - 1] if separators else " "
                drop, separator = self.between(lines[number - 1], line, separator)
                if drop:
                    parts[-1] = parts[-1][:-1]
                parts.append(separator)
            parts.append(line)
        return "".join(parts)

    def between(self, before: str, after: str, separator: str = " ") -> tuple[bool, str]:
        """Whether the hyphen at the end of a line is dropped, and what stands before the next."""
        tail = before[-_TAIL:]
        if not tail or not after:
            return False, separator
        if _ADDRESS.search(_last_word(tail)):
            return False, ""
        if tail[-1] in _DASHES:
            # "10–" and "14" are parts of one word; a dash between words has a blank before it.
            return False, "" if tail[-2:-1].isalnum() and after[0].isalnum() else separator
        if tail[-1] == _FIXED:
            return False, ""
        if tail[-1] not in _HYPHENS:
            return False, separator
        following = after.split(maxsplit=1)[0]
        stem = _STEM.search(tail[:-1])
        before_hyphen = stem[0] if stem else ""
        if tail[-1] == _SOFT:
            return True, ""
        if not before_hyphen or following.lower().strip(",;") in _conjunctions():
            return False, separator
        if not after[0].isalpha():
            return False, "" if after[0].isdigit() or after[0] in '("»“' else separator
        capitals = before_hyphen.isupper() and following[:2].isupper() and len(before_hyphen) > 1
        small = after[0].islower() and before_hyphen[-1].islower() and len(before_hyphen) > 1
        if not small and not capitals:
            # A person's name, an abbreviation ("IT-udstyr"), a number or a letter ("e-mail").
            return False, ""
        first = re.split(r"[^\w-]", tail[:-1])[-1].lower()
        second = (_WORD.match(following.lower()) or [following.lower()])[0]
        if first + second in self._written:
            return True, ""
        return small and f"{first}-{second}" not in self._written, ""


@cache
def _conjunctions() -> frozenset[str]:
    """What follows a hyphen that stands for a part of a word, as in "Syge- og barselsdagpenge"."""
    return frozenset().union(*(row.conjunctions for row in languages().values()))


def _last_word(tail: str) -> str:
    match = _LAST.search(tail)
    return match[0] if match else ""
