"""A table row on one line, as answers show it: "vaccine: yellow fever; adult: 465"."""

from __future__ import annotations


def one_line(row: str) -> str:
    """The ``column: value`` lines of a row, joined by semicolons.

    >>> one_line("vaccine: yellow fever\\nadult: 465\\n\\n")
    'vaccine: yellow fever; adult: 465'
    """
    return "; ".join(line.strip() for line in row.splitlines() if line.strip())
