"""A mail as contents: its header lines and its text, then its attachments as documents.

The formats of mail differ in how they store a mail, not in what a mail is. Their readers make a
:class:`Mail`, and everything else happens here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from kilde.documents.arrange import arrange
from kilde.documents.content import Cell, Content, PageImage, Part, Prose, Table
from kilde.documents.conventions import conventions
from kilde.documents.formats import Format, format_of, format_of_page
from kilde.documents.parse import parse
from kilde.documents.tables import table_text
from kilde.errors import LoadError
from kilde.language.clean import clean
from kilde.language.detect import detect
from kilde.types import Scalar

MAX_ATTACHMENTS = 100
"""Number of attachments of one mail that are read."""

MAX_DEPTH = 3
"""How many mails deep attached mails are read."""

_LONGEST_NAME = 100
_LONGEST_LIST = 1_000
# A shorter text does not tell its language.
_SHORTEST_TEXT = 12
_MAIL_READERS = ("mail", "outlook")


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached file, or an attached mail that is already taken apart."""

    name: str
    mime: str = ""
    data: bytes = b""
    mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """The parts of a mail; people are written as ``Name <address>``, separated by commas.

    ``date`` is a text where it could not be understood. ``body`` has no mark-up.
    """

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    date: datetime | str | None = None
    body: Sequence[Part] = ()
    attachments: Sequence[Attachment] = field(default_factory=list)


def mail_contents(mail: Mail, name: str, depth: int = 0) -> list[Content]:
    """The text of a mail, and what its attachments hold, each named by ``part``.

    ``depth`` counts the mails that this one is attached to. Attachments that cannot be read are
    counted in ``omitted`` of the text. Raises :class:`LoadError` for a mail without any text and
    without an attachment that can be read.
    """
    attached: list[Content] = []
    names: set[str] = set()
    omitted = 0
    for number, attachment in enumerate(mail.attachments):
        part = _distinct(_file_name(attachment), names)
        contents = (
            _attached(attachment, part, f"{name}#{part}", depth) if number < MAX_ATTACHMENTS else []
        )
        attached += contents
        omitted += not contents
    if not _has_text(mail.body) and not attached:
        raise LoadError(
            name,
            "no text in the mail",
            hint="If what you need is in an attachment, save that as a file and add it.",
        )
    text = Prose(
        [_header(mail), *mail.body],
        title=mail.subject,
        metadata=_metadata(mail),
        omitted={"attachments": omitted} if omitted else {},
    )
    return [text, *attached]


def mail_date(text: str) -> datetime | str:
    """The date of a ``Date`` header, the text itself where it is not written as one."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return text


def _metadata(mail: Mail) -> dict[str, Scalar]:
    readable = ", ".join(
        _file_name(attachment) for attachment in mail.attachments if _format_of(attachment)
    )
    metadata: dict[str, Scalar] = {
        "subject": mail.subject,
        "from": mail.sender,
        "to": mail.to,
        "date": mail.date,
        "attachments": readable,
    }
    return {key: value for key, value in metadata.items() if value}


def _header(mail: Mail) -> Table:
    """The header lines as a row, so that they are found and quoted together."""
    texts = [mail.subject, *(part for part in mail.body if isinstance(part, str))]
    text = "\n".join(texts)
    language = detect(text) if len(text) >= _SHORTEST_TEXT else "en"
    language = language if language in _wording() else "en"
    words = _wording()[language]
    names = [_file_name(one) for one in mail.attachments if one.name or one.mail]
    values: dict[str, Scalar | Cell] = {
        words["from"]: mail.sender,
        words["date"]: _date_cell(mail.date, words["moment"], language),
        words["to"]: mail.to,
        words["cc"]: mail.cc,
        words["subject"]: mail.subject,
        words["attachments"]: ", ".join(names)[:_LONGEST_LIST],
    }
    values = {label: value for label, value in values.items() if value}
    return Table(list(values), [list(values.values())])


def _date_cell(date: datetime | str | None, pattern: str, language: str) -> Scalar | Cell:
    if not isinstance(date, datetime):
        return date
    text = pattern.format(
        day=date.day,
        month=conventions(language).months[date.month - 1],
        year=date.year,
        time=f"{date:%H:%M}",
    )
    # The time is that of the sender's clock, except where only the universal one is known.
    return Cell(date, f"{text} UTC" if date.utcoffset() == timedelta(0) else text)


@cache
def _wording() -> dict[str, dict[str, str]]:
    text = (files("kilde.documents") / "mail_contents.toml").read_text("utf-8")
    return tomllib.loads(text)


def _attached(attachment: Attachment, part: str, name: str, depth: int) -> list[Content]:
    """The contents of an attachment, none where it cannot be read."""
    try:
        contents = list(_checked(_parsed(attachment, name, depth), name))
    except LoadError:
        return []
    return [
        replace(
            content,
            part=f"{part}#{content.part}" if content.part and len(contents) > 1 else part,
        )
        for content in contents
    ]


def _parsed(attachment: Attachment, name: str, depth: int) -> list[Content]:
    form = _format_of(attachment)
    is_mail = attachment.mail is not None or (form is not None and form.reader in _MAIL_READERS)
    if is_mail and depth == MAX_DEPTH:
        return []
    if attachment.mail is not None:
        return mail_contents(attachment.mail, name, depth + 1)
    if form is None:
        return []
    options = {"depth": depth + 1} if is_mail else {}
    return parse(attachment.data, name, form, **options)


def _checked(contents: Sequence[Content], name: str) -> Iterator[Content]:
    """The contents that have text; raises :class:`LoadError` where one goes over a limit.

    Tables are read row by row, so only their last row shows whether they can be read at all.
    """
    for content in contents:
        if isinstance(content, Table):
            table = replace(content, rows=list(content.rows))
            if table_text(table, name)[1]:
                yield table
        elif _has_text(content.parts) or any(isinstance(part, PageImage) for part in content.parts):
            yield content


def _has_text(parts: Sequence[Part]) -> bool:
    texts = [part for part in parts if isinstance(part, str | Table)]
    return bool(arrange(texts, "mail").text.strip())


def _format_of(attachment: Attachment) -> Format | None:
    return format_of(_file_name(attachment)) or format_of_page("", attachment.mime)


def _file_name(attachment: Attachment) -> str:
    """A name for an attachment: its own, without folders, or the subject of an attached mail."""
    own = PurePosixPath(attachment.name.replace("\\", "/")).name
    if not own and attachment.mail is not None:
        own = re.sub(r"[/\\]", "-", attachment.mail.subject)[: _LONGEST_NAME - 4] or "mail"
        own = f"{own}.eml"
    if not own:
        form = format_of_page("", attachment.mime)
        own = f"attachment{form.suffix if form else ''}"
    own = " ".join(clean(own).split())
    return own if len(own) <= _LONGEST_NAME else own[: _LONGEST_NAME - 10] + own[-10:]


def _distinct(name: str, names: set[str]) -> str:
    """The name, with a number where another attachment has it already."""
    path = PurePosixPath(name)
    own, copies = name, 1
    while own in names:
        copies += 1
        own = f"{path.stem} ({copies}){path.suffix}"
    names.add(own)
    return own
