#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include line against the order of the layers.

    tools/check_includes.py [--root DIR]

Exit status 0 if every line is allowed; otherwise 1, after a list of the lines that are not.
The table LAYERS is the architecture: data flows from its first line to its last.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

STANDARD = re.compile(r"[a-z_0-9]+")  # <vector>, <optional>, <cstdint>
SYSTEM = re.compile(  # C and Linux
    r"(sys|linux)/[a-z_0-9]+\.h|"
    r"(dirent|errno|fcntl|fnmatch|pthread|signal|stdio|stdlib|string|time|unistd)\.h"
)
LIBRARIES = ("fmt", "protozero", "flatbuffers", "roaring", "nlohmann", "zstd.h", "lz4.h", "lz4frame.h", "xxhash.h", "zlib.h")
TEST_LIBRARIES = ("gtest", "gmock")
TEST_FILE = re.compile(r".*(_test\.cc|/test_[a-z0-9_]+\.h|_testing\.h|_matcher\.h)")
TORCH = ("torch", "c10", "ATen")


@dataclass(frozen=True)
class Layer:
    folder: str  # in the repository; a file belongs to the layer with the longest matching folder
    own: tuple = ()  # folders allowed in "..." includes, relative to src/; or cli, or python
    public: tuple | None = ()  # allowed <lancekeep/...> names; None: all
    libraries: tuple = ()  # other allowed <...> headers: the first folder of the name, or the whole name
    system: bool = True  # whether C and Linux headers are allowed too


def layer(folder, uses=(), public=(), libraries=LIBRARIES):
    name = folder.removeprefix("src/")
    return Layer(folder, own=(name, *uses), public=("error.h", "version.h", "visibility.h", "wait_hooks.h", *public), libraries=libraries)


def store(folder, uses=()):
    own = (folder.removeprefix("src/"), *uses, *TABLE, "tensor", "store/testing")
    return Layer(folder, own=own, public=None, libraries=LIBRARIES)


def formats(folder, uses=()):
    return layer(folder, uses=("io", "tensor", *uses), public=("tensor.h", "tensors.h", "formats.h"))


PROTO = ("io", "lance/proto")
ENCODING = (*PROTO, "lance/encoding")
FILE = (*ENCODING, "lance/file")
TABLE = (*FILE, "lance/table")

LAYERS = (
    Layer("include/lancekeep", public=None, system=False),
    Layer("include/lancekeep/libtorch", public=None, libraries=TORCH, system=False),
    layer("src/io"),
    layer("src/kinds", uses=("io",)),
    layer("src/tensor", uses=("io",), public=("tensor.h", "tensors.h")),
    formats("src/formats", uses=("kinds", "formats/safetensors", "formats/numpy", "formats/torch", "formats/zip")),
    formats("src/formats/export"),
    formats("src/formats/pickle"),
    formats("src/formats/zip"),
    formats("src/formats/safetensors", uses=("formats/export",)),
    formats("src/formats/numpy", uses=("formats/export", "formats/zip")),
    formats("src/formats/torch", uses=("formats/pickle", "formats/zip")),
    layer("src/lance/proto", uses=PROTO),
    layer("src/lance/encoding", uses=ENCODING),
    layer("src/lance/file", uses=FILE),
    layer("src/lance/table", uses=TABLE),
    store("src/store/testing", uses=("store/table", "store/read", "store/save")),
    store("src/store/table"),
    store("src/store/plain", uses=("store/table",)),
    store("src/store/read", uses=("kinds", "store/table", "store/plain")),
    store("src/store/save", uses=("kinds", "store/table", "store/read")),
    store("src/store/replace", uses=("store/table", "store/read", "store/save")),
    store("src/store/tests", uses=("store/table", "store/plain", "store/read", "store/save", "store/gc")),
    store("src/store/diff", uses=("store/table", "store/read")),
    store("src/store/verify", uses=("store/table", "store/plain", "store/read")),
    store("src/store/gc", uses=("store/table", "store/read", "store/save", "store/replace")),
    Layer("cli", own=("cli",), public=None, libraries=("CLI", "fmt", "nlohmann")),
    Layer("python/src", own=("python",), public=None, libraries=("nanobind", "fmt", "Python.h")),
)
TORCH_HEADER = "include/lancekeep/libtorch.h"  # the one public header outside libtorch/ that needs LibTorch
SOURCES = (".h", ".hpp", ".cc", ".cpp", ".inc")
DIRECTIVE = re.compile(r"^\s*#\s*include(?:_next)?\b\s*(.*)$")
OPERAND = re.compile(r'^(?:<([^>]*)>|"([^"]*)")')


def layer_of(path):
    if path == TORCH_HEADER:
        path = "include/lancekeep/libtorch/"
    matching = [each for each in LAYERS if path.startswith(each.folder + "/")]
    return max(matching, key=lambda each: len(each.folder), default=None)


def why_forbidden(file_layer, path, operand):
    """Why this file may not include `operand` (with its brackets or quotes); None if it may."""
    match = OPERAND.match(operand)
    if not match:
        return "neither <...> nor \"...\""
    angle, quoted = match.groups()
    name = angle if quoted is None else quoted
    if not name or name.startswith("/") or ".." in name.split("/"):
        return "a path outside the include roots"
    if quoted is not None:
        if any(name.startswith(folder + "/") for folder in file_layer.own):
            return None
        allowed = ", ".join(f'"{folder}/..."' for folder in file_layer.own) or "no \"...\" headers"
        return f"{file_layer.folder} may include {allowed}"
    if name.startswith("lancekeep/"):
        if file_layer.public is None or name.removeprefix("lancekeep/") in file_layer.public:
            return None
        return f"{file_layer.folder} may only include these <lancekeep/...> headers: {', '.join(file_layer.public)}"
    libraries = file_layer.libraries
    if TEST_FILE.fullmatch(path):
        libraries += TEST_LIBRARIES
    if name.split("/")[0] in libraries or STANDARD.fullmatch(name):
        return None
    if file_layer.system and SYSTEM.fullmatch(name):
        return None
    return f"{file_layer.folder} may not include this library or system header"


def check_file(root, path):
    relative = path.relative_to(root).as_posix()
    file_layer = layer_of(relative)
    if file_layer is None:
        return [f"{relative}: belongs to no layer; add its folder to LAYERS in tools/check_includes.py"]
    # A backslash at the end of a line continues it, as in the compiler.
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        directive = DIRECTIVE.match(line)
        why = why_forbidden(file_layer, relative, directive.group(1)) if directive else None
        if why:
            findings.append(f"{relative}:{number}: {line.strip()}: {why}")
    return findings


def check_tree(root):
    """Returns the number of files and the list of findings."""
    files = sorted(
        path
        for folder in ("include", "src", "cli", "python/src")
        for path in (root / folder).rglob("*")
        if path.suffix in SOURCES and path.is_file()
    )
    return len(files), [finding for path in files for finding in check_file(root, path)]


def main():
    parser = argparse.ArgumentParser(description="Checks every #include line against the order of the layers.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    count, findings = check_tree(parser.parse_args().root.resolve())
    for finding in findings:
        print(finding)
    if count == 0:
        print("no source files found: wrong --root?")
        return 1
    print(f"{count} files, {len(findings)} wrong #include lines")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
