# SPDX-License-Identifier: Apache-2.0
"""Zip archives that are inconsistent, or ask for too much memory."""

import zlib
from dataclasses import replace

from hostile_case import TOO_MUCH, case, u16, u32, u64
from pickles import model
from zips import Entry, end, end64, parts, record, torch_entries, torch_zip, zip_of

SOUND = torch_entries(model())
FULL = 0xFFFFFFFF


def zip_(name, says, made):
    return case(f"zip: {name}", says, made)


def with_entry(index: int = 2, **changes) -> bytes:
    """The valid archive with one entry changed, by default the storage."""
    entries = list(SOUND)
    entries[index] = replace(entries[index], **changes)
    return zip_of(entries)


def with_end64(entries=len(SOUND), size=None, at=None, own_at=None, record_size=44, narrow=None) -> bytes:
    front, directory = parts(SOUND)
    own = len(front) + len(directory)
    size, at = len(directory) if size is None else size, len(front) if at is None else at
    wide = end64(entries, size, at, own if own_at is None else own_at, record_size)
    return front + directory + wide + end(*(narrow or (0xFFFF, FULL, FULL)))


def many_entries() -> bytes:
    return zip_of([Entry(b"m/data/%d" % i) for i in range(400_000)], entries=0xFFFF)


def many_entries_by_zip64() -> bytes:
    entries = [Entry(b"m/data/%d" % i) for i in range(400_000)]
    front, directory = parts(entries)
    wide = end64(len(entries), len(directory), len(front), len(front) + len(directory))
    return front + directory + wide + end(0xFFFF, FULL, FULL)


def long_records() -> bytes:
    """A directory of 128 MB, mostly comments and extra fields."""
    padding = u16(0xCAFE) + u16(65000) + bytes(65000)
    return zip_of([Entry(b"%d" % i, extra=padding, comment=bytes(65000)) for i in range(1000)])


def long_names() -> bytes:
    return zip_of([Entry(b"%04d" % i + b"n" * 65000) for i in range(700)])


def squeezed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def compressed(index: int, **lies) -> bytes:
    data = SOUND[index].data
    return with_entry(index, **(dict(data=squeezed(data), method=8, size=len(data), crc=zlib.crc32(data)) | lies))


def within_another() -> bytes:
    """An entry whose data is another entry, with its header."""
    inner = zip_of([SOUND[2]])[: 30 + len(SOUND[2].name) + 24]
    front, directory = parts([SOUND[0], SOUND[1], Entry(b"m/data/1", inner)])
    at = len(front) - len(inner)
    directory += record(replace(SOUND[2], at=at), at)
    return front + directory + end(4, len(directory), len(front))


def two_ends() -> bytes:
    """Two directories, each with an end record: the archive is ambiguous."""
    first, second = torch_zip(model()), parts([Entry(b"m/data.pkl", b"\x80\2}.")])
    moved = record(Entry(b"m/data.pkl", b"\x80\2}."), len(first) + 22)
    tail = second[0] + moved + end(1, len(moved), len(first) + len(second[0]))
    return first[:-2] + u16(len(tail)) + tail


EXTRA = u16(1) + u16(24)
CASES = [
    zip_("two entries of one name", r"two entries named `m/data/0`", zip_of(SOUND + [SOUND[2]])),
    zip_("two entries of one place", r"starts at|two entries|overlap", with_entry(2, at=0)),
    zip_("an entry that reaches into the next", r"extend past", with_entry(2, packed=90, size=90)),
    zip_("an entry within another", r"extend past|overlap|starts at", within_another()),
    zip_("an entry outside the file", r"starts at 2147483647", with_entry(2, at=0x7FFFFFFF)),
    zip_("an entry of 4 GiB", r"extend past", with_entry(2, packed=FULL - 1, size=FULL - 1)),
    zip_("an entry that starts in another", r"starts at|local header", with_entry(2, at=1)),
    *(
        zip_(f"a local header of another {what}", r"otherwise in its local header|local header", with_entry(2, local={what: value}))
        for what, value in {"method": 8, "flags": 1, "size": 23, "packed": 25, "name": b"m/data/1"}.items()
    ),
    zip_("a longer name in the local header", r"local header", with_entry(2, local={"name": b"m/data/00"})),
    *(
        zip_(f"an entry named {name!r}", r"leave the archive|backslash|is empty|NUL", with_entry(2, name=name))
        for name in (b"../data/0", b"m/../../0", b"/etc/passwd", b"m\\data\\0", b"", b"..", b"m/data/\0", b"m/data/..")
    ),
    zip_("a long name that leaves the archive", r"leave the archive", with_entry(2, name=b"../" * 20_000)),
    zip_("a storage that is compressed", r"compressed", compressed(2)),
    zip_("a pickle that is compressed", r"compressed", compressed(0)),
    zip_("a byte order that is compressed", r"compressed", compressed(1)),
    zip_("a compressed bomb for a pickle", r"compressed|memory", lambda: with_entry(0, data=squeezed(bytes(64 << 20)), method=8, size=64 << 20)),
    *(
        zip_(f"method {method}", rf"method {method}", with_entry(0, method=method))
        for method in (1, 9, 12, 14, 93, 99, 0xFFFF)
    ),
    *(zip_(f"flags {flags:#x}", r"flags 0x|encrypted", with_entry(2, flags=flags)) for flags in (0x1, 0x20, 0x40, 0x2000, 0xFFFF)),
    zip_("an entry of another disk", r"disk", with_entry(2, disk=1)),
    zip_("packed and unpacked sizes that differ", r"packed and", with_entry(2, size=23)),
    zip_("two end records", r"end record|directory|starts at", two_ends()),
    zip_("an end record in the comment", r"end record|directory", zip_of(SOUND, comment=end(0, 0, 0))),
    zip_("a comment cut short", r"end record", zip_of(SOUND, comment=b"abc")[:-1]),
    zip_("no end record", r"end record", zip_of(SOUND)[:-22]),
    zip_("several disks", r"split", zip_of(SOUND, disks=1)),
    zip_("fewer entries than there are", r"continues after", zip_of(SOUND, entries=3)),
    zip_("more entries than there are", r"ends|needs|entries|has only", zip_of(SOUND, entries=5)),
    zip_("65534 entries", r"65534 entries, but only", zip_of(SOUND, entries=0xFFFE)),
    zip_("a directory elsewhere", r"directory", zip_of(SOUND, at=4)),
    zip_("a directory past the end", r"directory", zip_of(SOUND, at=0x7FFFFFFF)),
    zip_("a directory of 4 GiB", r"directory", zip_of(SOUND, size=FULL - 1)),
    zip_("a directory that starts in the entries", r"directory", zip_of(SOUND, at=0, size=len(zip_of(SOUND)) - 22)),
    zip_("an end record alone, of 4 GiB", r"directory|entries|zip64", end(0xFFFF, FULL, FULL)),
    zip_("zip64: 2^60 entries", r"entries", with_end64(entries=1 << 60)),
    zip_("zip64: no entries", r"continues after|entries", with_end64(entries=0)),
    zip_("zip64: a directory of 2^63", r"directory", with_end64(size=1 << 63)),
    zip_("zip64: a directory at 2^64-1", r"directory", with_end64(at=(1 << 64) - 1)),
    zip_("zip64: a size and a place that wrap", r"directory", with_end64(size=(1 << 64) - 1, at=len(parts(SOUND)[0]) * 2 + 1)),
    zip_("zip64: a locator to nowhere", r"does not fit", with_end64(own_at=(1 << 64) - 1)),
    zip_("zip64: a locator to the start", r"zip64", with_end64(own_at=0)),
    zip_("zip64: an end record of 2^64-1 bytes", r"zip64 end record", with_end64(record_size=(1 << 64) - 1)),
    zip_("zip64: two end records that disagree", r"disagree", with_end64(narrow=(3, FULL, FULL))),
    zip_("zip64: a full field and no wide one", r"extend past|zip64|starts at|needs", with_entry(2, packed=FULL, size=FULL)),
    zip_("zip64: an entry of 2^63", r"extend past|packed and", with_entry(2, packed=FULL, size=FULL, extra=EXTRA + u64(1 << 63) * 2 + u64(0))),
    zip_("zip64: an entry of 2^64-1", r"extend past|packed and", with_entry(2, packed=FULL, size=FULL, extra=EXTRA + u64((1 << 64) - 1) * 3)),
    zip_("zip64: an entry at 2^63", r"starts at 9223372036854775808", with_entry(2, at=FULL, extra=u16(1) + u16(8) + u64(1 << 63))),
    zip_("zip64: a field cut short", r"extra field|needs|entry's", with_entry(2, packed=FULL, size=FULL, extra=u16(1) + u16(4) + bytes(4))),
    zip_("zip64: a field longer than the extra fields", r"extra field", with_entry(2, packed=FULL, size=FULL, extra=u16(1) + u16(99) + bytes(8))),
    zip_("zip64: extra fields of one byte", r"extra field", with_entry(2, packed=FULL, size=FULL, extra=b"\1")),
    zip_("400,000 entries, 65,535 said", r"continues after|entries|memory", many_entries),
    zip_("400,000 entries by zip64", TOO_MUCH + r"|data\.pkl", many_entries_by_zip64),
    zip_("a directory of 128 MB", TOO_MUCH + r"|data\.pkl", long_records),
    zip_("700 names of 65,000 bytes", TOO_MUCH + r"|data\.pkl", long_names),
    zip_("no data.pkl", r"data\.pkl", zip_of(SOUND[1:])),
    zip_("two data.pkl", r"has both", zip_of([*SOUND, Entry(b"n/data.pkl", model())])),
    zip_("data.pkl in a folder's folder", r"data\.pkl", zip_of([Entry(b"a/b/data.pkl", model())])),
    zip_("a TorchScript archive", r"TorchScript", zip_of([*SOUND, Entry(b"m/constants.pkl", b"\x80\2).")])),
    zip_("big-endian storages", r"byte order `big`", with_entry(1, data=b"big")),
    zip_("a byte order of a MiB", r"byteorder", with_entry(1, data=b"l" * (1 << 20))),
    zip_("a byte order with a terminal's escapes", r"\\x1b", with_entry(1, data=b"\x1b[2Jlittle")),
]  # fmt: skip
