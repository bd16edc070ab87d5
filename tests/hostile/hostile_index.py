# SPDX-License-Identifier: Apache-2.0
"""The index of a sharded safetensors model: false claims about the files, and paths that leave its folder."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from hostile_case import TOO_MUCH, Case, times
from hostile_safetensors import entry, of

INDEX = "model.safetensors.index.json"
SHARD = {name: of("{" + entry(name) + "}") for name in "ab"}
MAP = {"a": "a.safetensors", "b": "b.safetensors"}


def write(folder: Path, index: bytes | Iterable[bytes]) -> Path:
    """An index beside the files of the tensors `a` and `b`."""
    for name, content in SHARD.items():
        (folder / f"{name}.safetensors").write_bytes(content)
    with (folder / INDEX).open("wb") as file:
        file.writelines([index] if isinstance(index, bytes) else index)
    return folder / INDEX


def index(name, says, content: str | bytes | Callable[[], Iterable[bytes]], change: Callable[[Path], None] = lambda _: None) -> Case:
    def make(folder: Path) -> Path:
        inner = folder / "model"  # its parent is a folder to which paths could escape
        inner.mkdir()
        (folder / "b.safetensors").write_bytes(SHARD["b"])
        path = write(inner, content() if callable(content) else content.encode() if isinstance(content, str) else content)
        change(inner)
        return path

    return Case(f"index: {name}", says, make)


def mapped(name, says, change: Callable[[Path], None] = lambda _: None, **files) -> Case:
    return index(name, says, json.dumps({"metadata": {"total_size": 16}, "weight_map": MAP | files}), change)


def replaced(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "b.safetensors").write_bytes(content)


def instead(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder):
        (folder / "b.safetensors").unlink()
        make(folder / "b.safetensors")

    return change


def million(piece: str) -> Callable[[], Iterable[bytes]]:
    def pieces():
        yield b'{"weight_map":{"a":"a.safetensors"'
        for start in range(0, 1_000_000, 10_000):
            yield "".join("," + piece % i for i in range(start, start + 10_000)).encode()
        yield b"}}"

    return pieces


def large(start: bytes, piece: bytes) -> Callable[[], Iterable[bytes]]:
    def pieces():
        yield start
        yield from times(piece, 100_000_000 // len(piece))

    return pieces


OUT = r"leave|outside|leads out|safe|relative|\.\.|name|path"
JSON_PART = r"JSON|index|memory"
CASES = [
    *(
        mapped(f"a file named {path!r}", OUT, b=path)
        for path in ("../b.safetensors", "/etc/passwd", "x/../../b.safetensors", "", ".", "..", "b.safetensors/", "a\0b", "./../b.safetensors", "b.safetensors\n")
    ),
    mapped("a link to itself", r"link|loop|cannot|open", instead(lambda path: path.symlink_to("b.safetensors")), b="b.safetensors"),
    mapped("a file that is not there", r"c\.safetensors", b="c.safetensors"),
    mapped("a file that is a folder", r"b\.safetensors|folder|directory", instead(os.mkdir)),
    mapped("a file that is a pipe", r"b\.safetensors|pipe|regular", instead(os.mkfifo)),
    mapped("a file that is the index", r"index|safetensors|header", b=INDEX),
    mapped("a file that is empty", r"b\.safetensors|at least 8|empty", replaced(b"")),
    mapped("a file cut short", r"data has|cut short", replaced(SHARD["b"][:-1])),
    mapped("a file with a hole", r"hole", replaced(of("{" + entry("b", offsets="[8,16]") + "}", bytes(16)))),
    mapped("a file that is text", r"b\.safetensors|header|safetensors", replaced(b"hello, this is not a model at all")),
    mapped("a tensor that its file lacks", r"`c`", c="b.safetensors"),
    mapped("a tensor in another file", r"`b`", b="a.safetensors"),
    mapped("a name with a terminal's escapes", r"\\x1b|\\u001b", **{"\x1b[2J": "b.safetensors"}),
    mapped("a name of a MiB", TOO_MUCH + "|lacks|no tensor|has no|index", **{"k" * (1 << 20): "b.safetensors"}),
    mapped("a file's name of a MiB", r"long|name|cannot|at most", b="f" * (1 << 20)),
    mapped("a file that is a number", r"JSON|weight_map|cannot be|number", b=1),
    mapped("a file that is null", r"JSON|weight_map|cannot be|null", b=None),
    mapped("a file that is a list", r"JSON|weight_map|cannot be|array", b=["b.safetensors"]),
    mapped("a tensor in two files", r"`a`|twice|two", replaced(of("{" + entry("a") + "," + entry("b", offsets="[8,16]") + "}", bytes(16)))),
    index("a name twice", r"twice", '{"weight_map":{"a":"a.safetensors","a":"b.safetensors"}}'),
    index("two maps", r"twice", '{"weight_map":{"a":"a.safetensors"},"weight_map":{"b":"b.safetensors"}}'),
    index("no map", r"weight_map", '{"metadata":{}}'),
    index("an empty object", r"weight_map|empty", "{}"),
    index("a map of nothing", r"weight_map|names no|no tensor|empty", '{"weight_map":{}}'),
    index("a map that is a list", r"weight_map|cannot be", '{"weight_map":[]}'),
    index("a map that is null", r"weight_map|cannot be", '{"weight_map":null}'),
    index("cut short", r"JSON", '{"weight_map":{"a":"a.safetensors"'),
    index("text after it", r"JSON", json.dumps({"weight_map": MAP}) + "x"),
    index("bytes that are not UTF-8", r"JSON|UTF-8", b'{"weight_map":{"\xff":"a.safetensors"}}'),
    index("lists a million deep", JSON_PART + "|deep", b'{"metadata":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b',"weight_map":{}}'),
    index("objects a million deep", JSON_PART + "|deep", b'{"metadata":' + b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000 + b"}"),
    index("100 MB of spaces", JSON_PART, large(b"{", b" ")),
    index("100 MB of one key", JSON_PART, large(b'{"', b"k")),
    index("100 MB of one file's name", JSON_PART, large(b'{"weight_map":{"a":"', b"f")),
    index("100 MB of arrays in arrays", JSON_PART, large(b'{"metadata":', b"[")),
    index("100 MB of one number", JSON_PART, large(b'{"metadata":', b"9")),
    index("a million tensors that are not there", TOO_MUCH + "|lacks|has no|`0`", million('"%d":"a.safetensors"')),
    index("a million tensors of a file that is not there", TOO_MUCH + "|cannot|no such|exist|missing|found", million('"%d":"file"')),
    index("100,000 files that are not there", TOO_MUCH + "|cannot|no such|exist|missing|found|too many", json.dumps({"weight_map": {str(i): f"{i}.safetensors" for i in range(100_000)}})),
    index("metadata of a MiB", r"c\.safetensors", json.dumps({"metadata": {"k": "v" * (1 << 20)}, "weight_map": MAP | {"c": "c.safetensors"}})),
]  # fmt: skip
