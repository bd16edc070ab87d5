# SPDX-License-Identifier: Apache-2.0
"""We accept the safetensors headers that the reference reader accepts, with a list of exceptions and reasons.

LANCEKEEP_BUILD is the build folder, which must contain lancekeep_list_tensors.
"""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest
import safetensors


def file_of(header: str | bytes, data: bytes = b"") -> bytes:
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header)) + header + data


def entry(name="w", dtype="U8", shape="[1]", begin=0, end=1, more="") -> str:
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]{more}}}'


def one(data: bytes | None = None, **parts) -> bytes:
    """A file of one tensor. Its data has `end` bytes unless `data` is given."""
    return file_of("{" + entry(**parts) + "}", b"x" * parts.get("end", 1) if data is None else data)


WIDTHS = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
    "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8,
}  # fmt: skip
SAME = {f"dtype {name}": one(dtype=name, end=width) for name, width in WIDTHS.items()} | {
    "F4": one(dtype="F4", shape="[2,4]", end=4),
    "F4 that ends within a byte": one(dtype="F4", shape="[3]", end=2),
    "F4 scalar": one(dtype="F4", shape="[]"),
    "F6": one(dtype="F6_E2M3", shape="[4]", end=3),
    "F6 that ends within a byte": one(dtype="F6_E3M2", shape="[2]", end=2),
    "another dtype": one(dtype="F2"),
    "a dtype that only torch has": one(dtype="C128", end=16),
    "a dtype in lower case": one(dtype="u8"),
    "scalar": one(shape="[]"),
    "no tensor": file_of("{}"),
    "spaces behind": file_of("{}" + " " * 1000),
    "other white space behind": file_of("{}\n\r\t"),
    "NUL behind": file_of("{}\0\0"),
    "text behind": file_of("{}x"),
    "no header": file_of(""),
    "an array": file_of("[]"),
    "a byte order mark": file_of(b"\xef\xbb\xbf{}"),
    "a comment": file_of("{/**/}"),
    "a comma too many": file_of("{" + entry() + ",}", b"x"),
    "seven bytes": b"1234567",
    "a header beyond the end": struct.pack("<Q", 3) + b"{}",
    "a header beyond the limit": struct.pack("<Q", 100_000_001) + b"{}",
    "a header of 2^64 bytes": b"\xff" * 8 + b"{}",
    "metadata null": file_of('{"__metadata__":null}'),
    "metadata twice": file_of('{"__metadata__":{},"__metadata__":{}}'),
    "metadata with a number": file_of('{"__metadata__":{"a":1}}'),
    "metadata with an object": file_of('{"__metadata__":{"a":{}}}'),
    "metadata as a list": file_of('{"__metadata__":[]}'),
    "a field twice": file_of('{"w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
    "a field missing": file_of('{"w":{"dtype":"U8","shape":[1]}}'),
    "three offsets": file_of('{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', b"x"),
    "a hole": one(begin=1, end=2),
    "an overlap": file_of("{" + entry("a", end=2, shape="[2]") + "," + entry("b", begin=1, end=2) + "}", b"xx"),
    "an empty tensor within another": file_of(
        "{" + entry("a", end=2, shape="[2]") + "," + entry("b", shape="[0]", begin=1, end=1) + "}", b"xx"
    ),
    "an empty tensor between two": file_of(
        "{" + entry("a") + "," + entry("e", shape="[0]", begin=1, end=1) + "," + entry("b", begin=1, end=2) + "}", b"xx"
    ),
    "bytes behind": one(data=b"xx"),
    "bytes missing": one(shape="[2]", end=2, data=b"x"),
    "offsets reversed": one(begin=1, end=0, data=b"x"),
    "another size": one(dtype="F32"),
    "a product that overflows": one(shape="[4611686018427387904,8]", end=0),
    "one that overflows before a zero": one(shape="[4611686018427387904,8,0]", end=0),
    "one that overflows after a zero": one(shape="[0,4611686018427387904,8]", end=0),
    "a dimension of 2^64": one(shape="[18446744073709551616]", end=0),
    "a negative dimension": one(shape="[-1]"),
    "a dimension of minus zero": one(shape="[-0]", end=0),
    "a fraction": one(shape="[1.0]"),
    "an exponent": one(shape="[1e0]"),
    "no UTF-8": file_of(b'{"\xff":null}'),
    "half a surrogate pair": file_of('{"__metadata__":{"a":"\\ud800"}}'),
    "a control character": file_of('{"__metadata__":{"a":"\x01"}}'),
    "no name": one(name=""),
    "deep nesting": one(more=',"x":' + "[" * 200_000),
}
STRICTER = {
    "space in front": (file_of(" {}"), "the format says that a header begins with `{`"),
    "a tensor twice": (file_of("{" + entry() + "," + entry() + "}", b"x"), "the format forbids it"),
    "a key twice": (file_of('{"__metadata__":{"a":"b","a":"c"}}'), "the format forbids it"),
    "an unknown field": (one(more=',"x":1'), "what it means for the tensor is not known"),
    "F4 of an odd last dimension": (one(dtype="F4", shape="[2,3]", end=3), "torch packs pairs along it"),
    "a dimension of 2^63": (one(shape="[9223372036854775808,0]", end=0), "torch's are signed"),
    "65 dimensions": (one(shape=f"[{','.join(['1'] * 65)}]"), "torch has 64"),
}


def reference_reads(content: bytes) -> bool:
    try:
        safetensors.deserialize(content)
    except safetensors.SafetensorError:
        return False
    return True


def we_read(path: Path, content: bytes) -> bool:
    folder = os.environ.get("LANCEKEEP_BUILD")
    assert folder, "set LANCEKEEP_BUILD to the build folder"
    path.write_bytes(content)
    done = subprocess.run([next(Path(folder).rglob("lancekeep_list_tensors")), path], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    if done.returncode:
        assert json.loads(done.stdout)["error"] in ("corrupt", "unsupported"), done.stdout
    return done.returncode == 0


@pytest.mark.parametrize("name", SAME)
def test_as_the_reference(tmp_path: Path, name: str) -> None:
    assert we_read(tmp_path / "m.safetensors", SAME[name]) == reference_reads(SAME[name])


@pytest.mark.parametrize("name", STRICTER)
def test_stricter_than_the_reference(tmp_path: Path, name: str) -> None:
    content, reason = STRICTER[name]
    assert reference_reads(content), "the reference rejects this, too: it is no longer an exception"
    assert not we_read(tmp_path / "m.safetensors", content), reason
