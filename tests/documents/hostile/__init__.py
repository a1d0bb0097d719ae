"""Files that break what parses them: a workbook of Excel 97 with one byte changed."""

from __future__ import annotations

from pathlib import Path

# Offset and value of a byte that makes the parser panic, and one that makes it ask for more memory
# than there is, at which it aborts the process.
PANICS = (1426, 64)
ABORTS = (2230, 255)


def workbook(*faults: tuple[int, int]) -> bytes:
    """A small price list as ``.xls``, with these bytes changed."""
    data = bytearray((Path(__file__).parent / "prices.xls").read_bytes())
    for offset, value in faults:
        data[offset] = value
    return bytes(data)
