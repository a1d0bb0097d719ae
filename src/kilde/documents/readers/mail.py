"""Mail as files of the internet's format, MIME: its headers, the text that it shows, attachments.

A mail often holds its text twice, as plain text and as HTML, of which programs show one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import cast

from kilde.documents.content import Content, Part
from kilde.documents.mail_body import html_parts, is_stub, unflowed
from kilde.documents.mail_contents import MAX_DEPTH, Attachment, Mail, mail_contents, mail_date
from kilde.documents.readers.text import text_parts
from kilde.documents.text import decode
from kilde.errors import LoadError

MAX_HEADER = 4_000
"""Characters of a header that are read. Parsing takes time with the square of its length: 32,000
characters of quotation marks took half a minute."""

_ADDRESSES = ("from", "to", "cc")
# What plain text has in the place of a picture within the text.
_PICTURE = re.compile(r"\[(?:cid|image):[^\]\n]{1,200}\]")
# Signatures that prove the sender: nothing that a person reads.
_PROOFS = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)


class _BoundedPolicy(EmailPolicy):
    """The library's policy for present-day mail, with headers cut to ``MAX_HEADER``.

    Headers that are written in UTF-8 or Windows-1252 instead of ASCII are decoded.
    """

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        value = value[:MAX_HEADER]
        if name.lower() in _ADDRESSES and ":" not in value:
            value = value.replace(";", ",")  # as Outlook separates people
        if not value.isascii():
            raw = value.encode("utf-8", "surrogateescape")
            try:
                value = raw.decode("utf-8")
            except UnicodeDecodeError:
                value = raw.decode("cp1252", "replace")
        return name, value


@dataclass(slots=True)
class _Parts:
    """What a part of a mail holds: its text, plain or HTML, and its attachments.

    ``rich`` is whether any of the text comes from HTML.
    """

    body: list[Part] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    rich: bool = False


def read(data: bytes, name: str, mime: str, depth: int = 0) -> list[Content]:  # noqa: ARG001
    """The mail, titled by the subject, and its attachments.

    Metadata: ``subject``, ``from``, ``to``, ``date``, and ``attachments`` (names, comma-separated,
    of those whose format can be read). ``depth`` counts the mails that this one is attached to.
    """
    message = cast(EmailMessage, message_from_bytes(data, policy=_BoundedPolicy()))
    if not any(message[header] for header in ("From", "To", "Subject", "Date")):
        raise LoadError(
            name,
            "it is no e-mail: it has none of the headers From, To, Subject and Date",
            hint="Export the mail again from the mail program, as .eml.",
        )
    return mail_contents(_mail(message, name, depth), name, depth)


def _mail(message: EmailMessage, name: str, depth: int) -> Mail:
    parts = _parts(message, name, depth)
    return Mail(
        subject=_header(message, "Subject"),
        sender=_header(message, "From"),
        to=_header(message, "To"),
        cc=_header(message, "Cc"),
        date=mail_date(_header(message, "Date")),
        body=parts.body,
        attachments=parts.attachments,
    )


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message[name] or "").split())


def _parts(part: EmailMessage, name: str, depth: int) -> _Parts:
    kind = part.get_content_type()
    if kind == "multipart/alternative":
        return _alternative([_parts(other, name, depth) for other in _subparts(part)])
    if kind == "message/rfc822":
        return _Parts(attachments=[_attached_mail(part, name, depth)])
    if part.is_multipart():
        whole = _Parts()
        for other in _subparts(part):
            read = _parts(other, name, depth)
            whole.body += read.body
            whole.attachments += read.attachments
            whole.rich |= read.rich
        return whole
    # Without its boundaries, a mail of several parts is a text.
    is_text = kind in ("text/plain", "text/html") and not _is_file(part)
    if is_text or part.get_content_maintype() == "multipart":
        return _Parts(body=_text(part, name), rich=kind == "text/html")
    if kind in _PROOFS or (part.get_content_maintype() == "image" and _is_shown_inline(part)):
        return _Parts()
    data = part.get_payload(decode=True)
    return _Parts(
        attachments=[
            Attachment(part.get_filename() or "", kind, data if isinstance(data, bytes) else b"")
        ]
    )


def _alternative(versions: Sequence[_Parts]) -> _Parts:
    """One version of the text, and the attachments of all.

    Plain text comes first, unless it is a stub or HTML has tables, which plain text runs together.
    """
    plain = next((version.body for version in versions if version.body and not version.rich), [])
    rich = next((version.body for version in reversed(versions) if version.rich), [])
    body = rich if is_stub(plain, rich) else plain
    attachments = [attachment for version in versions for attachment in version.attachments]
    return _Parts(body, attachments, rich=body is rich)


def _subparts(part: EmailMessage) -> list[EmailMessage]:
    payload = part.get_payload()
    return cast(list[EmailMessage], payload) if isinstance(payload, list) else []


def _attached_mail(part: EmailMessage, name: str, depth: int) -> Attachment:
    inner = next(iter(_subparts(part)), None)
    known = inner is not None and depth < MAX_DEPTH
    mail = _mail(inner, name, depth + 1) if inner is not None and known else None
    return Attachment(part.get_filename() or "", "message/rfc822", mail=mail)


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _is_shown_inline(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "inline" or bool(part["Content-ID"])


def _text(part: EmailMessage, name: str) -> list[Part]:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes) or not raw.strip():
        return []
    text = decode(raw, name, str(part.get_content_charset() or ""))
    if part.get_content_subtype() == "html":
        return html_parts(text, name)
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, joined=str(part.get_param("delsp", "")).lower() == "yes")
    return text_parts(re.sub(r"\n{3,}", "\n\n", _PICTURE.sub("", text)))
