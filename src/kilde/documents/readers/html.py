"""HTML, as a file, a page or the body of a mail: its content as a browser shows it.

selectolax parses as browsers do (HTML 5). What the header, the navigation and the footer hold of
use, such as telephone numbers and opening hours, stands at the end, in passages of its own, so
that it counts once in search however many pages of a site repeat it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kilde.documents.content import Content, Part, Prose, Table
from kilde.documents.footnotes import MAX_NOTES, place, without_marks
from kilde.documents.readers.html_page import Page
from kilde.documents.readers.html_visibility import Visibility
from kilde.documents.text import decode
from kilde.language.clean import clean
from kilde.language.detect import detect

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.I)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style", re.I | re.S)
_XML = re.compile(r"\s*<\?xml\b")
_EMPTY_ELEMENT = re.compile(r"<([a-zA-Z][\w:-]*)((?:\s[^<>]*?)?)/>")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_NOTE_MARK = re.compile(r"\W{0,2}(?:\d{1,3}|[a-z]|[*†‡§]{1,3})\W{0,2}", re.I)
_NOTE_LINKS = 'sup a[href^="#"], a[href^="#"] sup, a[role="doc-noteref"], a.footnote-ref'
_NOTE_TAGS = frozenset(("li", "p", "div", "aside", "dd", "td", "span", "small"))
_LONGEST_NOTE = 1_000


def read(data: bytes, name: str, mime: str) -> list[Content]:
    """The content of the page, titled as its ``<title>`` says."""
    declared = _CHARSET.search(data[:2048])
    page = decode(data, name, declared[1].decode("ascii") if declared else "")
    if mime == "application/xhtml+xml" or _XML.match(page):
        page = _EMPTY_ELEMENT.sub(_expanded, page)
    return [read_page(page)]


def read_page(page: str) -> Prose:
    """The content of a page, or of a part of one."""
    from selectolax.lexbor import LexborHTMLParser

    may_have_notes = "#" in page and ("<sup" in page.lower() or "noteref" in page)
    if may_have_notes:
        page = without_marks(page)
    tree = LexborHTMLParser(page)
    title = tree.css_first("head > title")
    notes, marks, targets = _notes(tree) if may_have_notes else ([], {}, set())
    walk = Page(
        Visibility("\n".join(_STYLE.findall(page))),
        marks,
        targets,
        _holding(tree, "li h1, li h2, li h3, li h4, li h5, li h6, li table"),
        _holding(tree, "h1"),
    )
    parts = walk.read(tree.root) if tree.root is not None else []
    if notes:
        parts = _with_notes(parts, notes)
    parts += [Table([""] * len(lines), [lines]) for lines in walk.site]
    heading = " ".join(title.text().split()) if title is not None else ""
    return Prose(parts, title=heading, markdown=True, omitted=dict(walk.omitted))


def _expanded(match: re.Match[str]) -> str:
    """An empty element of XML in the form in which HTML parsers know it."""
    name, attributes = match.groups()
    return match[0] if name.lower() in _VOID else f"<{name}{attributes}></{name}>"


def _holding(tree: LexborHTMLParser, selector: str) -> set[int]:
    """The elements that hold one of those that are selected."""
    above: set[int] = set()
    for found in tree.css(selector):
        node = found.parent
        while node is not None and node.mem_id not in above:
            above.add(node.mem_id)
            node = node.parent
    return above


def _notes(tree: LexborHTMLParser) -> tuple[list[str], dict[int, int], set[int]]:
    """Texts of the footnotes, nodes of their marks with the numbers, and their own nodes."""
    texts: list[str] = []
    marks: dict[int, int] = {}
    targets: dict[str, int] = {}
    own: set[int] = set()
    for found in tree.css(_NOTE_LINKS)[:MAX_NOTES]:
        link = found if found.tag == "a" else found.parent
        if link is None or not _NOTE_MARK.fullmatch(link.text().strip()):
            continue
        anchor = (link.attributes.get("href") or "").partition("#")[2].replace('"', "")
        if anchor not in targets:
            target = _note_target(tree, anchor)
            text = _note_text(target) if target is not None else ""
            if target is None or not text or link.mem_id in own:
                continue
            targets[anchor] = len(texts)
            texts.append(text)
            own.add(target.mem_id)
        marks[link.mem_id] = targets[anchor]
    return texts, marks, own


def _note_target(tree: LexborHTMLParser, anchor: str) -> LexborNode | None:
    node = tree.css_first(f'[id="{anchor}"]') if anchor and "\\" not in anchor else None
    while node is not None and node.tag in ("a", "sup", "b", "strong", "span"):
        node = node.parent
    return node if node is not None and node.tag in _NOTE_TAGS else None


def _note_text(target: LexborNode) -> str:
    """The text of a note without its number and its link back."""
    text = " ".join(target.text().split())
    for back in target.css('a[href^="#"]'):
        label = " ".join(back.text().split())
        if text.startswith(label):
            text = text.removeprefix(label)
        elif text.endswith(label):
            text = text.removesuffix(label)
    text = clean(text).strip(" \u21a9^.:[]()") if len(text) <= _LONGEST_NOTE else ""
    return text and f"{text}."


def _with_notes(parts: list[Part], notes: list[str]) -> list[Part]:
    texts = [part for part in parts if isinstance(part, str)]
    language = detect("\n\n".join(texts))
    return [place(part, notes, language) if isinstance(part, str) else part for part in parts]
