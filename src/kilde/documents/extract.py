"""What readers of several formats share: bounds on archives, titles that somebody gave, and the
errors for files that cannot be read.

What comes in is untrusted: the bytes are bounded before they get here (``load.MAX_BYTES``), an
archive may not unpack to more than ``MAX_UNPACKED`` nor grow more than ``MAX_RATIO`` fold, and the
process that reads has limits of its own (:mod:`kilde.documents.reader_pool`).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from kilde.errors import LoadError

MAX_UNPACKED = 1_000_000_000
"""Bytes that an office file, which is a zip archive, may unpack to."""

MAX_RATIO = 100
"""How many times its size an archive may unpack to, from ``_FREE_UNPACKED`` bytes on. The XML of
office files shrinks ten- to thirtyfold."""

_FREE_UNPACKED = 50_000_000

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# What word processors and PDF writers put where nobody gave a title.
_NO_TITLE = re.compile(
    r"\(?(anonymous|untitled|unspecified|word document|powerpoint presentation)\)?|"
    r"(microsoft word - )?.*\.(docx?|pptx?|xlsx?|odt|rtf|tmp|indd|dvi)",
    re.IGNORECASE,
)


def check_archive(data: bytes, name: str) -> None:
    """Look at a zip-based file before it is unpacked.

    Raises :class:`LoadError` when it is encrypted, no archive at all, or would unpack to more than
    ``MAX_UNPACKED`` bytes or ``MAX_RATIO`` times its size.
    """
    if data.startswith(_OLE):  # Office wraps an encrypted document in its older container
        raise locked(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            manifest = next((e for e in entries if e.filename == "META-INF/manifest.xml"), None)
            size = sum(entry.file_size for entry in entries)
            allowed = min(MAX_UNPACKED, max(_FREE_UNPACKED, MAX_RATIO * len(data)))
            if size > allowed:
                raise LoadError(
                    name,
                    f"it would unpack to {size // 1_000_000} MB, more than the "
                    f"{allowed // 1_000_000} MB allowed",
                    hint="Take the large pictures out or split it; if it came from a stranger, "
                    "do not open it.",
                )
            encrypted = any(entry.flag_bits & 1 for entry in entries)
            if manifest is not None and not encrypted:
                encrypted = b"encryption-data" in archive.read(manifest)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise damaged(name, error) from error
    if encrypted or any(e.filename == "META-INF/rights.xml" for e in entries):
        raise locked(name)


def given_title(title: str) -> str:
    """A title from a file's properties, empty where a program only filled the field."""
    title = title.strip()
    return "" if _NO_TITLE.fullmatch(title) else title


def locked(name: str) -> LoadError:
    """The error for a file that a password protects."""
    return LoadError(
        name,
        "it is protected by a password",
        hint="Save a copy without the password and add that.",
    )


def damaged(name: str, error: Exception) -> LoadError:
    """The error for a file that its reader cannot make sense of."""
    detail = (str(error).splitlines() or [type(error).__name__])[0][:160]
    return LoadError(
        name,
        f"it is damaged or not what its suffix says ({detail})",
        hint="Open it in the program that made it, save it anew, and add it again.",
    )
