"""What a reader returns: running text and tables in reading order, not yet a document.

Readers know formats and nothing else. Ids, collections and languages are assigned in ``load``, so
a file on disk, a page on the web and a table of a database become documents in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kilde.types import Scalar


@dataclass(frozen=True, slots=True)
class Cell:
    """A typed value and the text that a reader sees, where the two differ (``"15 %"`` is 0.15)."""

    value: Scalar
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. A row may be shorter than ``columns``, never longer.

    ``columns`` are unique, except that a column without a name is ``""``: its values are written
    without one. ``title`` is the caption or the title above the table. ``part`` names the table
    where one file holds several documents (a sheet of a workbook).
    ``omitted`` counts what was passed over, by kind, in English plural (``{"hidden rows": 3}``).
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Scalar | Cell]]
    part: str = ""
    title: str = ""
    omitted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a :class:`Grid`: ``text`` as displayed, ``value`` where the format has types.

    ``header`` is set where the format itself says that the cell names a column or a row.
    """

    text: str
    value: Scalar = None
    header: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as a format stores it, before it is known which cells are its headers.

    All rows have the same length; ``None`` is a blank cell. A merged cell is the same object in
    every place it covers. ``header_rows`` is the number of header rows where the format states it.
    ``layout`` is set where the format states that the table only arranges text on the page.
    """

    cells: Sequence[Sequence[GridCell | None]]
    caption: str = ""
    header_rows: int | None = None
    layout: bool = False


@dataclass(frozen=True, slots=True)
class PageStart:
    """The place where a page begins.

    ``continues``: the paragraph before it goes on across the page break. ``recognized``: the text
    of the page was read by OCR.
    """

    continues: bool = False
    recognized: bool = False


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page that is a picture of text, which OCR may read.

    ``render`` gives the picture as an image file (PNM, PNG, JPEG or TIFF). ``text`` is the little
    that the file itself has as text, such as the stamp of a scanner.
    """

    render: Callable[[], bytes]
    text: str = ""


Part = str | Table | PageStart | PageImage


@dataclass(frozen=True, slots=True)
class Prose:
    """Running text, with its tables and page breaks in their places.

    ``parts`` are separated by blank lines in the document. Where pages are known, every page has
    its ``PageStart``, the first one included. With ``markdown``, ``#`` lines are headings; no other
    mark-up is in the text. ``part`` names the text where one file holds several documents (an
    attachment of a mail). ``omitted`` counts what was passed over, by kind, in English plural
    (``{"comments": 3}``).
    """

    parts: Sequence[Part]
    title: str = ""
    markdown: bool = False
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    part: str = ""
    omitted: Mapping[str, int] = field(default_factory=dict)


Content = Prose | Table
