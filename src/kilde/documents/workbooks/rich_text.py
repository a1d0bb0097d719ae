"""The text of a cell whose characters differ in format: raised digits, and what is struck out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from kilde.documents.markup import lowered, raised
from kilde.documents.workbooks.xml import is_true

STRUCK = "struck-out passages"
"""The kind under which text that is struck out is counted in ``omitted``."""


@dataclass(slots=True)
class RichText:
    """A text put together from its runs; ``struck`` counts those that are left out.

    >>> text = RichText()
    >>> text.add("10")
    >>> text.add("6", position="superscript")
    >>> text.text
    '10⁶'
    """

    text: str = ""
    struck: int = 0

    def add(self, run: str, *, position: str = "", struck: bool = False) -> None:
        """Append a run; ``position`` is ``"superscript"``, ``"subscript"`` or anything else."""
        if struck:
            self.struck += bool(run.strip())
        elif position == "superscript":
            self.text += raised(run)
        elif position == "subscript":
            self.text += lowered(run, self.text)
        else:
            self.text += run


class String(NamedTuple):
    """A string of a workbook.

    ``struck`` counts the runs that are struck out and left out of ``text``. ``formatted`` is
    whether a run has a font of its own, which takes the place of the font of the cell.
    """

    text: str
    struck: int = 0
    formatted: bool = False


@dataclass(slots=True)
class StringReader:
    """Reads strings of Office Open XML, shared ones and those within a cell."""

    _read: RichText = field(default_factory=RichText)
    _run: list[str] = field(default_factory=list)
    _formatted: bool = False
    _position: str = ""
    _struck: bool = False
    _spoken: bool = False
    _collect: bool = False

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if element == "t":
            self._collect = not self._spoken
        elif element == "rPh":  # how it is pronounced
            self._spoken = True
        elif element == "rPr":
            self._formatted = True
        elif element == "strike":
            self._struck = is_true(attributes.get("val", "1"))
        elif element == "vertAlign":
            self._position = attributes.get("val", "")

    def text(self, text: str) -> None:
        """Take a text."""
        if self._collect:
            self._run.append(text)

    def end(self, element: str) -> None:
        """Take the end of an element."""
        if element == "t":
            self._collect = False
            self._read.add("".join(self._run), position=self._position, struck=self._struck)
            self._run.clear()
        elif element == "rPh":
            self._spoken = False
        elif element == "r":
            self._position, self._struck = "", False

    def take(self) -> String:
        """The string that ends here."""
        string = String(self._read.text, self._read.struck, self._formatted)
        self._read, self._formatted = RichText(), False
        return string
