"""Fields: instructions with the result that Word shows in their place.

A complex field is written as begin, code, separator, result and end, over any number of runs and
paragraphs, and may hold other fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kilde.documents.word.package import W, switch, value
from kilde.documents.word.styles import integer

# A list of headings with their pages is a way into the text, and no text.
_LISTS = frozenset({"TOC", "INDEX", "TOA"})
_PAGES = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})

PAGE = "\ue000"
"""Stands for a number of pages in a header or a footer."""


_PAGE_WORDS = r"(?:side|sidan?|page|seite|blatt|pagina|página|pag|pg|sivu|str|[sp])\b\.?"
_PAGE_NUMBER = re.compile(
    rf"[-–|(/·]?\s*(?:\b{_PAGE_WORDS}\s*)?{PAGE}(?:[^\t{PAGE}]{{1,12}}{PAGE})?\s*[-–|)/·]?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Field:
    code: str = ""
    result: bool = False
    form: str = ""


class Fields:
    """The fields that are open at a place of the text."""

    def __init__(self, pages: bool = False) -> None:
        self._open: list[_Field] = []
        self._pages = pages

    @property
    def shown(self) -> bool:
        """Whether text at this place is seen: not code, and no result that is left out."""
        return all(field.result and not self.replaced(field.code) for field in self._open)

    def replaced(self, code: str) -> bool:
        """Whether the result of a field is left out, or replaced by :data:`PAGE`."""
        name = _name(code)
        return name in _LISTS or (self._pages and name in _PAGES)

    def replacement(self, code: str) -> str:
        """What stands for the result of a field that is left out."""
        return PAGE if self._pages and _name(code) in _PAGES else ""

    def instruction(self, text: str) -> None:
        """A piece of the code of the innermost field."""
        if self._open and not self._open[-1].result:
            self._open[-1].code += text

    def character(self, element: Element) -> str:
        """A ``w:fldChar``; returns what it shows itself, such as a check box of a form."""
        match element.get(f"{W}fldCharType"):
            case "begin":
                self._open.append(_Field(form=_form(element)))
            case "separate" if self._open:
                self._open[-1].result = True
            case "end" if self._open:
                field = self._open.pop()
                return (field.form or self.replacement(field.code)) if self.shown else ""
        return ""


def without_page_numbers(text: str) -> str:
    """A line of a header or footer without ``Page 1 of 3``.

    >>> without_page_numbers(f"Caretaker 33 12 45 67\\tPage {PAGE} of {PAGE}")
    'Caretaker 33 12 45 67\\t'
    """
    return _PAGE_NUMBER.sub(" ", text) if PAGE in text else text


def _name(code: str) -> str:
    words = code.split(maxsplit=1)
    return words[0].upper() if words else ""


def _form(element: Element) -> str:
    """The state of a field of a form that has no result of its own."""
    box = element.find(f"{W}ffData/{W}checkBox")
    if box is not None:
        checked = switch(box.find(f"{W}checked"))
        return "☒" if (switch(box.find(f"{W}default")) if checked is None else checked) else "☐"
    choices = element.find(f"{W}ffData/{W}ddList")
    if choices is not None:
        entries = choices.findall(f"{W}listEntry")
        chosen = integer(value(choices.find(f"{W}result"), "0")) or 0
        return value(entries[chosen]) if 0 <= chosen < len(entries) else ""
    return ""
