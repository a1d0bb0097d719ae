"""The blocks of a Markdown text, from the tokens of its parser."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kilde.documents.content import Grid, GridCell, Part
from kilde.documents.footnotes import mark
from kilde.documents.grids import placed, tables_of
from kilde.documents.markup import as_text
from kilde.documents.readers.blocks import Frame, Heading, Level, one_line
from kilde.documents.readers.html import read_page

if TYPE_CHECKING:
    from markdown_it.token import Token

_NOTE_MARK = re.compile(r"\[\^([^\]\s]+)\]")
_TASK = re.compile(r"\A\[([ xX])\]\s+")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_STRUCK_TAG = re.compile(r"<(/?)(?:del|s|strike)\b", re.IGNORECASE)
_BLANKS = re.compile(" {2,}")
_STRUCK_KIND = "struck-out passages"


class Blocks:
    """Turns tokens into parts. ``notes`` are the numbers of the footnotes by their labels."""

    def __init__(self, notes: Mapping[str, int]) -> None:
        self.omitted: Counter[str] = Counter()
        self._notes = notes
        self._frame = Frame()
        self._rows: list[list[tuple[GridCell, int, int]]] = []

    def read(self, tokens: Sequence[Token]) -> list[Part]:
        """The parts of a text."""
        opening: Token | None = None
        for token in tokens:
            if token.type == "inline":
                self._inline_block(token, opening)
            else:
                self._block(token)
            opening = token
        return self._frame.parts

    def _block(self, token: Token) -> None:
        frame = self._frame
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                ordered = token.type == "ordered_list_open"
                frame.levels.append(Level(marked=True, ordered=ordered, number=start))
            case "bullet_list_close" | "ordered_list_close":
                frame.end_list()
            case "list_item_open":
                level = frame.levels[-1]
                marker = token.markup if level.ordered else "-"
                frame.marker = f"{level.number}{marker} " if level.ordered else "- "
                level.number += 1
                level.width = len(frame.marker)
            case "list_item_close":
                frame.marker = ""
            case "fence" | "code_block":
                frame.add_code(token.content)
            case "html_block":
                self._html(token.content)
            case "table_open":
                self._rows = []
            case "tr_open":
                self._rows.append([])
            case "table_close":
                self._table()
            case _:
                pass

    def _inline_block(self, token: Token, opening: Token | None) -> None:
        text = _BLANKS.sub(" ", "".join(self._inline(token.children or ()))).strip()
        kind = opening.type if opening is not None else ""
        if kind in ("th_open", "td_open"):
            cell = GridCell(text, header=kind == "th_open")
            self._rows[-1].append((cell, 1, 1))
        elif kind == "heading_open" and opening is not None and opening.level == 0:
            text = " ".join(text.split())
            if text:
                self._frame.parts.append(Heading(f"{'#' * int(opening.tag[1:])} {text}"))
        elif text:
            if self._frame.marker:
                text = _TASK.sub(lambda box: "☐ " if box[1] == " " else "☑ ", text)
            self._frame.add(as_text(text))

    def _inline(self, tokens: Sequence[Token]) -> Iterator[str]:
        """The texts of a paragraph, line breaks included."""
        struck = 0
        link: list[str] | None = None
        address = ""
        for token in tokens:
            text = ""
            tag = _STRUCK_TAG.match(token.content) if token.type == "html_inline" else None
            if token.type == "s_open" or (tag and not tag[1]):
                self.omitted[_STRUCK_KIND] += not struck
                struck += 1
            elif token.type == "s_close" or tag:
                struck = max(0, struck - 1)
            elif struck:
                continue
            elif token.type == "text":
                text = _NOTE_MARK.sub(self._mark, token.content)
            elif token.type == "code_inline":
                text = token.content
            elif token.type == "softbreak":
                text = " "
            elif token.type == "hardbreak" or (
                token.type == "html_inline" and _BREAK.fullmatch(token.content)
            ):
                text = "\n"
            elif token.type == "image":
                text = "".join(self._inline(token.children or ()))
            elif token.type == "link_open":
                link, address = [], str(token.attrs.get("href", ""))
            elif token.type == "link_close" and link is not None:
                text, link = _linked("".join(link), address), None
            if link is not None:
                link.append(text)
            else:
                yield text

    def _mark(self, match: re.Match[str]) -> str:
        number = self._notes.get(match[1])
        return match[0] if number is None else mark(number)

    def _html(self, source: str) -> None:
        page = read_page(source)
        self.omitted.update(page.omitted)
        for part in page.parts:
            if self._frame.levels:
                self._frame.add(part if isinstance(part, str) else one_line([part]))
            else:
                self._frame.parts.append(part)

    def _table(self) -> None:
        parts = [
            as_text(part) if isinstance(part, str) else part
            for part in tables_of(Grid(placed(self._rows)))
        ]
        if self._frame.levels:
            self._frame.add(one_line(parts))
        else:
            self._frame.parts += parts


def _linked(text: str, address: str) -> str:
    """The text of a link, with the address or number that it would dial where that is not in it."""
    scheme, _, target = address.partition(":")
    target = unquote(target.split("?")[0])
    if scheme not in ("mailto", "tel") or target.lower() in text.lower():
        return text
    digits = re.sub(r"\D", "", target)[-6:]
    if scheme == "tel" and digits in re.sub(r"\D", "", text):
        return text
    return f"{text} ({target})" if text.strip() else target
