"""Automatic numbers of paragraphs, counted as Word counts them.

Lists (``w:num``) over the same definition (``w:abstractNum``) share one count, except where a list
sets a start of its own. A level begins anew after a paragraph on a level above it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from kilde.documents.word.package import MC, W, switch, value
from kilde.documents.word.styles import Style, Styles, integer

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_HIGHEST_ROMAN = 3999
_HIGHEST_LETTER = 26 * 30


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered."""

    start: int = 0
    format: str = "decimal"
    width: int = 1
    text: str = ""
    suffix: str = "tab"
    restart: int | None = None
    legal: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """The number of a paragraph as shown, with the blank after it; ``bullet`` is no number."""

    text: str
    bullet: bool = False


@dataclass(slots=True)
class _Definition:
    levels: dict[int, Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    link: str = ""


@dataclass(slots=True)
class _List:
    definition: str
    levels: dict[int, Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)


class Numbering:
    """The lists of a file and how far each has been counted."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._definitions: dict[str, _Definition] = {}
        self._lists: dict[str, _List] = {}
        for element in root if root is not None else ():
            if element.tag == f"{W}abstractNum":
                name = element.get(f"{W}abstractNumId", "")
                link = value(element.find(f"{W}numStyleLink"))
                self._definitions[name] = _Definition(dict(_levels(element)), link=link)
            elif element.tag == f"{W}num":
                self._lists[element.get(f"{W}numId", "")] = _list(element)

    def place(
        self, direct_number: str, direct_level: int | None, style: Style
    ) -> tuple[str, int] | None:
        """The list and the level of a paragraph, from its own properties and those of its style."""
        number = direct_number or style.number or ""
        definition = self._definition(number)
        if definition is None:
            return None
        level = direct_level
        if level is None and not direct_number:
            by_style = {levels.style: place for place, levels in definition.levels.items()}
            linked = (by_style[name] for name in style.lineage if name in by_style)
            level = next(linked, style.list_level)
        return number, min(max(level or 0, 0), _LEVELS - 1)

    def label(self, number: str, level: int) -> Label:
        """Count a paragraph of a list, and return its number."""
        definition = self._definition(number)
        if definition is None:
            return Label("")
        own = self._lists[number]
        counts = definition.counts
        shown = self._level(definition, own, level)
        if level in own.pending:
            own.pending.discard(level)
            counts[level] = own.starts[level]
        elif level in counts:
            counts[level] += 1
        else:
            counts[level] = own.starts.get(level, shown.start)
        for deeper in [place for place in counts if place > level]:
            restart = self._level(definition, own, deeper).restart
            if restart is None or level < restart:
                del counts[deeper]
        if shown.format == "bullet":
            return Label("- ", bullet=True)

        def count(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            settings = self._level(definition, own, place)
            if place > level or settings.format in ("none", "bullet"):
                return ""
            current = counts.get(place, own.starts.get(place, settings.start))
            if shown.legal:
                return str(current)
            return formatted(current, settings, self._styles.language)

        text = _PLACE.sub(count, shown.text).strip()
        return Label(text + ("" if shown.suffix == "nothing" or not text else " "))

    def _definition(self, number: str) -> _Definition | None:
        """The definition of a list; a list style leads to that of the style's own list."""
        for _ in range(_LEVELS):
            own = self._lists.get(number)
            definition = self._definitions.get(own.definition) if own else None
            if definition is None or definition.levels or not definition.link:
                return definition
            number = self._styles.get(definition.link).number or ""
        return None

    def _level(self, definition: _Definition, own: _List, level: int) -> Level:
        return own.levels.get(level) or definition.levels.get(level) or Level(format="none")


def formatted(count: int, level: Level, language: str) -> str:
    """A count in the number format of its level.

    >>> [formatted(4, Level(format=form), "en") for form in ("upperRoman", "lowerLetter")]
    ['IV', 'd']
    """
    match level.format:
        case "lowerLetter" | "upperLetter" if 0 < count <= _HIGHEST_LETTER:
            letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
            return letters.upper() if level.format == "upperLetter" else letters
        case "lowerRoman" | "upperRoman" if 0 < count <= _HIGHEST_ROMAN:
            letters = ""
            rest = count
            for size, sign in _ROMAN:
                letters += sign * (rest // size)
                rest %= size
            return letters.upper() if level.format == "upperRoman" else letters
        case "ordinal":
            return f"{count}{_ordinal(count, language)}"
        case "decimalZero":
            return f"{count:02}"
        case "none":
            return ""
        case _:
            return f"{count:0{level.width}}"


def _ordinal(count: int, language: str) -> str:
    if language == "en":
        teen = 10 < count % 100 < 14
        return "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return {"nl": "e", "fr": "er" if count == 1 else "e"}.get(language, ".")


def _levels(parent: Element) -> Mapping[int, Level]:
    levels = {}
    for element in parent.findall(f"{W}lvl"):
        place = integer(element.get(f"{W}ilvl", ""))
        if place is not None:
            levels[place] = _parsed(element)
    return levels


def _parsed(element: Element) -> Level:
    level = Level(
        start=integer(value(element.find(f"{W}start"))) or 0,
        format=value(element.find(f"{W}numFmt"), "decimal"),
        text=value(element.find(f"{W}lvlText")),
        suffix=value(element.find(f"{W}suff"), "tab"),
        restart=integer(value(element.find(f"{W}lvlRestart"))),
        legal=bool(switch(element.find(f"{W}isLgl"))),
        style=value(element.find(f"{W}pStyle")),
    )
    # Numbers with more leading zeros came later: "001, 002, 003, ...".
    custom = element.find(f"{MC}AlternateContent/{MC}Choice/{W}numFmt")
    custom = element.find(f"{W}numFmt") if custom is None else custom
    if custom is not None and value(custom) == "custom":
        first = custom.get(f"{W}format", "").partition(",")[0]
        if first.isdigit() and len(first) < _LEVELS:
            return replace(level, format="decimal", width=len(first))
    return level


def _list(element: Element) -> _List:
    own = _List(value(element.find(f"{W}abstractNumId")))
    for override in element.findall(f"{W}lvlOverride"):
        place = integer(override.get(f"{W}ilvl", ""))
        start = integer(value(override.find(f"{W}startOverride")))
        definition = override.find(f"{W}lvl")
        if place is None:
            continue
        if start is not None:
            own.starts[place] = start
            own.pending.add(place)
        if definition is not None:
            own.levels[place] = _parsed(definition)
    return own
