"""The walk over a page's parse tree, in document order and without recursion."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kilde.documents.content import Grid, GridCell, Part, Table
from kilde.documents.footnotes import mark
from kilde.documents.grids import placed, tables_of
from kilde.documents.markup import as_text, lowered, raised
from kilde.documents.readers.blocks import Frame, Heading, Level, one_line, useful_lines
from kilde.documents.readers.html_visibility import Attributes, Visibility

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_DROPPED = frozenset(
    "script style template noscript head title iframe object embed video audio canvas svg select "
    "datalist textarea frameset map area meta link base".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body center details dialog div fieldset figcaption figure "
    "footer form header hgroup legend main nav p section summary option noframes".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRUCK = frozenset(("del", "s", "strike"))
_REGIONS = frozenset(("nav", "header", "footer", "aside"))
_REGION_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search"))
_REGION_NAMES = re.compile(
    r"(?:^|\s)(?:(?:site|page|main|global)[-_]?)?(?:footer|nav|navbar|navigation|breadcrumbs?)"
    r"(?:$|\s)",
    re.IGNORECASE,
)
_COOKIES = re.compile(
    r"cookie[-_]?(?:banner|bar|consent|notice|popup|modal|dialog|overlay|message|warning|info)"
    r"|consent[-_]?(?:banner|bar|dialog|popup|modal)|cybotcookiebot|onetrust-",
    re.IGNORECASE,
)
_CONTENT = frozenset(("main", "article", "section"))
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_STRUCK_KIND = "struck-out passages"


@dataclass
class _TableState:
    """A table that is open: its rows of ``(parts, row span, column span, header)``."""

    layout: bool
    rows: dict[str, list[list[tuple[Frame, int, int, bool]]]] = field(
        default_factory=lambda: {"thead": [], "tbody": [], "tfoot": []}
    )
    group: str = "tbody"
    caption: str = ""
    headed: bool = False
    blocks: bool = False


@dataclass
class _Definitions:
    """The terms and definitions of an entry of a definition list."""

    terms: list[str] = field(default_factory=list)
    texts: list[list[Part]] = field(default_factory=list)


class Page:
    """The parts of a page: its content, and what its header and footer hold of use.

    ``notes`` maps the nodes of footnote marks to the numbers of their notes, ``notes_at`` are the
    nodes of the notes' texts. ``blocks`` are the lists that hold headings or tables, ``titled`` the
    elements that hold the page's title.
    """

    def __init__(
        self,
        visibility: Visibility,
        notes: dict[int, int],
        notes_at: set[int],
        blocks: set[int],
        titled: set[int],
    ) -> None:
        self.omitted: Counter[str] = Counter()
        self.site: list[list[str]] = []
        self._visibility = visibility
        self._notes, self._notes_at = notes, notes_at
        self._blocks, self._titled = blocks, titled
        self._frames = [Frame()]
        self._tables: list[_TableState] = []
        self._definitions: list[_Definitions] = []
        self._starts: list[int] = []
        self._content = 0
        self._region = 0
        self._pre = 0

    def read(self, root: LexborNode) -> list[Part]:
        """The parts of the page, without header and footer."""
        node: LexborNode | None = root
        above: list[tuple[LexborNode, str, str]] = []
        while node is not None:
            tag = node.tag
            following = None
            if tag == "-text":
                self._text(node.text_content or "")
            elif tag is not None and tag[0] not in "-!":
                attributes = node.attributes
                kind = self._enter(node, tag, attributes)
                if kind != "drop":
                    following = node.child
                    if following is not None:
                        above.append((node, tag, kind))
                    else:
                        self._leave(tag, kind, attributes)
            while following is None:
                following = node.next
                if following is None:
                    if not above:
                        break
                    node, tag, kind = above.pop()
                    self._leave(tag, kind, node.attributes)
            node = following
        frame = self._frames[0]
        frame.flush()
        while frame.levels:
            frame.end_list()
        return frame.parts

    def _enter(self, node: LexborNode, tag: str, attributes: Attributes) -> str:
        """Begin an element; returns how it is to be ended, or ``"drop"``."""
        frame = self._frames[-1]
        if tag in _DROPPED:
            if tag == "svg" and attributes.get("role") == "img":
                frame.inline.append(f" {attributes.get('aria-label') or ''} ")
            return "drop"
        if self._visibility.hidden(tag, attributes):
            return "drop"
        if tag in _STRUCK or self._visibility.struck(tag, attributes):
            if node.text().strip():
                self.omitted[_STRUCK_KIND] += 1
            return "drop"
        if self._notes and node.mem_id in self._notes:
            frame.inline.append(mark(self._notes[node.mem_id]))
            return "drop"
        if self._notes_at and node.mem_id in self._notes_at:
            return "drop"
        if (attributes or tag in _REGIONS) and self._is_region(node, tag, attributes):
            if _COOKIES.search(_names(attributes)):
                return "drop"
            frame.flush()
            self._frames.append(Frame())
            self._region += 1
            return "region"
        if tag in _CONTENT:
            self._content += 1
        return self._enter_element(node, tag, attributes, frame)

    def _enter_element(
        self, node: LexborNode, tag: str, attributes: Attributes, frame: Frame
    ) -> str:
        if tag in _BLOCKS or tag in _HEADINGS:
            if tag == "dialog" and "open" not in attributes:
                return "drop"
            frame.flush()
        elif tag == "br":
            frame.inline.append("\n")
        elif tag == "hr":
            frame.flush()
        elif tag in ("a", "sup", "sub"):
            self._starts.append(len(frame.inline))
        elif tag == "q":
            frame.inline.append("“")
        elif tag == "img":
            self._image(attributes, frame)
        elif tag in ("ul", "ol", "menu", "dir"):
            self._open_list(node, tag, attributes, frame)
        elif tag == "li":
            frame.flush()
            self._open_item(attributes, frame)
        elif tag == "pre":
            frame.flush()
            self._pre += 1
        elif tag == "table":
            frame.flush()
            layout = attributes.get("role") in ("presentation", "none")
            self._tables.append(_TableState(layout))
        elif tag in ("thead", "tbody", "tfoot") and self._tables:
            self._tables[-1].group = tag
        elif tag == "tr" and self._tables:
            table = self._tables[-1]
            table.rows[table.group].append([])
        elif tag in ("td", "th", "caption", "dt", "dd"):
            frame.flush()
            self._frames.append(Frame())
        elif tag == "dl":
            frame.flush()
            self._definitions.append(_Definitions())
        elif attributes.get("role") == "img":
            frame.inline.append(f" {attributes.get('aria-label') or ''} ")
        return ""

    def _leave(self, tag: str, kind: str, attributes: Attributes) -> None:
        frame = self._frames[-1]
        if kind == "region":
            self._close_frame()
            self._region -= 1
            if lines := useful_lines(frame):
                self.site.append(lines)
            return
        if tag in _CONTENT:
            self._content -= 1
        if tag in _HEADINGS:
            self._heading(tag, frame)
        elif tag in _BLOCKS:
            frame.flush()
        elif tag == "a":
            self._link(attributes, frame)
        elif tag in ("sup", "sub"):
            self._shift(tag, frame)
        elif tag == "q":
            frame.inline.append("”")
        elif tag in ("ul", "ol", "menu", "dir"):
            frame.end_list()
        elif tag == "li":
            frame.flush()
            frame.marker = ""
        elif tag == "pre":
            self._pre -= 1
            code = "".join(frame.inline).replace("\u00a0", " ")
            frame.inline.clear()
            frame.add_code(code)
        elif tag in ("td", "th"):
            self._cell(tag, attributes, self._close_frame())
        elif tag == "caption":
            closed = self._close_frame()
            if self._tables:
                self._tables[-1].caption = one_line(closed.parts)
        elif tag in ("dt", "dd"):
            self._definition(tag, self._close_frame())
        elif tag == "dl":
            frame.flush()
            self._end_entry()
            self._definitions.pop()
        elif tag in ("thead", "tfoot") and self._tables:
            self._tables[-1].group = "tbody"
        elif tag == "table":
            self._end_table(self._tables.pop(), frame)

    def _close_frame(self) -> Frame:
        frame = self._frames.pop()
        frame.flush()
        while frame.levels:
            frame.end_list()
        return frame

    def _text(self, text: str) -> None:
        frame = self._frames[-1]
        if not self._pre:
            text = text.replace("\n", " ").replace("\u00ad", "")
        frame.inline.append(text)
        if self._starts:
            frame.in_links += len(text)

    def _is_region(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        if self._region or tag in ("html", "body", "main", "article"):
            return False
        names = _names(attributes)
        if names and _COOKIES.search(names):
            return True
        if tag == "nav" or attributes.get("role") in ("navigation", "search"):
            return True
        if self._content:
            return False
        region = (
            tag in _REGIONS
            or attributes.get("role") in _REGION_ROLES
            or (bool(names) and tag in ("div", "ul") and bool(_REGION_NAMES.search(names)))
        )
        return region and node.mem_id not in self._titled

    def _heading(self, tag: str, frame: Frame) -> None:
        text = " ".join("".join(frame.inline).split())
        frame.inline.clear()
        frame.in_links = 0
        if not text:
            return
        if any(level.marked for level in frame.levels):
            frame.add(text)
        else:
            frame.parts.append(Heading(f"{'#' * _HEADINGS[tag]} {text}"))

    def _image(self, attributes: Attributes, frame: Frame) -> None:
        """The text of a picture, where it says something: in a cell, or more than two words."""
        text = " ".join((attributes.get("alt") or "").split())
        if not self._region and text and (self._tables or len(text.split()) > 2):
            frame.inline.append(f" {text} ")

    def _link(self, attributes: Attributes, frame: Frame) -> None:
        start = self._starts.pop() if self._starts else 0
        scheme, _, address = (attributes.get("href") or "").partition(":")
        if scheme.lower() not in ("mailto", "tel"):
            return
        address = unquote(address.split("?")[0]).strip().removeprefix("//")
        text = "".join(frame.inline[start:])
        if scheme.lower() == "tel":
            digits = re.sub(r"\D", "", address)
            shown = digits[-6:] in re.sub(r"\D", "", text)
        else:
            shown = address.lower() in text.lower()
        if address and not shown:
            frame.inline.append(f" ({address})" if text.strip() else address)

    def _shift(self, tag: str, frame: Frame) -> None:
        """Raised and lowered digits as such: "10⁶" is not "106"."""
        start = self._starts.pop() if self._starts else 0
        text = "".join(frame.inline[start:])
        before = "".join(frame.inline[max(0, start - 1) : start])
        frame.inline[start:] = [raised(text) if tag == "sup" else lowered(text, before)]

    def _open_list(self, node: LexborNode, tag: str, attributes: Attributes, frame: Frame) -> None:
        frame.flush()
        step = -1 if "reversed" in attributes else 1
        start = _integer(attributes.get("start"), 1)
        if step < 0 and "start" not in attributes:
            start = sum(1 for child in node.iter() if child.tag == "li")
        frame.levels.append(
            Level(
                marked=node.mem_id not in self._blocks,
                ordered=tag == "ol",
                kind=attributes.get("type") or "1",
                number=start,
                step=step,
            )
        )

    def _open_item(self, attributes: Attributes, frame: Frame) -> None:
        if not frame.levels or not frame.levels[-1].marked:
            return
        level = frame.levels[-1]
        number = _integer(attributes.get("value"), level.number)
        level.number = number + level.step
        frame.marker = f"{_numeral(number, level.kind)}. " if level.ordered else "- "
        level.width = len(frame.marker)

    def _cell(self, tag: str, attributes: Attributes, frame: Frame) -> None:
        if not self._tables:
            self._frames[-1].parts += frame.parts
            return
        table = self._tables[-1]
        rows = table.rows[table.group]
        if not rows:
            rows.append([])
        header = tag == "th" or table.group == "thead"
        table.headed |= header and bool(frame.parts)
        table.blocks |= any(isinstance(part, Table | Heading) for part in frame.parts)
        spans = (attributes.get("rowspan"), attributes.get("colspan"))
        height, width = (max(0, _integer(span, 1)) for span in spans)
        rows[-1].append((frame, height, max(1, width), header))

    def _end_table(self, table: _TableState, frame: Frame) -> None:
        # A footer may stand before the body, and is shown after it.
        rows = [row for group in ("thead", "tbody", "tfoot") for row in table.rows[group]]
        headed = table.headed or bool(table.caption)
        parts: list[Part] = []
        if table.blocks and (table.layout or not headed):
            parts = [part for row in rows for cell, *_ in row for part in cell.parts]
        else:
            cells = [
                [(GridCell(one_line(cell.parts), header=head), h, w) for cell, h, w, head in row]
                for row in rows
            ]
            grid = Grid(placed(cells), caption=table.caption, layout=table.layout)
            parts = [as_text(p) if isinstance(p, str) else p for p in tables_of(grid)]
        if any(level.marked for level in frame.levels):
            frame.add(one_line(parts))
        else:
            frame.parts += parts

    def _definition(self, tag: str, frame: Frame) -> None:
        if not self._definitions:
            self._frames[-1].parts += frame.parts
            return
        entry = self._definitions[-1]
        if tag == "dd":
            entry.texts.append(frame.parts)
            return
        if entry.texts:
            self._end_entry()
            entry = self._definitions[-1]
        entry.terms.append(one_line(frame.parts).removesuffix(":"))

    def _end_entry(self) -> None:
        entry, frame = self._definitions[-1], self._frames[-1]
        self._definitions[-1] = _Definitions()
        term = ", ".join(filter(None, entry.terms))
        texts = [parts for parts in entry.texts if parts]
        short = all(len(parts) == 1 and type(parts[0]) is str for parts in texts)
        if short or any(level.marked for level in frame.levels):
            body = "; ".join(one_line(parts) for parts in texts)
            if line := ": ".join(filter(None, (term, body))):
                frame.add(as_text(line))
        else:
            frame.parts += [f"{term}:"] if term else []
            frame.parts += [part for parts in texts for part in parts]


def _names(attributes: Attributes) -> str:
    return f"{attributes.get('id') or ''} {attributes.get('class') or ''}".strip()


def _integer(text: str | None, default: int) -> int:
    match = re.match(r"\s*(-?\d{1,6})", text or "")
    return int(match[1]) if match else default


def _numeral(number: int, kind: str) -> str:
    if kind in ("a", "A") and 0 < number <= 26:
        return chr(ord(kind) + number - 1)
    if kind in ("i", "I") and 0 < number < 40:
        text = ""
        for value, sign in _ROMAN:
            text += sign * (number // value)
            number %= value
        return text if kind == "i" else text.upper()
    return str(number)
