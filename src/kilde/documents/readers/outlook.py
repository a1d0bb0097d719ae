"""Mail as Outlook stores it (``.msg``): the properties of a message, its attachments within it.

The file is a compound document (MS-CFB), a small file system, which olefile reads. Each message,
recipient and attachment is a folder with a table of properties, of which the long ones are files
of their own (MS-OXMSG). The numbers of the properties are those of MS-OXPROPS.
"""

from __future__ import annotations

import codecs
import io
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_string
from functools import cached_property
from typing import TYPE_CHECKING

from kilde.documents.content import Content, Part
from kilde.documents.extract import damaged
from kilde.documents.mail_body import html_parts, is_stub, rtf_parts
from kilde.documents.mail_contents import (
    MAX_DEPTH,
    Attachment,
    Mail,
    mail_contents,
    mail_date,
)
from kilde.documents.readers.text import text_parts
from kilde.documents.text import decode
from kilde.errors import LoadError

if TYPE_CHECKING:
    from olefile import OleFileIO

_SUBJECT, _BODY, _HTML, _RTF, _HEADERS = 0x0037, 0x1000, 0x1013, 0x1009, 0x007D
_SUBMITTED, _DELIVERED = 0x0039, 0x0E06
# The person who sent it, or on whose behalf it was sent: name, SMTP address, other address.
_SENDERS = ((0x0042, 0x5D02, 0x0065), (0x0C1A, 0x5D01, 0x0C1F))
_RECIPIENT = (0x3001, 0x39FE, 0x3003)
_RECIPIENT_TYPE, _TO, _CC = 0x0C15, 1, 2
_SHOWN_TO, _SHOWN_CC = 0x0E04, 0x0E03
_FILE_NAMES, _MIME, _DATA = (0x3707, 0x3704, 0x3001), 0x370E, 0x3701
_CONTENT_ID, _HIDDEN = 0x3712, 0x7FFE
_CODEPAGES = (0x3FFD, 0x3FDE)

_TABLE = "__properties_version1.0"
_INTEGER, _BOOLEAN, _TIME, _UNICODE, _BYTES, _TEXT, _OBJECT = (
    0x0003,
    0x000B,
    0x0040,
    0x001F,
    0x0102,
    0x001E,
    0x000D,
)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read(data: bytes, name: str, mime: str, depth: int = 0) -> list[Content]:  # noqa: ARG001
    """The message, titled by its subject, and its attachments.

    Metadata is that of :func:`kilde.documents.readers.mail.read`. ``depth`` counts the mails that
    this one is attached to.
    """
    from olefile import OleFileIO

    try:
        with OleFileIO(io.BytesIO(data)) as file:
            if not file.exists(_TABLE):
                raise LoadError(
                    name,
                    "it is no message of Outlook",
                    hint="Save it again from Outlook, or give it the suffix of its real format.",
                )
            mail = _mail(_Folder(file, (), 32), name, depth)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise damaged(name, error) from error
    return mail_contents(mail, name, depth)


class _Folder:
    """The properties of one message, recipient or attachment.

    ``header`` is the number of bytes before the table's entries.
    """

    def __init__(self, file: OleFileIO, path: tuple[str, ...], header: int) -> None:
        self._file = file
        self.path = path
        table = self._stream(_TABLE)[header:]
        entries = struct.iter_unpack("<HHI8s", table[: len(table) // 16 * 16])
        self._fixed = {number: (kind, value) for kind, number, _, value in entries}

    def _stream(self, name: str) -> bytes:
        path = [*self.path, name]
        if self._file.get_type(path) != 2:  # a stream
            return b""
        content: bytes = self._file.openstream(path).read()
        return content

    def bytes(self, number: int) -> bytes:
        """A property of bytes, empty where there is none."""
        return self._stream(f"__substg1.0_{number:04X}{_BYTES:04X}")

    def text(self, number: int) -> str:
        """A property of text, empty where there is none."""
        wide = self._stream(f"__substg1.0_{number:04X}{_UNICODE:04X}")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(f"__substg1.0_{number:04X}{_TEXT:04X}")
        return narrow.decode(self.encoding, "replace").rstrip("\0")

    def line(self, *numbers: int) -> str:
        """The first of these properties that is filled, as one line."""
        return next((" ".join(text.split()) for text in map(self.text, numbers) if text), "")

    def integer(self, number: int) -> int:
        """A number, 0 where there is none."""
        kind, value = self._fixed.get(number, (0, b""))
        return int.from_bytes(value[:4], "little") if kind in (_INTEGER, _BOOLEAN) else 0

    def time(self, number: int) -> datetime | None:
        """A time, in UTC."""
        kind, value = self._fixed.get(number, (0, b""))
        ticks = int.from_bytes(value, "little") if kind == _TIME else 0
        try:
            return _EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    @cached_property
    def encoding(self) -> str:
        """The encoding of text that is not in Unicode; Windows-1252 where it is not known."""
        for number in _CODEPAGES:
            codepage = self.integer(number)
            encoding = "utf-8" if codepage == 65001 else f"cp{codepage}"
            try:
                return codecs.lookup(encoding).name
            except LookupError:
                continue
        return "cp1252"

    def folders(self, kind: str) -> list[_Folder]:
        """The recipients (``recip``) or attachments (``attach``) in their order."""
        depth = len(self.path)
        names = {
            entry[depth]
            for entry in self._file.listdir(streams=False, storages=True)
            if tuple(entry[:depth]) == self.path and len(entry) == depth + 1
        }
        return [
            _Folder(self._file, (*self.path, name), 8)
            for name in sorted(names)
            if name.startswith(f"__{kind}_version1.0_#")
        ]

    def message(self) -> _Folder | None:
        """The message that is attached here."""
        path = (*self.path, f"__substg1.0_{_DATA:04X}{_OBJECT:04X}")
        if not self._file.exists("/".join((*path, _TABLE))):
            return None
        return _Folder(self._file, path, 24)


def _mail(folder: _Folder, name: str, depth: int) -> Mail:
    headers = message_from_string(folder.text(_HEADERS))
    sent = folder.time(_SUBMITTED) or folder.time(_DELIVERED)
    # The headers have the time by the clock of the sender.
    date = mail_date(str(headers["Date"])) if headers["Date"] else sent
    people = folder.folders("recip")
    return Mail(
        subject=folder.line(_SUBJECT),
        sender=next(filter(None, (_person(folder, *numbers) for numbers in _SENDERS)), ""),
        to=_people(people, _TO) or folder.line(_SHOWN_TO),
        cc=_people(people, _CC) or folder.line(_SHOWN_CC),
        date=date,
        body=_body(folder, name),
        attachments=[
            attachment
            for part in folder.folders("attach")
            if (attachment := _attachment(part, name, depth)) is not None
        ],
    )


def _people(folders: Sequence[_Folder], kind: int) -> str:
    people = (_person(f, *_RECIPIENT) for f in folders if f.integer(_RECIPIENT_TYPE) == kind)
    return ", ".join(filter(None, people))


def _person(folder: _Folder, name: int, smtp: int, other: int) -> str:
    """``Name <address>``; an address within an organisation's own directory is none to be read."""
    shown = folder.line(name).strip("'")
    address = next((a for a in (folder.line(smtp), folder.line(other)) if "@" in a), "")
    if not address or address == shown:
        return shown or address
    return f"{shown} <{address}>" if shown else address


def _body(folder: _Folder, name: str) -> list[Part]:
    text = folder.text(_BODY)
    plain = text_parts(text) if text.strip() else []
    page = folder.bytes(_HTML)
    source = decode(page, name, folder.encoding) if page.strip() else folder.text(_HTML)
    rich = html_parts(source, name) if source.strip() else []
    formatted = folder.bytes(_RTF)
    if not plain and not rich and formatted.strip():
        return rtf_parts(formatted, name)
    return rich if is_stub(plain, rich) else plain


def _attachment(folder: _Folder, name: str, depth: int) -> Attachment | None:
    """An attachment, ``None`` for a picture within the text."""
    message = folder.message()
    mime = folder.line(_MIME)
    file_name = folder.line(*_FILE_NAMES)
    if message is not None:
        mail = _mail(message, name, depth + 1) if depth < MAX_DEPTH else None
        return Attachment("", "message/rfc822", mail=mail)
    if folder.integer(_HIDDEN) or (folder.line(_CONTENT_ID) and mime.startswith("image/")):
        return None
    return Attachment(file_name, mime, folder.bytes(_DATA))
