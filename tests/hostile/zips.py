# SPDX-License-Identifier: Apache-2.0
"""Makes zip archives with any number in any field, and files of torch.save with a handmade pickle."""

import zlib
from dataclasses import dataclass, field

from hostile_case import u16, u32, u64


@dataclass
class Entry:
    name: bytes
    data: bytes = b""  # as stored in the archive
    method: int = 0
    flags: int = 0
    size: int | None = None  # unpacked size; None: the size of `data`
    packed: int | None = None
    crc: int | None = None  # None: the checksum of `data`
    extra: bytes = b""  # extra field of the directory's record
    comment: bytes = b""
    disk: int = 0
    at: int | None = None  # offset of the local header in the directory's record
    local: dict = field(default_factory=dict)  # fields in which the local header differs


def header(magic: bytes, entry: Entry, **other) -> bytes:
    facts = dict(name=entry.name, method=entry.method, flags=entry.flags) | other
    packed = facts.get("packed", len(entry.data) if entry.packed is None else entry.packed)
    size = facts.get("size", len(entry.data) if entry.size is None else entry.size)
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    fixed = u16(facts["flags"]) + u16(facts["method"]) + bytes(4) + u32(crc) + u32(packed) + u32(size)
    return magic + fixed + u16(len(facts["name"]))


def local_header(entry: Entry) -> bytes:
    name = entry.local.get("name", entry.name)
    return header(b"PK\3\4\x14\0", entry, **entry.local) + u16(0) + name


def record(entry: Entry, at: int) -> bytes:
    at = at if entry.at is None else entry.at
    lengths = u16(len(entry.extra)) + u16(len(entry.comment)) + u16(entry.disk)
    fixed = header(b"PK\1\2\x14\0\x14\0", entry) + lengths
    return fixed + bytes(6) + u32(at) + entry.name + entry.extra + entry.comment


def end(entries: int, size: int, at: int, comment: bytes = b"", disks: int = 0) -> bytes:
    return b"PK\5\6" + u32(disks) + u16(entries) * 2 + u32(size) + u32(at) + u16(len(comment)) + comment


def end64(entries: int, size: int, at: int, own_at: int, record_size: int = 44) -> bytes:
    """The zip64 end record and its locator."""
    fixed = b"PK\6\6" + u64(record_size) + u16(45) * 2 + bytes(8) + u64(entries) * 2
    return fixed + u64(size) + u64(at) + b"PK\6\7" + u32(0) + u64(own_at) + u32(1)


def parts(entries: list[Entry]) -> tuple[bytes, bytes]:
    """The entries with their local headers, and the directory."""
    places, pieces, position = [], [], 0
    for entry in entries:
        places.append(position)
        pieces.append(local_header(entry) + entry.data)
        position += len(pieces[-1])
    front = b"".join(pieces)
    directory = b"".join(record(entry, at) for entry, at in zip(entries, places))
    return front, directory


def zip_of(content: list[Entry], comment: bytes = b"", **last) -> bytes:
    """The archive. `last` overrides fields of the end record."""
    front, directory = parts(content)
    said = dict(entries=len(content), size=len(directory), at=len(front)) | last
    return front + directory + end(**said, comment=comment)


STORAGE = bytes(range(24))  # six float32


def torch_entries(pickle: bytes, storages: dict[str, bytes] | None = None) -> list[Entry]:
    storages = {"0": STORAGE} if storages is None else storages
    return [
        Entry(b"m/data.pkl", pickle),
        Entry(b"m/byteorder", b"little"),
        *(Entry(f"m/data/{key}".encode(), data) for key, data in storages.items()),
        Entry(b"m/version", b"3\n"),
    ]


def torch_zip(pickle: bytes, storages: dict[str, bytes] | None = None) -> bytes:
    return zip_of(torch_entries(pickle, storages))
