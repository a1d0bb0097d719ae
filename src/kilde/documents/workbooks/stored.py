"""Cells as spreadsheet files store them, and as the program shows them: a number and its format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kilde.documents.content import GridCell
from kilde.documents.conventions import built_in, conventions
from kilde.documents.date_formats import day_or_moment
from kilde.documents.number_formats import NumberFormat, languages_of, number_format
from kilde.documents.tables import scalar
from kilde.documents.workbooks.sheets import Sheet
from kilde.language.detect import detect_among, detect_near, is_clear
from kilde.language.table import languages
from kilde.types import UNKNOWN_LANGUAGE, Scalar

Value = float | bool | str
Stored = tuple[Value, int]
"""The value of a cell and the number of its style."""

Tables = Sequence[Mapping[int, Mapping[int, Stored]]]
"""The cells of each sheet, by row and column."""

# Characters of a workbook that tell its language.
_SAMPLE = 2_000
_WORD = re.compile(r"[^\W\d_]+")
# Single letters are marks and codes in a table, and words in some language.
_SHORTEST_WORD = 3
# Texts of numbers that are kept, since many cells hold the same one.
_REMEMBERED = 50_000
# Days from the first day of one system of dates to that of the other.
_SINCE_1904 = 1_462
_MINUTES_A_DAY = 1_440


@dataclass(slots=True)
class Styles:
    """The formats of the cells of a workbook.

    ``numbers`` has the number of the format of each style, ``codes`` the formats that the file
    spells out, ``struck`` the styles whose font is struck out. ``language`` is that of the
    workbook, where it says so.
    """

    numbers: list[int] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)
    language: str = ""
    since_1904: bool = False


def show(stored: Sequence[tuple[Sheet, dict[int, dict[int, Stored]]]], styles: Styles) -> None:
    """Fill the sheets with their cells as shown; cells that show nothing are left out."""
    tables = [rows for _, rows in stored]
    display = _Display(styles, *_language(styles, tables), tables)
    for sheet, rows in stored:
        for number in list(rows):
            shown = {
                column: cell
                for column, (value, style) in rows.pop(number).items()
                if (cell := display.cell(value, style)) is not None
            }
            if shown:
                sheet.rows[number] = shown


def _language(styles: Styles, tables: Tables) -> tuple[str, bool]:
    """The language that numbers are shown in, and whether there is no doubt about it."""
    if styles.language:
        return styles.language, True
    near: Counter[str] = Counter()
    for number in set(styles.numbers):
        stated = languages_of(styles.codes.get(number, ""))
        near.update(dict.fromkeys(stated, 1 / len(stated)) if stated else {})
    text = _text(tables)
    total = sum(near.values())
    language = detect_near(text, {code: share / total for code, share in near.items()})
    if language == UNKNOWN_LANGUAGE or (language == "en" and _is_hardly_english(text)):
        language = detect_among(
            text, [code for code in languages() if code != "en"], default=language
        )
    if language == UNKNOWN_LANGUAGE:
        return "en", False
    booleans = any(isinstance(value, bool) for value, _ in _cells(tables))
    return language, near[language] * 2 > total or (booleans and is_clear(text))


def _is_hardly_english(text: str) -> bool:
    """Whether a short text has letters that English has not, and no word of an English table."""
    english = languages()["en"]
    words = set(_WORD.findall(text.lower()))
    foreign = any(not word.isascii() for word in words)
    return foreign and not is_clear(text) and words.isdisjoint(english.labels | english.stop_words)


class _Display:
    """What is shown of a stored value, by its style."""

    def __init__(self, styles: Styles, language: str, certain: bool, tables: Tables) -> None:
        self._own = conventions(language)
        self._certain = certain
        self._offset = _SINCE_1904 if styles.since_1904 else 0
        self._formats = [
            number_format(styles.codes.get(number) or built_in(number, language), language)
            for number in styles.numbers
        ] or [number_format("General", language)]
        self._texts: dict[Stored, tuple[str, Scalar]] = {}
        self._shorten(tables)

    def cell(self, value: Value, style: int) -> GridCell | None:
        """The cell; ``None`` where nothing is shown."""
        if isinstance(value, bool):
            # The word of a wrong language would be one that nobody sees.
            known = (self._own.false, self._own.true) if self._certain else ("false", "true")
            return GridCell(known[value], value)
        form = self._format(style)
        if isinstance(value, str):
            text = value if form.plain else form.text(value)
            return GridCell(text) if text else None
        shown = self._texts.get((value, style))
        if shown is None:
            shown = self._shown(value, form)
            if len(self._texts) < _REMEMBERED:
                self._texts[value, style] = shown
        return GridCell(*shown) if shown[0] else None

    def _format(self, style: int) -> NumberFormat:
        return self._formats[style] if 0 <= style < len(self._formats) else self._formats[0]

    def _shown(self, value: float, form: NumberFormat) -> tuple[str, Scalar]:
        if form.is_date:
            value += self._offset
            typed: Scalar = day_or_moment(value, form.has_time)
            return form.number(value), scalar(value) if typed is None else typed
        text = form.number(value)
        # Times and durations have no type of their own: their value is what is shown.
        return text, text if form.has_time else scalar(value)

    def _shorten(self, tables: Tables) -> None:
        """Leave seconds out of formats whose values are all full minutes.

        Programs that write workbooks give times such a format unasked.
        """
        shorter = {
            style: short
            for style, form in enumerate(self._formats)
            if form.has_time and (short := form.without_seconds()) is not None
        }
        if not shorter:
            return
        for value, style in _cells(tables):
            if style in shorter and isinstance(value, float) and not _is_full_minute(value):
                del shorter[style]
        for style, form in shorter.items():
            self._formats[style] = form


def _is_full_minute(serial: float) -> bool:
    return round(serial * _MINUTES_A_DAY * 60) % 60 == 0


def _cells(tables: Tables) -> Iterator[Stored]:
    return (cell for rows in tables for row in rows.values() for cell in row.values())


def _text(tables: Tables) -> str:
    """The first words of a workbook."""
    words: list[str] = []
    length = 0
    for value, _ in _cells(tables):
        if isinstance(value, str) and len(value) >= _SHORTEST_WORD:
            words.append(value)
            length += len(value)
            if length > _SAMPLE:
                break
    return "\n".join(words)
