"""What the terminal is sent: text in which nothing acts on it but the colours that Kilde sets.

File names, documents and model output may hold escape sequences that clear the screen, set the
clipboard or colour an invented error, and bidirectional controls that show a name backwards. All
text output passes :class:`SafeStream`, which writes them out as ``\\x1b`` or ``\\u202e``. Names
pass :func:`single_line` as well, so that a newline in one cannot begin a line of its own.
"""

from __future__ import annotations

import os
import re
from typing import Any, TextIO, cast

import click

from kilde.errors import ConfigError, KildeError

# Control characters but tab and newline, bidirectional controls, and characters that are invisible
# (zero width, tags). The joiners U+200C and U+200D stay: Persian, Hindi and emoji need them.
_CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff"
)
# A parameter of our own colour codes that no document can know.
_KEY = str(int.from_bytes(os.urandom(8), "big"))
_LINE_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
# Before an item of a list in an error message; in a name it can only begin an indented line.
_ITEM = "\n  - "
_UNSAFE = re.compile(rf"\x1b\[{_KEY};([0-9;]*)m|[{_CONTROLS}]")


def style(text: str, *, bold: bool = False, dim: bool = False, fg: str | None = None) -> str:
    """Text in a style, which :class:`SafeStream` keeps on a terminal and drops elsewhere."""
    styled = click.style(safe(text), fg=fg, bold=bold or None, dim=dim or None)
    return styled.replace("\x1b[", f"\x1b[{_KEY};")


def safe(text: str) -> str:
    """Text with control and invisible characters written out; styles of :func:`style` stay.

    >>> print(safe("report\\x1b[2J.md"))
    report\\x1b[2J.md
    """
    return _UNSAFE.sub(_written_out, text)


def single_line(name: str) -> str:
    """A name with newline, carriage return and tab written out, as all else in a name is.

    >>> print(single_line("new\\nError: line.md"))
    new\\nError: line.md
    """
    return safe(name.translate(_LINE_BREAKS))


def error_text(error: KildeError) -> str:
    """The message and hint of an error, in which only the line breaks that are ours break lines.

    Those are the breaks between the faults of a file, between the items of a list, and before the
    hint.
    """
    faults = error.faults if isinstance(error, ConfigError) else (error.message,)
    message = "\n".join(map(_lines, faults))
    return f"{message}\n{single_line(error.hint)}" if error.hint else message


def escape_json(text: str) -> str:
    """JSON with DEL, C1 and bidirectional controls as ``\\uXXXX``; JSON itself escapes only C0."""
    import json

    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def safe_stream(stream: TextIO) -> TextIO:
    """A stream that passes on what is written to it, made safe."""
    return cast(TextIO, SafeStream(stream))


class SafeStream:
    """A text stream whose every ``write`` passes :func:`safe`; all else is the wrapped stream's.

    Styles are kept where the wrapped stream is a terminal and ``NO_COLOR`` is not set. ``buffer``
    and ``detach`` are missing: click writes to the buffer of a stream that it takes for
    misconfigured, and of every console on Windows.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        styled = stream.isatty() and not os.environ.get("NO_COLOR")
        self._replacement = _written_out if styled else _written_out_unstyled

    def write(self, text: str) -> int:
        """Write text, made safe."""
        self._stream.write(_UNSAFE.sub(self._replacement, text))
        return len(text)

    def write_utf8(self, text: str) -> None:
        """Write text in UTF-8 whatever the encoding of the stream is, made safe."""
        encoded = _UNSAFE.sub(self._replacement, text).encode()
        self._stream.flush()
        self._stream.buffer.write(encoded)
        self._stream.buffer.flush()

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "detach"):
            raise AttributeError(name)
        return getattr(self._stream, name)


def _lines(text: str) -> str:
    return _ITEM.join(map(single_line, text.split(_ITEM)))


def _written_out_unstyled(match: re.Match[str]) -> str:
    return "" if match[1] is not None else _written_out(match)


def _written_out(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f"\x1b[{match[1]}m"
    code = ord(match[0])
    width, letter = (2, "x") if code < 0x100 else (4, "u") if code < 0x10000 else (8, "U")
    return f"\\{letter}{code:0{width}x}"
