"""The paragraphs of a shape on a slide, with the bullets and numbers that are shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from kilde.documents.markup import as_text, lowered, raised
from kilde.documents.ooxml import attribute, child, children, local
from kilde.documents.readers.blocks import Items

_NUMBERED = re.compile(r"(?:\d{1,3}|[A-Za-z])[.)]\s|[-–•*]\s")
_BULLETS = ("buNone", "buChar", "buAutoNum", "buBlip")
_BREAKS = str.maketrans({"\v": "\n", "\u2028": "\n", "\t": " ", "\u00a0": " ", "\u00ad": None})
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"))
_ROMAN_SMALL = ((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MAX_LEVEL = 8


def paragraph_text(paragraph: Element, omitted: Counter[str]) -> str:
    """The text of a paragraph; what is struck through is left out."""
    texts: list[str] = []
    for run in _runs(paragraph):
        if local(run) == "br":
            texts.append("\n")
            continue
        text = "".join(t.text or "" for t in run if local(t) == "t")
        text = text.replace("_x000B_", "\v").translate(_BREAKS)
        properties = child(run, "rPr")
        if attribute(properties, "strike") not in ("", "noStrike"):
            omitted["struck-out passages"] += bool(text.strip())
            continue
        baseline = attribute(properties, "baseline").rstrip("%")
        if baseline not in ("", "0"):
            shifted = text.strip()
            before = "".join(texts[-1:])
            text = lowered(shifted, before) if baseline.startswith("-") else raised(shifted)
        texts.append(text)
    lines = (" ".join(line.split()) for line in "".join(texts).split("\n"))
    return "\n".join(line for line in lines if line)


def _runs(paragraph: Element) -> Iterator[Element]:
    """The runs, fields and line breaks of a paragraph; of alternatives, the preferred one."""
    for element in paragraph:
        match local(element):
            case "r" | "br" | "fld":
                yield element
            case "AlternateContent":
                yield from _runs(next(iter(element), element))
            case "m" | "oMath" | "oMathPara":
                yield from (e for e in element.iter() if local(e) == "r")
            case _:
                pass


def texts_of(
    body: Element | None, styles: Sequence[Element | None], omitted: Counter[str]
) -> list[str]:
    """The paragraphs of a text body as parts; those with bullets or numbers as lists.

    ``styles`` are the list styles that apply, the nearest first.
    """
    parts: list[str] = []
    lines: list[str] = []
    counts: dict[int, tuple[str, int]] = {}
    nearest = [child(body, "lstStyle"), *styles]
    for paragraph in children(body, "p"):
        properties = child(paragraph, "pPr")
        level = min(_integer(attribute(properties, "lvl"), 0), _MAX_LEVEL)
        text = paragraph_text(paragraph, omitted)
        if not text:
            continue
        marker = _marker(_bullet(properties, nearest, level), level, counts)
        if marker and not (marker == "- " and _NUMBERED.match(text)):
            first, *rest = text.split("\n")
            indent = "  " * level
            lines.append(f"{indent}{marker}{first}")
            lines += [f"{indent}  {line}" for line in rest]
            continue
        if lines and marker:
            lines.append("  " * level + text)
            continue
        if lines:
            parts.append(Items("\n".join(lines)))
            lines = []
        parts.append(as_text(text))
    if lines:
        parts.append(Items("\n".join(lines)))
    return parts


def _bullet(
    properties: Element | None, styles: Sequence[Element | None], level: int
) -> Element | None:
    """The bullet of a paragraph: its own, or that of the nearest style that states one."""
    stated = [properties, *(child(style, f"lvl{level + 1}pPr") for style in styles)]
    for place in stated:
        for element in place if place is not None else ():
            if local(element) in _BULLETS:
                return element
    return None


def _marker(bullet: Element | None, level: int, counts: dict[int, tuple[str, int]]) -> str:
    for deeper in [key for key in counts if key > level]:
        del counts[deeper]
    if bullet is None or local(bullet) == "buNone":
        counts.pop(level, None)
        return ""
    if local(bullet) != "buAutoNum":
        counts.pop(level, None)
        return "- "
    kind = attribute(bullet, "type")
    start = _integer(attribute(bullet, "startAt"), 1)
    previous = counts.get(level)
    number = previous[1] + 1 if previous and previous[0] == kind else start
    counts[level] = (kind, number)
    label = _label(number, kind)
    if "ParenBoth" in kind:
        return f"({label}) "
    return f"{label}) " if "ParenR" in kind else f"{label}. "


def _label(number: int, kind: str) -> str:
    if kind.startswith("alpha"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if "Uc" in kind else letter
    if kind.startswith("roman"):
        text = ""
        for value, sign in (*_ROMAN, *_ROMAN_SMALL):
            text += sign * (number // value)
            number %= value
        return text.upper() if "Uc" in kind else text
    return str(number)


def _integer(text: str, default: int) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else default
