# SPDX-License-Identifier: Apache-2.0
"""The table of hostile files: CASES. To write one of them, or all:

    python hostile_files.py FOLDER [PART_OF_A_NAME]
"""

import gzip
import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import hostile_globals
import hostile_index
import hostile_legacy
import hostile_numpy
import hostile_pickles
import hostile_safetensors
import hostile_zips
from hostile_case import Case, case


def special(name: str, says: str, make: Callable[[Path], object]) -> Case:
    """A case that is hostile by more than its bytes, such as a special file."""

    def made(folder):
        make(folder / "model")
        return folder / "model"

    return Case(name, says, made)


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(path.parent, os.O_PATH)  # a socket's path must be short
        server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def hole(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


NO_FILE = r"folder|directory|regular|not a file|device|pipe|socket|FIFO"
OLD = [
    case("an empty file", r"empty", b""),
    case("one byte", r"no model file starts with", b"\x80"),
    case("zeros", r"begins with zeros", bytes(4096)),
    special("a GiB of zeros, all of them a hole", r"begins with zeros", hole),
    special("a folder", NO_FILE, lambda path: path.mkdir()),
    special("a pipe without a writer", NO_FILE, os.mkfifo),
    special("a socket", NO_FILE + "|cannot open", listen),
    special("/dev/zero", NO_FILE, lambda path: path.symlink_to("/dev/zero")),
    special("/dev/stdin", NO_FILE, lambda path: path.symlink_to("/dev/null")),
    special("/proc/self/mem", NO_FILE + "|empty|cannot|no model", lambda path: path.symlink_to("/proc/self/mem")),
    special("nothing", r"no such|does not exist|not found|cannot open", lambda path: None),
    special("a link to nothing", r"no such|does not exist|not found|cannot open", lambda path: path.symlink_to("nowhere")),
    special("a link to itself", r"link|loop|cannot open", lambda path: path.symlink_to("model")),
    case("a Git LFS pointer", r"git lfs pull", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    case("an HTML page", r"HTML", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    case("a tar archive", r"tar archive", bytes(257) + b"ustar\x0000" + bytes(1024)),
    case("gzip", r"a gzip file", gzip.compress(b"a model", mtime=0)),
    case("a program", r"no model file starts with", b"\x7fELF" + bytes(100)),
    case("HDF5", r"an HDF5 file", b"\x89HDF\r\n\x1a\n" + bytes(100)),
    case("GGUF", r"a GGUF file", b"GGUF" + bytes(100)),
    case("a terminal's escapes", r"\\x1b", b"\x1b]0;owned\x07\x1b[2J"),
]  # fmt: skip

CASES = [
    *OLD,
    *hostile_pickles.CASES,
    *hostile_globals.CASES,
    *hostile_zips.CASES,
    *hostile_safetensors.CASES,
    *hostile_index.CASES,
    *hostile_numpy.CASES,
    *hostile_legacy.CASES,
]

if __name__ == "__main__":
    for each in CASES:
        if len(sys.argv) < 3 or sys.argv[2] in each.name:
            folder = Path(sys.argv[1]) / re.sub(r"[^\w.-]+", "_", each.name)
            folder.mkdir(parents=True)
            print(each.make(folder))
