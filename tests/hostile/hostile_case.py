# SPDX-License-Identifier: Apache-2.0
"""One case of the table of hostile files, and parts that several formats share."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# The message for a small file that asks for too much memory.
TOO_MUCH = r"memory|more than|at most"


@dataclass(frozen=True)
class Case:
    name: str
    says: str  # a regular expression that the message must contain
    make: Callable[[Path], Path]  # writes into an empty folder; returns the path to import


def case(name: str, says: str, content: bytes | Callable[[], bytes | Iterable[bytes]]) -> Case:
    """A case of one file; a large file is given as a function that yields its pieces."""

    def make(folder: Path) -> Path:
        path = folder / "model"
        made = content if isinstance(content, bytes) else content()
        with path.open("wb") as file:
            file.writelines([made] if isinstance(made, bytes) else made)
        return path

    return Case(name, says, make)


def u16(number: int) -> bytes:
    return struct.pack("<H", number)


def u32(number: int) -> bytes:
    return struct.pack("<I", number)


def u64(number: int) -> bytes:
    return struct.pack("<Q", number)


def times(piece: bytes, count: int) -> Iterable[bytes]:
    """Yields copies of `piece`, without having all of them in memory."""
    at_once = max(1, (1 << 20) // len(piece))
    for _ in range(count // at_once):
        yield piece * at_once
    yield piece * (count % at_once)
