"""Sentence boundaries against hand-marked text, as one line per paragraph and wrapped.

In ``boundaries/`` a line is a sentence; lines are joined by a blank, those that begin with ``|`` by
a line break; ``¶`` is a boundary within a line, and a blank line ends a paragraph. A parenthesis
after a sentence belongs to it. The rules have been mended with every part in view; what each scored
before that is in docs/decisions/0018.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from kilde.language.sentences import sentences
from kilde.language.table import languages

FOLDER = Path(__file__).parent / "boundaries"
TARGET = 0.98


def parsed(path: Path, width: int | None) -> tuple[str, set[int]]:
    """The plain text, and the offsets at which its sentences begin."""
    text, starts = "", {0}
    for number, paragraph in enumerate(path.read_text(encoding="utf-8").strip().split("\n\n")):
        text += "\n\n" if number else ""
        block = ""
        for place, line in enumerate(paragraph.split("\n")):
            separator = "" if not place else "¶\n" if line.startswith("|") else "¶ "
            block += separator + line.removeprefix("|").replace(" ¶ ", "¶ ")
        starts.add(len(text))
        first = len(text)
        for piece in re.split(r"(¶\s)", block):
            if piece.startswith("¶"):
                text += piece[1:]
                starts.add(len(text))
            else:
                text += piece
        if width and "\n" not in block:
            lines = textwrap.wrap(text[first:], width, break_on_hyphens=False)
            text = text[:first] + "\n".join(lines)
    return text, starts - {0}


def f1(path: Path, language: str, width: int | None) -> tuple[float, list[str]]:
    """F1 of the inner boundaries, and the places where they differ."""
    text, expected = parsed(path, width)
    actual = {start for start, _ in sentences(text, language)} - {0}
    differences = [
        ("missed " if place in expected else "wrong ") + repr(text[place - 30 : place + 20])
        for place in sorted(actual ^ expected)
    ]
    return 2 * len(actual & expected) / (len(actual) + len(expected)), differences


@pytest.mark.parametrize("width", [None, 72, 50])
@pytest.mark.parametrize("code", sorted(languages()))
@pytest.mark.parametrize("part", ["development", "held_out", "offices", "offices_again"])
def test_boundaries(part: str, code: str, width: int | None) -> None:
    score, differences = f1(FOLDER / part / f"{code}.txt", code, width)
    assert score >= TARGET, "\n".join([f"{score:.3f}", *differences])


@pytest.mark.parametrize("code", sorted(languages()))
def test_two_hundred_boundaries_are_marked(code: str) -> None:
    assert len(parsed(FOLDER / "offices" / f"{code}.txt", None)[1]) >= 200
