"""Styles of an OpenDocument text, and the numbers of its lists and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kilde.documents.word.numbering import Label, Level, formatted

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
TEXT = f"{{{_OASIS}:text:1.0}}"
STYLE = f"{{{_OASIS}:style:1.0}}"
OFFICE = f"{{{_OASIS}:office:1.0}}"
TABLE = f"{{{_OASIS}:table:1.0}}"
DRAW = f"{{{_OASIS}:drawing:1.0}}"
_LOEXT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
_FORMATS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "": "none",
}
_PLACE = re.compile(r"%(\d+)%")


@dataclass(frozen=True, slots=True)
class Style:
    """A style as it takes effect; ``lineage`` are its name and those of its parents."""

    hidden: bool = False
    struck: bool = False
    superscript: bool = False
    font: str = ""
    level: int = 0
    lineage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _ListLevel:
    level: Level
    pattern: str
    bullet: bool = False


class Styles:
    """The styles and lists of a file by their names."""

    def __init__(self, *roots: Element | None) -> None:
        self._elements: dict[str, Element] = {}
        self._lists: dict[str, dict[int, _ListLevel]] = {}
        self._resolved: dict[str, Style] = {}
        self.outline: dict[int, _ListLevel] = {}
        self.pages: set[str] = set()
        for root in roots:
            for element in root.iter() if root is not None else ():
                name = element.get(f"{STYLE}name", "")
                if element.tag == f"{STYLE}style":
                    self._elements[f"{element.get(f'{STYLE}family')} {name}"] = element
                    self.pages.add(element.get(f"{STYLE}master-page-name", ""))
                elif element.tag == f"{TEXT}list-style":
                    self._lists[name] = dict(_list_levels(element))
                elif element.tag == f"{TEXT}outline-style":
                    self.outline = dict(_list_levels(element))

    def get(self, name: str, family: str = "text") -> Style:
        """A style by its name, without any property where there is none."""
        key = f"{family} {name}"
        if key not in self._resolved:
            self._resolved[key] = self._resolve(name, family)
        return self._resolved[key]

    def levels(self, name: str) -> dict[int, _ListLevel]:
        """The levels of a list style, from 1."""
        return self._lists.get(name, {})

    def _resolve(self, name: str, family: str) -> Style:
        lineage: list[str] = []
        values: dict[str, str] = {}
        level = ""
        while (element := self._elements.get(f"{family} {name}")) is not None:
            if name in lineage:
                break
            lineage.append(name)
            level = level or element.get(f"{STYLE}default-outline-level", "")
            properties = element.find(f"{STYLE}text-properties")
            for key, value in properties.items() if properties is not None else ():
                values.setdefault(key, value)
            name = element.get(f"{STYLE}parent-style-name", "")
        return Style(
            hidden=values.get(f"{TEXT}display") == "none",
            struck=values.get(f"{STYLE}text-line-through-style", "none") != "none"
            or values.get(f"{STYLE}text-line-through-type", "none") != "none",
            superscript=values.get(f"{STYLE}text-position", "").startswith("super"),
            font=values.get(f"{STYLE}font-name", ""),
            level=int(level) if level.isdigit() else 0,
            lineage=tuple(lineage),
        )


@dataclass(slots=True)
class Counter:
    """How far the levels of one list, or the headings, have been counted."""

    levels: dict[int, _ListLevel]
    counts: dict[int, int] = field(default_factory=dict)

    def label(self, level: int, start: int | None = None) -> Label:
        """Count an item, and return its number."""
        settings = self.levels.get(level)
        if settings is None:
            return Label("")
        if settings.bullet:
            return Label("- ", bullet=True)
        first = settings.level.start if start is None else start
        begun = level in self.counts and start is None
        self.counts[level] = self.counts[level] + 1 if begun else first
        for deeper in [place for place in self.counts if place > level]:
            del self.counts[deeper]

        def count(match: re.Match[str]) -> str:
            place = int(match[1])
            own = self.levels.get(place)
            if own is None or own.bullet or place > level:
                return ""
            return formatted(self.counts.get(place, own.level.start), own.level, "")

        text = _PLACE.sub(count, settings.pattern).strip()
        return Label(f"{text} " if text else "")


def _list_levels(parent: Element) -> Iterator[tuple[int, _ListLevel]]:
    for element in parent:
        place = element.get(f"{TEXT}level", "")
        if not place.isdigit():
            continue
        number = int(place)
        if element.tag == f"{TEXT}list-level-style-bullet":
            yield number, _ListLevel(Level(), "", bullet=True)
            continue
        form = element.get(f"{STYLE}num-format", "")
        start = element.get(f"{TEXT}start-value", "1")
        pattern = element.get(f"{_LOEXT}num-list-format") or element.get(f"{STYLE}num-list-format")
        if pattern is None and form:
            shown = element.get(f"{TEXT}display-levels", "1")
            upper = max(1, number - (int(shown) if shown.isdigit() else 1) + 1)
            numbers = ".".join(f"%{place}%" for place in range(upper, number + 1))
            prefix = element.get(f"{STYLE}num-prefix", "")
            pattern = f"{prefix}{numbers}{element.get(f'{STYLE}num-suffix', '')}"
        yield (
            number,
            _ListLevel(
                Level(int(start) if start.isdigit() else 1, _FORMATS.get(form, "decimal")),
                (pattern or "") if form else element.get(f"{STYLE}num-suffix", "").strip(),
            ),
        )
