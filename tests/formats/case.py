# SPDX-License-Identifier: Apache-2.0
"""A model file for the table of cases: how to make it, and what the reference reader of its format reads."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Row = tuple[str, str, list[int], bytes, str | None]  # name, dtype, shape, bytes, tied to


class Case(NamedTuple):
    name: str  # "torch zip: adamw"
    make: Callable[[Path], Path]  # writes into a folder; returns the file to open
    rows: Callable[[Path], list[Row]]  # what torch, safetensors or NumPy read from it
    in_order: bool = True  # whether the format has an order
    by_command: bool = True  # also tested as import → export → read again
