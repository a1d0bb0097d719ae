"""What the control words of RTF do to the text between them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from kilde.documents.footnotes import MAX_NOTES, mark, without_marks
from kilde.documents.rtf.flow import CellPlan, Flow
from kilde.documents.rtf.tokens import CODECS, Token, tokens
from kilde.documents.word.fields import PAGE, Fields
from kilde.documents.word.symbols import in_font, raised

_CHARACTERS = {
    **{b"tab": "\t", b"line": "\n", b"lbr": "\n", b"emspace": " ", b"enspace": " "},
    **{b"emdash": "—", b"endash": "–", b"bullet": "•", b"qmspace": " "},
    **{b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"},
    **{b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"nestcell": "\n"},
}
_MARGINS = {
    **dict.fromkeys((b"header", b"headerl", b"headerr", b"headerf"), "headers"),
    **dict.fromkeys((b"footer", b"footerl", b"footerr", b"footerf"), "footers"),
}
_SKIPPED = frozenset(
    b"colortbl info nonshppict shprslt nonesttables xe tc txe rxe upr filetbl revtbl listtable "
    b"listoverridetable template ftnsep ftnsepc aftnsep aftnsepc pntxta pntxtb".split()
)
_COUNTED = {b"pict": "pictures", b"object": "embedded objects", b"annotation": "comments"}
_STARRED = frozenset((b"fldinst", b"shpinst", b"shppict", b"title", b"annotation", b"pn"))
_HEADING = re.compile(r"heading ([1-9])")
_CONTENTS = re.compile(r"toc \d|index \d")
_LONGEST_SKIP = 32


@dataclass(slots=True)
class _State:
    """What a group inherits from the one around it."""

    flow: Flow
    to: str = ""  # where text goes; "" is the flow
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    superscript: bool = False
    font: int = 0
    skip: int = 1
    in_table: bool = False
    style: int = 0
    outline: int | None = None
    depth: int = 0
    field: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rtf:
    """A file that has been read."""

    flow: Flow = field(default_factory=Flow)
    notes: list[Flow] = field(default_factory=list)
    headers: list[Flow] = field(default_factory=list)
    footers: list[Flow] = field(default_factory=list)
    title: str = ""
    omitted: Counter[str] = field(default_factory=Counter)


class Parser:
    """Reads one file, token by token; groups may nest to any depth."""

    def __init__(self) -> None:
        self.result = Rtf()
        self._state = _State(self.result.flow)
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._default_font = 0
        self._fonts: dict[int, str] = {}
        self._charsets: dict[int, str] = {}
        self._styles: dict[int, str] = {}
        self._plans: list[CellPlan] = []
        self._plan = CellPlan(0)
        self._header = False
        self._starred = False
        self._skip = 0
        self._bytes = bytearray()
        self._left_out = ""
        self._name = ""
        self._ignored: set[bytes] = set()  # nine of ten words concern the looks of text

    def read(self, data: bytes) -> Rtf:
        """The content of a file."""
        for token in tokens(data):
            if token.kind != "byte":
                self._flush()
            match token.kind:
                case "open":
                    self._stack.append(self._state)
                    self._state = replace(self._state)
                    self._skip = 0
                case "close":
                    self._close()
                case "word" | "symbol":
                    self._control(token)
                case "byte":
                    self._byte(int(token.value, 16))
                case _:
                    self._plain(token.value)
            self._starred = token.kind == "symbol" and token.value == b"*"
        self._flush()
        return self.result

    def _close(self) -> None:
        if not self._stack:
            return
        inner, self._state = self._state, self._stack.pop()
        self._skip = 0
        if inner.to == "box" and self._state.to != "box":
            self._state.flow.boxes += inner.flow.finish()
        if inner.to == "fonttbl" or inner.to == "stylesheet":
            self._entry(inner)

    def _entry(self, inner: _State) -> None:
        """A font or a style has its name."""
        name = self._name.strip().rstrip(";").strip()
        if name and inner.to == "fonttbl":
            self._fonts[inner.font] = name
        elif name:
            self._styles[inner.style] = name.lower()
        self._name = ""

    def _byte(self, byte: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes.append(byte)

    def _plain(self, text: bytes) -> None:
        if self._skip:
            dropped = min(self._skip, len(text))
            self._skip -= dropped
            text = text[dropped:]
        self._bytes += text
        self._flush()

    def _flush(self) -> None:
        if self._bytes:
            codec = self._charsets.get(self._state.font, self._codec)
            text, self._bytes = self._bytes.decode(codec, "replace"), bytearray()
            self._text(text)

    def _text(self, text: str) -> None:
        state = self._state
        match state.to:
            case "skip":
                return
            case "code":
                if state.field:
                    state.field[0] += text
                return
            case "title":
                self.result.title += text
                return
            case "fonttbl" | "stylesheet":
                self._name += text
                if ";" in text:
                    self._entry(state)
                return
        if state.deleted:
            return
        if state.hidden or state.struck:
            reason = "hidden passages" if state.hidden else "crossed-out passages"
            if text.strip() and self._left_out != reason and state.to != "label":
                self.result.omitted[reason] += 1
                self._left_out = reason
            return
        shown = without_marks(in_font(text, self._fonts.get(state.font, "")))
        if state.to == "label":
            state.flow.add_label(shown or "•")
            return
        self._left_out = "" if shown.strip() else self._left_out
        shown = shown.replace("\u2011", "-").replace("\u00ad", "")
        state.flow.add(raised(shown) if state.superscript else shown)

    def _control(self, token: Token) -> None:
        word, number = token.value, token.number
        if self._skip and word != b"u":
            self._skip -= 1
            return
        if self._starred and word not in _STARRED and word not in _MARGINS:
            self._state.to = "skip"
        elif word not in self._ignored and not (
            self._destination(word) or self._format(word, number) or self._layout(word, number)
        ):
            self._ignored.add(word)

    def _destination(self, word: bytes) -> bool:
        """Whether the word says what the group is for."""
        state = self._state
        if word in _COUNTED:
            if state.to != "skip":
                self.result.omitted[_COUNTED[word]] += 1
            state.to = "skip"
        elif word == b"result" and state.to == "skip" and self._stack:
            state.to = self._stack[-2].to if len(self._stack) > 1 else ""
        elif word == b"title":
            state.to = "title"
        elif word in _SKIPPED:
            state.to = "skip"
        elif state.to == "skip":
            return word not in (b"u", b"ansicpg")
        elif word in (b"fonttbl", b"stylesheet"):
            state.to = word.decode()
        elif word in (b"listtext", b"pntext"):
            state.to = "label"
        elif word == b"footnote":
            if (
                not (state.hidden or state.struck or state.deleted)
                and len(self.result.notes) < MAX_NOTES
            ):
                state.flow.add(mark(len(self.result.notes)))
                state.flow = Flow()
                self.result.notes.append(state.flow)
            else:
                state.to = "skip"
            state.in_table, state.superscript = False, False
        elif word in _MARGINS:
            state.flow, state.in_table = Flow(), False
            getattr(self.result, _MARGINS[word]).append(state.flow)
        elif word == b"shptxt":
            state.flow, state.to, state.in_table = Flow(), "box", False
        elif word == b"shpinst":
            state.to = "skip" if state.hidden else state.to
        elif word in (b"sp", b"sn", b"sv"):
            state.to = "skip"
        elif word == b"field":
            state.field = [""]
        elif word == b"fldinst":
            state.to = "code"
        elif word == b"fldrslt":
            code = state.field[0] if state.field else ""
            fields = Fields(pages=self._in_margin())
            if fields.replaced(code):
                state.flow.add(fields.replacement(code))
                state.to = "skip"
        else:
            return False
        return True

    def _in_margin(self) -> bool:
        flow = self._state.flow
        return any(flow is margin for margin in (*self.result.headers, *self.result.footers))

    def _format(self, word: bytes, number: int | None) -> bool:
        """Whether the word says how text looks."""
        state, on = self._state, number != 0
        if word == b"v":
            state.hidden = on
        elif word in (b"strike", b"striked"):
            state.struck = on
        elif word == b"deleted":
            state.deleted = on
        elif word == b"super":
            state.superscript = on
        elif word in (b"nosupersub", b"sub"):
            state.superscript = False
        elif word == b"plain":
            state.hidden = state.struck = state.deleted = state.superscript = False
            state.font = self._default_font
        elif word == b"f":
            state.font = number or 0
        elif word == b"fcharset":
            if number in CODECS:
                self._charsets[state.font] = CODECS[number]
        elif word == b"deff":
            state.font = self._default_font = number or 0
        elif word == b"ansicpg":
            self._codec = _codec(number)
        elif word == b"mac":
            self._codec = "mac_roman"
        elif word == b"uc":
            state.skip = min(max(number or 0, 0), _LONGEST_SKIP)
        elif word == b"u":
            self._text(chr((number or 0) & 0xFFFF))
            self._skip = state.skip
        elif word in _CHARACTERS:
            self._text(_CHARACTERS[word])
        elif word == b"chpgn":
            if self._in_margin():
                state.flow.add(PAGE)
        else:
            return False
        return True

    def _layout(self, word: bytes, number: int | None) -> bool:
        """Whether the word says where text stands."""
        state = self._state
        if word == b"pard":
            state.in_table, state.style, state.outline, state.depth = False, 0, None, 0
        elif word == b"intbl":
            state.in_table = True
        elif word == b"s":
            state.style = number or 0
        elif word == b"outlinelevel":
            state.outline = number
        elif word == b"ilvl":
            state.depth = number or 0
        elif word in (b"par", b"sect", b"page", b"\n", b"\r"):
            self._paragraph()
        elif word == b"cell":
            state.flow.end_cell()
        elif word == b"row":
            state.flow.end_row(self._plans, header=self._header)
        elif word == b"trowd":
            self._plans, self._plan, self._header = [], CellPlan(0), False
        elif word == b"trhdr":
            self._header = True
        elif word == b"clvmrg":
            self._plan.below = True
        elif word == b"clmrg":
            self._plan.beside = True
        elif word == b"cellx":
            self._plan.edge = number or 0
            self._plans = [*self._plans, self._plan]
            self._plan = CellPlan(0)
        else:
            return False
        return True

    def _paragraph(self) -> None:
        state = self._state
        name = self._styles.get(state.style, "")
        if state.to == "skip":
            return
        if _CONTENTS.fullmatch(name):
            state.flow.discard_paragraph()
            return
        heading = _HEADING.fullmatch(name)
        level = int(heading[1]) if heading else 1 if name == "title" else 0
        if state.outline is not None:
            level = state.outline + 1 if 0 <= state.outline < 9 else 0
        state.flow.end_paragraph(
            in_table=state.in_table,
            level=level,
            depth=state.depth,
            caption=name == "caption",
        )
        self._left_out = ""


def _codec(page: int | None) -> str:
    name = f"cp{page}"
    try:
        "".encode(name)
    except LookupError:
        return "utf-8" if page == 65001 else "cp1252"
    return name
