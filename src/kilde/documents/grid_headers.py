"""Which rows of a grid name its columns, and what the columns are then called.

A format seldom states it, so it is told from the cells: names are text, stand above values of
another kind, and do not repeat; a second header row stands under merged or blank cells of the
first, or holds units.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from kilde.documents.content import GridCell
from kilde.documents.grid_rows import CONTACT, are_values, names_column

GridRow = list[GridCell | None]

_MAX_HEIGHT = 3
_LONGEST_NAME = 120
_SAMPLE = 50
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s?[/–-]\s?(?:(?:19|20)?\d\d))?")
_ANY_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_STEP = re.compile(r"\d{1,4}|\d{1,2}[.:]\d\d(?: ?[-–] ?\d{1,2}[.:]\d\d)?|\d{1,2} ?[-–] ?\d{1,2}")
_TIME = re.compile(r"\d{1,2}[.:]\d\d")
_UNIT = re.compile(r"[(\[]?[^\d\s]{1,12}(?: [^\d\s]{1,8}){0,2}[)\]]?")


def distinct(row: Sequence[GridCell | None]) -> list[GridCell]:
    """The filled cells of a row, a merged one once."""
    return list({id(cell): cell for cell in row if cell is not None}.values())


def header_height(rows: Sequence[GridRow]) -> int:
    """The number of rows at the top that name the columns; 0 where none does."""
    if len(rows) < 2:
        return 0
    stated = 0
    while stated < min(len(rows) - 1, _MAX_HEIGHT) and all(
        cell.header for cell in distinct(rows[stated])
    ):
        stated += 1
    if stated and len(rows[0]) > 1:
        # A column of row headers alone states nothing about the first row.
        return stated
    if not _names(rows):
        return 0
    height = 1
    while height < min(len(rows) - 1, _MAX_HEIGHT) and _goes_on(rows, height):
        height += 1
    return height


def column_labels(header: Sequence[GridRow]) -> list[str]:
    """The name of each column, the levels of the header joined; ``""`` where it has none."""
    if not header:
        return []
    width = len(header[0])
    levels = [*map(_spread, header[:-1]), header[-1]]
    labels = []
    for column in range(width):
        texts: dict[str, None] = {}
        for row in levels:
            cell = row[column]
            if cell is not None:
                texts[" ".join(cell.text.split())] = None
        labels.append(" ".join(texts))
    return labels


def _spread(row: GridRow) -> GridRow:
    """An upper header row whose names reach over the blank cells to their right."""
    spread: GridRow = []
    for column, cell in enumerate(row):
        previous = spread[-1] if spread else None
        spread.append(previous if cell is None and column > 1 else cell)
    return spread


def _names(rows: Sequence[GridRow]) -> bool:
    """Whether the first row names columns."""
    first = distinct(rows[0])
    below = rows[1:_SAMPLE]
    if len(first) == 1 and len(rows[0]) > 1 and all(len(distinct(row)) > 1 for row in below):
        return False
    texts = [cell.text.strip() for cell in first]
    counts = Counter(text.lower() for text in texts)
    if not first or not all(map(names_column, (text for text in counts if counts[text] > 1))):
        return False
    scale = _is_scale(rows)
    if not scale and not any(_LETTERS.search(text) or _YEAR.fullmatch(text) for text in texts):
        return False
    # Among many names one may be a whole explanation.
    if sum(len(text) > _LONGEST_NAME for text in texts) * 10 > len(texts):
        return False
    named = scale or all(
        _is_name(cell, [row[column] for row in below if row[column] is not None])
        for column, cell in enumerate(rows[0])
        if cell is not None
    )
    if not named or _is_record(rows):
        return False
    if any(cell.header for cell in first):
        return True
    # A cell that is merged with one below is not repeated there.
    others = [[None if c is up else c for c, up in zip(row, rows[0], strict=True)] for row in below]
    return not are_values(_texts(rows[0]), [*map(_texts, others)])


def _is_scale(rows: Sequence[GridRow]) -> bool:
    """Whether rising times, weeks or years beside a name head columns of anything else.

    Times need no name beside them.
    """
    label, *steps = rows[0]
    texts = [cell.text.strip() for cell in steps if cell is not None]
    named = _LETTERS.search(label.text) if label else all(map(_TIME.match, texts))
    if len(texts) < 2 or not named:
        return False
    places = [tuple(map(int, _DIGITS.findall(text))) for text in texts]
    rising = all(a < b for a, b in pairwise(places))
    if not rising or not all(map(_STEP.fullmatch, texts)):
        return False
    shapes = {_shape(text) for text in texts}
    below = [cell for row in rows[1:_SAMPLE] for cell in row[1:] if cell is not None]
    return bool(below) and not any(_shape(cell.text) in shapes for cell in below)


def _texts(row: GridRow) -> list[str]:
    return ["" if cell is None else " ".join(cell.text.split()) for cell in row]


def _is_name(cell: GridCell, below: Sequence[GridCell | None]) -> bool:
    text = " ".join(cell.text.split())
    if cell.header:
        return True
    if CONTACT.search(text):
        return False
    if "\n" in cell.text.strip() and _DIGITS.search(_ANY_YEAR.sub("", text)):
        return False  # lines of an address or of opening hours
    shapes = Counter(_shape(other.text) for other in below if other is not None)
    own = _shape(text)
    if _YEAR.fullmatch(text):
        years = sum(bool(_YEAR.fullmatch(other.text.strip())) for other in below if other)
        return years * 2 <= len(below)
    if isinstance(cell.value, date):
        # Months and days name columns of anything but dates.
        return bool(below) and not any(other and isinstance(other.value, date) for other in below)
    if cell.value is not None and not isinstance(cell.value, str):
        return False
    if not _LETTERS.search(text):
        # Signs such as "#" and "%" name columns; a number or a telephone number does not.
        return not _DIGITS.search(text)
    digits, letters = (sum(map(len, kind.findall(text))) for kind in (_DIGITS, _LETTERS))
    if digits > letters and shapes[own]:
        return False  # "9.00–17.00 uur" above hours of the same form
    return not (digits and shapes[own] * 2 > shapes.total())


def _is_record(rows: Sequence[GridRow]) -> bool:
    """Whether two columns are keys and values of one thing: the values are of several kinds."""
    if len(rows[0]) != 2 or len(rows) < 2:
        return False
    pairs = [(row[0], row[1]) for row in rows[:_SAMPLE]]
    keys = [key.text.strip() for key, _ in pairs if key is not None]
    if all(key is not None and key.header for key, _ in pairs) and not all(
        value is not None and value.header for _, value in pairs[:1]
    ):
        return True
    if keys and sum(key.endswith(":") for key in keys) * 2 > len(keys):
        return True
    if any(_DIGITS.search(key) for key in keys):
        return False
    kinds = {_kind(value) for _, value in pairs[1:] if value is not None}
    first = pairs[0][1]
    if kinds & {"long", "contact"} and all(map(names_column, keys[1:])):
        return first is None or not names_column(first.text)
    if first is not None and not _DIGITS.search(first.text) and "text" not in kinds:
        # The only text of the column is its name, unless it is that of what the keys describe.
        return len(kinds) >= 2 and 2 * sum(map(names_column, keys[1:])) > len(keys[1:])
    return len(kinds - {"text"}) >= 2


def _kind(cell: GridCell) -> str:
    text = cell.text
    if CONTACT.search(text):
        return "contact"
    if not _DIGITS.search(text):
        return "text"
    letters = sum(map(len, _LETTERS.findall(text)))
    digits = sum(map(len, _DIGITS.findall(text)))
    if letters > digits:
        return "text"
    return "date" if re.search(r"\d[./-]\d+[./-]\d", text) else "long" if digits >= 7 else "number"


def _shape(text: str) -> str:
    """A text with its digits and letters as one sign each: ``"150 kr."`` is ``"9 a."``."""
    return _LETTERS.sub("a", _DIGITS.sub("9", " ".join(text.split())))


def _goes_on(rows: Sequence[GridRow], height: int) -> bool:
    """Whether the row below a header of that height belongs to it."""
    above, row = rows[height - 1], rows[height]
    below = rows[height + 1 : _SAMPLE]
    if any(cell is not None and cell is other for cell, other in zip(above, row, strict=True)):
        # A cell merged over two rows of the header; the other columns have a second level.
        others = [c for c, o in zip(row, above, strict=True) if c is not None and c is not o]
        # Under a name merged over several columns there may be numbers, such as those of trips.
        return bool(others) and (_is_merged_across(above) or _all_names(row, below))
    merged = _is_merged_across(above)
    blank = any(cell is None for cell in above[1:])
    if (merged or blank) and _all_names(row, below):
        return _numbers_below(row, below)
    if row[0] is None and below and _numbers_below(row, below):
        cells = [cell for cell in row if cell is not None]
        return bool(cells) and all(_UNIT.fullmatch(cell.text.strip()) for cell in cells)
    return False


def _is_merged_across(row: GridRow) -> bool:
    return any(cell is not None and cell is right for cell, right in pairwise(row))


def _all_names(row: GridRow, below: Sequence[GridRow]) -> bool:
    return all(
        len(cell.text) <= _LONGEST_NAME
        and _is_name(cell, [other[column] for other in below if other[column] is not None])
        for column, cell in enumerate(row)
        if cell is not None
    )


def _numbers_below(row: GridRow, below: Sequence[GridRow]) -> bool:
    """Whether numbers stand below text in at least one column."""
    for column, cell in enumerate(row):
        if cell is None or not (_kind(cell) == "text" or _YEAR.fullmatch(cell.text.strip())):
            continue
        values = [other[column] for other in below if other[column] is not None]
        if values and sum(_kind(value) != "text" for value in values if value) * 2 > len(values):
            return True
    return False
