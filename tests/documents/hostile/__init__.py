"""A file that is damaged inside: a workbook of Excel 97 with one byte changed."""

from __future__ import annotations

from pathlib import Path

# Offset and value of a byte without which the parser finds no sheets.
DAMAGE = (1426, 64)


def workbook(*faults: tuple[int, int]) -> bytes:
    """A small price list as ``.xls``, with these bytes changed."""
    data = bytearray((Path(__file__).parent / "prices.xls").read_bytes())
    for offset, value in faults:
        data[offset] = value
    return bytes(data)
