"""The XML of office files, read as a stream: no tree of a sheet with a million cells is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO
from xml.parsers import expat

Start = Callable[[str, dict[str, str]], None]


def parse(
    stream: IO[bytes],
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Call the functions for every element and text; names come without the prefix of a file
    that has one.

    Raises ``ValueError`` for what is no XML, and for XML with definitions of its own, which office
    programs do not write and attacks do.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def local(name: str) -> str:
        known = names.get(name)
        if known is None:
            known = names[name] = name.rpartition(":")[2]
        return known

    def first(name: str, attributes: dict[str, str]) -> None:
        # Sheets are mostly written without prefixes, and have millions of elements.
        plain = ":" not in name
        parser.StartElementHandler = start if plain else lambda name, own: start(local(name), own)
        if end is not None:
            parser.EndElementHandler = end if plain else lambda name: end(local(name))
        start(local(name), attributes)

    def refuse(*_: object) -> None:
        raise ValueError("its XML has definitions of its own")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = first
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error


def is_true(value: str | None) -> bool:
    """The value of a truth attribute."""
    return value in ("1", "true", "on")
