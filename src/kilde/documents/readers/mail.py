"""E-mail: the body is the text, the headers are metadata, attachments are named but not read."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import cast

from kilde.documents.content import Content, Part, Prose
from kilde.documents.formats import format_of
from kilde.documents.readers import html
from kilde.documents.text import decode
from kilde.errors import LoadError
from kilde.types import Scalar

MAX_HEADER = 4_000
"""Characters of a header that are read. Parsing takes time with the square of its length: 32,000
characters of quotation marks took half a minute."""


class _BoundedPolicy(EmailPolicy):
    """The library's policy for present-day mail, with headers cut to ``MAX_HEADER``."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[:MAX_HEADER]


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The body (plain text before HTML), titled by the subject.

    Metadata: ``subject``, ``from``, ``to``, ``date``, and ``attachments`` (names, comma-separated,
    of those whose format can be read).
    """
    message = cast(EmailMessage, message_from_bytes(data, policy=_BoundedPolicy()))
    metadata = _headers(message)
    if not metadata:
        raise LoadError(
            name,
            "it is no e-mail: it has none of the headers From, To, Subject and Date",
            hint="Export the mail again from the mail program, as .eml.",
        )
    subject = str(metadata.get("subject", ""))
    attached = [part.get_filename() or "" for part in message.iter_attachments()]
    readable = [file for file in attached if format_of(file)]
    if readable:
        metadata["attachments"] = ", ".join(readable)
    body = message.get_body(("plain", "html"))
    raw = body.get_payload(decode=True) if body is not None else None
    if not isinstance(raw, bytes) or not raw.strip() or body is None:
        raise LoadError(
            name,
            "no text in the mail",
            hint="If what you need is in an attachment, save that as a file and add it.",
        )
    parts: Sequence[Part]
    if body.get_content_subtype() == "html":
        page = html.read(raw, name, "text/html")[0]
        parts = page.parts if isinstance(page, Prose) else ()
    else:
        parts = [decode(raw, name, str(body.get_content_charset() or ""))]
    # Not as Markdown: the headings of a newsletter do not divide it, and its title is the subject.
    return [Prose(parts, title=subject, metadata=metadata)]


def _headers(message: EmailMessage) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for header in ("Subject", "From", "To"):
        if message[header]:
            found[header.lower()] = " ".join(str(message[header]).split())
    if message["Date"]:
        try:
            found["date"] = parsedate_to_datetime(str(message["Date"]))
        except ValueError:
            found["date"] = str(message["Date"])
    return found
