"""A report's page, read back: its elements, and its texts with what they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})


@dataclass
class Element:
    """An element of the page with the text in it."""

    tag: str
    attributes: Mapping[str, str]
    inside: tuple[Element, ...]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


class Page(HTMLParser):
    """The elements of a page, and its texts with the elements that each stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[tuple[str, tuple[Element, ...]]] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, [one.tag for one in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag, {k: v or "" for k, v in attrs}, tuple(self._open))
        self.elements.append(found)
        if tag not in _VOID:
            self._open.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.texts.append(data)
        if data.strip():
            self.texts.append((data, tuple(self._open)))

    def named(self, *tags: str) -> list[Element]:
        return [one for one in self.elements if one.tag in tags]

    def figures(self) -> Iterator[tuple[Mapping[str, str], Element]]:
        """The elements that say which figure they show, with the case they stand in."""
        for one in self.elements:
            if "data-of" in one.attributes:
                yield one.attributes, one
