# SPDX-License-Identifier: Apache-2.0
"""NumPy's .npy and .npz: headers with false claims or code, and archives that unpack to more than they say."""

import zlib
from dataclasses import replace

from hostile_case import TOO_MUCH, case, times, u16, u32
from hostile_zips import squeezed
from zips import Entry, end, end64, parts, zip_of

GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"


def of(header: str | bytes, data: bytes = bytes(8), version: bytes = b"\1\0", length: int | None = None) -> bytes:
    """A file with this header, padded as numpy does."""
    header = header.encode() if isinstance(header, str) else header
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    number = u16 if version == b"\1\0" else u32
    return b"\x93NUMPY" + version + number(len(header) if length is None else length) + header + data


def header(descr="'<f4'", order="False", shape="(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def large(start: bytes, piece: bytes):
    def pieces():
        count = 100_000_000 // len(piece)
        yield b"\x93NUMPY\2\0" + u32(len(start) + count * len(piece)) + start
        yield from times(piece, count)

    return pieces


SHORT = r"ends|cut short|needs|follow|has only|shorter|header|bytes"
SHAPE = r"shape|dimension|elements|bytes"
HEADER = r"header|dict|descr|shape|order|expected"
NPY = {
    "the magic alone": (SHORT, b"\x93NUMPY"),
    "the magic and a version": (SHORT, b"\x93NUMPY\1\0"),
    "version 0": (r"version", of(GOOD, version=b"\0\0")),
    "version 9": (r"version", of(GOOD, version=b"\x09\0")),
    "version 255.255": (r"version", of(GOOD, version=b"\xff\xff")),
    "a header longer than the file": (SHORT, of(GOOD, length=60000)),
    "a header of 4 GiB": (SHORT + "|at most|memory", of(GOOD, version=b"\2\0", length=0xFFFFFFFF)),
    "a header of no bytes": (HEADER, of(GOOD, length=0)),
    "a header that ends too soon": (HEADER, of(GOOD, length=30)),
    "data cut short": (SHORT, of(GOOD, bytes(7))),
    "no data": (SHORT, of(GOOD, b"")),
    "bytes after the data": (r"follow|behind|after|bytes", of(GOOD, bytes(9))),
    "code for a header": (HEADER, of("__import__('os').system('true')")),
    "code for a dtype": (HEADER, of(header(descr="__import__('os').system('true')"))),
    "code for a shape": (HEADER, of(header(shape="(2*1,)"))),
    "a pickle for a header": (HEADER, of(b"\x80\2cos\nsystem\n.")),
    "a list for a header": (HEADER, of("['<f4', False, (2,)]")),
    "no descr": (r"descr", of("{'fortran_order': False, 'shape': (2,), }")),
    "no order": (r"fortran_order", of("{'descr': '<f4', 'shape': (2,), }")),
    "no shape": (r"shape", of("{'descr': '<f4', 'fortran_order': False, }")),
    "a key too many": (HEADER + "|`x`", of(GOOD[:-1] + "'x': 1}")),
    "a key twice": (HEADER + "|twice", of(GOOD[:-1] + "'descr': '<f8'}")),
    "an order that is a number": (r"fortran_order|True|False|header", of(header(order="2"))),
    "a shape that is a number": (r"shape", of(header(shape="2"))),
    "a shape that is a list": (r"shape", of(header(shape="[2]"))),
    "a negative size": (r"shape|size|dimension|header", of(header(shape="(-2,)"))),
    "a size with a fraction": (r"shape|size|dimension|header", of(header(shape="(2.0,)"))),
    "a size of True": (r"shape|size|dimension|header", of(header(shape="(True,)"))),
    "a size of 2^63": (SHAPE + "|header", of(header(shape=f"({2**63},)"))),
    "a size of 10,000 digits": (SHAPE + "|header", of(header(shape=f"({'9' * 10_000},)"))),
    "a shape of 2^62": (SHAPE, of(header(shape=f"({2**62},)"))),
    "a shape that overflows": (SHAPE, of(header(shape=f"({2**32}, {2**32}, 4)"))),
    "a shape that wraps to two": (SHAPE, of(header(shape=f"({2**62}, 4, 2)"))),
    "10,000 dimensions": (SHAPE + "|header", of(header(shape="(" + "1," * 10_000 + ")"))),
    "parentheses 20,000 deep": (HEADER + "|deep", of(header(shape="(" * 20_000))),
    "dicts 10,000 deep": (HEADER + "|deep", of("{'descr':" * 6_000)),
    "a text that does not end": (HEADER + "|quote|end", of("{'descr': '<f4")),
    "a header that is not text": (HEADER + "|ASCII|UTF-8", of(b"\xff" * 40)),
    "NULs in the header": (HEADER + "|dtype", of(GOOD.replace("<f4", "<f\0"))),
    "a dtype with a terminal's escapes": (r"\\x1b", of(header(descr="'\x1b[2J'"))),
    "objects": (r"object|`\|?O", of(header(descr="'|O'"), b"\x80\2cos\nsystem\n.")),
    "objects without a bar": (r"object|`\|?O", of(header(descr="'O'"), b"\x80\2cos\nsystem\n.")),
    "objects in a record": (r"structured|record|list|object|descr|field", of(header(descr="[('x', '|O')]"))),
    "records": (r"structured|record|list|descr|field", of(header(descr="[('x', '<f4')]"))),
    "a dtype of three bytes": (r"`<f3`|<f3", of(header(descr="'<f3'"))),
    "a dtype of 2^63 bytes": (r"f9223372036854775808", of(header(descr=f"'<f{2**63}'"))),
    "a dtype of no bytes": (r"dtype|descr|V0", of(header(descr="'|V0'", shape="(2,)"), b"")),
    "a dtype of no name": (r"dtype|descr", of(header(descr="''"))),
    "texts": (r"U5", of(header(descr="'<U5'"), bytes(40))),
}  # fmt: skip

LARGE = {
    "100 MB of spaces": (TOO_MUCH + "|header", large(b"{", b" ")),
    "100 MB of parentheses": (TOO_MUCH + "|header|deep", large(b"{'shape': ", b"(")),
    "100 MB of one text": (TOO_MUCH + "|header", large(b"{'descr': '", b"f")),
    "100 MB of sizes": (TOO_MUCH + "|header|dimension", large(b"{'shape': (1", b",1")),
}
SOUND = [Entry(b"a.npy", of(GOOD)), Entry(b"b.npy", of(GOOD))]


def packed(array: bytes, **lies) -> bytes:
    """An archive of one compressed array; its directory can make false claims about the array."""
    stored = dict(data=squeezed(array), method=8, size=len(array), crc=zlib.crc32(array)) | lies
    return zip_of([replace(SOUND[0], **stored)])


def bomb(says: int) -> bytes:
    """A GiB of zeros, compressed to a MiB; the directory claims `says` bytes."""
    packer = zlib.compressobj(9, wbits=-15)
    stream = packer.compress(of(header(shape=f"({1 << 28},)"), b""))
    block = bytes(1 << 20)
    stream += b"".join(packer.compress(block) for _ in range(1 << 10)) + packer.flush()
    return zip_of([Entry(b"a.npy", stream, method=8, size=says)])


def by_zip64() -> bytes:
    front, directory = parts(SOUND)
    wide = end64(1 << 60, len(directory), len(front), len(front) + len(directory))
    return front + directory + wide + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


INFLATED = r"inflate|deflate|unpack|compress|size|bytes|more than"
ARRAY = of(GOOD)
NPZ = {
    "an array in an array's place that lies": (SHORT, zip_of([SOUND[0], Entry(b"b.npy", of(GOOD, bytes(7)))])),
    "an array of objects": (r"object|`\|?O", zip_of([Entry(b"a.npy", of(header(descr="'|O'"), b"\x80\2cos\nsystem\n."))])),
    "two arrays of one name": (r"two entries named `a\.npy`", zip_of([SOUND[0], SOUND[0]])),
    "an array that leaves the archive": (r"leave the archive", zip_of([replace(SOUND[0], name=b"../a.npy")])),
    "an entry that is text": (r"a\.npy|NUMPY|npy|header", zip_of([Entry(b"a.npy", b"hello")])),
    "an entry that is empty": (r"a\.npy|NUMPY|npy|header|empty", zip_of([Entry(b"a.npy", b"")])),
    "an archive in the archive": (r"a\.npy|NUMPY|npy|header", zip_of([Entry(b"a.npy", zip_of(SOUND))])),
    "compressed bytes that are none": (INFLATED, packed(ARRAY, data=b"\xff" * 40)),
    "compressed bytes cut short": (INFLATED, packed(ARRAY, data=squeezed(ARRAY)[:-6])),
    "no compressed bytes": (INFLATED, packed(ARRAY, data=b"")),
    "bytes after the compressed ones": (INFLATED, packed(ARRAY, data=squeezed(ARRAY) + bytes(9))),
    "compressed bytes of a larger size": (INFLATED, packed(ARRAY, size=len(ARRAY) + 1)),
    "compressed bytes of a smaller size": (INFLATED, packed(ARRAY, size=len(ARRAY) - 1)),
    "a compressed header alone": (SHORT + "|" + INFLATED, packed(ARRAY[:10])),
    "a compressed array cut short": (SHORT + "|" + INFLATED, packed(ARRAY[:-1])),
    "a compressed header of 60 MB": (TOO_MUCH + "|header|" + INFLATED, lambda: packed(of("{" + " " * (60 << 20), version=b"\2\0"))),
    "a GiB that is said to be 136 bytes": (INFLATED, lambda: bomb(136)),
    "a GiB that is said to be 4 GiB": (INFLATED, lambda: bomb(0xFFFFFFF0)),
    "an array compressed by bzip2": (r"method 12", zip_of([replace(SOUND[0], method=12)])),
    "an encrypted array": (r"flags 0x|encrypted", zip_of([replace(SOUND[0], flags=1)])),
    "2^60 arrays": (r"entries", by_zip64()),
    "300,000 arrays": (TOO_MUCH + "|entries|continues after", lambda: zip_of([Entry(b"%d.npy" % i, b"") for i in range(300_000)], entries=0xFFFF)),
}  # fmt: skip

CASES = [
    *(case(f"npy: {name}", says, content) for name, (says, content) in (NPY | LARGE).items()),
    *(case(f"npz: {name}", says, content) for name, (says, content) in NPZ.items()),
]
