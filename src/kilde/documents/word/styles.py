"""Styles of a Word file, each resolved along the styles that it is based on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kilde.documents.word.package import W, switch, value

_HEADING = re.compile(r"heading ([1-9])")
_CONTENTS = re.compile(r"toc (?:\d|heading)|table of figures|contents \d|index \d|table of auth.*")
_BODY_LEVEL = 9  # the outline level of text that is no heading


@dataclass(frozen=True, slots=True)
class RunProperties:
    """What decides whether and how the text of a run is shown; ``None`` where it is not set."""

    hidden: bool | None = None
    struck: bool | None = None
    superscript: bool | None = None
    font: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """A style as it takes effect.

    ``level`` is the level of a heading, 1..9, and 0 of other text. ``number`` and ``list_level``
    are the list and the level in it. ``lineage`` are the ids of the style and of those that it is
    based on, nearest first.
    """

    name: str = ""
    level: int = 0
    number: str | None = None
    list_level: int | None = None
    run: RunProperties = field(default_factory=RunProperties)
    lineage: tuple[str, ...] = ()

    @property
    def contents(self) -> bool:
        """Whether the style is for a line of a table of contents or an index."""
        return bool(_CONTENTS.fullmatch(self.name))


class Styles:
    """The styles of a file by their id."""

    def __init__(self, root: Element | None) -> None:
        elements = [] if root is None else root.findall(f"{W}style")
        self._elements = {element.get(f"{W}styleId", ""): element for element in elements}
        self._resolved: dict[str, Style] = {}
        defaults = None if root is None else root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self.defaults = run_properties(defaults)
        language = None if defaults is None else defaults.find(f"{W}lang")
        self.language = value(language)[:2].lower()
        self._default = next(
            (
                element.get(f"{W}styleId", "")
                for element in elements
                if element.get(f"{W}type") == "paragraph"
                and element.get(f"{W}default") in ("1", "true", "on")
            ),
            "",
        )

    def paragraph(self, name: str) -> Style:
        """The style of a paragraph; the default one for an unknown id."""
        return self.get(name if name in self._elements else self._default)

    def get(self, name: str) -> Style:
        """A style by its id, without any property where there is none."""
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name)
        return self._resolved[name]

    def _lineage(self, name: str) -> Iterator[str]:
        seen: set[str] = set()
        while name in self._elements and name not in seen:
            seen.add(name)
            yield name
            name = value(self._elements[name].find(f"{W}basedOn"))

    def _resolve(self, name: str) -> Style:
        lineage = tuple(self._lineage(name))
        if not lineage:
            return Style()
        level: int | None = None
        number: str | None = None
        list_level: int | None = None
        runs = []
        for ancestor in lineage:
            element = self._elements[ancestor]
            properties = element.find(f"{W}pPr")
            if level is None:
                level = _level(element, properties)
            numbering = None if properties is None else properties.find(f"{W}numPr")
            if numbering is not None:
                number = number or value(numbering.find(f"{W}numId")) or None
                if list_level is None:
                    list_level = integer(value(numbering.find(f"{W}ilvl")))
            runs.append(run_properties(element.find(f"{W}rPr")))
        return Style(
            value(self._elements[name].find(f"{W}name")).lower(),
            level or 0,
            number,
            list_level,
            RunProperties(
                next((run.hidden for run in runs if run.hidden is not None), None),
                next((run.struck for run in runs if run.struck is not None), None),
                next((run.superscript for run in runs if run.superscript is not None), None),
                next((run.font for run in runs if run.font), ""),
            ),
            lineage,
        )


def run_properties(element: Element | None) -> RunProperties:
    """The properties that a ``w:rPr`` sets."""
    if element is None or not len(element):
        return _NONE
    hidden = struck = superscript = None
    font = ""
    for child in element:
        tag = child.tag
        if tag == f"{W}vanish":
            hidden = switch(child)
        elif tag in (f"{W}strike", f"{W}dstrike"):
            struck = struck or switch(child)
        elif tag == f"{W}vertAlign":
            superscript = value(child) == "superscript"
        elif tag == f"{W}rFonts":
            font = child.get(f"{W}ascii") or child.get(f"{W}hAnsi") or ""
    return RunProperties(hidden, struck, superscript, font)


def outline_level(properties: Element | None) -> int | None:
    """The heading level that a ``w:pPr`` sets, 0 for "no heading", ``None`` for "not set"."""
    element = None if properties is None else properties.find(f"{W}outlineLvl")
    level = integer(value(element))
    return None if level is None else level + 1 if 0 <= level < _BODY_LEVEL else 0


def integer(text: str) -> int | None:
    """A whole number as Word writes it, ``None`` for anything else."""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def _level(style: Element, properties: Element | None) -> int | None:
    level = outline_level(properties)
    if level is not None:
        return level
    name = value(style.find(f"{W}name")).lower()
    match = _HEADING.fullmatch(name)
    return int(match[1]) if match else 1 if name == "title" else None


_NONE = RunProperties()
