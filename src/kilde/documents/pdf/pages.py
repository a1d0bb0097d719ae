"""The words and rules of the pages of a PDF, taken from PDFium.

PDFium keeps every character with its place. Asking for each of them would take most of the time, so
a word is asked for its first and its last character, and a text object once for its font.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from ctypes import c_double, c_float, c_uint
from itertools import islice

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from kilde.documents.footnotes import without_marks
from kilde.documents.pdf import bindings as call
from kilde.documents.pdf.bindings import Address, Buffer
from kilde.documents.pdf.drawings import Drawings, drawings, transform, turned
from kilde.documents.pdf.geometry import Box, Page, TextObject, Word
from kilde.documents.pdf.layers import hidden_objects
from kilde.documents.pdf.visibility import visible_words

MAX_BOOKMARKS = 10_000
"""Number of entries of an outline that are read."""

_MAX_DEPTH = 6
_MAX_ANNOTATIONS = 5_000
# Text that is turned by less is the text layer of a skewed scan.
_SKEW = math.radians(8)
_QUARTER = math.pi / 2
# PDFium puts this sign where a hyphen ends a line, and leaves the line break out.
_HYPHENS = "\ufffe\x02"
_WORD = re.compile(f"[^\\s{_HYPHENS}]+[{_HYPHENS}]?|[{_HYPHENS}]")
_FIRST_MARK = "\U000f0000"
_SIGNS = str.maketrans(
    {
        **dict.fromkeys(_HYPHENS, "-"),
        "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
        "\ufb05": "st", "\ufb06": "st", "\x00": None,
        # Bullets of the fonts Symbol and Wingdings.
        "\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓",
    }
)  # fmt: skip
_SPECIAL = re.compile(f"[{''.join(map(chr, _SIGNS))}]")
# Digits or the sign of a note beside letters: they may be raised.
_MAY_SHIFT = re.compile(r"[^\W\d].*[\d*†‡]|[\d*†‡].*[^\W\d]|[).%€$°»”\"*]\d")
_DIGIT = re.compile(r"\d")
_LONGEST_SHIFTED = 100
_SHIFTED_SIZE = 0.93
_SHIFT = 0.1
_HIGH = 0.2
_NARROW = 0.12
_BOLD = re.compile(r"bold|black|heavy|demi|-Bd\b|^(?:\w+\+)?(?:cmbx|sfbx|ecbx)", re.IGNORECASE)
_BOLD_WEIGHT = 650
_WHITE = 245
_UNSEEN_MODES = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)

_COMMENTS = (
    pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_CARET, pdfium.FPDF_ANNOT_HIGHLIGHT,
    pdfium.FPDF_ANNOT_UNDERLINE, pdfium.FPDF_ANNOT_STRIKEOUT, pdfium.FPDF_ANNOT_SQUIGGLY,
    pdfium.FPDF_ANNOT_SQUARE, pdfium.FPDF_ANNOT_CIRCLE, pdfium.FPDF_ANNOT_INK,
)  # fmt: skip
_SHOWN = (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_STAMP)


class Pages:
    """The pages of an open PDF, one at a time.

    ``layered_forms`` is as in :func:`kilde.documents.pdf.layers.hidden_objects`. ``omitted`` counts
    what was passed over on the pages so far.
    """

    def __init__(self, pdf: PdfDocument, *, layered_forms: bool) -> None:
        self._pdf = pdf
        self._layered_forms = layered_forms
        self._bold: dict[Address, bool] = {}
        self._outline = _outline(pdf)
        self.omitted: Counter[str] = Counter()
        if pdf.get_formtype() != pdfium.FORMTYPE_NONE:
            pdf.init_forms()

    def __iter__(self) -> Iterator[Page]:
        for index in range(len(self._pdf)):
            try:
                page = self._pdf[index]
                if self._annotations(page):
                    # What fields and stamps show becomes a part of the page.
                    pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
                    page.close()
                    page = self._pdf[index]
            except PdfiumError:  # a page that the file lists and does not have
                yield Page(0, 0)
                continue
            text_page = pdfium.FPDFText_LoadPage(page)
            try:
                yield self._page(page, text_page, self._outline.get(index, {}))
            finally:
                pdfium.FPDFText_ClosePage(text_page)
                page.close()

    def _annotations(self, page: PdfPage) -> bool:
        """Count the comments of a page; whether annotations show text on it."""
        shown = False
        for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
            annotation = pdfium.FPDFPage_GetAnnot(page, index)
            if not annotation:
                continue
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            shown |= kind in _SHOWN
            if kind in _COMMENTS:
                # Two bytes are an empty text.
                length = pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0)
                self.omitted["comments"] += length > 2
            pdfium.FPDFPage_CloseAnnot(annotation)
        return shown

    def _page(self, page: PdfPage, text_page: object, outline: dict[str, int]) -> Page:
        box = _shown_box(page)
        hidden = hidden_objects(page, forms=self._layered_forms)
        drawn = drawings(call.address_of(page.raw), hidden)
        text = _characters(text_page)
        reader = _TextReader(call.address_of(text_page), drawn, self._bold, box)
        words = reader.words(text)
        if reader.unseen:
            self.omitted["hidden words"] += reader.unseen
            text = " ".join(word.text for word in words)
        directions = Counter(word.font.quarter for word in words if word.font.quarter is not None)
        upright = directions.most_common(1)[0][0] if directions else 0
        width, height = box.right - box.left, box.bottom - box.top
        if upright % 2:
            width, height = height, width
        kept = [word for word in words if word.font.quarter == upright]
        sideways: dict[int, list[str]] = defaultdict(list)
        if len(kept) < len(words):
            for word in words:
                if word.font.quarter is None:
                    self.omitted["slanting words"] += 1
                elif word.font.quarter != upright and word.font.ink:
                    sideways[word.font.quarter].append(word.text)
        drawn = turned(drawn, box, upright)
        seen = visible_words(kept, drawn.fills, width, height)
        if len(seen) < len(kept):
            self.omitted["hidden words"] += len(kept) - len(seen)
        lines = [" ".join(line) for line in sideways.values()]
        return Page(
            width, height, seen, drawn.horizontal, drawn.vertical, drawn.dots, lines, outline,
            text.strip(),
        )  # fmt: skip


class _TextReader:
    """Asks PDFium for the places and the fonts of the words of one page.

    ``unseen`` counts the parts of words that were left out with what holds them.
    """

    def __init__(
        self, text_page: Address, drawn: Drawings, bold: dict[Address, bool], box: Box
    ) -> None:
        self._page = text_page
        self._drawn = drawn
        self._bold = bold
        self.unseen = 0
        self._corner = box.left, box.bottom
        self._transforms = [transform(box, quarter) for quarter in range(4)]
        self._objects: dict[Address, TextObject] = {}
        self._origin = Buffer(2, c_double)
        self._bounds = Buffer(4, c_double)
        self._box = Buffer(4, c_float)
        self._matrix = Buffer(6, c_float)
        self._number = Buffer(1, c_float)
        self._color = Buffer(4, c_uint)

    def words(self, text: str) -> list[Word]:
        """The words in the order of the file, each in the coordinates of its own direction."""
        words: list[Word] = []
        page, objects, unseen = self._page, self._objects, self._drawn.unseen
        x_at, y_at, box_at = *self._origin.at, self._box.at[0]
        origin, box = self._origin.values, self._box.values
        char_origin, char_box, char_object = call.char_origin, call.char_box, call.char_object
        generated = call.char_is_generated
        special = bool(_SPECIAL.search(text))
        page_left, page_top = self._corner
        end = -1
        for match in _WORD.finditer(text):
            word = match[0]
            start = match.start()
            attached = start == end
            blanks = range(end, start)
            end = match.end()
            if (
                word.isalpha()
                or len(word) > _LONGEST_SHIFTED
                or not (_MAY_SHIFT.search(word) or self._may_be_raised(word, start, end - 1))
            ):
                pieces = [(start, end - 1, 0)]
            else:
                pieces = self._pieces(text, start, end)
            for first, last, shift in pieces:
                address = char_object(page, first)
                if address in unseen:
                    self.unseen += 1
                    attached = False
                    continue
                font = objects.get(address) or self._object(address, first)
                spaced = (bool(words) and words[-1].font is font) or any(
                    not generated(page, blank) for blank in blanks
                )
                char_origin(page, first, x_at, y_at)
                char_box(page, last, box_at)
                written = text[first : last + 1]
                if special and not (written := written.translate(_SIGNS)):
                    continue
                quarter = font.quarter
                if not quarter:
                    x, y = origin
                    left, base, right = x - page_left, page_top - y, box[2] - page_left
                else:
                    # The edge of the last character that lies ahead in the direction of writing.
                    left, base = self._transforms[quarter](*origin)
                    x, y = (0, box[1]) if quarter == 1 else (box[0], box[3])
                    right = self._transforms[quarter](x, y)[0]
                if right < left:
                    right = left
                if attached and not shift and not words[-1].shift and words[-1].font is not font:
                    # PDFium puts no blank into a narrow gap, such as between two cells.
                    attached = left - words[-1].right < _NARROW * font.size
                if attached and words and _is_one_word(words[-1], font, left, base, shift):
                    words[-1] = words[-1]._replace(text=words[-1].text + written, right=right)
                else:
                    words.append(Word(written, left, base, right, font, attached, spaced, shift))
                attached, blanks = True, range(0)
        return words

    def _may_be_raised(self, word: str, first: int, last: int) -> bool:
        """Whether a number is drawn in several steps or has a raised digit at an end."""
        if not _DIGIT.search(word):
            return False
        if call.char_object(self._page, first) != call.char_object(self._page, last):
            return True
        ends = {first: word[0], last: word[-1]}
        return any(sign.isdigit() and self._is_high(index) for index, sign in ends.items())

    def _is_high(self, index: int) -> bool:
        """Whether a glyph stands above the baseline, as the raised digits of a font do."""
        address = call.char_object(self._page, index)
        font = self._objects.get(address) or self._object(address, index)
        if font.quarter or not call.char_bounds(self._page, index, *self._bounds.at):
            return False
        call.char_origin(self._page, index, *self._origin.at)
        return bool(self._bounds.values[2] - self._origin.values[1] > _HIGH * font.size)

    def _pieces(self, text: str, start: int, end: int) -> list[tuple[int, int, int]]:
        """First and last character of each part of a word: raised and lowered ones, and those
        that the file draws one by one."""
        levels = []
        for index in range(start, end):
            address = call.char_object(self._page, index)
            font = self._objects.get(address) or self._object(address, index)
            call.char_origin(self._page, index, *self._origin.at)
            levels.append((font, self._origin.values[1]))
        size = max(font.size for font, _ in levels)
        base = next(y for font, y in levels if font.size == size)
        pieces: list[tuple[int, int, int]] = []
        for index, (font, y) in enumerate(levels, start):
            small = font.size < _SHIFTED_SIZE * size and abs(y - base) > _SHIFT * size
            shift = 0 if not small or font.quarter else 1 if y > base else -1
            if not shift and text[index].isdigit() and self._is_high(index):
                shift = 1
            if pieces and pieces[-1][2] == shift and levels[index - start - 1][0] is font:
                pieces[-1] = (pieces[-1][0], index, shift)
            else:
                pieces.append((index, index, shift))
        return pieces

    def _object(self, address: Address, index: int) -> TextObject:
        size = 0.0
        angle = 0.0
        if call.char_matrix(self._page, index, self._matrix.at[0]):
            a, b, c, d, _, _ = self._matrix.values
            angle = math.atan2(b, a)
            call.text_size(address, self._number.at[0])
            size = abs(self._number.values[0]) * math.hypot(c, d)
        call.fill_color(address, *self._color.at)
        *rgb, alpha = self._color.values
        mode = call.text_mode(address)
        font = call.text_font(address) or 0
        if font not in self._bold:
            self._bold[font] = _is_bold(font)
        found = TextObject(
            size=size if math.isfinite(size) else 0.0,
            bold=self._bold[font],
            quarter=_quarter(angle),
            ink=mode not in _UNSEEN_MODES and alpha > 0,
            white=mode == pdfium.FPDF_TEXTRENDERMODE_FILL and min(rgb) >= _WHITE,
            order=self._drawn.order.get(address, math.inf),
        )
        self._objects[address] = found
        return found


def _is_one_word(before: Word, font: TextObject, left: float, base: float, shift: int) -> bool:
    """Whether what is drawn next is set like the end of a word and stands directly after it."""
    last = before.font
    return (
        shift == before.shift
        and abs(base - before.base) < _SHIFT * last.size
        and (font.size, font.bold, font.ink, font.white)
        == (last.size, last.bold, last.ink, last.white)
        and abs(left - before.right) < _NARROW * last.size
    )


def _shown_box(page: PdfPage) -> Box:
    """The part of a page that is shown, as it is before the page is turned."""
    # The boxes that pypdfium2 gives are not those that a page inherits.
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        return Box(0, 0, *page.get_size())
    return Box(box.left, box.bottom, box.right, box.top)


def _is_bold(font: Address) -> bool:
    if not font:
        return False
    buffer = ctypes.create_string_buffer(256)
    call.font_name(font, ctypes.addressof(buffer), 256)
    name = buffer.value.decode("utf-8", "replace")
    return bool(_BOLD.search(name)) or call.font_weight(font) >= _BOLD_WEIGHT


def _characters(text_page: object) -> str:
    """The text of a page, with one character for each that PDFium counts."""
    count = pdfium.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count + 1))()
    length = pdfium.FPDFText_GetText(text_page, 0, count, buffer) - 1
    text = bytes(buffer)[: 2 * max(0, length)].decode("utf-16-le", "surrogatepass")
    if len(text) != count:
        # Characters without a code are left out of it.
        page = call.address_of(text_page)
        codes = (call.char_code(page, index) for index in range(count))
        text = "".join(chr(code) if code <= 0x10FFFF else "\x00" for code in codes)
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    if max(text) >= _FIRST_MARK:
        text = "".join(sign if without_marks(sign) else "\x00" for sign in text)
    return text


def _quarter(angle: float) -> int | None:
    """An angle in quarter turns from 0 to 3, ``None`` where it is none of them."""
    turns = round(angle / _QUARTER)
    return turns % 4 if abs(angle - turns * _QUARTER) <= _SKEW else None


def _outline(pdf: PdfDocument) -> dict[int, dict[str, int]]:
    """The titles of the outline in lower case with their levels from 1, by page index."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for bookmark in islice(pdf.get_toc(max_depth=_MAX_DEPTH), MAX_BOOKMARKS):
        destination = bookmark.get_dest()
        index = destination.get_index() if destination else None
        title = " ".join(bookmark.get_title().split()).lower()
        if index is not None and title:
            found[index].setdefault(title, bookmark.level + 1)
    return found
