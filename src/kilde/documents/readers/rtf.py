"""Rich Text Format: the text as Word shows it, tables as rows, what is hidden left out."""

from __future__ import annotations

from collections.abc import Iterable

from kilde.documents.content import Content, Prose
from kilde.documents.extract import damaged, given_title
from kilde.documents.markup import as_text
from kilde.documents.rtf.flow import Flow
from kilde.documents.rtf.parser import Parser
from kilde.documents.word.arrange import parts_of, plain_texts, with_captions, with_notes


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The text with its headings, lists and tables; headers come first and footers last."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise damaged(name, ValueError("it does not begin as RTF does"))
    rtf = Parser().read(data)
    notes = [" ".join(" ".join(plain_texts(note.finish())).split()) for note in rtf.notes]
    headers, footers = _margin(rtf.headers), _margin(rtf.footers)
    parts = parts_of(with_captions(with_notes(rtf.flow.finish(), notes)))
    return [
        Prose(
            [*headers, *parts, *(line for line in footers if line not in headers)],
            title=given_title(rtf.title),
            markdown=True,
            omitted=dict(rtf.omitted),
        )
    ]


def _margin(flows: Iterable[Flow]) -> list[str]:
    texts = (text for flow in flows for text in plain_texts(flow.finish()))
    return list(dict.fromkeys(as_text(text) for text in texts if any(map(str.isalnum, text))))
