"""Files as they are after a fault: bytes changed, lost, added or repeated, at seeded places."""

from __future__ import annotations

import io
import random
import zipfile

_TELLING = (0, 1, 0x7F, 0x80, 0xFF)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The file with one fault to sixteen; in half of the archives they are inside a part."""
    if data.startswith(b"PK\x03\x04") and chance.random() < 0.5:
        return _mutated_part(data, chance)
    return _mutated_bytes(data, chance)


def _mutated_bytes(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        place = chance.randrange(len(changed) + 1)
        length = chance.choice((1, 1, 2, 8, 64))
        match chance.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[place : place + 1] = bytes([chance.choice(_TELLING)])
            case 2:
                del changed[place : place + length]
            case 3:
                changed[place:place] = chance.randbytes(length)
            case 4:
                changed[place:place] = changed[place : place + length] * chance.choice((1, 100))
            case 5:
                if chance.random() < 0.2:
                    del changed[place:]
    return bytes(changed)


def _mutated_part(data: bytes, chance: random.Random) -> bytes:
    """An archive whose directory is right and one of whose parts is not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        chosen = chance.choice(old.infolist()).filename
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename == chosen:
                part = _mutated_bytes(part, chance)
            new.writestr(entry.filename, part)
    return buffer.getvalue()
