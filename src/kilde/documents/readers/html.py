"""HTML, as a file, a page or the body of a mail: its content as Markdown, navigation left out."""

from __future__ import annotations

import html
import re

from kilde.documents.content import Content, Prose
from kilde.documents.extract import extract
from kilde.documents.text import decode

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.I)
# kreuzberg would set what stands in the head (title, description, …) before the text.
_HEAD = re.compile(r"\A\s*<\?xml[^>]*\?>|<head\b.*?</head\s*>|<meta\b[^>]*>", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The page as Markdown, titled as its ``<title>`` says."""
    charset = _CHARSET.search(data[:2048])
    page = decode(data, name, charset[1].decode("ascii") if charset else "")
    title = _TITLE.search(page)
    body = _TITLE.sub("", _HEAD.sub("", page))
    result = extract(body.encode("utf-8", "ignore"), name, "text/html", markdown=True)
    heading = " ".join(html.unescape(title[1]).split()) if title else ""
    return [Prose([result.content], title=heading, markdown=True)]
