"""The text of a mail from what programs send: plain text, flowed text, HTML or RTF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kilde.documents.content import Content, Part, Prose, Table
from kilde.documents.readers import html, rtf
from kilde.documents.rtf.compressed import decompress
from kilde.language.clean import clean

_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_QUOTED = re.compile(r"(>*) ?(.*)", re.DOTALL)
_ADDRESS = re.compile(r"<?https?://\S+")
# A plain version with less than this share of the words of the HTML says "see the HTML version".
_STUB = 0.3


def html_parts(text: str, name: str) -> list[Part]:
    """The text and tables of a HTML body, without the marks of headings.

    A mail is titled by its subject, and the headings of a newsletter do not divide it.
    """
    return _body_parts(html.read(text.encode(), name, "text/html"))


def rtf_parts(data: bytes, name: str) -> list[Part]:
    """The text and tables of a body in compressed RTF, which Outlook stores."""
    return _body_parts(rtf.read(decompress(data, name), name, "application/rtf"))


def _body_parts(contents: Sequence[Content]) -> list[Part]:
    (page,) = contents
    parts = page.parts if isinstance(page, Prose) else [page]
    return [_HEADING.sub("", part) if isinstance(part, str) else part for part in parts]


def is_stub(plain: Sequence[Part], rich: Sequence[Part]) -> bool:
    """Whether the plain version of a text lacks what its HTML version has, text or tables."""
    if not rich:
        return False
    if any(isinstance(part, Table) and any(part.columns) for part in rich):
        return True
    if any(isinstance(part, Table) for part in plain):
        return False
    return _words(plain) < _STUB * _words(rich)


def _words(parts: Sequence[Part]) -> int:
    return sum(len(_ADDRESS.sub("", part).split()) for part in parts if isinstance(part, str))


def unflowed(text: str, *, joined: bool) -> str:
    """The paragraphs of text in ``format=flowed``, where a blank at its end continues a line.

    With ``joined`` (``DelSp=yes``) that blank is no part of the text (RFC 3676).

    >>> unflowed("We open \\nat eight.\\n> Thanks \\n> for asking.", joined=False)
    'We open at eight.\\n> Thanks for asking.'
    """
    lines: list[str] = []
    depth, continues = "", False
    for line in clean(text).split("\n"):
        match = _QUOTED.fullmatch(line)
        quoted, words = match.groups() if match else ("", line)
        if continues and quoted == depth:
            lines[-1] += words
        else:
            lines.append(f"{quoted} {words}" if quoted else words)
        depth = quoted
        continues = words.endswith(" ") and words != "-- "
        if continues and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip() for line in lines)
