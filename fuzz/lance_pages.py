# SPDX-License-Identifier: Apache-2.0
"""Pages built by hand, with encodings that pylance uses only for more values than a seed may have."""

import struct
from collections.abc import Iterator

V2_1, V2_0_VALUES, V2_0_DICTIONARY, V2_0_BLOBS = 0, 1, 2, 3  # PageKind of page_case.h


def page_case(kind: int, rows: int, message: bytes, *buffers: bytes) -> bytes:
    """An input of fuzz_page."""
    sizes = [len(buffer) for buffer in buffers]
    head = struct.pack(f"<BHBH{len(sizes)}H", kind, rows, len(sizes), len(message), *sizes)
    return head + message + b"".join(buffers)


def varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def field(tag: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    return varint(tag << 3 | 2) + varint(len(value)) + value


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 8)


def flat(bits: int) -> bytes:
    return field(1, field(1, bits))


def out_of_line(bits: int, packed: int) -> bytes:
    return field(4, field(1, bits) + field(3, flat(packed)))


def symbol_table(*symbols: bytes) -> bytes:
    head = struct.pack("<Q", 0x46535354 << 32 | 1 << 24 | len(symbols))
    return head + b"".join(symbol.ljust(8, b"\0") for symbol in symbols) + bytes(map(len, symbols))


VARIABLE = field(2, field(1, flat(32)))
FSST = field(6, field(1, symbol_table(b"layer.", b"weight")) + field(2, VARIABLE))
CODES = struct.pack("<3I", 12, 15, 17) + b"\0\1\0\xff!"  # two strings: three codes, and an escaped byte


def mini_block(items: int, values: bytes, *buffers: bytes, more: bytes = b"") -> tuple[bytes, bytes, bytes]:
    """The message, the chunk table and a single chunk."""
    chunk = padded(struct.pack(f"<H{len(buffers)}H", 0, *map(len, buffers))) + b"".join(map(padded, buffers))
    message = field(1, field(3, values) + more + field(6, 1) + field(7, len(buffers)) + field(9, items))
    return message, struct.pack("<H", len(chunk) // 8 - 1 << 4), chunk


def packed_levels() -> bytes:
    """Nulls and an inline value, whose first 1,024 levels are packed and whose last 6 are not."""
    count = 1024 + 6
    message = field(2, field(5, 3) + field(6, b"\1\2\3\4") + field(8, out_of_line(16, 1)) + field(10, count))
    return page_case(V2_1, count, message, b"", bytes(range(128)) + struct.pack("<6H", 0, 1, 0, 0, 1, 1))


def with_dictionary(name: str, encoding: bytes, count: int, block: bytes) -> tuple[str, bytes]:
    more = field(4, encoding) + field(5, count)
    message, table, chunk = mini_block(3, flat(8), b"\0\1\0", more=more)
    return f"dictionary-{name}", page_case(V2_1, 3, message, table, chunk, block)


def v2_0_flat(bits: int, buffer: int) -> bytes:
    return field(2, field(1, field(1, field(1, field(1, bits) + field(2, field(1, buffer))))))


def v2_0_pages() -> Iterator[tuple[str, bytes]]:
    offsets = struct.pack("<2Q", 3, 5)
    binary = field(6, field(1, v2_0_flat(64, 0)) + field(2, v2_0_flat(8, 1)) + field(3, 6))
    fsst = field(8, field(1, binary) + field(2, symbol_table(b"layer.", b"weight")))
    yield "2.0-fsst", page_case(V2_0_VALUES, 2, fsst, offsets, CODES[12:])
    places = struct.pack("<6Q", 64, 100, 0, 0, 1, 0)
    yield "2.0-blobs", page_case(V2_0_BLOBS, 3, v2_0_flat(128, 0), places)
    parts = field(9, field(1, v2_0_flat(64, 0)) + field(1, v2_0_flat(64, 0)) + field(2, field(1, 0)))
    yield "2.0-blobs-in-parts", page_case(V2_0_BLOBS, 3, parts, places)
    of_nulls = field(2, field(3, b""))
    lists = field(3, field(1, 5) + field(2, of_nulls))
    yield "2.0-lists-of-nulls", page_case(V2_0_VALUES, 3, lists)


def pages() -> Iterator[tuple[str, bytes]]:
    message, table, chunk = mini_block(2, FSST, CODES)
    yield "fsst", page_case(V2_1, 2, message, table, chunk)
    values = b"\3\0\0\0tea\5\0\0\0\xff!\0\1\0"
    yield "full-zip-fsst", page_case(V2_1, 2, field(3, field(4, 32) + field(5, 2) + field(6, 2) + field(7, FSST) + field(8, 1)),
                                     values.replace(b"tea", b"\0\1\1"))  # fmt: skip
    message, table, chunk = mini_block(3, flat(128), struct.pack("<6Q", 64, 100, 0, 0, 1, 0))
    yield "blobs", page_case(V2_1, 3, field(4, field(1, message) + field(2, 1)), table, chunk)
    yield "packed-levels", packed_levels()
    for bits in (8, 16, 32, 64):
        yield with_dictionary(f"packed-{bits}", out_of_line(bits, 3), 2, bytes(range(128)) * 3)
    yield with_dictionary("lists", field(11, field(1, 2) + field(2, flat(32))), 2, bytes(range(16)))
    runs = field(8, field(1, flat(32)) + field(2, flat(8)))
    message, table, chunk = mini_block(5, field(11, field(1, 2) + field(2, runs)), struct.pack("<2I", 7, 8), b"\4\6")
    yield "lists-of-runs", page_case(V2_1, 5, message, table, chunk)
    yield from v2_0_pages()
