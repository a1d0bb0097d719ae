"""What a page of a PDF consists of: words, rules and filled areas, with their places.

Lengths are in points. The origin is the top left corner of the page as it is read, and ``y`` grows
downward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class TextObject:
    """What the characters of a text object have in common.

    ``size`` is the size of its letters on the page. ``quarter`` is the direction of writing in
    quarter turns, ``None`` where it slants. ``ink`` is false where it is drawn invisibly, ``white``
    where in white. ``order`` counts the objects of the page from the back.
    """

    size: float
    bold: bool
    quarter: int | None
    ink: bool
    white: bool
    order: float


class Word(NamedTuple):
    """A word, or a part of one where the font changes inside it.

    ``base`` is the baseline. ``attached``: no white space stands before it. ``spaced``: the file
    has a blank before it, or draws it together with the word before; else there is only a gap.
    ``shift`` is 1 for superscript and -1 for subscript.
    """

    text: str
    left: float
    base: float
    right: float
    font: TextObject
    attached: bool
    spaced: bool
    shift: int


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float


class Rule(NamedTuple):
    """A drawn line that is horizontal or vertical: where it lies, and from where to where."""

    place: float
    start: float
    end: float


class Fill(NamedTuple):
    """A filled rectangle or an image; ``order`` counts the objects of the page from the back."""

    box: Box
    order: int
    white: bool
    opaque: bool
    image: bool


@dataclass(slots=True)
class Page:
    """One page, in its direction of reading.

    ``sideways`` are the lines of text in other directions, ``outline`` the titles in the outline
    of the document that lead to this page, in lower case, with their levels from 1.
    ``dots`` are small shapes. ``stored_text`` is all text of the page, seen or not.
    """

    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    horizontal: list[Rule] = field(default_factory=list)
    vertical: list[Rule] = field(default_factory=list)
    dots: Sequence[Box] = ()
    sideways: Sequence[str] = ()
    outline: Mapping[str, int] = field(default_factory=dict)
    stored_text: str = ""
