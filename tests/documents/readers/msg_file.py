"""Writes small messages as Outlook does: a compound file (MS-CFB) with properties (MS-OXMSG)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

Tree = dict[str, "bytes | Tree"]
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096


@dataclass
class Message:
    """A message: texts, bytes, numbers and times by the number of their property."""

    properties: Mapping[int, str | bytes | int | datetime]
    recipients: Sequence[Mapping[int, str | bytes | int | datetime]] = ()
    attachments: Sequence[Mapping[int, str | bytes | int | datetime]] = ()
    messages: Sequence[Message] = field(default_factory=list)


def msg(message: Message, encoding: str = "") -> bytes:
    """The file; with ``encoding`` texts are stored in it, as old versions of Outlook did."""
    return compound(_message(message, 32, encoding))


def _message(message: Message, header: int, encoding: str) -> Tree:
    tree = _folder(message.properties, header, encoding)
    for number, recipient in enumerate(message.recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = _folder(recipient, 8, encoding)
    for number, attachment in enumerate(message.attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = _folder(attachment, 8, encoding)
    for number, inner in enumerate(message.messages, len(message.attachments)):
        folder = _folder({0x3705: 5}, 8, encoding)
        folder["__substg1.0_3701000D"] = _message(inner, 24, encoding)
        tree[f"__attach_version1.0_#{number:08X}"] = folder
    return tree


def _folder(
    properties: Mapping[int, str | bytes | int | datetime], header: int, encoding: str
) -> Tree:
    tree: Tree = {}
    table = bytes(header)
    for number, value in properties.items():
        if isinstance(value, datetime):
            seconds = (value.astimezone(UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()
            table += struct.pack("<HHIQ", 0x40, number, 6, int(seconds) * 10**7)
            continue
        if isinstance(value, int):
            table += struct.pack("<HHIQ", 3, number, 6, value)
            continue
        if isinstance(value, bytes):
            kind, data = 0x0102, value
        elif encoding:
            kind, data = 0x001E, value.encode(encoding)
        else:
            kind, data = 0x001F, value.encode("utf-16-le")
        tree[f"__substg1.0_{number:04X}{kind:04X}"] = data
        table += struct.pack("<HHIQ", kind, number, 6, len(data))
    tree["__properties_version1.0"] = table
    return tree


@dataclass
class _Entry:
    name: str
    kind: int  # 1 a folder, 2 a stream, 5 the root
    data: bytes = b""
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = _END
    size: int = 0


def compound(tree: Tree) -> bytes:
    """A compound file of folders and streams."""
    entries = [_Entry("Root Entry", 5)]
    entries[0].child = _add(tree, entries)
    mini, chains = b"", []
    for entry in entries:
        if entry.kind == 2 and len(entry.data) < _CUTOFF:
            entry.size = len(entry.data)
            if entry.data:
                entry.start = len(mini) // _MINI
                count = -(-len(entry.data) // _MINI)
                chains += [*range(entry.start + 1, entry.start + count), _END]
                mini += entry.data.ljust(count * _MINI, b"\0")
    entries[0].data = mini
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(data: bytes) -> int:
        if not data:
            return _END
        first = len(sectors)
        parts = [data[i : i + _SECTOR].ljust(_SECTOR, b"\0") for i in range(0, len(data), _SECTOR)]
        sectors.extend(parts)
        fat.extend([*range(first + 1, first + len(parts)), _END])
        return first

    for entry in entries:
        if entry.kind == 5 or (entry.kind == 2 and len(entry.data) >= _CUTOFF):
            entry.start, entry.size = store(entry.data), len(entry.data)
    table = b"".join(struct.pack("<I", n) for n in chains)
    minifat = store(table + b"\xff" * (-len(table) % _SECTOR))
    directory = store(b"".join(map(_packed, entries)))
    count = 1
    while count * 128 < len(fat) + count:
        count += 1
    places = list(range(len(sectors), len(sectors) + count))
    fat += [_FAT] * count
    table = struct.pack(f"<{len(fat)}I", *fat)
    sectors.append(table + b"\xff" * (count * _SECTOR - len(table)))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        bytes(16),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        count,
        directory,
        0,
        _CUTOFF,
        minifat,
        -(-len(chains) // 128),
        _END,
        0,
        *places[:1],
    )
    rest = struct.pack(f"<{len(places) - 1}I", *places[1:])
    return (header + rest).ljust(512, b"\xff") + b"".join(sectors)


def _add(tree: Tree, entries: list[_Entry]) -> int:
    """Add a folder's entries and return the root of their tree, which is a balanced one."""
    places = {}
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content = tree[name]
        places[name] = len(entries)
        entry = _Entry(name, 2 if isinstance(content, bytes) else 1)
        entries.append(entry)
        if isinstance(content, bytes):
            entry.data = content
        else:
            entry.child = _add(content, entries)
    return _balanced(list(places.values()), entries)


def _balanced(places: list[int], entries: list[_Entry]) -> int:
    if not places:
        return _NONE
    middle = len(places) // 2
    entry = entries[places[middle]]
    entry.left = _balanced(places[:middle], entries)
    entry.right = _balanced(places[middle + 1 :], entries)
    return places[middle]


def _packed(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xI16xIQ",
        name,
        len(name) + 2,
        entry.kind,
        1,
        entry.left,
        entry.right,
        entry.child,
        0,
        entry.start,
        entry.size,
    )
