"""Lines of text that would be read as mark-up, in texts whose only mark-up is headings and lists.

A reader that hands over ``Prose(markdown=True)`` writes ``#`` lines for headings. A line of the
text itself that begins like a heading, a code fence or an HTML block is indented by four blanks,
with which it is none; no character that a person sees is changed.
"""

from __future__ import annotations

import re

# "---" and "===" below a line would make that line a heading; a fence or an HTML block would hide
# the headings after it.
_MARK_UP = re.compile(
    r"^[ ]{0,3}(?=#{1,6}(?:[ \t]|$)|(?:=+|-+)[ \t]*$|`{3}|~{3}|<[!?/a-zA-Z])", re.MULTILINE
)
_RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")
_SHIFTED = re.compile(r"[0-9+\-−()n]+")
_LINE = re.compile(r"^(?=.*\S)", re.MULTILINE)


def as_text(text: str) -> str:
    """The text with every line indented that would be mark-up.

    >>> as_text("# of places: 5")
    '    # of places: 5'
    """
    return _MARK_UP.sub("    ", text)


def as_code(text: str) -> str:
    """Preformatted text, indented by four blanks."""
    lines = text.expandtabs(4).rstrip().split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return _LINE.sub("    ", "\n".join(lines))


def raised(text: str) -> str:
    """Superscript: digits as raised digits, other text as it is.

    >>> "10" + raised("6") + " m" + raised("2"), "1" + raised("st")
    ('10⁶ m²', '1st')
    """
    return text.translate(_RAISED) if _SHIFTED.fullmatch(text) else text


def lowered(text: str, before: str) -> str:
    """Subscript: as it is after a letter, which is how it is searched for ("CO2"), else lowered.

    >>> lowered("2", "CO"), lowered("2", "10")
    ('2', '₂')
    """
    after_digit = before[-1:].isdigit() and _SHIFTED.fullmatch(text)
    return text.translate(_LOWERED) if after_digit else text
