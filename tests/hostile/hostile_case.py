# SPDX-License-Identifier: Apache-2.0
"""What a line of the table of hostile files is, and the parts from which several formats are made."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# How a file of few bytes that asks for much is refused.
TOO_MUCH = r"memory|more than|at most"


@dataclass(frozen=True)
class Case:
    name: str
    says: str  # a regular expression for the telling part of the message
    make: Callable[[Path], Path]  # writes into an empty folder; returns what is to be imported


def case(name: str, says: str, content: bytes | Callable[[], bytes | Iterable[bytes]]) -> Case:
    """One file; large ones are given as a function that makes their pieces."""

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
    """`piece` again and again, without having it all in memory."""
    at_once = max(1, (1 << 20) // len(piece))
    for _ in range(count // at_once):
        yield piece * at_once
    yield piece * (count % at_once)
