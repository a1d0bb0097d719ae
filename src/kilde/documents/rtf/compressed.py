"""RTF as Outlook stores it in a message: compressed by references to earlier text (MS-OXRTFCP)."""

from __future__ import annotations

import struct

from kilde.errors import LoadError

MAX_LENGTH = 50_000_000
"""Number of bytes of the longest text that is read; a message of one megabyte can state any."""

_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_HEADER = struct.Struct("<IIII")
_WINDOW = 4096
# What the window holds at first, as the format defines it.
_INITIAL = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def decompress(data: bytes, name: str) -> bytes:
    """The RTF of a message.

    Raises :class:`LoadError`, with ``name`` as the source, for what is not in the format, or is
    longer than ``MAX_LENGTH``.
    """
    if len(data) < _HEADER.size:
        raise _damaged(name)
    _, length, kind, _ = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if kind == _PLAIN:
        return body[:length]
    if kind != _COMPRESSED:
        raise _damaged(name)
    # The references go to places of a window of 4096 bytes, which begins with the text above.
    text = bytearray(_INITIAL)
    first = len(text)
    place = 0
    while place < len(body) and len(text) - first < min(length, MAX_LENGTH):
        flags = body[place]
        place += 1
        for bit in range(8):
            if place >= len(body):
                break
            if not flags >> bit & 1:
                text.append(body[place])
                place += 1
                continue
            if place + 1 >= len(body):
                raise _damaged(name)
            reference = body[place] << 8 | body[place + 1]
            place += 2
            back = (len(text) - (reference >> 4)) % _WINDOW
            if not back:  # the end
                return bytes(text[first:])
            start = len(text) - back
            if start < 0:
                raise _damaged(name)
            for offset in range((reference & 0xF) + 2):
                text.append(text[start + offset])
    return bytes(text[first:])


def _damaged(name: str) -> LoadError:
    return LoadError(
        name,
        "its text is damaged",
        hint="Save the message again from Outlook, or export it as .eml.",
    )
