"""The nouns of Kilde: what every floor above hands to the next.

All offsets are character offsets (Unicode code points) into a document's text, half-open:
``document.text[start:end]``. Languages are ISO 639-1 codes (``"da"``), or ``"und"`` where the
language could not be told. Everything here is frozen, so that a hit, an answer or a citation can
be kept, compared and shown later without having changed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

UNKNOWN_LANGUAGE = "und"
DEFAULT_COLLECTION = "default"

Scalar = str | int | float | bool | date | datetime | None
"""A typed value of a table cell or of a document's metadata."""

PassageKind = Literal["text", "summary", "row"]
Origin = Literal["memory", "path", "url", "sql"]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its span of the document's text and its typed values.

    ``caption`` is what stands above a table in running text.
    """

    start: int
    end: int
    values: Mapping[str, Scalar]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One file, page, table or text.

    ``pages`` holds the offset at which each page starts (``pages[0] == 0`` is page 1); it is empty
    where the source has no pages. A page that starts inside a paragraph does not divide it.
    ``rows`` are the rows of its tables, in order; they cover the whole text of a spreadsheet and
    parts of a text with tables. ``summary`` is the text of the summary passage; empty means "make
    one". ``markdown`` tells the splitter to look for ``#`` headings in the text. ``origin`` is the
    kind of source that it was read from, or ``"memory"``. ``recognized`` are the pages, counted
    from 1, whose text was read by OCR. ``omitted`` counts what the reader passed over, by kind
    (``{"comments": 3}``). ``modified`` is when its file was last changed; a file that was merely
    touched is no other document, so it does not count in the ``content_hash``.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    collection: str = DEFAULT_COLLECTION
    language: str = UNKNOWN_LANGUAGE
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    summary: str = ""
    markdown: bool = True
    origin: Origin = "memory"
    recognized: tuple[int, ...] = ()
    omitted: Mapping[str, int] = field(default_factory=dict)
    modified: datetime | None = None

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        id: str,
        title: str = "",
        source: str = "",
        collection: str = DEFAULT_COLLECTION,
        language: str = UNKNOWN_LANGUAGE,
        metadata: Mapping[str, Scalar] | None = None,
    ) -> Document:
        """A document made in memory; ``title`` falls back to the id.

        >>> Document.from_text("Open 8-16.", id="hours").title
        'hours'
        """
        return cls(
            id=id,
            text=text,
            title=title or id,
            source=source,
            collection=collection,
            language=language,
            metadata=dict(metadata or {}),
        )

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over all that a passage is made from, so an edit of any of it is seen."""
        digest = hashlib.sha256()
        texts = (self.title, self.source, self.collection, self.language, self.text, self.summary)
        for part in texts:
            digest.update(part.encode("utf-8", "surrogatepass"))
            digest.update(b"\x00")
        digest.update(repr((sorted(self.metadata.items()), self.pages, self.markdown)).encode())
        for row in self.rows:
            digest.update(repr((row.start, row.end, sorted(row.values.items()))).encode())
            digest.update(row.caption.encode("utf-8", "surrogatepass"))
        if self.recognized or self.omitted:
            digest.update(repr((self.recognized, sorted(self.omitted.items()))).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """What is shown of a document beside a passage: enough to name it and to open it."""

    id: str
    title: str
    source: str
    collection: str
    language: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document.

    For the kinds ``text`` and ``row``, ``document.text[start:end] == text`` holds, and the passages
    of a document in ``ordinal`` order are its text without gap or overlap. A ``summary`` stands
    beside the text: its ordinal is -1, its offsets are 0, and it is never cited.
    ``heading_path`` is the chain of headings above the passage, joined with `` > ``.
    ``page`` counts from 1; ``None`` where the source has no pages.
    ``metadata`` holds a row's typed values, and is empty for the other kinds. ``recognized`` is
    set where text of the passage was read by OCR.
    """

    id: str
    document_id: str
    ordinal: int
    kind: PassageKind
    text: str
    start: int
    end: int
    page: int | None = None
    heading_path: str = ""
    language: str = UNKNOWN_LANGUAGE
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    recognized: bool = False


@dataclass(frozen=True, slots=True)
class Newer:
    """The newer version of a document, and the date, version or word that says so, if any."""

    document: DocumentRef
    date: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question, and why.

    ``score`` is the fused score in 0..1 that the list is sorted by. ``lexical`` is the BM25 score
    and ``dense`` the cosine similarity; ``None`` where that search did not return the passage or
    had no vote in its language. ``duplicates`` are the other documents in scope that hold the same
    passage. ``newer`` is set where another hit holds a newer version of the passage.
    """

    passage: Passage
    document: DocumentRef
    score: float
    lexical: float | None = None
    dense: float | None = None
    duplicates: tuple[DocumentRef, ...] = ()
    newer: Newer | None = None

    @property
    def documents(self) -> tuple[DocumentRef, ...]:
        """All documents that hold the passage."""
        return (self.document, *self.duplicates)


@dataclass(frozen=True, slots=True)
class Failure:
    """One source that could not be read: what happened, to what, and what to do next."""

    source: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Omission:
    """What was passed over on purpose in a document or a folder.

    ``kind`` is an English plural, such as ``"hidden rows"`` or ``".png files"``.
    """

    source: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, as document ids; ``failed`` names each source that could not be read.

    ``omitted`` is what was passed over in the documents that were read, and, when a folder is
    added, among its files.
    ``version`` is the version of the knowledge base afterwards; ``passages_embedded`` counts the
    passages that were new or changed (all others were recognised by their hash).
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    omitted: tuple[Omission, ...] = ()
    passages_embedded: int = 0
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A state of the knowledge base that can be searched again with ``as_of``."""

    version: int
    at: datetime
    action: str
    tags: tuple[str, ...] = ()
    documents: int | None = None
    passages: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, in the roles that chat models know."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """The span that supports a claim: ``document(c.document.id).text[c.start:c.end] == c.quote``.

    ``coverage`` (0..1) is the share of the claim's content that the span holds. ``recognized`` is
    set where the text was read by OCR, which may misread a letter or a digit. ``duplicates`` are
    other documents that were found and hold the same words.
    """

    document: DocumentRef
    passage_id: str
    start: int
    end: int
    quote: str
    page: int | None
    heading_path: str
    coverage: float
    recognized: bool = False
    duplicates: tuple[DocumentRef, ...] = ()

    @property
    def documents(self) -> tuple[DocumentRef, ...]:
        """All documents that hold the words."""
        return (self.document, *self.duplicates)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer (``answer.text[start:end]``), checked against the passages.

    ``reason`` says in a few words why a claim counts as unsupported; it is empty for supported
    claims. ``citations`` is empty exactly when the claim is unsupported.
    """

    text: str
    start: int
    end: int
    supported: bool
    citations: tuple[Citation, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """An agent with retrieval and adapter switched on or off.

    >>> [Arm(r, a).name for r in (False, True) for a in (False, True)]
    ['plain', 'tuned', 'rag', 'rag+tuned']
    """

    retrieval: bool
    adapter: bool

    @property
    def name(self) -> str:
        """The arm's name in comparisons: ``plain``, ``rag``, ``tuned`` or ``rag+tuned``."""
        if self.retrieval:
            return "rag+tuned" if self.adapter else "rag"
        return "tuned" if self.adapter else "plain"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written by a generator; zero where no model was used."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about, enough to ask the same again.

    ``timings`` are seconds by step; ``notes`` are remarks meant for people, such as "the model
    does not know Danish: quoted instead".
    """

    hits: tuple[Hit, ...]
    summaries: tuple[Hit, ...]
    arm: str
    model: str
    adapter: str | None
    store_version: int | None
    search_text: str
    language: str
    messages: tuple[Message, ...]
    prompt_hash: str
    raw_text: str
    usage: Usage
    timings: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent said, with every source.

    ``abstained`` is true when the agent declined; ``nearest`` then names the documents that came
    closest.
    """

    id: str
    agent: str
    question: str
    text: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    abstained: bool
    nearest: tuple[DocumentRef, ...]
    trace: Trace
    at: datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thought of an answer: a rating, and what it should have said.

    ``rating`` judges the answer as it was shown; ``correction`` is the text that would have been
    better, empty where nobody wrote one. ``agent`` is the one that answered.
    """

    id: str
    answer_id: str
    agent: str
    rating: Literal["up", "down"]
    correction: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Stream event: the passages that the answer will be made from."""

    hits: tuple[Hit, ...]
    kind: Literal["retrieved"] = "retrieved"


@dataclass(frozen=True, slots=True)
class Delta:
    """Stream event: more of the answer's text.

    Under ``grounding = "strict"`` a delta is a whole claim that has been checked; otherwise it is
    a piece as the model wrote it.
    """

    text: str
    kind: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True)
class Done:
    """Stream event, always the last: the whole answer. Its text is the one that counts."""

    answer: Answer
    kind: Literal["done"] = "done"


StreamEvent = Retrieved | Delta | Done


def collection_name(name: str) -> str:
    """The name of a collection in NFC. Raises ``ValueError`` where no collection can have it.

    An agent's file names its collections, so what it could not name must not hold documents.

    >>> collection_name("opening-hours_2")
    'opening-hours_2'
    """
    name = unicodedata.normalize("NFC", name)
    if 1 <= len(name) <= 64 and all(c in "-_" or _is_letter_or_digit(c) for c in name):
        return name
    shown = name if len(name) <= 64 else f"{name[:64]}…"
    raise ValueError(f"{shown!r} cannot be a collection: use 1 to 64 letters, digits, - and _")


def _is_letter_or_digit(character: str) -> bool:
    # Marks are parts of letters: the vowels of Hindi, a ring that is written as its own character.
    return character.isalnum() or unicodedata.category(character).startswith("M")


def conversation(history: Sequence[Message | Mapping[str, str] | Answer]) -> tuple[Message, ...]:
    """A history as messages: takes messages, ``{"role", "content"}`` mappings and earlier answers.

    Raises ``ValueError`` for a role other than ``user`` or ``assistant``, and for a text.
    """
    if isinstance(history, str):
        raise ValueError("history: expected messages or earlier answers, got a text")
    if isinstance(history, Message | Answer | Mapping):
        history = (history,)
    messages: list[Message] = []
    for turn in history:
        if isinstance(turn, Answer):
            messages += [Message("user", turn.question), Message("assistant", turn.text)]
            continue
        if not isinstance(turn, Message):
            role, content = turn.get("role"), turn.get("content")
            if role not in ("user", "assistant") or not isinstance(content, str):
                raise ValueError(
                    f"history: expected role 'user' or 'assistant' and a text, got {turn!r}"
                )
            turn = Message("user" if role == "user" else "assistant", content)
        elif turn.role == "system":
            raise ValueError("history: a system message belongs into the agent's instructions")
        messages.append(turn)
    return tuple(messages)
