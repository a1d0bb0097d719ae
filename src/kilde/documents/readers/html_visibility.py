"""What a browser does not show of a page, or shows struck through.

Attributes, inline styles and those rules of ``<style>`` that select by one tag, id or class are
followed; rules under conditions (``@media``) and combined selectors are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Attributes = Mapping[str, str | None]

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTOR = re.compile(r"([a-zA-Z][\w-]*)?((?:[.#][\w-]+)*)")
_DISPLAY = re.compile(r"(?:^|[;\s])display\s*:\s*([\w-]+)", re.IGNORECASE)
_HIDDEN = re.compile(
    r"(?:^|[;\s])(?:visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$|!)"
    r"|font-size\s*:\s*0(?:\.0*)?(?:px|em|rem|pt|%)?\s*(?:;|$|!))",
    re.IGNORECASE,
)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_MAX_RULES = 2_000


@dataclass(frozen=True, slots=True)
class _Rule:
    tag: str
    id: str
    classes: frozenset[str]
    rank: tuple[int, int, int, int]
    hidden: bool | None
    struck: bool | None


class Visibility:
    """The rules of a page's style sheets, asked element by element."""

    def __init__(self, sheets: str) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        if sheets:
            self._read(_COMMENT.sub("", sheets))

    def hidden(self, tag: str, attributes: Attributes) -> bool:
        """Whether an element, and with it all that it holds, is not shown."""
        if not attributes and not self._rules:
            return False
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return True
        style = attributes.get("style")
        stated = _hides(style) if style else None
        return bool(self._decided(tag, attributes, "hidden") if stated is None else stated)

    def struck(self, tag: str, attributes: Attributes) -> bool:
        """Whether the text of an element is struck through."""
        style = attributes.get("style")
        if style and _STRUCK.search(style):
            return True
        return bool(self._decided(tag, attributes, "struck"))

    def _decided(self, tag: str, attributes: Attributes, what: str) -> bool | None:
        if not self._rules:
            return None
        classes = (attributes.get("class") or "").split()
        own_id = attributes.get("id") or ""
        keys = [f".{name}" for name in classes] + [f"#{own_id}", tag]
        best, answer = (-1, -1, -1, -1), None
        for key in keys:
            for rule in self._rules.get(key, ()):
                stated = getattr(rule, what)
                if (
                    stated is not None
                    and rule.rank > best
                    and rule.tag in ("", tag)
                    and rule.id in ("", own_id)
                    and rule.classes.issubset(classes)
                ):
                    best, answer = rule.rank, stated
        return answer

    def _read(self, sheets: str) -> None:
        number = 0
        for selectors, body in _top_level_rules(sheets):
            hidden = _hides(body)
            struck = bool(_STRUCK.search(body)) if "text-decoration" in body.lower() else None
            if hidden is None and struck is None:
                continue
            for selector in selectors.split(","):
                match = _SELECTOR.fullmatch(selector.strip())
                number += 1
                if not match or not match[0] or number > _MAX_RULES:
                    continue
                tag, names = (match[1] or "").lower(), re.findall(r"[.#][\w-]+", match[2])
                classes = frozenset(name[1:] for name in names if name[0] == ".")
                ids = [name[1:] for name in names if name[0] == "#"]
                rank = (len(ids), len(classes), bool(tag), number)
                rule = _Rule(tag, ids[0] if ids else "", classes, rank, hidden, struck)
                self._rules.setdefault(names[0] if names else tag, []).append(rule)


def _hides(style: str) -> bool | None:
    """What a list of declarations says about being shown, ``None`` where it says nothing."""
    display = _DISPLAY.findall(style)
    if display:
        return bool(display[-1].lower() == "none" or _HIDDEN.search(style))
    return True if _HIDDEN.search(style) else None


def _top_level_rules(sheets: str) -> list[tuple[str, str]]:
    """Selectors and declarations of the rules that stand under no condition."""
    rules: list[tuple[str, str]] = []
    depth = start = 0
    selectors = ""
    for match in re.finditer(r"[{};]", sheets):
        sign = match[0]
        if sign == "{":
            if depth == 0:
                selectors = sheets[start : match.start()].strip()
            depth += 1
            start = match.end() if depth == 1 else start
        elif sign == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if selectors and not selectors.startswith("@"):
                    rules.append((selectors, sheets[start : match.start()]))
                selectors, start = "", match.end()
        elif depth == 0:
            start = match.end()
    return rules
