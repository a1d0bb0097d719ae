"""PowerPoint, read from its XML: each slide is a page, its title a heading, its notes at its end.

Hidden slides are left out but count as pages, since PowerPoint counts them in the slide numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from kilde.documents.content import Content, PageStart, Part, Prose
from kilde.documents.extract import given_title
from kilde.documents.ooxml import Package, Relationship, child, children, local
from kilde.documents.readers.slides_shapes import Layout, SlideReader, notes_of
from kilde.errors import LoadError


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """One page per slide, in the order of the presentation."""
    package = Package(data, name)
    links = package.relationships(package.main)
    presentation = package.xml(package.main)
    if presentation is None:
        raise LoadError(
            name,
            "it holds no presentation",
            hint="Open it in PowerPoint, save it as .pptx, and add it again.",
        )
    omitted: Counter[str] = Counter()
    layouts: dict[str, Layout] = {}
    parts: list[Part] = []
    for entry in children(child(presentation, "sldIdLst"), "sldId"):
        link = links.get(_relationship_id(entry))
        slide = package.xml(link.target) if link is not None else None
        if link is None or slide is None:
            continue
        parts.append(PageStart())
        if slide.get("show") in ("0", "false"):
            omitted["hidden slides"] += 1
            continue
        parts += _slide(package, slide, package.relationships(link.target), layouts, omitted)
    title = given_title(package.title())
    shown = {what: count for what, count in omitted.items() if count}
    return [Prose(parts, title=title, markdown=True, omitted=shown)]


def _relationship_id(entry: Element) -> str:
    # "id" without a namespace is the number of the slide.
    return next((value for key, value in entry.items() if key.endswith("}id")), "")


def _slide(
    package: Package,
    slide: Element,
    links: Mapping[str, Relationship],
    layouts: dict[str, Layout],
    omitted: Counter[str],
) -> list[Part]:
    by_kind: dict[str, str] = {}
    for link in links.values():
        by_kind.setdefault(link.kind, link.target)
        if link.kind == "comments":
            comments = package.xml(link.target)
            found = comments.iter() if comments is not None else ()
            omitted["comments"] += sum(local(e) in ("cm", "reply") for e in found)
    path = by_kind.get("slideLayout", "")
    if path not in layouts:
        layouts[path] = _layout(package, path)

    def related(key: str) -> Element | None:
        return package.xml(links[key].target) if key in links else None

    parts = SlideReader(layouts[path], related, omitted).parts(slide)
    if "notesSlide" in by_kind:
        parts += notes_of(package.xml(by_kind["notesSlide"]), omitted)
    return parts


def _layout(package: Package, path: str) -> Layout:
    if not path:
        return Layout()
    masters = (r.target for r in package.relationships(path).values() if r.kind == "slideMaster")
    master = next(masters, "")
    return Layout(package.xml(path), package.xml(master) if master else None)
