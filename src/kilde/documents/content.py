"""What a reader hands on: prose or a table, not yet a document.

Readers know formats and nothing else. Ids, collections and languages are given in ``load``, so a
file on a disk, a page on the web and a table of a database become documents in one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kilde.types import Scalar


@dataclass(frozen=True, slots=True)
class Prose:
    """Running text as the format gave it. ``pages`` are the texts of the pages, where it has any;
    ``text`` is then ignored."""

    text: str = ""
    title: str = ""
    markdown: bool = False
    pages: Sequence[str] = ()
    metadata: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """A typed value beside the text it was written as, where the two differ (``"1,5"`` is 1.5)."""

    value: Scalar
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. ``part`` names a sheet among several; a row may be shorter than
    ``columns``, never longer."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Scalar | Cell]]
    part: str = ""
    title: str = ""


Content = Prose | Table
