# SPDX-License-Identifier: Apache-2.0
"""Safetensors files whose header makes false claims, or costs too much."""

import json

from hostile_case import TOO_MUCH, case, times, u64

LONGEST = 100_000_000
GOOD = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


def entry(name="a", dtype="F32", shape="[2]", offsets="[0,8]") -> str:
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def of(header: str | bytes, data: bytes = bytes(8), length: int | None = None) -> bytes:
    header = header.encode() if isinstance(header, str) else header
    return u64(len(header) if length is None else length) + header + data


def small(name, says, header, data=bytes(8), **more):
    return case(f"safetensors: {name}", says, of(header, data, **more))


def large(name, says, start: bytes, piece: bytes, last: bytes = b""):
    """A header of the greatest allowed length: `start`, then copies of `piece`, then `last`."""

    def pieces():
        count = (LONGEST - len(start) - len(last)) // len(piece)
        yield u64(len(start) + count * len(piece) + len(last)) + start
        yield from times(piece, count)
        yield last

    return case(f"safetensors: 100 MB of {name}", says, pieces)


def numbered(name, says, start: str, piece: str, last: str, count: int):
    """A header of `count` pieces, each with a different number."""

    def made():
        return of(start + ",".join(piece % i for i in range(count)) + last, b"")

    return case(f"safetensors: {name}", says, made)


LENGTHS = [
    case("safetensors: eight bytes", r"no model file starts with|header|at least", u64(2)),
    case("safetensors: seven bytes", r"no model file starts with|at least 8", u64(2)[:7]),
    small("a header longer than the file", r"header should have|follow", GOOD, length=1000),
    small("a header of 100,000,001 bytes", r"at most 100000000", GOOD, length=LONGEST + 1),
    small("a header of 2^55 bytes", r"at most 100000000", GOOD, length=1 << 55),
    small("a header of 2^64-1 bytes", r"no model file starts with|at most", GOOD, length=(1 << 64) - 1),
    small("a header of 2^63 bytes", r"no model file starts with|at most", GOOD, length=1 << 63),
    small("a header of no bytes", r"`\{`|JSON|length|header", GOOD, length=0),
    small("a header that ends too soon", r"JSON|end|header", GOOD, length=20),
    small("a header that goes on into the data", r"JSON|header", GOOD, length=len(GOOD) + 4),
]

JSON_PART = r"JSON|header|memory"
LARGE = [
    large("spaces", JSON_PART, b"{", b" "),
    large("spaces before a lie", r"hole|overlap|data", b"{", b" ", entry(offsets="[8,16]").encode() + b"}"),
    large("tabs and line ends", JSON_PART, b"{", b"\t\r\n "),
    large("arrays in arrays", r"cannot be an array|JSON|deep|memory", b'{"a":', b"["),
    large("arrays in a shape", r"cannot be an array|JSON|deep|memory", b'{"a":{"dtype":"F32","shape":', b"["),
    large("objects in objects", r"`a`|JSON|deep|memory", b"", b'{"a":'),
    large("one key", JSON_PART, b'{"', b"k"),
    large("one dtype", JSON_PART + "|dtype", b'{"a":{"dtype":"', b"F"),
    large("one metadata value", JSON_PART, b'{"__metadata__":{"k":"', b"v"),
    large("one metadata key", JSON_PART, b'{"__metadata__":{"', b"k"),
    large("one field's name", JSON_PART + "|field", b'{"a":{"', b"f"),
    large("escapes in one key", JSON_PART, b'{"', b"\\u0041"),
    large("bytes that are not UTF-8", JSON_PART + "|UTF-8", b'{"', b"\xff"),
    large("one number", JSON_PART + "|number|cannot be", b'{"a":{"dtype":"F32","shape":[', b"9"),
    large("one number in a fraction", JSON_PART + "|number|cannot be", b'{"a":{"dtype":"F32","shape":[0.', b"0"),
    large("dimensions of one shape", JSON_PART + "|dimensions|shape", b'{"a":{"dtype":"F32","shape":[1', b",1"),
    large("offsets of one tensor", JSON_PART + "|data_offsets", b'{"a":{"dtype":"F32","data_offsets":[1', b",1"),
    large("empty keys", r"twice|cannot be|JSON|memory", b'{"":1', b',"":1'),
    large("one entry again and again", r"twice|memory", b"{" + entry().encode(), b"," + entry().encode()),
    large("one metadata pair again and again", r"twice|memory", b'{"__metadata__":{"a":"b"', b',"a":"b"'),
    numbered("a million entries", TOO_MUCH, "{", '"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}', "}", 1_000_000),
    numbered("800,000 entries of 16 dimensions", TOO_MUCH + "|dimension", "{", '"%d":{"dtype":"U8","shape":[' + "0," * 15 + '0],"data_offsets":[0,0]}', "}", 800_000),
    numbered("a million metadata pairs", TOO_MUCH, '{"__metadata__":{', '"%d":"v"', "}}", 1_000_000),
    numbered("four million metadata pairs", TOO_MUCH, '{"__metadata__":{', '"%d":""', "}}", 4_000_000),
    numbered("a million fields of an entry", r"unknown field", '{"a":{"dtype":"U8",', '"%d":1', "}}", 1_000_000),
]  # fmt: skip

B = "b"
SMALL = [
    small("a name twice", r"`a` twice", "{" + entry() + "," + entry(offsets="[8,16]") + "}", bytes(16)),
    small("a name twice, once with an escape", r"`a` twice", "{" + entry() + "," + entry("\\u0061", offsets="[8,16]") + "}", bytes(16)),
    small("metadata twice", r"`__metadata__` twice", '{"__metadata__":{},"__metadata__":{}}', b""),
    small("a metadata key twice", r"`k` twice", '{"__metadata__":{"k":"1","k":"2"}}', b""),
    small("a field twice", r"`dtype` twice", '{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    small("a hole before", r"hole", "{" + entry(offsets="[8,16]") + "}", bytes(16)),
    small("a hole between", r"hole", "{" + entry() + "," + entry(B, offsets="[12,20]") + "}", bytes(20)),
    small("an overlap", r"overlap", "{" + entry() + "," + entry(B, offsets="[4,12]") + "}", bytes(12)),
    small("two tensors of one place", r"overlap", "{" + entry() + "," + entry(B) + "}"),
    small("bytes after the last tensor", r"end at byte 8 of the data|which has 9", GOOD, bytes(9)),
    small("bytes and no tensor", r"which has 8 bytes", "{}"),
    small("data cut short", r"data has 7 bytes", GOOD, bytes(7)),
    small("no data", r"data has 0 bytes", GOOD, b""),
    small("an end before its start", r"data_offsets", "{" + entry(offsets="[8,0]") + "}"),
    small("an end at 2^64-1", r"data_offsets|data has", "{" + entry(offsets=f"[0,{2**64 - 1}]") + "}"),
    small("an end at 2^64", r"cannot be|data_offsets|number", "{" + entry(offsets=f"[0,{2**64}]") + "}"),
    small("a span that wraps", r"data_offsets|data has", "{" + entry(offsets=f"[{2**64 - 8},{2**64 - 1}]") + "}"),
    small("a negative offset", r"cannot be", "{" + entry(offsets="[-8,0]") + "}"),
    small("an offset with a fraction", r"cannot be", "{" + entry(offsets="[0.0,8]") + "}"),
    small("an offset of 1e999", r"cannot be|JSON|range", "{" + entry(offsets="[0,1e999]") + "}"),
    small("an offset of 10,000 digits", r"cannot be|JSON|range", "{" + entry(offsets="[0," + "9" * 10_000 + "]") + "}"),
    small("an offset as a text", r"cannot be a string", "{" + entry(offsets='["0","8"]') + "}"),
    small("one offset", r"1 data_offsets", "{" + entry(offsets="[0]") + "}"),
    small("three offsets", r"3 data_offsets|data_offsets", "{" + entry(offsets="[0,8,8]") + "}"),
    small("offsets in an object", r"cannot be an object", "{" + entry(offsets='{"0":8}') + "}"),
    small("a shape that takes more", r"takes 12 bytes", "{" + entry(shape="[3]") + "}"),
    small("a shape that takes less", r"takes 4 bytes", "{" + entry(shape="[1]") + "}"),
    small("a shape that overflows", r"shape|dimension|elements", "{" + entry(shape=f"[{2**32},{2**32},{2**32}]") + "}"),
    small("a shape that wraps to two", r"shape|dimension|elements|bytes", "{" + entry(shape=f"[{2**63 - 1},2]") + "}"),
    small("a byte count that wraps", r"shape|dimension|elements|bytes", "{" + entry(shape=f"[{2**62 + 2}]") + "}"),
    small("an overflow with a nought", r"shape|dimension|elements", "{" + entry(shape=f"[{2**62},{2**62},0]", offsets="[0,0]") + "}", b""),
    small("a dimension of 2^63", r"dimension", "{" + entry(shape=f"[{2**63}]") + "}"),
    small("a negative dimension", r"cannot be", "{" + entry(shape="[-2]") + "}"),
    small("a dimension with a fraction", r"cannot be", "{" + entry(shape="[2.0]") + "}"),
    small("a dimension that is null", r"cannot be null", "{" + entry(shape="[null]") + "}"),
    small("a shape in a shape", r"cannot be an array", "{" + entry(shape="[[2]]") + "}"),
    small("a shape that is a number", r"cannot be", "{" + entry(shape="2") + "}"),
    small("an unknown dtype", r"`F33`", "{" + entry(dtype="F33") + "}"),
    small("a dtype in small letters", r"`f32`", "{" + entry(dtype="f32") + "}"),
    small("an empty dtype", r"dtype ``", "{" + entry(dtype="") + "}"),
    small("a dtype with a terminal's escapes", r"\\x1b", "{" + entry(dtype="\\u001b[2J") + "}"),
    small("a dtype that is a number", r"cannot be", '{"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}}'),
    small("half bytes of an odd number", r"F4|bytes", "{" + entry(dtype="F4", shape="[3]", offsets="[0,1]") + "}", b"a"),
    small("half bytes in an odd row", r"F4", "{" + entry(dtype="F4", shape="[2,3]", offsets="[0,3]") + "}", b"abc"),
    *(small(f"no {field}", r"lacks", json.dumps({"a": {k: v for k, v in json.loads(GOOD)["a"].items() if k != field}})) for field in ("dtype", "shape", "data_offsets")),
    small("an unknown field", r"unknown field `x`", GOOD[:-2] + ',"x":1}}'),
    small("an entry that is an array", r"cannot be an array", '{"a":[]}'),
    small("an entry that is null", r"cannot be null", '{"a":null}'),
    small("an entry that is a text", r"cannot be a string", '{"a":"F32"}'),
    small("metadata that is a tensor", r"cannot be", "{" + entry("__metadata__") + "}"),
    small("metadata that is an array", r"cannot be an array", '{"__metadata__":[]}', b""),
    small("a metadata value that is a number", r"cannot be", '{"__metadata__":{"k":1}}', b""),
    small("a metadata value that is an object", r"cannot be an object", '{"__metadata__":{"k":{}}}', b""),
    small("a name of 20,000 bytes", r"the limit is 16384", "{" + entry("k" * 20_000) + "}"),
    small("text after a NUL", r"JSON", GOOD + "\0x"),
    small("text after the object", r"JSON", GOOD + "x"),
    small("two objects", r"JSON", "{}{}", b""),
    small("a comma too many", r"JSON", GOOD[:-1] + ",}"),
    small("a comment", r"JSON", "{/* */}", b""),
    small("NaN", r"JSON", '{"a":NaN}', b""),
    small("NULs after the object", r"JSON", GOOD + "\0\0"),
    small("a byte order mark", r"no model file starts with|`\{`|JSON", "\ufeff" + GOOD),
    small("spaces before the object", r"no model file starts with|`\{`|JSON", "  " + GOOD),
    small("an array", r"no model file starts with|`\{`|JSON", "[" + GOOD + "]"),
    small("a name that is not UTF-8", r"JSON|UTF-8", b"{" + entry().encode().replace(b'"a"', b'"\xff"') + b"}"),
    small("a name of half a pair", r"JSON|surrogate", "{" + entry("\\ud800") + "}"),
    small("a name with a bare line end", r"JSON", "{" + entry("a\nb") + "}"),
]  # fmt: skip

CASES = LENGTHS + LARGE + SMALL
