# SPDX-License-Identifier: Apache-2.0
"""A case of the table of model files: how to make the file, and what the reference reader of its format reads."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Row = tuple[str, str, list[int], bytes, str | None]  # name, dtype, shape, bytes, tied to


class Case(NamedTuple):
    name: str  # for example "torch zip: adamw"
    make: Callable[[Path], Path]  # writes into a folder; returns the file to open
    rows: Callable[[Path], list[Row]]  # what torch, safetensors or NumPy read from it
    in_order: bool = True  # whether the format keeps the order of tensors
    by_command: bool = True  # also tested as import → export → read again
