"""Pages that are pictures of text, read by tesseract in the language that they are written in.

A model of another language reads letters that it does not know as others (``Bücher`` as
``Bucher``), with confidence. So a page is first read with all models that are installed, or with
that of the page before; where its text turns out to be in another language, it is read again with
the model of that language alone. Where that is not installed, the page is left out and said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kilde.documents.content import Content, PageImage, PageStart, Part, Prose, Table
from kilde.documents.grids import tables_of
from kilde.documents.page_words import blocks
from kilde.documents.tesseract import RecognizedPage, Tesseract, TesseractError
from kilde.errors import LoadError
from kilde.language.detect import detect
from kilde.language.table import languages

MAX_PAGES = 500
"""Pages of one file that are read by OCR; each takes a few seconds."""

MAX_STEPS = 2 * MAX_PAGES + 1
"""How often ``keep_alive`` is called for one file, at most, and a reply."""

MIN_CONFIDENCE = 88.0
"""A page of less confidence (0..100) is left out: one in ten of its words may be wrong."""

UNREAD, ILLEGIBLE = "scanned pages", "illegible pages"
"""What pages that were left out are counted as in ``omitted``: tesseract or its language is
missing, and the kind goes on with the package that is needed; or its confidence is too low."""

# Fewer letters than this do not tell a language well enough to refuse a page for it.
_MIN_LETTERS = 100
# OCR has to find so many times the text that the page has as text, to stand for it.
_MORE = 3
# The model of one language is right more often than all of them together, and less confident; where
# it is less confident by more than this, the language was not detected rightly.
_MARGIN = 3.0
# Detection confuses these two, and their letters are the same.
_INTERCHANGEABLE = {"da": "no", "no": "da"}
_AGAIN = "then add the file again; files of a folder are read at the next kilde sync."


def recognize(
    contents: Sequence[Content], name: str, *, ocr: bool, keep_alive: Callable[[], None]
) -> list[Content]:
    """The contents with the text of page images in their places; pages left out are counted.

    ``ocr`` is false where the workspace has it off. ``keep_alive`` is called whenever tesseract
    starts. Raises :class:`LoadError` where no text is left of all contents, where tesseract fails
    or takes too long, and for more than ``MAX_PAGES`` images.
    """
    images = sum(isinstance(part, PageImage) for one in contents for part in _parts(one))
    if not images:
        return list(contents)
    if images > MAX_PAGES:
        raise LoadError(
            name,
            f"{images:,} of its pages are pictures of text, and {MAX_PAGES} is the most that is "
            "read by OCR",
            hint="Split it into smaller files.",
        )
    reader = _PageReader(name, ocr, keep_alive)
    read = [reader.read(content) if isinstance(content, Prose) else content for content in contents]
    kept = [content for content in read if not isinstance(content, Prose) or _has_text(content)]
    if not kept and reader.unread:
        raise LoadError(name, reader.unread[0].reason, hint=reader.unread[0].hint)
    lost = [content for content in read if content not in kept]
    if kept and lost and isinstance(kept[0], Prose):
        omitted = dict(kept[0].omitted)
        for content in lost:
            for kind, count in content.omitted.items():
                omitted[kind] = omitted.get(kind, 0) + count
        kept[0] = replace(kept[0], omitted=omitted)
    return kept or read


def available(*, ocr: bool) -> str:
    """What decides which pages can be read; where it has changed, pages left out are tried again.

    It is the setting, and the names of the installed models.
    """
    if not ocr:
        return "off"
    try:
        program = Tesseract.find()
    except TesseractError:
        program = None
    return f"auto: {' '.join(sorted(program.models if program else ()))}"


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why a page was left out: for a :class:`LoadError`, and the ``kind`` for ``omitted``."""

    kind: str
    reason: str
    hint: str


class _PageReader:
    """Reads the images of one file; ``unread`` are the pages that it left out."""

    def __init__(self, name: str, ocr: bool, keep_alive: Callable[[], None]) -> None:
        self._name = name
        self._keep_alive = keep_alive
        self._ocr = ocr
        try:
            self._program = Tesseract.find() if ocr else None
        except TesseractError as error:
            raise LoadError(
                name,
                f"its pages are pictures of text, and {error}",
                hint='Install tesseract again, or set ocr = "off" in kilde.toml.',
            ) from error
        models = self._program.models if self._program else frozenset()
        # ISO 639-1 codes to the names of tesseract's models.
        self._models = {
            code: language.tesseract
            for code, language in languages().items()
            if language.tesseract in models
        }
        self._language: str | None = None
        self.unread: list[_Unread] = []

    def read(self, content: Prose) -> Prose:
        """A text with its page images read."""
        text = "\n".join(part for part in content.parts if isinstance(part, str))
        self._language = self._installed(detect(text)) if len(text) >= _MIN_LETTERS else None
        parts: list[Part] = []
        omitted = dict(content.omitted)
        page = 0
        for part in content.parts:
            page += isinstance(part, PageStart)
            if not isinstance(part, PageImage):
                parts.append(part)
                continue
            result = self._page(part, page)
            if isinstance(result, _Unread):
                parts.append(part.text)
                if result.kind != ILLEGIBLE or not part.text:
                    self.unread.append(result)
                    omitted[result.kind] = omitted.get(result.kind, 0) + 1
            elif not result:
                parts.append(part.text)
            else:
                if parts and isinstance(parts[-1], PageStart):
                    parts[-1] = replace(parts[-1], recognized=True)
                parts += result
        return replace(content, parts=parts, omitted=omitted)

    def _page(self, image: PageImage, page: int) -> list[str | Table] | _Unread:
        if self._program is None or not self._models:
            return self._unavailable()
        data = image.render()
        used = [self._language] if self._language else list(self._models)
        read = self._run(data, used, page)
        found = detect(read.text)
        language = self._installed(found)
        if language is None:
            if found in languages() and sum(map(str.isalpha, read.text)) >= _MIN_LETTERS:
                return _language_missing(found, page)
        elif used != [language]:
            again = self._run(data, [language], page)
            if again.confidence >= read.confidence - _MARGIN:
                read, self._language = again, language
        if len(read.text) < _MORE * len(image.text):
            return []
        if read.words and read.confidence < MIN_CONFIDENCE:
            return _Unread(
                ILLEGIBLE,
                f"page {page or 1} is a picture, and OCR finds no legible text in it",
                "Scan it again, upright, at 300 dpi and in good light.",
            )
        parts: list[str | Table] = []
        for block in blocks(read.words):
            parts += [block] if isinstance(block, str) else tables_of(block)
        return parts

    def _run(self, data: bytes, codes: Sequence[str], page: int) -> RecognizedPage:
        assert self._program is not None
        self._keep_alive()
        try:
            return self._program.read(data, [self._models[code] for code in codes])
        except TesseractError as error:
            if error.timed_out:
                hint = "Split the file or scan it again; what hangs is the program tesseract."
            else:
                hint = "Install tesseract and its languages again, or scan the page again."
            raise LoadError(
                self._name, f"page {page or 1} is a picture of text, and {error}", hint=hint
            ) from error

    def _installed(self, code: str) -> str | None:
        """The installed language to read a text in this language with."""
        return next(
            (one for one in (code, _INTERCHANGEABLE.get(code)) if one in self._models), None
        )

    def _unavailable(self) -> _Unread:
        reason = "its pages are pictures of text (a scan)"
        if not self._ocr:
            return _Unread(UNREAD, f"{reason}, and OCR is off", 'Set ocr = "auto" in kilde.toml.')
        others = [one for code, one in languages().items() if code != "en"]
        packages = ", ".join(f"tesseract-ocr-{one.tesseract} {one.name}" for one in others)
        missing = "has none of the languages" if self._program else "is not installed"
        return _Unread(
            f"{UNREAD} that need tesseract-ocr",
            f"{reason}, and tesseract, the program that reads them, {missing}",
            "Install it, on Debian and Ubuntu with: sudo apt install tesseract-ocr, which brings "
            f"English, and the package of each language ({packages}); {_AGAIN}",
        )


def _language_missing(code: str, page: int) -> _Unread:
    possible = [languages()[one] for one in (code, _INTERCHANGEABLE.get(code)) if one]
    name = " or ".join(language.name for language in possible)
    package = " or ".join(f"tesseract-ocr-{language.tesseract}" for language in possible)
    return _Unread(
        f"{UNREAD} that need {package}",
        f"page {page or 1} is a picture of text in {name}, which the installed tesseract "
        "has no model of",
        f"On Debian and Ubuntu, install the package {package}; {_AGAIN}",
    )


def _parts(content: Content) -> Sequence[Part]:
    return content.parts if isinstance(content, Prose) else ()


def _has_text(content: Prose) -> bool:
    return any(
        bool(part.strip()) if isinstance(part, str) else not isinstance(part, PageStart)
        for part in content.parts
    )
